#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an idle connection costs the daemon in memory: idle.py [--connections N]. Prints JSON.

Two pods on one node, the real daemon. Each connection exchanges something once and is then left alone: as a relayed TCP
pair (downstream and upstream), and as a kept-alive HTTP connection (its upstream goes back to the pool). Told is the
growth of the daemon's anonymous memory divided by the connections; memory of the kernel (sockets, descriptors, epoll,
eBPF maps) is not in it.
"""
from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lab.crowd import Crowd, serve_in  # noqa: E402
from lab.lab import Lab  # noqa: E402
from lab.poll import settled, until  # noqa: E402

KINDS = {"tcp": ("echo", [7001, 7002]), "http": ("http", [7003])}
WARM_UP = 200


def anonymous_bytes(pid: int) -> int:
    return int(re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def sessions(node) -> int:
    return sum(worker["sessions"] or 0 for worker in node.status()["workers"])


def measure(lab: Lab, node, pods: dict, name: str, address: str, count: int) -> dict:
    kind, ports = KINDS[name]
    warm = Crowd(pods["client"], kind, WARM_UP, address, ports)
    for word in ("open", "exchange", "close"):
        warm.tell(word)
    until(lambda: sessions(node) == 0, 10, "the warm-up is gone")
    before, descriptors = anonymous_bytes(node.pid()), node.descriptors()
    crowd = Crowd(pods["client"], kind, count, address, ports)
    for word in ("open", "exchange"):
        done, errors = crowd.tell(word)
        assert done == count, f"{name}: {word}: {done} of {count}: {errors}"
    until(lambda: sessions(node) == count, 10, "all connections are there")
    after = settled(lambda: anonymous_bytes(node.pid()), 1.0, 20, "the daemon's memory")
    row = {"kind": name, "connections": count, "descriptors_each": round((node.descriptors() - descriptors) / count, 2),
           "bytes_each": round((after - before) / count)}
    crowd.tell("close")
    crowd.end()
    warm.end()
    until(lambda: sessions(node) == 0, 20, "all connections are gone")
    return row


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--kind", choices=KINDS, action="append")
    args = parser.parse_args()
    rows = []
    for name in args.kind or KINDS:
        # A daemon of its own each: what malloc keeps of one kind does not serve the other.
        with Lab(f"idle-{name}") as lab:
            node = lab.add_node("node-a", workers=1)
            pods = {n: lab.add_pod("bench", n, "node-a") for n in ("client", "server")}
            kind, ports = KINDS[name]
            address = lab.add_service("bench", "server", [(f"{name}-{p}", p, p) for p in ports])
            serve_in(pods["server"], kind, ports)
            lab.start_nodes()
            lab.sync()
            room = int(re.search(r"one pod at most (\d+)", node.log_path.read_text())[1])
            count = min(args.connections, room // 2 - 10 if name == "tcp" else room - 500)
            rows.append(measure(lab, node, pods, name, address, count))
    print(json.dumps({"idle": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
