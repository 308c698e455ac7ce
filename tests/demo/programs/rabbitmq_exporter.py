# SPDX-License-Identifier: Apache-2.0
"""rabbitmq-exporter: the queues' numbers for Prometheus, read from the broker in the same pod."""
import json
import os
import socket

from web import Reader, Reply, Service


def metrics(_):
    with socket.create_connection(("127.0.0.1", 15672), timeout=5) as sock:
        sock.sendall(b"GET /api/queues HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        reader = Reader(sock)
        _, headers = reader.head()
        queues = json.loads(reader.body(headers))
    lines = [f'rabbitmq_queue_messages{{queue="{q["name"]}"}} {q["messages"]}\n' for q in queues]
    return Reply(200, "# TYPE rabbitmq_queue_messages gauge\n" + "".join(lines))


os.environ["PORTS"] = "9090"
Service("rabbitmq-exporter", {("GET", "metrics"): metrics}).run()
