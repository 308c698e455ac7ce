# SPDX-License-Identifier: Apache-2.0
"""carts: what each customer has in the basket, kept in carts-db."""
import mongo_wire as mongo
from web import Lasting, Service, answer

DATABASE = Lasting("carts-db", 27017, mongo.Client)


def customer_of(request):
    """/carts/CUSTOMER[/items]"""
    return request.path.strip("/").split("/")[1]


def show(request):
    customer = customer_of(request)
    return answer(DATABASE.do(lambda session: session.find("items", {"customer": customer})))


def add(request):
    item = {**request.json(), "customer": customer_of(request)}
    DATABASE.do(lambda session: session.insert("items", item))
    return answer(item, 201)


def empty(request):
    customer = customer_of(request)
    DATABASE.do(lambda session: session.delete("items", {"customer": customer}))
    return answer({"emptied": customer}, 202)


Service("carts", {("GET", "carts"): show, ("POST", "carts"): add, ("DELETE", "carts"): empty}).run()
