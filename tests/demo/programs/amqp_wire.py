# SPDX-License-Identifier: Apache-2.0
"""AMQP 0-9-1, as far as publishing and consuming on one channel needs it: frames, and the methods of both sides."""
import struct

HEADER = b"AMQP\x00\x00\x09\x01"  # what the client says first
METHOD, CONTENT_HEADER, BODY, END = 1, 2, 3, 0xCE
START, START_OK, TUNE, TUNE_OK, OPEN, OPEN_OK = (10, 10), (10, 11), (10, 30), (10, 31), (10, 40), (10, 41)
CHANNEL_OPEN, CHANNEL_OPEN_OK = (20, 10), (20, 11)
DECLARE, DECLARE_OK = (50, 10), (50, 11)
CONSUME, CONSUME_OK, PUBLISH, DELIVER, ACK = (60, 20), (60, 21), (60, 40), (60, 60), (60, 80)
FRAME_BYTES_MAX = 131072


def short(value):
    return bytes([len(value)]) + value.encode()


def long_text(value):
    return struct.pack("!I", len(value)) + value.encode()


def short_at(data, at):
    return data[at + 1:at + 1 + data[at]].decode(), at + 1 + data[at]


class Frames:
    def __init__(self, sock):
        self.sock = sock

    def exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                raise ConnectionError("the peer closed the connection")
            data += piece
        return data

    def read(self):
        kind, channel, size = struct.unpack("!BHI", self.exactly(7))
        if size > FRAME_BYTES_MAX:
            raise ValueError("frame too large")
        payload = self.exactly(size)
        if self.exactly(1)[0] != END:
            raise ValueError("a frame without its end")
        return kind, channel, payload

    def write(self, kind, channel, payload):
        self.sock.sendall(struct.pack("!BHI", kind, channel, len(payload)) + payload + bytes([END]))

    def method(self, channel, number, arguments=b""):
        self.write(METHOD, channel, struct.pack("!HH", *number) + arguments)

    def expect(self, number):
        """Arguments of the next frame, which has to be this method."""
        kind, _, payload = self.read()
        if kind != METHOD or struct.unpack_from("!HH", payload) != number:
            raise ValueError(f"expected method {number}")
        return payload[4:]

    def content(self, channel, body):
        self.write(CONTENT_HEADER, channel, struct.pack("!HHQH", 60, 0, len(body), 0))
        self.write(BODY, channel, body)

    def read_content(self):
        _, _, head = self.read()
        size, body = struct.unpack_from("!Q", head, 4)[0], b""
        while len(body) < size:
            body += self.read()[2]
        return body


class Client:
    """Speaks first, opens channel 1, declares the queue."""

    def __init__(self, sock, queue):
        self.queue = queue
        sock.sendall(HEADER)
        self.frames = Frames(sock)
        self.frames.expect(START)
        self.frames.method(0, START_OK, struct.pack("!I", 0) + short("PLAIN") + long_text("\0guest\0guest") + short("en_US"))
        self.frames.expect(TUNE)
        self.frames.method(0, TUNE_OK, struct.pack("!HIH", 1, FRAME_BYTES_MAX, 0))
        self.frames.method(0, OPEN, short("/") + b"\0\0")
        self.frames.expect(OPEN_OK)
        self.frames.method(1, CHANNEL_OPEN, short(""))
        self.frames.expect(CHANNEL_OPEN_OK)
        self.frames.method(1, DECLARE, struct.pack("!H", 0) + short(queue) + b"\0" + struct.pack("!I", 0))
        self.frames.expect(DECLARE_OK)

    def publish(self, body):
        self.frames.method(1, PUBLISH, struct.pack("!H", 0) + short("") + short(self.queue) + b"\0")
        self.frames.content(1, body)

    def consume(self):
        """Messages, one after the other, for ever."""
        self.frames.method(1, CONSUME, struct.pack("!H", 0) + short(self.queue) + short("") + b"\x02" + struct.pack("!I", 0))
        self.frames.expect(CONSUME_OK)
        while True:
            self.frames.expect(DELIVER)
            yield self.frames.read_content()
