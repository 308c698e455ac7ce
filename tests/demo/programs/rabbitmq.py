# SPDX-License-Identifier: Apache-2.0
"""rabbitmq: an AMQP 0-9-1 broker in memory, and its management API on the other port. The client speaks first."""
import os
import queue
import struct
import threading

import amqp_wire as amqp
from web import Service, answer, log, tcp_server

QUEUES, PUBLISHED = {}, {}
LOCK = threading.Lock()


def queue_of(name):
    with LOCK:
        return QUEUES.setdefault(name, queue.Queue())


def greet(frames):
    frames.method(0, amqp.START, bytes([0, 9]) + struct.pack("!I", 0) + amqp.long_text("PLAIN") + amqp.long_text("en_US"))
    frames.expect(amqp.START_OK)
    frames.method(0, amqp.TUNE, struct.pack("!HIH", 1, amqp.FRAME_BYTES_MAX, 0))
    frames.expect(amqp.TUNE_OK)
    frames.expect(amqp.OPEN)
    frames.method(0, amqp.OPEN_OK, amqp.short(""))


def deliver(frames, source, tag):
    """The consumer's side: each message as it comes, until the consumer is gone."""
    number = 0
    while True:
        body = source.get()
        number += 1
        try:
            frames.method(1, amqp.DELIVER, amqp.short(tag) + struct.pack("!QB", number, 0) + amqp.short("") + amqp.short(""))
            frames.content(1, body)
        except OSError:
            source.put(body)  # not delivered: the next consumer gets it
            return


def serve(sock):
    frames = amqp.Frames(sock)
    if frames.exactly(8) != amqp.HEADER:
        sock.sendall(amqp.HEADER)
        return
    greet(frames)
    while True:
        kind, channel, payload = frames.read()
        number = struct.unpack_from("!HH", payload)
        if kind != amqp.METHOD:
            raise ValueError("content without a method")
        if number == amqp.CHANNEL_OPEN:
            frames.method(channel, amqp.CHANNEL_OPEN_OK, struct.pack("!I", 0))
        elif number == amqp.DECLARE:
            name, _ = amqp.short_at(payload, 6)
            frames.method(channel, amqp.DECLARE_OK, amqp.short(name) + struct.pack("!II", queue_of(name).qsize(), 0))
        elif number == amqp.PUBLISH:
            _, at = amqp.short_at(payload, 6)
            key, _ = amqp.short_at(payload, at)
            body = frames.read_content()
            log(f"published to {key}: {body.decode(errors='replace')}")
            with LOCK:
                PUBLISHED[key] = PUBLISHED.get(key, 0) + 1
            queue_of(key).put(body)
        elif number == amqp.CONSUME:
            name, _ = amqp.short_at(payload, 6)
            frames.method(channel, amqp.CONSUME_OK, amqp.short("1"))
            threading.Thread(target=deliver, args=[frames, queue_of(name), "1"], daemon=True).start()
        elif number != amqp.ACK:
            raise ValueError(f"method {number} is not used here")


def queues(_):
    with LOCK:
        return answer([{"name": n, "messages": q.qsize(), "published": PUBLISHED.get(n, 0)} for n, q in QUEUES.items()])


os.environ["PORTS"] = "15672"
threading.Thread(target=Service("rabbitmq", {("GET", "api"): queues}).run, daemon=True).start()
tcp_server(5672, serve)
