# SPDX-License-Identifier: Apache-2.0
"""What a pod sends to the network: a packet socket at the host's end of its veth."""
import os
import select
import socket
import struct
import time

ETH_P_ALL = 0x0003
SYN, ACK = 0x02, 0x10


def udp_marker(task, host, port, text):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as marker:
        marker.sendto(text, (host, port))


class Sniffer:
    def __init__(self, pod, target):
        """`target`: another pod, to which the pod sends marks."""
        self.pod, self.target = pod, target
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.bind((pod.veth, 0))
        self.number = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def syns(self):
        """(source, destination, port) of each SYN that the pod has sent until now. The pod sends a mark; when that has come
        past, so has everything before it."""
        self.number += 1
        mark = b"mark %d of %d" % (self.number, os.getpid())
        target = self.target.ip if self.pod.ip in self.pod.addresses() else self.target.ip6
        self.pod.call(udp_marker, target, 9, mark)
        found, end = [], time.monotonic() + 5
        while time.monotonic() < end:
            if not select.select([self.socket], [], [], end - time.monotonic())[0]:
                break
            frame, about = self.socket.recvfrom(65536)
            if about[2] == socket.PACKET_OUTGOING:  # to the pod
                continue
            if mark in frame:
                return found
            syn = self._syn(frame)
            if syn:
                found.append(syn)
        raise TimeoutError("the mark did not come past")

    @staticmethod
    def _syn(frame):
        kind = struct.unpack("!H", frame[12:14])[0]
        if kind == 0x0800 and frame[23] == socket.IPPROTO_TCP:
            tcp = 14 + (frame[14] & 15) * 4
            ends = [socket.inet_ntop(socket.AF_INET, frame[at:at + 4]) for at in (26, 30)]
        elif kind == 0x86DD and frame[20] == socket.IPPROTO_TCP:
            tcp = 54
            ends = [socket.inet_ntop(socket.AF_INET6, frame[at:at + 16]) for at in (22, 38)]
        else:
            return None
        if frame[tcp + 13] & (SYN | ACK) != SYN:
            return None
        return (ends[0], ends[1], struct.unpack("!H", frame[tcp + 2:tcp + 4])[0])
