# SPDX-License-Identifier: Apache-2.0
"""CPU time of processes, and one load run."""
from __future__ import annotations

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path


def cpu_ns(pid: int) -> int:
    """Time on a CPU of all threads of a process, softirq work done in their name (loopback, veth, eBPF) included."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(task.read_text().split()[0])
        except (OSError, IndexError):
            continue  # the thread has just ended
    return total


def cgroup_cpu_ns(cgroup: Path) -> int:
    return sum(cpu_ns(int(pid)) for pid in (cgroup / "cgroup.procs").read_text().split())


def softirq_ns() -> int:
    """Network work that the kernel's own threads took over; it belongs to nobody in particular."""
    total = 0
    for comm in Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text().startswith("ksoftirqd/"):
                total += cpu_ns(int(comm.parent.name))
        except OSError:
            continue
    return total


@dataclass(frozen=True)
class Load:
    """What one run of the load generator told."""

    requests: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float
    client_cpu_ns: int


UNIT_US = {"us": 1.0, "ms": 1000.0, "s": 1e6}


def percentile(text: str, wanted: str) -> float:
    found = re.search(rf"^\s+{wanted}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    return float(found[1]) * UNIT_US[found[2]] if found else float("nan")


def run_wrk(pod, url: str, seconds: int, connections: int, headers: tuple[str, ...] = ()) -> Load:
    """wrk with one thread inside the pod; its CPU time is what the kernel accounts when it is waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = pod.spawn(["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", *(word for header in headers for word in ("-H", header)), url], stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text, _ = process.communicate(timeout=seconds + 30)
    pod.processes.remove(process)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", text)
    if process.returncode or not found:
        raise RuntimeError(f"wrk {url}: exit {process.returncode}: {text[-500:]}")
    bad = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", text)))
    bad += sum(map(int, ",".join(re.findall(r"Socket errors: (.*)", text)).replace(",", " ").split()[1::2]))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    length = float(found[2]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[found[3]]
    return Load(int(found[1]), length, bad, percentile(text, "50"), percentile(text, "99"), int(cpu * 1e9))
