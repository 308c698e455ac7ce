# SPDX-License-Identifier: Apache-2.0
"""Pod: a network namespace on the fabric, a cgroup, and the processes in them."""
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from .poll import LabError, sh, until

HERE = Path(__file__).resolve().parent
PYTHON = [sys.executable, "-E", "-S", "-B"]
SOCKET_SECONDS = 20
LISTEN = "0A"  # state column of /proc/net/tcp


class SocketMaker:
    """The test's end of an agent: fresh sockets of one network namespace and cgroup, with a time-out so that no test can
    hang. `process` is the agent, which also is the pod's pause process."""

    def __init__(self, enter: list[str], spawn, stay: bool, name: str):
        self.timeout_seconds = SOCKET_SECONDS
        self.x_control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.x_lock, self.x_name = threading.Lock(), name
        command = [*enter, *PYTHON, str(HERE / "agent.py"), str(theirs.fileno()), *(["stay"] if stay else [])]
        # One that stays must not hold its starter's terminal or pipe.
        quiet = subprocess.DEVNULL if stay else None
        self.process = spawn(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=quiet, stderr=quiet)
        theirs.close()

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> socket.socket:
        with self.x_lock:
            self.x_control.send(json.dumps([family, kind, protocol]).encode())
            answer, descriptors, _, _ = socket.recv_fds(self.x_control, 4096, 1)
        if not answer:
            raise LabError(f"the pause process of {self.x_name} is gone")
        failed = json.loads(answer)
        if failed[0]:
            raise OSError(*failed)
        made = socket.socket(fileno=descriptors[0])
        made.settimeout(self.timeout_seconds)
        return made

    def close(self) -> None:
        self.x_control.close()


def enter_command(cgroup: Path | str, netns: Path | str, resolv_conf: Path | str) -> list[str]:
    return [*PYTHON, str(HERE / "enter.py"), str(cgroup), str(netns), str(resolv_conf), "--"]


class Pod:
    """Owned by the Lab. `node` is the node's name; "" is a machine on the network outside the mesh."""

    def __init__(self, lab, namespace: str, name: str, ip: str, node: str, labels: dict, annotations: dict,
                 ports: list[dict], account: str = "default", gateway: bool = False, family: int = 0):
        self.lab, self.namespace, self.name, self.ip, self.node = lab, namespace, name, ip, node
        self.ip6 = "fd60::" + ":".join(ip.split(".")[2:]) if lab.dual and family != 4 else ""
        self.family = family
        self.labels, self.annotations, self.ports = labels, annotations, ports
        self.account, self.gateway = account, gateway
        self.netns = f"{lab.name}-{namespace}-{name}"
        self.netns_path = Path("/run/netns") / self.netns
        self.cgroup = lab.cgroup / (node or "outside") / f"{namespace}-{name}"
        self.veth = f"v{lab.next_number()}"
        self.resolv_conf = lab.dir / "pods" / f"{namespace}-{name}.resolv.conf"
        self.log_path = lab.dir / "pods" / f"{namespace}-{name}.log"
        self.processes: list[subprocess.Popen] = []
        self.ready = True
        self.maker: SocketMaker | None = None

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def ips(self) -> list[str]:
        """Its addresses; `family` 4 or 6 leaves the other out."""
        return [ip for ip in (self.ip if self.family != 6 else "", self.ip6) if ip]

    @property
    def pid(self) -> int:
        """Of the pause process."""
        return self.maker.process.pid

    # ---- life ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Network, cgroup and pause process; no program yet."""
        lab = self.lab
        sh("ip", "netns", "add", self.netns)
        sh("ip", "-n", lab.fabric, "link", "add", self.veth, "type", "veth", "peer", "name", "eth0", "netns",
           self.netns)
        sh("ip", "-n", lab.fabric, "link", "set", self.veth, "master", "br0", "up")
        sh("ip", "-n", self.netns, "-batch", "-", stdin="link set lo up\nlink set eth0 up\n")
        if self.family != 6:
            sh("ip", "-n", self.netns, "-batch", "-", stdin=f"addr add {self.ip}/16 dev eth0\n"
               f"route add default via {lab.GATEWAY_IP}\n")
        if self.ip6:
            sh("ip", "-n", self.netns, "-batch", "-", stdin=f"addr add {self.ip6}/64 dev eth0 nodad\n"
               f"route add default via {lab.GATEWAY_IP6}\n")
        self.cgroup.mkdir(parents=True)
        self.resolv_conf.parent.mkdir(exist_ok=True)
        search = f"search {self.namespace}.svc.cluster.local svc.cluster.local cluster.local\n"
        self.resolv_conf.write_text(f"nameserver {lab.DNS_IP}\n{search}options ndots:5 timeout:2\n")
        self.maker = SocketMaker(self.enter(), self.popen, lab.stay, str(self))

    def stop(self) -> None:
        """Ends every process of the pod and removes its namespace and cgroup."""
        if self.maker:
            self.maker.close()
        kill_cgroup(self.cgroup)
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()
        if self.netns_path.exists():
            sh("ip", "netns", "del", self.netns, check=False)
        remove_cgroup(self.cgroup)

    # ---- processes -----------------------------------------------------------------------------------------

    def enter(self) -> list[str]:
        return enter_command(self.cgroup, self.netns_path, self.resolv_conf)

    def popen(self, argv: list[str], env: dict | None = None, **keywords) -> subprocess.Popen:
        process = subprocess.Popen(argv, env={**os.environ, **(env or {})}, start_new_session=True, **keywords)
        self.processes.append(process)
        self.lab.record_pid(process.pid)
        return process

    def spawn(self, argv: list[str], env: dict | None = None, **keywords) -> subprocess.Popen:
        return self.popen([*self.enter(), *argv], env, **keywords)

    def run(self, *argv: str, timeout: float = 30, env: dict | None = None) -> subprocess.CompletedProcess:
        """A command inside the pod, to its end."""
        return subprocess.run([*self.enter(), *argv], capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})

    def start_program(self, argv: list[str], env: dict) -> None:
        """A container: standard output and error go to the pod's log."""
        with self.log_path.open("ab") as log:
            self.spawn(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self) -> list[str]:
        return self.log_path.read_text(errors="replace").splitlines() if self.log_path.exists() else []

    # ---- sockets -------------------------------------------------------------------------------------------

    def socket(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM, protocol: int = 0) -> socket.socket:
        return self.maker.socket(family, kind, protocol)

    def connect(self, address: tuple[str, int], timeout: float | None = None) -> socket.socket:
        made = self.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if timeout is not None:
            made.settimeout(timeout)
        try:
            made.connect(address)
        except OSError:
            made.close()
            raise
        return made

    def listen(self, port: int, host: str = "0.0.0.0") -> socket.socket:
        made = self.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(1024)
        made.settimeout(None)
        return made

    def listening_ports(self) -> set[int]:
        """Ports with a listener in the pod's namespace, as the kernel shows them."""
        ports = set()
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{self.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN:
                    ports.add(int(fields[1].rsplit(":", 1)[1], 16))
        return ports

    def wait_listening(self, ports: set[int], seconds: float = 10) -> None:
        def missing_none() -> bool:
            for process in self.processes:
                if process.poll() is not None:
                    raise LabError(f"a program of {self} ended: {' | '.join(self.log()[-3:])}")
            return ports <= self.listening_ports()
        until(missing_none, seconds, f"{self} listens on {sorted(ports)}")

    # ---- the object ----------------------------------------------------------------------------------------

    def document(self) -> dict:
        """The Pod object as a host without a container runtime writes it."""
        notes = dict(self.annotations)
        if self.node:
            notes["sockmesh.io/netns"] = str(self.netns_path)
            notes["sockmesh.io/cgroup"] = str(self.cgroup.relative_to(self.lab.cgroup_root))
        if self.gateway:
            notes["sockmesh.io/gateway"] = "true"
        condition = {"type": "Ready", "status": "True" if self.ready else "False"}
        return {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels,
                         "annotations": notes},
            "spec": {"nodeName": self.node or "elsewhere", "serviceAccountName": self.account,
                     "containers": [{"name": "app", "ports": self.ports}]},
            "status": {"phase": "Running", "podIP": self.ips[0], "podIPs": [{"ip": ip} for ip in self.ips],
                       "conditions": [condition]},
        }


def kill_cgroup(cgroup: Path) -> None:
    """SIGKILL to every process below; returns when none is left."""
    switch = cgroup / "cgroup.kill"
    if not switch.exists():
        return
    switch.write_text("1")
    until(lambda: "populated 0" in (cgroup / "cgroup.events").read_text(), 10, f"{cgroup} has no process left")


def remove_cgroup(cgroup: Path) -> None:
    """Removes a cgroup and those below it, deepest first."""
    if not cgroup.exists():
        return
    for path in sorted((p for p in cgroup.rglob("*") if p.is_dir()), key=lambda p: -len(p.parts)):
        path.rmdir()
    cgroup.rmdir()


def end_process(pid: int, sign: int = signal.SIGKILL) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
