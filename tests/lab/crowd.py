# SPDX-License-Identifier: Apache-2.0
"""Very many connections of one pod: crowd.py serve|call ... runs inside the pod, Crowd and Servers drive it from the test.

  serve KIND PORT...                 the service "server": echoes (KIND echo) or answers each request with "ok" (KIND http)
  call KIND COUNT ADDRESS PORT...    opens COUNT connections, spread over the ports
A caller obeys lines on its standard input and answers each with one line of JSON: `open`, `exchange` (one byte or one
request on each connection), `close`. Descriptors are limited per process, so a crowd is several processes.
"""
from __future__ import annotations

import errno
import json
import os
import resource
import select
import socket
import sys

REQUEST = b"GET / HTTP/1.1\r\nhost: server\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
WORDS = {"echo": b"x", "http": REQUEST}
CONNECTING_AT_ONCE = 256
SILENCE_SECONDS = 20  # nothing at all happens: give up and say how far it went
PER_PROCESS = 15_000


def raise_limit() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


# ---- inside the pod --------------------------------------------------------------------------------------------


def serve(kind: str, ports: list[int]) -> None:
    raise_limit()
    poll, listeners, open_now = select.epoll(), {}, {}
    for port in ports:
        made = socket.create_server(("0.0.0.0", port), backlog=4096)
        made.setblocking(False)
        listeners[made.fileno()] = made
        poll.register(made, select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number in listeners:
                accept_all(listeners[number], poll, open_now)
            elif not answer(kind, open_now[number]):
                open_now.pop(number).close()


def accept_all(listener: socket.socket, poll, open_now: dict) -> None:
    try:
        while True:
            sock, _ = listener.accept()
            sock.setblocking(False)
            open_now[sock.fileno()] = sock
            poll.register(sock, select.EPOLLIN)
    except BlockingIOError:
        pass


def answer(kind: str, sock: socket.socket) -> bool:
    try:
        data = sock.recv(4096)
        sock.send(data if kind == "echo" else ANSWER * data.count(b"\r\n\r\n"))
        return bool(data)
    except OSError:
        return False


class Caller:
    def __init__(self, kind: str, count: int, address: str, ports: list[int]):
        self.word, self.count, self.address, self.ports = WORDS[kind], count, address, ports
        self.begins, self.ends = (b"x", b"x") if kind == "echo" else (b"HTTP/1.1 200 ", b"\r\n\r\nok")
        self.socks: list[socket.socket] = []
        self.errors: dict[str, int] = {}

    def note(self, number: int) -> None:
        name = errno.errorcode.get(number, str(number))
        self.errors[name] = self.errors.get(name, 0) + 1

    def open(self) -> int:
        poll, waiting, begun = select.epoll(), {}, 0
        while begun < self.count or waiting:
            while begun < self.count and len(waiting) < CONNECTING_AT_ONCE:
                sock = socket.socket()
                sock.setblocking(False)
                result = sock.connect_ex((self.address, self.ports[begun % len(self.ports)]))
                begun += 1
                if result not in (0, errno.EINPROGRESS):
                    self.note(result)
                    sock.close()
                    continue
                waiting[sock.fileno()] = sock
                poll.register(sock, select.EPOLLOUT)
            ready = poll.poll(SILENCE_SECONDS)
            if waiting and not ready:
                self.note(errno.ETIMEDOUT)
                break
            for number, _ in ready:
                poll.unregister(number)
                sock = waiting.pop(number)
                failed = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if failed:
                    self.note(failed)
                    sock.close()
                else:
                    self.socks.append(sock)
        return len(self.socks)

    def exchange(self) -> int:
        """Says the word on each connection, and takes the answer; how many had the right one."""
        poll, missing, right = select.epoll(), {}, 0
        queue = list(self.socks)
        while queue or missing:
            while queue and len(missing) < CONNECTING_AT_ONCE:
                sock = queue.pop()
                try:
                    sock.send(self.word)
                except OSError as error:
                    self.note(error.errno)
                    continue
                missing[sock.fileno()] = (sock, b"")
                poll.register(sock, select.EPOLLIN)
            ready = poll.poll(SILENCE_SECONDS)
            if missing and not ready:
                self.note(errno.ETIMEDOUT)
                break
            for number, _ in ready:
                sock, got = missing[number]
                try:
                    got += sock.recv(4096)
                except OSError as error:
                    self.note(error.errno)
                    got = b""
                missing[number] = (sock, got)
                if got.endswith(self.ends) or not got:
                    right += got.startswith(self.begins)
                    del missing[number]
                    poll.unregister(number)
        return right

    def close(self) -> int:
        count = len(self.socks)
        for sock in self.socks:
            sock.close()
        self.socks.clear()
        return count


def call(kind: str, count: int, address: str, ports: list[int]) -> None:
    raise_limit()
    caller = Caller(kind, count, address, ports)
    for line in sys.stdin:
        done = getattr(caller, line.strip())()
        print(json.dumps({"done": done, "errors": caller.errors}), flush=True)


# ---- the test's end --------------------------------------------------------------------------------------------


class Crowd:
    """`count` connections from `pod` to `ports` of `address`."""

    def __init__(self, pod, kind: str, count: int, address: str, ports: list[int]):
        self.processes = []
        while count > 0:
            part = min(count, PER_PROCESS)
            count -= part
            self.processes.append(start(pod, "call", kind, str(part), address, *map(str, ports)))

    def tell(self, word: str) -> tuple[int, dict]:
        """How many connections did it, and what went wrong."""
        for process in self.processes:
            process.stdin.write(word + "\n")
            process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for process in self.processes]
        errors: dict[str, int] = {}
        for one in answers:
            for name, number in one["errors"].items():
                errors[name] = errors.get(name, 0) + number
        return sum(one["done"] for one in answers), errors

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def start(pod, *args: str):
    import subprocess
    argv = [sys.executable, "-E", "-S", "-B", os.path.abspath(__file__), *args]
    return pod.spawn(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def serve_in(pod, kind: str, ports: list[int], ports_a_process: int = 1) -> None:
    for at in range(0, len(ports), ports_a_process):
        start(pod, "serve", kind, *map(str, ports[at:at + ports_a_process]))
    pod.wait_listening(set(ports))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], list(map(int, sys.argv[3:])))
    else:
        call(sys.argv[2], int(sys.argv[3]), sys.argv[4], list(map(int, sys.argv[5:])))
