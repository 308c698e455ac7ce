# SPDX-License-Identifier: Apache-2.0
"""Node: one sockmeshd with its node file and directories, and sockmeshctl aimed at it."""
from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import yaml

from .pod import enter_command
from .poll import LabError, until

NOT_REACHABLE = 3  # exit status of sockmeshctl without a daemon
SYNC_SECONDS = 20


class CtlFailed(AssertionError):
    """sockmeshctl ended with a status that was not expected, or printed something else than one JSON value."""


class Node:
    def __init__(self, lab, name: str, options: dict):
        self.lab, self.name = lab, name
        self.dir = lab.dir / name
        self.run_dir, self.state_dir = self.dir / "run", self.dir / "state"
        self.bpffs = Path("/sys/fs/bpf") / f"{lab.name}-{name}"
        self.config = self.dir / "node.yaml"
        self.access_log_path, self.log_path = self.dir / "access.log", self.dir / "daemon.log"
        self.options = {
            "apiVersion": "sockmesh.io/v1", "kind": "NodeConfig", "nodeName": name,
            "resources": [str(lab.resources)], "cgroup": f"{lab.name}/{name}", "runDir": str(self.run_dir),
            "stateDir": str(self.state_dir), "bpffs": str(self.bpffs), "drainSeconds": 1, **options,
        }
        self.process: subprocess.Popen | None = None
        self.own_cgroup = False  # else the daemon stays where the test is, as on a host without a service manager

    def write_config(self) -> None:
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir.mkdir(exist_ok=True)
        (self.lab.cgroup / self.name).mkdir(parents=True, exist_ok=True)
        self.config.write_text(yaml.safe_dump(self.options, sort_keys=False))

    # ---- the daemon ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the daemon in the fabric's namespace, which plays the host's."""
        self.write_config()
        cgroup = "-"
        if self.own_cgroup:
            (self.lab.cgroup / f"daemon-{self.name}").mkdir(exist_ok=True)
            cgroup = self.lab.cgroup / f"daemon-{self.name}"
        argv = [*enter_command(cgroup, f"/run/netns/{self.lab.fabric}", "-"), self.lab.sockmeshd, "--config",
                str(self.config)]
        with self.access_log_path.open("ab") as out, self.log_path.open("ab") as err:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            start_new_session=True)
        self.lab.record_pid(self.process.pid)

    def pid(self) -> int:
        """From the pid file, as the contract says."""
        return int((self.run_dir / "pid").read_text())

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid(), signal.SIGKILL)
        self.process.wait(10)

    def terminate(self, seconds: float = 15) -> int:
        """SIGTERM; the daemon's exit status."""
        self.process.terminate()
        return self.process.wait(seconds)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def rss_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid()}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise LabError(f"the daemon of {self.name} has no VmRSS")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid()}/fd"))

    def log_tail(self, lines: int = 4) -> str:
        text = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return " | ".join(text.strip().splitlines()[-lines:])

    # ---- the CLI -------------------------------------------------------------------------------------------

    def ctl(self, verb: str, *args: str, timeout: float = 60) -> subprocess.CompletedProcess:
        argv = [self.lab.sockmeshctl, "--run-dir", str(self.run_dir), verb, *args]
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def json(self, verb: str, *args: str, accept: tuple[int, ...] = (0,)):
        done = self.ctl(verb, "-o", "json", *args)
        if done.returncode not in accept:
            raise CtlFailed(f"sockmeshctl {verb} on {self.name}: exit {done.returncode}: "
                            f"{(done.stderr or done.stdout).strip()[-300:]}")
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            raise CtlFailed(f"sockmeshctl {verb} on {self.name}: not one JSON value ({error}): "
                            f"{done.stdout[:200]!r}") from None

    def sync(self, seconds: int = SYNC_SECONDS) -> dict:
        """What is on disk is in force or quarantined. Waits for a daemon that is still starting."""
        def reached():
            done = self.ctl("sync", "--wait", str(seconds), "-o", "json", timeout=seconds + 15)
            if done.returncode != NOT_REACHABLE:
                return done
            if not self.alive():
                raise CtlFailed(f"the daemon of {self.name} ended ({self.process.poll()}): {self.log_tail()}")
            return None
        done = until(reached, seconds, f"the daemon of {self.name} answers; its log: {self.log_tail()}")
        if done.returncode:
            raise CtlFailed(f"sync on {self.name}: exit {done.returncode}: {done.stdout.strip()[:300]} "
                            f"{done.stderr.strip()[-300:]}; log: {self.log_tail()}")
        return json.loads(done.stdout)

    def status(self) -> dict:
        return self.json("status")

    def generation(self) -> int:
        return self.status()["generation"]

    def access_log(self) -> list[str]:
        text = self.access_log_path.read_text(errors="replace") if self.access_log_path.exists() else ""
        return text.splitlines()
