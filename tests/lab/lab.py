# SPDX-License-Identifier: Apache-2.0
"""Lab: a bridge ("the fabric"), pods on it, nodes that serve them, and the removal of all of it.

    with Lab("routing") as lab:
        node = lab.add_node("node-a")
        a = lab.add_pod("shop", "a", node="node-a")
        lab.add_service("shop", "b", [("http", 80, 8080)])
        lab.start_nodes(); lab.sync()

Everything is named after the lab (smt-...). A record of it is kept in /run/NAME/lab.json from the first moment on, so
that `Lab.remove(NAME)` can clear up after a lab that was killed or was left running on purpose (`stay`).
With `direct` there is no daemon and names answer with the pods' own addresses: that proves the lab itself.
"""
from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from .dns import __file__ as DNS_PROGRAM
from .node import Node
from .pod import PYTHON, Pod, SocketMaker, end_process, enter_command, kill_cgroup, remove_cgroup
from .poll import LabError, sh, until
from .store import Store, dump, parse

ROOT = Path(__file__).resolve().parents[2]
RUN = Path("/run")


def cgroup2_root() -> Path:
    """Where cgroup v2 is mounted, in a unified or a hybrid layout."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return Path(fields[1])
    raise LabError("no cgroup v2 hierarchy is mounted")


def process_start(pid: int) -> str:
    """Start time of a process, which tells it from a later one with the same pid; "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


class Lab:
    GATEWAY_IP, DNS_IP, SERVICE_CIDR = "10.60.0.1", "10.60.0.53", "10.96.0.0/16"
    GATEWAY_IP6 = "fd60::1"
    """With `dual` every pod has an IPv6 address too, and every Service an IPv6 clusterIP."""

    def __init__(self, tag: str, direct: bool = False, stay: bool = False, name: str = "", dual: bool = False):
        if os.geteuid() != 0:
            raise LabError("network namespaces, cgroups and eBPF need root")
        self.name = name or f"smt-{tag}-{os.getpid()}"
        self.direct, self.stay, self.dual = direct, stay, dual
        self.sockmeshd = os.environ.get("SOCKMESHD", str(ROOT / "build" / "sockmeshd"))
        self.sockmeshctl = os.environ.get("SOCKMESHCTL", str(ROOT / "build" / "sockmeshctl"))
        self.cgroup_root = cgroup2_root()
        self.cgroup = self.cgroup_root / self.name
        self.fabric = f"{self.name}-fabric"
        self.dir = RUN / self.name
        self.resources = self.dir / "resources"
        self.store = Store(self.resources)
        self.nodes: dict[str, Node] = {}
        self.pods: dict[str, Pod] = {}
        self.hosts: dict[str, list[str]] = {}
        self.x_fabric_sockets: SocketMaker | None = None
        self.x_numbers = itertools.count(1)
        self.x_addresses: dict[str, itertools.count] = {}
        self.x_services = itertools.count(2)
        self.x_pids: dict[int, str] = {}
        self.x_handlers: dict[int, object] = {}

    # ---- life ----------------------------------------------------------------------------------------------

    def __enter__(self) -> "Lab":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.x_handlers[number] = signal.signal(number, lambda number, _: sys.exit(128 + number))
        try:
            self.build_fabric()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for number in self.x_handlers:
            signal.signal(number, signal.SIG_IGN)
        try:
            self.close()
        finally:
            for number, handler in self.x_handlers.items():
                signal.signal(number, handler)

    def build_fabric(self) -> None:
        if self.dir.exists():
            raise LabError(f"{self.dir} exists: a lab of that name is running, or was not removed")
        for program in (self.sockmeshd, self.sockmeshctl) if not self.direct else ():
            if not os.access(program, os.X_OK):
                raise LabError(f"{program} is not there; `make build` makes it")
        self.resources.mkdir(parents=True)
        self.record_pid(0)
        self.cgroup.mkdir()
        sh("ip", "netns", "add", self.fabric)
        sh("ip", "-n", self.fabric, "-batch", "-", stdin="link set lo up\nlink add br0 type bridge\n"
           f"addr add {self.GATEWAY_IP}/16 dev br0\nlink set br0 up\n"
           f"addr add {self.GATEWAY_IP6}/64 dev br0 nodad\n")
        self.write_zone()
        dns = self.add_pod("lab", "dns", node="", ip=self.DNS_IP)
        dns.start_program([*PYTHON, DNS_PROGRAM, self.DNS_IP, str(self.dir / "zone.json")], {})

    def close(self) -> None:
        """Takes all of it down: daemons first, as a host does, so that `uninstall` finds what it has to remove."""
        for node in self.nodes.values():
            if node.alive():
                try:
                    node.terminate()
                except Exception as error:  # the rest still has to go
                    print(f"lab: {node.name} did not end: {error}", file=sys.stderr)
                    node.process.kill()
                    node.process.wait()
            if node.process is not None and os.access(self.sockmeshctl, os.X_OK):
                done = node.ctl("uninstall")
                if done.returncode:
                    print(f"lab: uninstall on {node.name}: {done.stderr.strip()[-300:]}", file=sys.stderr)
        for pod in list(self.pods.values()):
            try:
                pod.stop()
            except Exception as error:
                print(f"lab: {pod}: {error}", file=sys.stderr)
        if self.x_fabric_sockets:
            self.x_fabric_sockets.close()
            self.x_fabric_sockets.process.wait(10)
        if self.dir.exists():
            self.write_record()
            Lab.remove(self.name)

    @staticmethod
    def remove(name: str) -> None:
        """Removes whatever is left of the lab with this name, by its record."""
        record_path = RUN / name / "lab.json"
        if not record_path.exists():
            return
        record = json.loads(record_path.read_text())
        for node in record["nodes"]:
            pid_file = Path(node["run_dir"]) / "pid"
            if pid_file.exists():
                pid = int(pid_file.read_text() or 0)
                if record["pids"].get(str(pid)) and record["pids"][str(pid)] == process_start(pid):
                    end_process(pid, signal.SIGTERM)
                    until(lambda pid=pid: not process_start(pid) or reap(pid), 15, f"daemon {pid} ends")
            if Path(node["run_dir"]).exists() and Path(record["sockmeshctl"]).exists():
                sh(record["sockmeshctl"], "--run-dir", node["run_dir"], "uninstall", check=False)
        for pid, start in record["pids"].items():
            if int(pid) and start and process_start(int(pid)) == start:
                end_process(int(pid))
        cgroup = Path(record["cgroup"])
        kill_cgroup(cgroup)
        for netns in sorted(Path("/run/netns").glob(f"{name}-*")) if Path("/run/netns").exists() else []:
            sh("ip", "netns", "del", netns.name, check=False)
        for node in record["nodes"]:
            bpffs = Path(node["bpffs"])
            if os.path.ismount(bpffs):
                sh("umount", str(bpffs), check=False)
            if bpffs.exists():
                shutil.rmtree(bpffs, ignore_errors=True)
        remove_cgroup(cgroup)
        shutil.rmtree(RUN / name)

    def next_number(self) -> int:
        return next(self.x_numbers)

    def record_pid(self, pid: int) -> None:
        self.x_pids[pid] = process_start(pid) if pid else ""
        self.write_record()

    def write_record(self) -> None:
        record = {"name": self.name, "cgroup": str(self.cgroup), "sockmeshctl": self.sockmeshctl,
                  "pids": self.x_pids, "pods": {key: pod.enter() for key, pod in self.pods.items()},
                  "nodes": [{"name": n.name, "run_dir": str(n.run_dir), "bpffs": str(n.bpffs)}
                            for n in self.nodes.values()]}
        scratch = self.dir / ".lab.json"
        scratch.write_text(json.dumps(record))
        scratch.rename(self.dir / "lab.json")

    # ---- nodes and pods ------------------------------------------------------------------------------------

    def add_node(self, name: str, **options) -> Node:
        node = self.nodes[name] = Node(self, name, options)
        node.write_config()
        self.write_record()
        return node

    def start_nodes(self) -> None:
        if self.direct:
            return
        for node in self.nodes.values():
            node.start()

    def sync(self) -> None:
        if self.direct:
            return
        for node in self.nodes.values():
            if node.alive():
                node.sync()

    def add_pod(self, namespace: str, name: str, node: str = "", labels: dict | None = None,
                annotations: dict | None = None, ports: list[dict] | None = None, account: str = "default",
                gateway: bool = False, listed: bool = True, ip: str = "", family: int = 0) -> Pod:
        """Makes the pod and, if `listed` and on a node or behind a Service, its Pod object. `family`: 4 or 6 alone."""
        subnet = str(sorted(self.nodes).index(node) + 1) if node in self.nodes else "200"
        counter = self.x_addresses.setdefault(subnet, itertools.count(10))
        pod = Pod(self, namespace, name, ip or f"10.60.{subnet}.{next(counter)}", node, labels or {"app": name},
                  annotations or {}, ports or [], account, gateway, family)
        self.pods[str(pod)] = pod
        pod.start()
        if listed and node:
            self.store.put(pod.document())
        self.write_zone()
        return pod

    def remove_pod(self, pod: Pod, keep_object: bool = False) -> None:
        if not keep_object:
            self.store.remove(pod.document())
        pod.stop()
        del self.pods[str(pod)]
        self.write_zone()

    def set_ready(self, pod: Pod, ready: bool) -> None:
        pod.ready = ready
        self.store.put(pod.document())
        self.write_zone()

    # ---- configuration -------------------------------------------------------------------------------------

    def apply(self, *paths: Path | str) -> str:
        """`sockmeshctl apply` of files and of the files in directories; what it printed."""
        files: list[str] = []
        for path in map(Path, paths):
            inside = sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
            files += [argument for file in inside for argument in ("-f", str(file))]
        if self.direct:
            documents = [d for file in files if file != "-f" for d in parse(Path(file).read_text())]
            self.put(*documents)
            return f"{len(documents)} objects put in place\n"
        done = sh(self.sockmeshctl, "apply", *files, "--dir", str(self.resources), "--service-cidr",
                  self.SERVICE_CIDR)
        self.write_zone()
        return done.stdout

    def put(self, *documents: dict) -> None:
        for document in documents:
            self.store.put(document)
        self.write_zone()

    def place(self, name: str, documents: list[dict]) -> None:
        """A file of that name in the resource directory; no documents: removed."""
        path = self.resources / name
        if not documents:
            path.unlink(missing_ok=True)
            return
        scratch = self.dir / f".{name}"
        scratch.write_text(dump(documents))
        scratch.rename(path)

    def add_service(self, namespace: str, name: str, ports: list[tuple], selector: dict | None = None) -> str:
        """ports: (name, port, targetPort). Returns the clusterIP."""
        number = next(self.x_services)
        address = f"10.97.{number // 250}.{number % 250}"
        addresses = [address, service_ip6(address)] if self.dual else [address]
        self.put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
                  "spec": {"selector": selector or {"app": name}, "clusterIP": address, "clusterIPs": addresses,
                           "ports": [{"name": n, "port": p, "targetPort": t} for n, p, t in ports]}})
        return address

    def write_zone(self) -> None:
        """What the DNS answers: Services by name, pods behind them by their labels."""
        services = {}
        for service in self.store.objects("Service"):
            meta, spec = service["metadata"], service.get("spec", {})
            chosen = (spec.get("selector") or {}).items()
            behind = [p.ip for p in self.pods.values() if p.namespace == meta["namespace"] and p.node and chosen
                      and chosen <= p.labels.items() and p.ready]
            cluster = "" if self.direct else spec.get("clusterIP", "")
            services[f"{meta['name']}.{meta['namespace']}"] = {"cluster": cluster, "pods": behind}
        meshed = [p.ip for p in self.pods.values() if p.node]
        scratch = self.dir / ".zone.json"
        scratch.write_text(json.dumps({"services": services, "meshed": meshed, "hosts": self.hosts}))
        scratch.rename(self.dir / "zone.json")

    # ---- the fabric ----------------------------------------------------------------------------------------

    def sniffer(self, pod: Pod) -> socket.socket:
        """A packet socket on the fabric's end of the pod's cable: it sees all that leaves or enters the pod."""
        if self.x_fabric_sockets is None:
            enter = enter_command("-", Path("/run/netns") / self.fabric, "-")
            self.x_fabric_sockets = SocketMaker(enter, self.x_spawn, False, self.fabric)
        tap = self.x_fabric_sockets.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        tap.bind((pod.veth, 0))
        return tap

    def x_spawn(self, argv: list[str], **keywords) -> subprocess.Popen:
        process = subprocess.Popen(argv, start_new_session=True, **keywords)
        self.record_pid(process.pid)
        return process

    def isolate(self, pod: Pod, isolated: bool) -> None:
        """Bridge port isolation: two isolated pods do not reach each other, everybody else does. It stands in for
        what a NetworkPolicy makes a CNI do, without a packet filter."""
        sh("ip", "-n", self.fabric, "link", "set", "dev", pod.veth, "type", "bridge_slave", "isolated",
           "on" if isolated else "off")


def service_ip6(address: str) -> str:
    """The IPv6 clusterIP of the Service that has this one; pods' addresses correspond alike (Pod.ip6)."""
    _, high, subnet, number = address.split(".")
    return f"fd{high}::{subnet}:{number}"


def reap(pid: int) -> bool:
    """True when `pid` was a child of ours that has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False
