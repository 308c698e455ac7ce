# SPDX-License-Identifier: Apache-2.0
"""user: accounts, addresses and cards, from user-db."""
import base64
import binascii

import mongo_wire as mongo
from web import Lasting, Service, answer

DATABASE = Lasting("user-db", 27017, mongo.Client)


def find(collection, condition):
    return DATABASE.do(lambda session: session.find(collection, condition))


def login(request):
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, password = "", ""
    found = find("customers", {"username": name, "password": password}) if kind.lower() == "basic" else []
    if not found:
        return answer({"error": "wrong user name or password"}, 401)
    return answer({"user": {"id": found[0]["id"], "username": name}})


def customers(request):
    """/customers/ID with the address and card that an order needs."""
    number = request.path.strip("/").partition("/")[2]
    found = find("customers", {"id": number})
    if not found:
        return answer({"error": "no such customer"}, 404)
    customer = {k: v for k, v in found[0].items() if k != "password"}
    return answer({**customer, "address": find("addresses", {"customer": number})[0],
                   "card": find("cards", {"customer": number})[0]})


Service("user", {("GET", "login"): login, ("GET", "customers"): customers}).run()
