# SPDX-License-Identifier: Apache-2.0
"""What the resources mean: VirtualServices, subsets, gateways, mirrors, passthrough, the access log."""
from __future__ import annotations

import collections
import json

from lab.http1 import fetch
from lab.poll import until

from demo.chapters import binomial_bounds

from .apps import Web
from .harness import suite
from .world import WEB_PORT, World, destination_rule, gateway, to_host, virtual_service

CASES, case = suite()


class Versions(World):
    """The world with two more servers behind Service b: version v2 on node-a, v3 on node-b."""

    def build(self) -> None:
        super().build()
        self.b2 = self.lab.add_pod("shop", "b2", "node-a", labels={"app": "b", "version": "v2"})
        self.b3 = self.lab.add_pod("shop", "b3", "node-b", labels={"app": "b", "version": "v3"})
        self.web2, self.web3 = Web(self.b2, WEB_PORT), Web(self.b3, WEB_PORT)
        self.lab.sync()


def world(direct: bool) -> Versions:
    return Versions("meaning", direct)


SUBSETS = destination_rule("b", "b", {"subsets": [{"name": "v2", "labels": {"version": "v2"}}, {"name": "v3", "labels": {"version": "v3"}},
                                                  {"name": "none", "labels": {"version": "v9"}}]})


def who(response) -> str:
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    return json.loads(response.body)["pod"]


def sent(response) -> dict:
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    request = json.loads(response.body)
    return {"target": request["target"], **{k.lower(): v for k, v in request["headers"]}}


@case("prefix, exact, regex and header matches choose the subset, first match first")
def matches(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [
        {"match": [{"uri": {"exact": "/exact"}}], "route": [to_host("b", "v2")]},
        {"match": [{"uri": {"prefix": "/pre"}}], "route": [to_host("b", "v3")]},
        {"match": [{"uri": {"regex": "/r[0-9]+"}}], "route": [to_host("b", "v2")]},
        {"match": [{"headers": {"x-user": {"exact": "root"}}}], "route": [to_host("b", "v3")]},
        {"route": [to_host("c")]}]))
    for target, headers, pod in (("/exact", {}, "b2"), ("/exact?q=1", {}, "b2"), ("/exact/not", {}, "c"), ("/prefix", {}, "b3"),
                                 ("/r12", {}, "b2"), ("/r12x", {}, "c"), ("/", {"x-user": "root"}, "b3"), ("/", {"x-user": "me"}, "c")):
        for client in (w.a1, w.d):
            got = who(w.get(client, target=target, headers=headers))
            assert got == pod, f"{target} {headers} from {client}: {got}, expected {pod}"
    assert who(w.get(w.a1, "c")) == "c"
    w.configure()


@case("weights split by the request, within an exact binomial bound")
def weights(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [{"route": [to_host("b", "v2", 70), to_host("b", "v3", 30)]}]))
    counts: collections.Counter = collections.Counter()
    with w.open(w.a1) as connection:
        for _ in range(400):
            counts[who(connection.request("GET", "/", "b"))] += 1
    low, high = binomial_bounds(400, 0.3, 1e-6)
    assert set(counts) == {"b2", "b3"} and low <= counts["b3"] <= high, counts
    w.configure()


@case("rewrite and header operations change the request and the answer as Istio's do")
def changes(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [
        {"match": [{"uri": {"prefix": "/old"}}], "rewrite": {"uri": "/new", "authority": "other.example"},
         "headers": {"request": {"set": {"x-set": "1"}, "add": {"x-add": "2"}, "remove": ["x-gone"]},
                     "response": {"set": {"x-answer": "3"}, "remove": ["x-pod"]}}, "route": [to_host("c")]}]))
    answer = w.get(w.a1, target="/old/path?q=1", headers={"x-gone": "1", "x-set": "0", "x-add": "1"})
    got = sent(answer)
    assert got["target"] == "/new/path?q=1" and got["host"] == "other.example", got
    assert got["x-set"] == "1" and got.get("x-envoy-original-path") == "/old/path?q=1" and "x-gone" not in got, got
    assert [v for k, v in json.loads(answer.body)["headers"] if k.lower() == "x-add"] == ["1", "2"], answer.body
    assert answer.header("x-answer") == "3" and answer.header("x-pod") is None, answer.headers
    w.configure()


@case("an empty subset is 503 UH, an unknown one 503 NC, no route 404 NR, with Istio's bodies")
def failures(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [
        {"match": [{"uri": {"prefix": "/empty"}}], "route": [to_host("b", "none")]},
        {"match": [{"uri": {"prefix": "/unknown"}}], "route": [to_host("b", "nowhere")]},
        {"match": [{"uri": {"prefix": "/known"}}], "route": [to_host("c")]}]))
    for target, status, body, flag in (("/empty-x", 503, b"no healthy upstream", "UH"), ("/unknown-x", 503, b"", "NC"), ("/nothing-x", 404, b"", "NR")):
        answer = w.get(w.a1, target=target)
        assert (answer.status, answer.body) == (status, body), f"{target}: {answer.status} {answer.body!r}"
        assert answer.header("x-envoy-upstream-service-time") is None, answer.headers
        assert w.records(w.node_a, f"GET {target} ", 1)[0].flags == flag
    w.configure()


@case("a gateway serves hosts and paths, says istio-envoy, and tells the application who asked")
def at_the_gateway(w: Versions) -> None:
    w.configure(SUBSETS, gateway(hosts=("*.example.com",)), virtual_service("site", ["shop.example.com"], [
        {"match": [{"uri": {"prefix": "/c/"}}], "rewrite": {"uri": "/"}, "route": [to_host("c")]},
        {"route": [to_host("b", "v2")]}], ["public"]))
    answer = w.through_gateway("/c/deep", headers={"x-forwarded-for": "6.6.6.6", "x-envoy-retry-on": "5xx"})
    got = sent(answer)
    assert who(answer) == "c" and got["target"] == "/deep", got
    assert got["x-forwarded-for"].split(",")[-1].strip() == w.out.ip and got["x-forwarded-proto"] == "http", got
    assert "x-envoy-retry-on" not in got, got
    assert answer.all("server") == ["istio-envoy"], answer.headers
    assert who(w.through_gateway("/")) == "b2" and who(w.through_gateway("/", "shop.example.com:8080")) == "b2"
    for host in ("other.example.com", "example.com", "elsewhere.org"):
        answer = w.through_gateway("/", host)
        assert (answer.status, answer.body) == (404, b""), f"{host}: {answer.status}"
    record = w.records(w.node_a, "GET /c/deep ", 1)
    assert any("outbound|80||c.shop.svc.cluster.local" == r.cluster for r in record), [r.line for r in record]
    w.configure()


@case("a mirror gets a copy of the request and its body; the client sees the first answer only")
def mirrored(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [{"route": [to_host("b", "v2")], "mirror": {"host": "b", "subset": "v3"},
                                                      "mirrorPercentage": {"value": 100}}]))
    for number, body in enumerate((b"", b"x" * 10, b"y" * 200_000)):
        mark = f"/mirror-{number}"
        assert who(w.get(w.a1, target=mark, method="POST", body=body)) == "b2"
        copy = until(lambda: next((r for r in w.web3.requests() if r["target"] == mark and "length" in r), None), 10, f"the copy of {mark}")
        first = next(r for r in w.web2.requests() if r["target"] == mark)
        assert copy["length"] == len(body) and copy["sha256"] == first["sha256"], copy
        ids = [{k.lower(): v for k, v in r["headers"]}["x-request-id"] for r in (first, copy)]
        assert ids[0] == ids[1], ids
    w.web3.close()
    answer = w.get(w.a1, target="/mirror-gone")
    assert who(answer) == "b2", "a mirror that does not answer is felt"
    w.web3 = Web(w.b3, WEB_PORT)
    w.configure()


@case("round robin goes round")
def round_robin(w: Versions) -> None:
    w.configure(destination_rule("b", "b", {"trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}}}))
    with w.open(w.a1) as connection:
        order = [who(connection.request("GET", "/", "b")) for _ in range(12)]
    assert set(order) == {"b", "b2", "b3"} and order[:3] * 4 == order, order
    w.configure()


@case("least request, the default, uses every endpoint")
def least_request(w: Versions) -> None:
    counts: collections.Counter = collections.Counter()
    with w.open(w.a1) as connection:
        for _ in range(90):
            counts[who(connection.request("GET", "/", "b"))] += 1
    assert set(counts) == {"b", "b2", "b3"} and min(counts.values()) >= 5, counts


@case("a pod that is not ready gets no request")
def not_ready(w: Versions) -> None:
    w.lab.set_ready(w.b2, False)
    w.lab.set_ready(w.b3, False)
    w.lab.sync()
    with w.open(w.a1) as connection:
        assert {who(connection.request("GET", "/", "b")) for _ in range(20)} == {"b"}
    w.lab.set_ready(w.b2, True)
    w.lab.set_ready(w.b3, True)
    w.lab.sync()


@case("a pod's address and an unknown host pass through to where they were dialled")
def passthrough(w: Versions) -> None:
    beyond = Web(w.out, 8088)
    for address, host, pod in (((w.c.ip, WEB_PORT), "c-directly", "c"), ((w.b.ip, WEB_PORT), "b-directly", "b"),
                               ((w.out.ip, beyond.port), "beyond.example.org", "out")):
        answer = fetch(w.a1, address, f"/{host}", host)
        assert who(answer) == pod and json.loads(answer.body)["peer"][0] == w.a1.ip, answer.body
        through = f'"{address[0]}:{address[1]}" PassthroughCluster '
        assert w.records(w.node_a, through, 1)[-1].downstream_remote.split(":")[0] == w.a1.ip
    beyond.close()


@case("a request on one node leaves the client's and the server's record, with Istio's fields")
def access_log(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [{"name": "mine", "route": [to_host("b", "v2")]}]))
    who(w.get(w.a1, target="/logged?q=1", method="POST", body=b"12345", headers={"user-agent": "tester", "x-request-id": "id-of-logged"}))
    records = w.records(w.node_a, "id-of-logged", 2)
    assert len(records) == 2, [r.line for r in records]
    outbound = next(r for r in records if r.cluster == "outbound|80|v2|b.shop.svc.cluster.local")
    inbound = next(r for r in records if r.cluster == f"inbound|{WEB_PORT}||")
    for record in records:
        assert record.request == "POST /logged?q=1 HTTP/1.1" and record.code == "200" and record.flags == "-", record.line
        assert record.details == "via_upstream" and record.received == "5" and int(record.sent) > 0, record.line
        assert record.authority == "b" and record.downstream_remote.split(":")[0] == w.a1.ip, record.line
    assert outbound.upstream_host == f"{w.b2.ip}:{WEB_PORT}" and outbound.route == "mine", outbound.line
    assert outbound.downstream_local == f"{w.services['b']}:80", outbound.line
    assert inbound.downstream_local == f"{w.b2.ip}:{WEB_PORT}" and inbound.upstream_host == f"{w.b2.ip}:{WEB_PORT}", inbound.line
    w.configure()


@case("`sockmeshctl` shows routes, clusters and endpoints, as tables and as JSON")
def shown(w: Versions) -> None:
    w.configure(SUBSETS, virtual_service("b", ["b"], [{"route": [to_host("b", "v2")]}]))
    for what, part in (("routes", "b.shop"), ("clusters", "outbound|80|v2|b.shop.svc.cluster.local"), ("endpoints", w.b2.ip)):
        assert part in json.dumps(w.node_a.json("proxy-config", what, "shop/a1")), f"{what}: no {part}"
        table = w.node_a.ctl("pc", what, "shop/a1")
        assert table.returncode == 0 and table.stdout.strip(), table.stderr
    assert {p["name"] for p in w.node_a.json("pods")} >= {"a1", "a2", "b"}
    assert w.node_a.json("bpf") and w.node_a.json("doctor", accept=(0, 1)) is not None
    w.configure()
