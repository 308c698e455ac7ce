# SPDX-License-Identifier: Apache-2.0
"""session-db: a Redis server in memory that knows PING, SET, GET and DEL. The client speaks first."""
import threading

from redis_wire import Resp
from web import log, tcp_server

LOCK, KEYS = threading.Lock(), {}


def run(words):
    name, arguments = words[0].upper(), words[1:]
    with LOCK:
        if name == "PING":
            return "+PONG\r\n"
        if name == "SET" and len(arguments) >= 2:
            KEYS[arguments[0]] = arguments[1]
            return "+OK\r\n"
        if name == "GET" and len(arguments) == 1:
            value = KEYS.get(arguments[0])
            return "$-1\r\n" if value is None else f"${len(value.encode())}\r\n{value}\r\n"
        if name == "DEL":
            return f":{sum(KEYS.pop(key, None) is not None for key in arguments)}\r\n"
    return f"-ERR unknown command '{name}'\r\n"


def serve(sock):
    stream = Resp(sock)
    while True:
        words = stream.value()
        log(" ".join(words[:2]))
        sock.sendall(run(words).encode())


tcp_server(6379, serve)
