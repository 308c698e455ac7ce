# SPDX-License-Identifier: Apache-2.0
"""web: the small HTTP/1.1 server and client that all Sock Shop services share.

Every answer says who made it: x-sock-service, x-sock-version, x-sock-pid, and in x-sock-chain also whom that service
asked in order to answer, for example `orders/v1/811 user/v1/790 carts/v1/768`.
"""
import json
import os
import socket
import sys
import threading
import time

VERSION = os.environ.get("VERSION", "v1")
LIMIT_BYTES = 1 << 20  # of a request's head, and of a body
ASKED = threading.local()  # chains of the services asked by the request that this thread serves, and its x-request-id


class Request:
    def __init__(self, method, target, headers, body, peer):
        self.method, self.headers, self.body, self.peer = method, headers, body, peer
        self.path, _, self.query = target.partition("?")

    def json(self):
        return json.loads(self.body or b"{}")


class Reply:
    def __init__(self, status, body=b"", kind="text/plain; charset=utf-8", headers=()):
        self.status, self.kind, self.headers = status, kind, list(headers)
        self.body = body.encode() if isinstance(body, str) else body


def answer(value, status=200, headers=()):
    return Reply(status, json.dumps(value) + "\n", "application/json", headers)


REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request", 401: "Unauthorized",
           404: "Not Found", 406: "Not Acceptable", 500: "Internal Server Error", 502: "Bad Gateway"}


class Reader:
    """Reads lines and counted bytes from a socket."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def fill(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the peer closed the connection")
        self.buffer += data

    def head(self):
        """Start line and headers (names in lower case), or None at a clean end."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > LIMIT_BYTES:
                raise ValueError("head too large")
            try:
                self.fill()
            except ConnectionError:
                if self.buffer:
                    raise
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        return lines[0], {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    def exactly(self, size):
        while len(self.buffer) < size:
            self.fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def body(self, headers, until_close=False):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.line().split(b";")[0], 16):
                parts.append(self.exactly(size))
                self.exactly(2)
            while self.line():
                pass
            return b"".join(parts)
        if "content-length" in headers:
            return self.exactly(min(int(headers["content-length"]), LIMIT_BYTES))
        if not until_close:
            return b""
        while data := self.sock.recv(65536):
            self.buffer += data
        return self.buffer


class Service:
    """routes: {(method, first path segment): function(request) -> Reply}; "" is the root."""

    def __init__(self, name, routes):
        self.name, self.routes = name, {("GET", "health"): lambda request: answer({"health": "OK"}), **routes}
        self.identity = f"{name}/{VERSION}/{os.getpid()}"

    def run(self):
        """Serves every port of the PORTS variable for ever."""
        listeners = []
        for port in os.environ.get("PORTS", "80").split(","):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("0.0.0.0", int(port)))
            listener.listen(512)
            listeners.append(listener)
        for listener in listeners[1:]:
            threading.Thread(target=self.accept, args=[listener], daemon=True).start()
        self.accept(listeners[0])

    def accept(self, listener):
        while True:
            sock, peer = listener.accept()
            threading.Thread(target=self.connection, args=[sock, peer], daemon=True).start()

    def connection(self, sock, peer):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(sock)
        with sock:
            try:
                while self.one(sock, reader, peer):
                    pass
            except (OSError, ValueError):
                return  # the client went away or speaks no HTTP

    def one(self, sock, reader, peer):
        head = reader.head()
        if head is None:
            return False
        line, headers = head
        method, target, _ = line.split(" ", 2)
        if headers.get("expect", "").lower() == "100-continue":
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request = Request(method, target, headers, reader.body(headers), peer)
        ASKED.chains, ASKED.request_id = [], headers.get("x-request-id", "")
        reply = self.dispatch(request)
        log(f"{method} {target} {reply.status} from={peer[0]} host={headers.get('host', '-')} "
            f"id={ASKED.request_id or '-'} agent={headers.get('user-agent', '-')}")
        close = headers.get("connection", "").lower() == "close"
        fields = [("content-type", reply.kind), ("content-length", str(len(reply.body))),
                  ("x-sock-service", self.name), ("x-sock-version", VERSION), ("x-sock-pid", str(os.getpid())),
                  ("x-sock-chain", " ".join([self.identity, *ASKED.chains])), *reply.headers]
        if close:
            fields.append(("connection", "close"))
        head = f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in fields) + "\r\n"
        sock.sendall(head.encode("latin-1") + (b"" if method == "HEAD" else reply.body))
        return not close

    def dispatch(self, request):
        first = request.path.lstrip("/").split("/", 1)[0]
        method = "GET" if request.method == "HEAD" else request.method
        handler = self.routes.get((method, first))
        if handler is None:
            return answer({"error": f"{self.name} has no {request.method} /{first}"}, 404)
        try:
            return handler(request)
        except Refused as error:
            return answer({"error": f"{self.name}: {error}"}, 502)
        except (OSError, ValueError, KeyError) as error:
            return answer({"error": f"{self.name}: {type(error).__name__}: {error}"}, 500)


class Refused(Exception):
    """A service that was asked did not answer as it should."""


class Called:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def call(method, host, path, value=None, headers=None, expect=None):
    """Asks another service by its name on port 80, and remembers its chain."""
    body = b"" if value is None else json.dumps(value).encode()
    fields = {"host": host, "connection": "close", "content-length": str(len(body)),
              "content-type": "application/json", **(headers or {})}
    if ASKED.request_id:
        fields["x-request-id"] = ASKED.request_id
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
    try:
        with socket.create_connection((host, 80), timeout=10) as sock:
            sock.sendall(head.encode("latin-1") + body)
            reader = Reader(sock)
            got = reader.head()
            if got is None:
                raise Refused(f"{host} closed the connection without an answer")
            line, answered = got
            called = Called(int(line.split(" ")[1]), answered, reader.body(answered, until_close=True))
    except OSError as error:
        raise Refused(f"{host}: {error}") from None
    ASKED.chains += answered.get("x-sock-chain", "").split()
    if expect is not None and called.status != expect:
        raise Refused(f"{host} answered {called.status} to {method} {path}: {called.body[:100].decode(errors='replace')}")
    return called


def log(text):
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Lasting:
    """A client connection to a database that is opened when needed, shared by the threads, and renewed when it breaks."""

    def __init__(self, host, port, greet):
        self.address, self.greet = (host, port), greet
        self.lock, self.session = threading.Lock(), None

    def do(self, action):
        """action(session): the result; tried once more on a fresh connection when the old one turns out to be dead."""
        with self.lock:
            for fresh in (False, True):
                try:
                    if self.session is None or fresh:
                        sock = socket.create_connection(self.address, timeout=10)
                        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        self.session = self.greet(sock)
                    return action(self.session)
                except OSError:
                    self.session = None
                    if fresh:
                        raise
        return None


def tcp_server(port, serve):
    """A thread for each connection; serve(socket) until it returns or the peer is gone."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", port))
    listener.listen(512)

    def one(sock, peer):
        log(f"connection from {peer[0]}")
        with sock:
            try:
                serve(sock)
            except (OSError, ValueError, KeyError) as error:
                log(f"connection of {peer[0]} ended: {error}")

    while True:
        sock, peer = listener.accept()
        threading.Thread(target=one, args=[sock, peer], daemon=True).start()
