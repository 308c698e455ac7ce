# SPDX-License-Identifier: Apache-2.0
"""The demo's chapters 1 and 2 as a newcomer walks them: apply a file, send a request, look at the answer."""
from __future__ import annotations

import json
import math
import uuid
from pathlib import Path

from lab import kernel
from lab.poll import TimedOut, stays, until

from .screen import Screen
from .stage import MESH, Answer, Stage

CANARY_REQUESTS, CANARY_SHARE = 500, 0.2
MISJUDGED = 1e-6  # how often a right canary may be called wrong


def binomial_bounds(count: int, share: float, misjudged: float) -> tuple[int, int]:
    """The narrowest counts, from..to, that a fair draw leaves less often than `misjudged`; exact, half on each side."""
    chances = [math.comb(count, k) * share**k * (1 - share)**(count - k) for k in range(count + 1)]
    low, below = 0, 0.0
    while below + chances[low] <= misjudged / 2:
        below += chances[low]
        low += 1
    high, above = count, 0.0
    while above + chances[high] <= misjudged / 2:
        above += chances[high]
        high -= 1
    return low, high


class Walk:
    def __init__(self, stage: Stage, screen: Screen, manifests: Path):
        self.stage, self.screen, self.manifests = stage, screen, manifests

    # ---- what every step does ------------------------------------------------------------------------------

    def apply(self, *names: str) -> None:
        paths = [path for name in names for path in sorted(self.manifests.glob(name))]
        if not paths:
            raise FileNotFoundError(f"{self.manifests} has none of {', '.join(names)}")
        shown = [str(p.relative_to(self.manifests)) for p in paths]
        if len(shown) > 3:
            shown = [f"{paths[0].parent.relative_to(self.manifests)}/... ({len(paths)} files)"]
        self.screen.command("sockmeshctl apply " + " ".join(f"-f {name}" for name in shown))
        printed = self.stage.apply(*paths)
        self.screen.output(printed, 6)

    def request(self, url: str, *options: str, pod=None, show_body: int = 0) -> Answer:
        pod = pod or self.stage.outsider
        answer = self.stage.curl(pod, url, *options)
        self.screen.command(f"[{pod}] {answer.command}")
        self.screen.output(f"{answer.status} from {answer.who}" if answer.status else f"no answer: {answer.body}")
        if show_body:
            self.screen.output(answer.body.strip()[:400], show_body)
        return answer

    def page(self, path: str = "/", *options: str, **keywords) -> Answer:
        return self.request(self.stage.front_door() + path, *options, **keywords)

    def expect(self, answer: Answer, status: int, text: str, version: str = "") -> bool:
        good = answer.status == status and (not version or answer.version == version)
        return self.screen.verdict(good, text, f"{answer.status} from {answer.who}: {answer.body.strip()[:200]}")

    # ---- chapter 1 -----------------------------------------------------------------------------------------

    def deploy(self) -> None:
        screen, stage, lab = self.screen, self.stage, self.stage.lab
        screen.chapter("Chapter 1: deploy the Sock Shop")
        screen.step("Before it: mesh-wide settings and an ingress gateway")
        screen.command(f"sockmeshctl apply -f {MESH.name}")
        screen.output(stage.apply(MESH), 6)

        screen.step("The shop: its Deployments and Services, then the gateway and the routes")
        self.apply("1-deploy-app/manifests/*.y*ml")
        self.apply("1-deploy-app/sockshop-gateway.yaml", "1-deploy-app/sockshop-virtual-services.yaml")
        running = [pod for pod in lab.pods.values() if pod.namespace == "sock-shop"]
        spread = {name: sum(pod.node == name for pod in running) for name in lab.nodes}
        screen.verdict(all(spread.values()), "the pods run, each a network namespace with a cgroup: "
                       + ", ".join(f"{count} on {name}" for name, count in spread.items()))
        if lab.direct:
            return

        screen.step("Are the nodes in sync?")
        for name, node in lab.nodes.items():
            synced, status = node.sync(), node.status()
            screen.command(f"sockmeshctl --run-dir {node.run_dir} status")
            screen.output(node.ctl("status").stdout, 14)
            bad = [f"{d['kind']} {d['namespace']}/{d['name']}" for d in status["documents"] if d["state"] == "quarantined"]
            screen.verdict(not bad and not synced["podsNotReady"],
                           f"{name}: generation {synced['generation']} is in force, nothing is rejected, every pod is ready",
                           f"rejected {bad}, not ready {synced['podsNotReady']}")

    def shop(self) -> None:
        screen, stage, lab = self.screen, self.stage, self.stage.lab
        screen.chapter("Chapter 1: buy socks")
        screen.step("Somebody outside the mesh opens the shop" + ("" if lab.direct else " through the gateway"))
        front = self.page(show_body=5)
        self.expect(front, 200, "the page comes from front-end v1", "v1")
        if not lab.direct:
            screen.verdict(front.headers.get("server") == "istio-envoy", "the gateway says `server: istio-envoy`, as Istio's does",
                           f"server: {front.headers.get('server')}")

        screen.step("The catalogue: front-end asks catalogue, catalogue asks MySQL, which speaks first")
        answer = self.page("/catalogue", show_body=1)
        good = self.expect(answer, 200, "the socks are there")
        socks = json.loads(answer.body) if good else []
        self.chain(answer, "front-end", "catalogue")

        screen.step("Log in")
        self.expect(self.page("/login", "-u", "user:wrong"), 401, "a wrong password is refused")
        answer = self.page("/login", "-u", "user:password", show_body=1)
        self.expect(answer, 200, "user/password is let in, from MongoDB; the session goes to Redis")
        cookie = ("-b", answer.headers.get("set-cookie", "").split(";")[0])

        screen.step("Buy the cheapest pair")
        cheapest = min(socks, key=lambda sock: sock["price"], default={"id": "none"})
        answer = self.page("/cart", *cookie, "-d", json.dumps({"id": cheapest["id"]}))
        self.expect(answer, 201, "it is in the basket")
        self.chain(answer, "front-end", "catalogue", "carts")
        answer = self.page("/orders", *cookie, "-X", "POST", show_body=1)
        good = self.expect(answer, 201, "the order is placed and paid")
        self.chain(answer, "front-end", "orders", "user", "carts", "payment", "shipping")
        number = json.loads(answer.body)["id"] if good else "none"
        self.expect(self.page("/orders", *cookie), 200, "and it is in the customer's list")

        screen.step("The parcel goes through RabbitMQ")
        shipping, front_end = stage.pod("shipping"), stage.pod("front-end")
        screen.verdict(any(f"queued parcel {number}" in line for line in shipping.log()), f"shipping queued parcel {number}")
        self.shipment(front_end, number)
        if not lab.direct:
            self.records(number)
            self.nothing_installed()

    def shipment(self, pod, number: str) -> None:
        """Another meshed pod asks queue-master, which gets the parcel when it gets it."""
        def arrived():
            got = self.stage.curl(pod, "http://queue-master/shipments")
            return got if got.status != 200 or number in got.body else None
        try:
            answer = until(arrived, 10, "queue-master has the parcel")
        except TimedOut as error:
            self.screen.verdict(False, "queue-master sent it off", str(error))
            return
        self.screen.command(f"[{pod}] {answer.command}")
        self.screen.output(answer.body, 2)
        self.expect(answer, 200, "queue-master sent it off")

    def chain(self, answer: Answer, *services: str) -> None:
        """The answer's chain names every service that took part, in order."""
        chain = answer.headers.get("x-sock-chain", "")
        names = [hop.split("/")[0] for hop in chain.split()]
        self.screen.output(f"through {chain.replace(' ', ', ')}")
        remaining = iter(names)
        self.screen.verdict(all(name in remaining for name in services), "it went " + " > ".join(services), f"it went {names}")

    def records(self, number: str) -> None:
        """The access log has the client's and the server's record of the order."""
        screen = self.screen
        screen.step("What the access log says about the order")
        lines = [(name, line) for name, node in self.stage.lab.nodes.items() for line in node.access_log() if '"POST /orders ' in line]
        for name, line in lines[:4]:
            screen.output(f"{name}: {line}")
        outbound = [line for _, line in lines if "outbound|80|v1|orders.sock-shop.svc.cluster.local" in line]
        inbound = [line for _, line in lines if "inbound|80||" in line]
        screen.verdict(len(outbound) == 1 and len(inbound) == 1, f"order {number} left one outbound and one inbound record at `orders`",
                       f"{len(outbound)} outbound, {len(inbound)} inbound")

    def nothing_installed(self) -> None:
        screen, lab = self.screen, self.stage.lab
        screen.step("What was put into the pods for it")
        rules = [str(pod) for pod in lab.pods.values()
                 if kernel.nft_tables(pod.socket) or kernel.iptables_tables(pod.pid)]
        screen.verdict(not rules, f"no iptables or nftables table in any of {len(lab.pods)} network namespaces", ", ".join(rules))

    # ---- chapter 2 -----------------------------------------------------------------------------------------

    def traffic_management(self) -> None:
        screen = self.screen
        screen.chapter("Chapter 2: traffic management")
        screen.step("Version 2 of the front-end starts; nobody sees it yet")
        self.apply("2-traffic-management/front-end-dep-v2.yaml")
        self.only("v1", 20, "v1 answers all of them")

        screen.step("Blue/green: everything to v2, and back")
        self.apply("2-traffic-management/blue-green/frontv2-virtual-service.yaml")
        self.expect(self.page(show_body=5), 200, "the buttons are red", "v2")
        self.only("v2", 20, "v2 answers all of them")
        self.apply("2-traffic-management/blue-green/frontv1-virtual-service.yaml")
        self.only("v1", 20, "v1 answers all of them again")

        screen.step("Canary: 80 % to v1, 20 % to v2")
        self.apply("2-traffic-management/canary/canary-virtual-service.yaml")
        self.canary()

        screen.step("By header: Firefox gets v2")
        self.apply("2-traffic-management/route-headers/frontv2-virtual-service-firefox.yaml")
        self.expect(self.page("/", "-A", "Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/115.0"), 200, "Firefox sees v2", "v2")
        self.expect(self.page("/", "-A", "Mozilla/5.0 (X11; Linux) Chrome/115.0"), 200, "Chrome sees v1", "v1")

        screen.step("Mirroring: v1 answers, v2 gets a copy")
        self.apply("2-traffic-management/mirr*/*.yaml", "2-traffic-management/mirorring/*.yaml")
        self.mirror()

        screen.step("Clean-up")
        self.apply("2-traffic-management/cleanup-virtual-service.yaml")
        self.only("v1", 20, "v1 answers all of them")
        mark = uuid.uuid4().hex[:8]
        self.page(f"/?after={mark}")
        v2 = self.stage.pod("front-end-v2")
        try:
            stays(lambda: not any(mark in line for line in v2.log()), 0.5, "nothing reaches v2")
            screen.verdict(True, "v2 sees nothing any more")
        except AssertionError:
            screen.verdict(False, "v2 sees nothing any more", "it got a copy")

    def only(self, version: str, count: int, text: str) -> None:
        counts = self.count(count)
        self.screen.verdict(counts == {version: count}, text, str(counts))

    def count(self, count: int) -> dict[str, int]:
        url = self.stage.front_door() + "/"
        counts = self.stage.versions(self.stage.outsider, url, count)
        self.screen.command(f"[{self.stage.outsider}] curl '{url}?n=[1-{count}]'")
        self.screen.output(", ".join(f"{v}: {n}" for v, n in sorted(counts.items())))
        return counts

    def canary(self) -> None:
        low, high = binomial_bounds(CANARY_REQUESTS, CANARY_SHARE, MISJUDGED)
        counts = self.count(CANARY_REQUESTS)
        v2 = counts.get("v2", 0)
        good = set(counts) == {"v1", "v2"} and low <= v2 <= high and sum(counts.values()) == CANARY_REQUESTS
        self.screen.verdict(good, f"v2 answered {v2} of {CANARY_REQUESTS}; a fair draw of {CANARY_SHARE:.0%} gives {low} to {high} "
                            "but once in a million", str(counts))

    def mirror(self) -> None:
        mark, count = uuid.uuid4().hex[:8], 5
        v1, v2 = self.stage.pod("front-end"), self.stage.pod("front-end-v2")
        answers = [self.page(f"/?mirrored={mark}-{number}") for number in range(1, count + 1)]
        self.screen.verdict(all(a.status == 200 and a.version == "v1" for a in answers), "the client only sees v1")

        def marked(pod) -> list[str]:
            return [line for line in pod.log() if mark in line]

        try:
            until(lambda: len(marked(v2)) >= count, 10, "v2's log has the copies")
        except TimedOut:
            pass  # the verdict below says what is missing
        copies, originals = marked(v2), marked(v1)
        self.screen.output(f"log of {v2}:")
        self.screen.output("\n".join(copies))
        self.screen.verdict(len(copies) == count and len(originals) == count, f"v2's log shows {count} copies, v1's the originals",
                            f"{len(copies)} copies, {len(originals)} originals")
