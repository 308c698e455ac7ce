# SPDX-License-Identifier: Apache-2.0
"""dns.py ADDRESS ZONE.json: the lab's cluster DNS over UDP.

A Service's name answers with its clusterIP for a meshed pod, which is captured before any packet could be sent there,
and with the pods' addresses for everybody else, because nothing in the lab routes a clusterIP. The zone file is
read again when it changes.
"""
import json
import os
import socket
import struct
import sys

A, ANY_CLASS_IN = 1, 1
NO_ERROR, NO_SUCH_NAME, NOT_IMPLEMENTED = 0, 3, 4
TTL_SECONDS = 1


class Zone:
    def __init__(self, path):
        self.path, self.stamp, self.data = path, None, {}

    def read(self):
        status = os.stat(self.path)
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self.stamp:
            with open(self.path, encoding="utf-8") as file:
                self.data = json.load(file)
            self.stamp = stamp
        return self.data

    def addresses(self, name, asker):
        """Addresses of a full name, or None when there is no such name."""
        data = self.read()
        if name in data["hosts"]:
            return data["hosts"][name]
        service = data["services"].get(name.removesuffix(".svc.cluster.local"))
        if service is None or not name.endswith(".svc.cluster.local"):
            return None
        if asker in data["meshed"] and service["cluster"]:
            return [service["cluster"]]
        return service["pods"]


def question_of(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii", "replace").lower())
        at += 1 + packet[at]
    kind, _ = struct.unpack_from("!HH", packet, at + 1)
    return ".".join(labels), kind, packet[12:at + 5]


def answer(packet, asker, zone):
    number, flags, count = struct.unpack_from("!HHH", packet)
    if count != 1 or flags & 0xF800:  # an answer, or an operation other than a query
        return struct.pack("!HHHHHH", number, 0x8180 | NOT_IMPLEMENTED, 0, 0, 0, 0)
    name, kind, question = question_of(packet)
    addresses = zone.addresses(name, asker)
    code = NO_SUCH_NAME if addresses is None else NO_ERROR
    records = [struct.pack("!HHHIH4s", 0xC00C, A, ANY_CLASS_IN, TTL_SECONDS, 4, socket.inet_aton(address))
               for address in (addresses or [] if kind == A else [])]
    head = struct.pack("!HHHHHH", number, 0x8580 | code, 1, len(records), 0, 0)
    return head + question + b"".join(records)


def main():
    zone = Zone(sys.argv[2])
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((sys.argv[1], 53))
    while True:
        packet, sender = server.recvfrom(4096)
        try:
            reply = answer(packet, sender[0], zone)
        except (IndexError, struct.error):
            continue  # no DNS message
        server.sendto(reply, sender)


if __name__ == "__main__":
    main()
