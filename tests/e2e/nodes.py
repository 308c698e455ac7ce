# SPDX-License-Identifier: Apache-2.0
"""Two nodes on one machine: traffic between them, and what each says about itself."""
from __future__ import annotations

import json
import subprocess

from .harness import suite
from .world import WEB_PORT, World

CASES, case = suite()


def world(direct: bool) -> World:
    return World("nodes", direct)


@case("requests cross in both directions, and the application sees the client's address", direct=True)
def both_ways(w: World) -> None:
    for client, service in ((w.a1, "c"), (w.a2, "c"), (w.d, "b"), (w.d, "c")):
        answer = w.get(client, service)
        assert answer.status == 200, answer
        seen = json.loads(answer.body)
        assert seen["pod"] == service and seen["peer"][0] == client.ip, seen


@case("each side leaves its record on its own node")
def records(w: World) -> None:
    w.get(w.a1, "c", "/crossing")
    outbound = w.records(w.node_a, "GET /crossing ", 1)
    inbound = w.records(w.node_b, "GET /crossing ", 1)
    assert [r.cluster for r in outbound] == ["outbound|80||c.shop.svc.cluster.local"], outbound
    assert [r.cluster for r in inbound] == [f"inbound|{WEB_PORT}||"], inbound
    assert outbound[0].request_id == inbound[0].request_id
    assert inbound[0].downstream_remote.split(":")[0] == w.a1.ip, inbound[0].line


@case("status says that the leg between nodes is plaintext")
def plaintext_said(w: World) -> None:
    for node in (w.node_a, w.node_b):
        assert "plaintext" in json.dumps(node.status()), "not in the JSON"
        assert "plaintext" in node.ctl("status").stdout, "not in the table"


@case("each node enrols its own pods only")
def own_pods(w: World) -> None:
    for node, names in ((w.node_a, {"a1", "a2", "b", "gw"}), (w.node_b, {"c", "d"})):
        pods = {p["name"]: p for p in node.json("pods")}
        assert set(pods) == names, (node.name, set(pods))
        assert all(p["state"].lower() == "ready" for p in pods.values()), pods


@case("sockmeshctl: no daemon is 3, a wrong verb is 2, version needs no daemon")
def exits(w: World) -> None:
    ctl = w.lab.sockmeshctl
    for argv, status in (([ctl, "--run-dir", "/nowhere/at/all", "status"], 3), ([ctl, "no-such-verb"], 2), ([ctl, "version"], 0)):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20)
        assert done.returncode == status, f"{argv[1:]}: exit {done.returncode}, expected {status}"
