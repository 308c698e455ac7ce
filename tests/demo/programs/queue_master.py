# SPDX-License-Identifier: Apache-2.0
"""queue-master: takes parcels out of RabbitMQ's queue and sends them off; /shipments lists them."""
import json
import socket
import threading
import time

import amqp_wire as amqp
from web import Service, answer, log

RETRY_SECONDS = 0.2
SENT = []


def consume():
    """For ever: a broker that is not there yet, or went away, is tried again."""
    while True:
        try:
            sock = socket.create_connection(("rabbitmq", 5672), timeout=10)
            client = amqp.Client(sock, "shipping-task")
            sock.settimeout(None)
            for body in client.consume():
                parcel = json.loads(body)
                SENT.append(parcel)
                log(f"sent parcel {parcel['id']} to {parcel['name']}")
        except (OSError, ValueError) as error:
            log(f"rabbitmq: {error}")
            time.sleep(RETRY_SECONDS)


threading.Thread(target=consume, daemon=True).start()
Service("queue-master", {("GET", "shipments"): lambda request: answer(SENT)}).run()
