# SPDX-License-Identifier: Apache-2.0
"""Stopping one thread of a running process, which no signal can: a worker that hangs, made on purpose."""
from __future__ import annotations

import ctypes
import os
from pathlib import Path

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


def x_ptrace(request: int, thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(request, thread, None, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class StoppedThread:
    """`with StoppedThread(pid, name)`: the first thread of that name stands still inside."""

    def __init__(self, pid: int, name: str):
        tasks = Path(f"/proc/{pid}/task")
        self.thread = next(int(t.name) for t in sorted(tasks.iterdir()) if (t / "comm").read_text().strip() == name)

    def __enter__(self) -> "StoppedThread":
        x_ptrace(PTRACE_SEIZE, self.thread)
        x_ptrace(PTRACE_INTERRUPT, self.thread)
        os.waitpid(self.thread, WALL)
        return self

    def __exit__(self, *_) -> None:
        x_ptrace(PTRACE_DETACH, self.thread)
