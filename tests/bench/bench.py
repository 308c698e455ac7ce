#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what a request costs: direct, through sockmesh on one node, through HAProxy, through nginx.

    bench.py [--new-connections] [--rounds N] [--seconds S] [--connections N] [--json FILE] [--only NAME]...

Every round runs each variant once, in an order that moves on from round to round, so that a machine that gets slower
harms all alike. Ratios are formed inside a round; told are the median and the smallest and largest of the rounds.
With --new-connections each request has a connection of its own and everything is carried as TCP: what capture costs.
CPU per request counts every process on the path: load generator, proxy and server, kernel work in their name included.
"""
from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench import meter, variants  # noqa: E402
from lab.lab import Lab  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """The lab with one pair of pods outside the mesh, one inside, and the two proxies in the outside client's pod."""

    def __init__(self, lab: Lab, names: list[str], fresh: bool):
        self.lab, self.names, self.fresh = lab, names, fresh
        self.node = lab.add_node("node-a") if "sockmesh" in names else None
        self.client, self.server = lab.add_pod("bench", "client"), self.app("server", "")
        self.url = {"direct": f"http://{self.server.ip}:{variants.SERVER_PORT}/",
                    "haproxy": f"http://127.0.0.1:{variants.HAPROXY_TCP_PORT if fresh else variants.HAPROXY_PORT}/", "nginx": f"http://127.0.0.1:{variants.NGINX_PORT}/"}
        ports = set()
        if "haproxy" in names:
            self.client.start_program(["haproxy", "-db", "-f", self.file("haproxy.cfg", variants.haproxy_config(self.server.ip))], {})
            ports.add(variants.HAPROXY_PORT)
        if "nginx" in names:
            self.nginx(self.client, "nginx-proxy", lambda scratch: variants.nginx_config(scratch, self.server.ip))
            ports.add(variants.NGINX_PORT)
        self.client.wait_listening(ports)
        if self.node:
            self.meshed_client = lab.add_pod("bench", "meshed-client", node="node-a")
            self.meshed_server = self.app("app", "node-a")
            address = lab.add_service("bench", "app", [("http", variants.SERVICE_PORT, variants.SERVER_PORT),
                                                         ("tcp", variants.SERVICE_TCP_PORT, variants.SERVER_PORT)])
            self.url["sockmesh"] = f"http://{address}:{variants.SERVICE_TCP_PORT if fresh else variants.SERVICE_PORT}/"
            lab.start_nodes()
            lab.sync()

    def file(self, name: str, text: str) -> str:
        path = self.lab.dir / name
        path.write_text(text)
        return str(path)

    def nginx(self, pod, name: str, config) -> None:
        scratch = self.lab.dir / name
        scratch.mkdir()
        pod.start_program(["nginx", "-p", str(scratch), "-c", self.file(f"{name}.conf", config(scratch)), "-g", "daemon off;"], {})

    def app(self, name: str, node: str):
        pod = self.lab.add_pod("bench", name, node=node, labels={"app": name})
        self.nginx(pod, name, variants.server_config)
        pod.wait_listening({variants.SERVER_PORT})
        return pod

    def cpu_ns(self, name: str) -> int:
        """Everybody on the path but the load generator, whose process ends with the run."""
        if name == "sockmesh":
            return meter.cgroup_cpu_ns(self.meshed_server.cgroup) + meter.cpu_ns(self.node.pid())
        return meter.cgroup_cpu_ns(self.server.cgroup) + meter.cgroup_cpu_ns(self.client.cgroup)

    def measure(self, name: str, seconds: int, connections: int) -> dict:
        client = self.meshed_client if name == "sockmesh" else self.client
        before, soft = self.cpu_ns(name), meter.softirq_ns()
        load = meter.run_wrk(client, self.url[name], seconds, connections, ("Connection: close",) if self.fresh else ())
        others, soft = self.cpu_ns(name) - before, meter.softirq_ns() - soft
        if load.errors or not load.requests:
            raise RuntimeError(f"{name}: {load.errors} errors, {load.requests} requests: this measures nothing")
        return {"variant": name, "requests": load.requests, "requests_per_s": load.requests / load.seconds, "p50_us": load.p50_us, "p99_us": load.p99_us,
                "cpu_us_per_request": (others + load.client_cpu_ns) / 1000 / load.requests,
                "client_cpu_us_per_request": load.client_cpu_ns / 1000 / load.requests, "kernel_threads_cpu_us": soft / 1000}


def spread(values: list[float]) -> dict:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summary(rounds: list[list[dict]], names: list[str]) -> list[dict]:
    """A row per variant: medians, and ratios to `direct` and to `sockmesh` formed inside each round."""
    rows = []
    for name in names:
        row = {"variant": name}
        for key in ("requests_per_s", "cpu_us_per_request", "p50_us", "p99_us"):
            row[key] = spread([next(m for m in one if m["variant"] == name)[key] for one in rounds])
        for base in [b for b in ("direct", "sockmesh") if b in names]:
            for key in ("requests_per_s", "cpu_us_per_request"):
                of = [{m["variant"]: m[key] for m in one} for one in rounds]
                row[f"{key}_ratio_to_{base}"] = spread([one[name] / one[base] for one in of])
        rows.append(row)
    return rows


def table(rows: list[dict]) -> str:
    def cell(value: dict, form: str) -> str:
        return f"{value['median']:{form}} ({value['min']:{form}}-{value['max']:{form}})"

    head = ["variant", "requests/s", "x direct", "CPU us/request", "x direct", "p50 us", "p99 us"]
    lines = [head]
    for row in rows:
        ratios = [cell(row[f"{key}_ratio_to_direct"], ".2f") if f"{key}_ratio_to_direct" in row else "-" for key in ("requests_per_s", "cpu_us_per_request")]
        lines.append([row["variant"], cell(row["requests_per_s"], ".0f"), ratios[0], cell(row["cpu_us_per_request"], ".1f"), ratios[1],
                      f"{row['p50_us']['median']:.0f}", f"{row['p99_us']['median']:.0f}"])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def machine() -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), platform.machine())
    tools = {name: subprocess.run(command, capture_output=True, text=True, check=False) for name, command in
             {"haproxy": ["haproxy", "-v"], "nginx": ["nginx", "-v"]}.items()}
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "cpu": model, **{name: (done.stdout + done.stderr).splitlines()[0] for name, done in tools.items()}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--new-connections", action="store_true")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench.json")
    parser.add_argument("--only", action="append", choices=[v.name for v in variants.VARIANTS])
    args = parser.parse_args()
    known = variants.NEW_CONNECTIONS if args.new_connections else variants.VARIANTS
    names = [v.name for v in known if not args.only or v.name in args.only]
    rounds = []
    with Lab("bench") as lab:
        bench = Bench(lab, names, args.new_connections)
        for name in names:
            bench.measure(name, 1, args.connections)  # warms up
        for number in range(args.rounds):
            turn = names[number % len(names):] + names[:number % len(names)]
            rounds.append([bench.measure(name, args.seconds, args.connections) for name in turn])
            print(f"round {number + 1}/{args.rounds}: " + ", ".join(f"{m['variant']} {m['requests_per_s']:.0f}/s {m['cpu_us_per_request']:.1f} us" for m in rounds[-1]), flush=True)
    rows = summary(rounds, names)
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({"machine": machine(), "new_connections": args.new_connections, "connections": args.connections, "seconds": args.seconds, "body_bytes": variants.BODY_BYTES,
                                     "rounds": rounds, "summary": rows}, indent=1) + "\n")
    print()
    for variant in known:
        if variant.name in names:
            print(f"{variant.name:9} {variant.what}")
    print(f"\n{table(rows)}\n\nmedian (smallest-largest) of {args.rounds} rounds of {args.seconds} s, {args.connections} connections; all of it: {args.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
