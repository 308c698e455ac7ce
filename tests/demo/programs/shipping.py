# SPDX-License-Identifier: Apache-2.0
"""shipping: puts each parcel into RabbitMQ's queue."""
import json

import amqp_wire as amqp
from web import Lasting, Service, answer, log

QUEUE = Lasting("rabbitmq", 5672, lambda sock: amqp.Client(sock, "shipping-task"))


def ship(request):
    parcel = request.json()
    QUEUE.do(lambda session: session.publish(json.dumps(parcel).encode()))
    log(f"queued parcel {parcel['id']}")
    return answer({"id": parcel["id"], "name": parcel["name"], "state": "queued"}, 201)


Service("shipping", {("POST", "shipping"): ship}).run()
