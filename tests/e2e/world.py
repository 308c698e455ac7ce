# SPDX-License-Identifier: Apache-2.0
"""World: the small cluster that most cases need. Two nodes; namespace `shop` has no Namespace object, so it is enrolled.

  node-a: clients a1 and a2, server b, the gateway gw, and stranger, which no Pod object describes
  node-b: client d, server c
  outside: out
Services b and c: 80 (http-web) to 8080, 9000 (tcp-echo), 9001 (tcp-first), 9002 (tcp-mute).
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from lab.http1 import Connection, Response, fetch
from lab.lab import Lab
from lab.pod import Pod
from lab.poll import until

from .apps import Echo, First, Mute, Web

WEB_PORT, ECHO_PORT, FIRST_PORT, MUTE_PORT = 8080, 9000, 9001, 9002
PORTS = [("http-web", 80, WEB_PORT), ("tcp-echo", 9000, ECHO_PORT), ("tcp-first", 9001, FIRST_PORT),
         ("tcp-mute", 9002, MUTE_PORT)]
MESH_CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
               "data": {"mesh": "accessLogFile: /dev/stdout\n"}}


class Servers:
    """All servers of one pod."""

    def __init__(self, pod: Pod, host: str = "0.0.0.0"):
        self.pod = pod
        self.web, self.echo = Web(pod, WEB_PORT, host), Echo(pod, ECHO_PORT, host)
        self.first, self.mute = First(pod, FIRST_PORT, host), Mute(pod, MUTE_PORT, host)

    def all(self) -> list:
        return [self.web, self.echo, self.first, self.mute]


@dataclass
class Record:
    """One access-log line in Istio's text format."""
    line: str
    request: str
    code: str
    flags: str
    details: str
    received: str
    sent: str
    authority: str
    request_id: str
    upstream_host: str
    cluster: str
    upstream_local: str
    downstream_local: str
    downstream_remote: str
    route: str


def parse_record(line: str) -> Record | None:
    """None when the line has not Istio's number of fields."""
    words = [word.strip('"') for word in re.findall(r'\[[^\]]*\]|"[^"]*"|\S+', line)]
    if len(words) != 22 or not line.startswith("["):
        return None
    return Record(line, words[1], words[2], words[3], words[4], words[7], words[8], words[14], words[13], words[15],
                  words[16], words[17], words[18], words[19], words[21])


class World:
    SERVER_HOST = "0.0.0.0"  # what the applications listen on

    def __init__(self, name: str, direct: bool = False, dual: bool = False, **node_options):
        self.lab = Lab(f"e2e-{name}", direct=direct, dual=dual)
        self.direct, self.node_options = direct, {"workers": 2, "randomSeed": 1, **node_options}

    def __enter__(self) -> "World":
        self.lab.__enter__()
        try:
            self.build()
        except BaseException:
            self.lab.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.lab.__exit__()

    def build(self) -> None:
        lab = self.lab
        self.node_a = lab.add_node("node-a", **self.node_options)
        self.node_b = lab.add_node("node-b", **self.node_options)
        lab.put(MESH_CONFIG)
        self.a1, self.a2, self.b = (lab.add_pod("shop", name, "node-a") for name in ("a1", "a2", "b"))
        self.c, self.d = (lab.add_pod("shop", name, "node-b") for name in ("c", "d"))
        self.gw = lab.add_pod("istio-system", "gw", "node-a", labels={"istio": "ingressgateway"}, gateway=True,
                              ports=[{"containerPort": 8080}])
        self.stranger = lab.add_pod("shop", "stranger", "node-a", listed=False)
        self.out = lab.add_pod("lab", "out")
        self.services = {name: lab.add_service("shop", name, PORTS) for name in ("b", "c")}
        lab.add_service("istio-system", "istio-ingressgateway", [("http2", 80, 8080)], {"istio": "ingressgateway"})
        self.on_b, self.on_c = Servers(self.b, self.SERVER_HOST), Servers(self.c, self.SERVER_HOST)
        lab.start_nodes()
        lab.sync()

    # ---- asking --------------------------------------------------------------------------------------------

    def to(self, service: str, port: int = 80) -> tuple[str, int]:
        """Where a meshed pod dials a Service."""
        if not self.direct:
            return self.services[service], port
        target = next(target for _, number, target in PORTS if number == port)
        return {"b": self.b, "c": self.c}[service].ip, target

    def get(self, pod: Pod, service: str = "b", target: str = "/", **keywords) -> Response:
        return fetch(pod, self.to(service), target, keywords.pop("host", service), **keywords)

    def open(self, pod: Pod, service: str = "b") -> Connection:
        return Connection(pod.connect(self.to(service)))

    def through_gateway(self, target: str = "/", host: str = "shop.example.com", **keywords) -> Response:
        return fetch(self.out, (self.gw.ip, 8080), target, host, **keywords)

    def forget(self) -> None:
        for server in self.on_b.all() + self.on_c.all():
            server.forget()

    # ---- changing ------------------------------------------------------------------------------------------

    def configure(self, *documents: dict, name: str = "50-case.yaml") -> None:
        """Those documents are in force, or quarantined, on both nodes, and none of an earlier call with this name."""
        self.lab.place(name, list(documents))
        self.lab.sync()

    # ---- looking -------------------------------------------------------------------------------------------

    def records(self, node, mark: str, count: int, seconds: float = 5) -> list[Record]:
        """The `count` access records of a node that hold `mark`, once they are there; every one has to parse."""
        lines = until(lambda: [x for x in node.access_log() if mark in x][count - 1:] and
                      [x for x in node.access_log() if mark in x], seconds, f"{count} access records with {mark} on {node.name}")
        parsed = [parse_record(line) for line in lines]
        assert all(parsed), f"not in Istio's format: {lines}"
        return parsed


def virtual_service(name: str, hosts: list[str], http: list[dict], gateways: list[str] | None = None,
                    namespace: str = "shop") -> dict:
    spec = {"hosts": hosts, "http": http, **({"gateways": gateways} if gateways else {})}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def destination_rule(name: str, host: str, spec: dict, namespace: str = "shop") -> dict:
    return {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
            "metadata": {"name": name, "namespace": namespace}, "spec": {"host": host, **spec}}


def to_host(host: str, subset: str = "", weight: int | None = None) -> dict:
    destination = {"host": host, **({"subset": subset} if subset else {})}
    return {"destination": destination, **({"weight": weight} if weight is not None else {})}


def gateway(name: str = "public", hosts: tuple[str, ...] = ("*",), port: int = 80) -> dict:
    return {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"selector": {"istio": "ingressgateway"},
                     "servers": [{"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts)}]}}
