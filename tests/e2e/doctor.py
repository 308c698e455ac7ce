# SPDX-License-Identifier: Apache-2.0
"""What `doctor` says of hosts that lack something, each made by taking it away from a process of its own: mount and
network namespaces, capabilities, limits. The host itself is not touched."""
from __future__ import annotations

import json
import subprocess

import yaml

from .harness import suite
from .world import World

CASES, case = suite()


def world(direct: bool) -> World:
    return World("doctor", direct)


def rows(w: World, *arguments: str, before: str = "", wrap: tuple[str, ...] = ()) -> dict[str, dict]:
    """The rows of doctor by name, the worst of each, after the shell commands `before` in namespaces of its own."""
    doctor = " ".join([w.lab.sockmeshctl, "doctor", "-o", "json", *arguments])
    script = f"set -e\n{before}\nexec {' '.join(wrap)} {doctor}\n"
    done = subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", script],
                          capture_output=True, text=True, timeout=30)
    assert done.stdout, done.stderr
    order = ["ok", "warn", "fail"]
    found: dict[str, dict] = {}
    for row in json.loads(done.stdout)["checks"]:
        if row["name"] not in found or order.index(row["state"]) > order.index(found[row["name"]]["state"]):
            found[row["name"]] = row
        assert (row["state"] == "ok") == (not row["remedy"]), row
    assert (done.returncode == 1) == any(row["state"] == "fail" for row in found.values()), done.returncode
    return found


def says(row: dict, state: str, *words: str) -> None:
    assert row["state"] == state and all(word in row["text"] + row["remedy"] for word in words), row


def node_file(w: World, name: str, **changes) -> str:
    path = w.lab.dir / f"{name}.yaml"
    path.write_text(yaml.safe_dump({**w.node_a.options, **changes}))
    return str(path)


@case("of a node that runs: everything is well, its own daemon, pins and pods' programs are no others")
def running(w: World) -> None:
    found = rows(w, "--config", str(w.node_a.config))
    assert not [row for row in found.values() if row["state"] == "fail"], found
    says(found["other daemon"], "ok", "is used by the daemon of")
    says(found["pods' namespaces"], "ok", "no foreign")
    says(found["daemon"], "ok", "node node-a")
    says(found["pins"], "ok", "taken over")


@case("of a second daemon in the same places: the first one's lock, programs and pods are in the way")
def second(w: World) -> None:
    other = node_file(w, "second", runDir=str(w.lab.dir / "second-run"))
    says(rows(w, "--config", other)["other daemon"], "fail", f"process {w.node_a.process.pid} uses")
    elsewhere = node_file(w, "elsewhere", bpffs=str(w.node_a.bpffs) + "-elsewhere")
    found = rows(w, "--config", elsewhere)
    says(found["earlier run"], "fail", str(w.node_a.bpffs))
    says(found["pods' namespaces"], "fail", "foreign sk_lookup", "sm_arrive")


@case("without a bpffs: it will be mounted, if the user may; one that is read-only is of no use; a path has to be absolute")
def bpffs(w: World) -> None:
    away = "umount --lazy /sys/fs/bpf"
    says(rows(w, before=away)["bpffs"], "ok", "will mount")
    says(rows(w, before=away, wrap=("setpriv", "--bounding-set", "-sys_admin"))["bpffs"], "fail", "mount -t bpf")
    read_only = "mount -t bpf bpf /mnt\nmount -o remount,ro /mnt"
    config = node_file(w, "ro", bpffs="/mnt/sockmesh")
    says(rows(w, "--config", config, before=read_only)["bpffs"], "fail", "read-only", "remount,rw /mnt")
    config = node_file(w, "relative", bpffs="no/such/place")
    says(rows(w, "--config", config)["bpffs"], "fail", "absolute")


@case("without cgroup v2, or without the pods' subtree")
def cgroups(w: World) -> None:
    away = f"umount --lazy {w.lab.cgroup_root}"
    found = rows(w, "--cgroup", "kubepods", before=away)
    says(found["cgroup v2"], "fail", "no cgroup v2", "mount -t cgroup2")
    assert found["cgroup"]["state"] == "fail", found["cgroup"]
    says(rows(w, "--cgroup", f"{w.lab.name}/none")["cgroup"], "fail", "does not exist", "mkdir -p")
    says(rows(w, "--cgroup", "/")["cgroup"], "fail", "root of the hierarchy")


@case("without capabilities, descriptors or ports")
def limits(w: World) -> None:
    for capability in ("sys_admin", "net_admin"):
        row = rows(w, wrap=("setpriv", "--bounding-set", f"-{capability}"))["capabilities"]
        says(row, "fail", f"CAP_{capability.upper()}")
    says(rows(w, wrap=("setpriv", "--bounding-set", "-dac_read_search"))["capabilities"], "warn", "CAP_DAC_READ_SEARCH")
    config = node_file(w, "process", resources=[str(w.lab.dir / "process-resources")])
    resources = w.lab.dir / "process-resources"
    resources.mkdir(exist_ok=True)
    pod = w.a1.document()
    pod["metadata"]["annotations"]["sockmesh.io/netns"] = f"/proc/{w.a1.pid}/ns/net"
    (resources / "pod.yaml").write_text(yaml.safe_dump(pod))
    says(rows(w, "--config", config, wrap=("setpriv", "--bounding-set", "-sys_ptrace"))["capabilities"], "fail", "CAP_SYS_PTRACE")
    says(rows(w, wrap=("prlimit", "--nofile=512:4096"))["descriptors"], "warn", "about 2048", "LimitNOFILE")
    says(rows(w, before="echo 40000 41000 > /proc/sys/net/ipv4/ip_local_port_range")["ports"], "warn", "1001 ports")


@case("IPv6 and MPTCP may be on or off")
def families(w: World) -> None:
    for value in ("0", "1"):
        before = f"echo {value} > /proc/sys/net/ipv6/conf/all/disable_ipv6\n[ ! -e /proc/sys/net/mptcp/enabled ] || echo {value} > /proc/sys/net/mptcp/enabled"
        found = rows(w, before=before)
        says(found["ipv6"], "ok", "switched off" if value == "1" else "available")
        assert found["mptcp"]["state"] == "ok"


@case("pins of a version that cannot be taken over")
def other_version(w: World) -> None:
    config = node_file(w, "older", bpffs="/mnt/sockmesh", runDir=str(w.lab.dir / "older-run"))
    made = "mount -t bpf bpf /mnt\nmkdir -p /mnt/sockmesh/v999"
    says(rows(w, "--config", config, before=made)["pins"], "fail", "v999", "uninstall")


@case("what doctor calls a failure makes the daemon refuse, with the same words")
def refusals(w: World) -> None:
    for name, changes, words in (
            ("refused-relative", {"bpffs": "no/such/place"}, "absolute"),
            ("refused-cgroup", {"cgroup": f"{w.lab.name}/none"}, "does not exist"),
            ("refused-second", {}, f"another sockmeshd uses {w.node_a.bpffs}")):
        run_dir = w.lab.dir / f"{name}-run"
        config = node_file(w, name, runDir=str(run_dir), **changes)
        done = subprocess.run([w.lab.sockmeshd, "--config", config], capture_output=True, text=True, timeout=20)
        assert done.returncode == 1 and words in done.stderr, (name, done)
