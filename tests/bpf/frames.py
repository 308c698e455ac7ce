# SPDX-License-Identifier: Apache-2.0
"""IPv6 TCP segments made by hand, as a neighbour with CAP_NET_RAW could."""
import socket
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Target:
    """Where frames go: the pod's address and its link's."""

    def __init__(self, pod):
        self.ip = pod.ip6
        self.mac = bytes.fromhex(pod.mac.replace(":", ""))


def segment(target, source, source_port, port, flags, sequence=0, data=b""):
    pseudo = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target.ip)
    tcp = struct.pack("!HHIIBBHHH", source_port, port, sequence, 0, 5 << 4, flags, 65535, 0, 0) + data
    text = pseudo + struct.pack("!II", len(tcp), socket.IPPROTO_TCP) + tcp + bytes(len(tcp) % 2)
    total = sum(struct.unpack("!%dH" % (len(text) // 2), text))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    tcp = tcp[:16] + struct.pack("!H", ~total & 0xFFFF) + tcp[18:]
    return b"\x60\0\0\0" + struct.pack("!HBB", len(tcp), socket.IPPROTO_TCP, 64) + pseudo + tcp


def _send(target, packets):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind(("eth0", 0))
        mine = out.getsockname()[4]
        for packet in packets:
            out.send(target.mac + mine + struct.pack("!H", 0x86DD) + packet)


def send(task, target, ends):
    """Resets and data for each (source, source port, port): sequence numbers over the whole space."""
    for source, source_port, port in ends:
        for flags, data in ((RST, b""), (PSH | ACK, b"forged")):
            _send(target, (segment(target, source, source_port, port, flags, sequence, data) for sequence in range(0, 1 << 32, 1 << 18)))


def send_syns(task, target, ends):
    _send(target, (segment(target, source, source_port, port, SYN) for source, source_port, port in ends))
