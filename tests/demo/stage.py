# SPDX-License-Identifier: Apache-2.0
"""Stage: two emulated nodes for the Sock Shop, somebody outside the mesh, and curl in any of the pods."""
from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from lab.kubelet import Kubelet
from lab.lab import ROOT, Lab
from lab.pod import Pod

PROGRAMS = Path(__file__).resolve().parent / "programs"
IMAGES = {name: (PROGRAMS / f"{name.replace('-', '_')}.py",) for name in
          ("front-end", "catalogue", "catalogue-db", "carts", "user", "payment", "orders", "shipping",
           "queue-master", "mongo", "redis", "rabbitmq", "rabbitmq-exporter")}
IMAGES["user-db"] = (PROGRAMS / "mongo.py", "users")
GATEWAY = "istio-ingressgateway.istio-system"
GATEWAY_PORT = 8080
MESH = ROOT / "configs" / "demo" / "0-mesh" / "mesh.yaml"
SEPARATOR = "--- what came ---"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str
    command: str

    @property
    def who(self) -> str:
        h = self.headers
        return f"{h.get('x-sock-service', 'nobody')} {h.get('x-sock-version', '')}, process {h.get('x-sock-pid', '?')}"

    @property
    def version(self) -> str:
        return self.headers.get("x-sock-version", "")


class Stage:
    def __init__(self, lab: Lab):
        self.lab = lab
        self.kubelet = Kubelet(lab, IMAGES)
        for name in ("node-a", "node-b"):
            lab.add_node(name)
        self.outsider = lab.add_pod("lab", "outsider")

    def apply(self, *paths: Path) -> str:
        """Applies files as the user does, lets the kubelet do its part, and waits till all of it is in force."""
        printed = self.lab.apply(*paths)
        self.kubelet.reconcile()
        self.lab.sync()
        return printed

    def front_door(self) -> str:
        """What an outsider's browser has in its address bar."""
        if not self.lab.direct:
            return f"http://{GATEWAY}:{GATEWAY_PORT}"
        return f"http://{self.pod('front-end').ip}:8079"

    def pod(self, deployment: str, namespace: str = "sock-shop") -> Pod:
        return self.kubelet.pods_of(namespace, deployment)[0]

    def curl(self, pod: Pod, url: str, *options: str) -> Answer:
        """One request by the real curl; status 0 when there was no answer."""
        done = pod.run("curl", "-sS", "-i", "--max-time", "20", *options, url, timeout=30)
        command = "curl " + " ".join(shlex.quote(word) for word in [*options, url])
        head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
        lines = head.split("\n")
        words = lines[0].split(" ")
        if len(words) < 2 or not words[0].startswith("HTTP/"):
            return Answer(0, {}, done.stderr.strip(), command)
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        return Answer(int(words[1]), headers, body, command)

    def versions(self, pod: Pod, url: str, count: int, *options: str) -> dict[str, int]:
        """Which front-end version answered each of `count` requests, all sent by one curl on one connection."""
        done = pod.run("curl", "-sS", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code} %header{x-sock-version}\n",
                       *options, f"{url}?n=[1-{count}]", timeout=90)
        counts: dict[str, int] = {}
        for line in done.stdout.splitlines():
            status, _, version = line.partition(" ")
            key = version if status == "200" else f"status {status}"
            counts[key] = counts.get(key, 0) + 1
        return counts
