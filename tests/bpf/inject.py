# SPDX-License-Identifier: Apache-2.0
"""Running the agent under strace, which kills it or lets a system call fail at a chosen one."""
import os
import re
import select
import subprocess
import time

# What changes what others see; the rest of bpf(2) loads and asks.
CHANGING = ("BPF_OBJ_PIN", "BPF_LINK_CREATE", "BPF_LINK_UPDATE", "BPF_LINK_DETACH", "BPF_MAP_UPDATE_ELEM", "BPF_MAP_DELETE_ELEM")
FILES = ("rename", "unlink", "mkdir", "rmdir", "mount")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((\w+)?")


def words(call, number, what):
    """strace's, for `what` to happen at the number-th of these calls."""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:%s:when=%d" % (call, what, number)]


def tracing(path):
    return ["strace", "-f", "-qq", "-o", path, "-e", "trace=bpf," + ",".join(FILES)]


def calls(path):
    """(call, its number among its like, what it does) of each, from a trace."""
    counts, found = {}, []
    for line in open(path):
        match = CALL.match(line)
        if not match:
            continue
        call, what = match.groups()
        counts[call] = counts.get(call, 0) + 1
        found.append((call, counts[call], what if call == "bpf" else call))
    return found


def one_of_a_kind(found, every):
    """The first and the last of each run of like calls, or all of them."""
    if every:
        return found
    kept = []
    for at, row in enumerate(found):
        like = lambda other: 0 <= other < len(found) and found[other][2] == row[2]
        if not like(at - 1) or not like(at + 1):
            kept.append(row)
    return kept


def three_of_each(found, every):
    """The first, one in the middle and the last of all calls that do the same, or all of them."""
    if every:
        return found
    kept = []
    for what in dict.fromkeys(row[2] for row in found):
        like = [row for row in found if row[2] == what]
        kept += dict.fromkeys((like[0], like[len(like) // 2], like[-1]))
    return kept


def changing(found):
    return [row for row in found if row[2] in CHANGING or row[0] in FILES]


class Attached:
    """strace at a running process, injecting; ready when it says so."""

    def __init__(self, pid, options):
        self.process = subprocess.Popen(["strace", "-f", "-p", str(pid)] + options, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        said, end = b"", time.monotonic() + 10
        while b"attached" not in said:
            if not select.select([self.process.stderr], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("strace does not attach: %r" % said)
            said += os.read(self.process.stderr.fileno(), 4096)

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()
