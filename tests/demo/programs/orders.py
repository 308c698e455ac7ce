# SPDX-License-Identifier: Apache-2.0
"""orders: turns a basket into an order. Asks user, carts, payment and shipping, and stores it in orders-db."""
import os

import mongo_wire as mongo
from web import Lasting, Service, answer, call

DATABASE = Lasting("orders-db", 27017, mongo.Client)
SHIPPING_COST = 4.99


def place(request):
    customer_id = request.json()["customer"]
    customer = call("GET", "user", f"/customers/{customer_id}", expect=200).json()
    items = call("GET", "carts", f"/carts/{customer_id}/items", expect=200).json()
    if not items:
        return answer({"error": "the basket is empty"}, 406)
    total = round(sum(i["quantity"] * i["unitPrice"] for i in items) + SHIPPING_COST, 2)
    paid = call("POST", "payment", "/paymentAuth", {"amount": total, "card": customer["card"]["longNum"]}, expect=200).json()
    if not paid["authorised"]:
        return answer({"error": paid["message"]}, 406)
    number = os.urandom(6).hex()
    shipment = call("POST", "shipping", "/shipping", {"id": number, "name": customer["lastName"]}, expect=201).json()
    order = {"id": number, "customer": customer_id, "city": customer["address"]["city"], "total": total,
             "items": [{"itemId": i["itemId"], "quantity": i["quantity"]} for i in items], "shipment": shipment}
    DATABASE.do(lambda session: session.insert("orders", order))
    call("DELETE", "carts", f"/carts/{customer_id}", expect=202)
    return answer(order, 201)


def show(request):
    customer = request.path.strip("/").partition("/")[2]
    return answer(DATABASE.do(lambda session: session.find("orders", {"customer": customer} if customer else {})))


Service("orders", {("POST", "orders"): place, ("GET", "orders"): show}).run()
