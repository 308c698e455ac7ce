# SPDX-License-Identifier: Apache-2.0
"""The page on the kernel side is true: its counters are those of abi.h, and the cases that it names exist."""
import pathlib
import re

from checks import equal

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\|.*\| `([a-z]+\.[a-z0-9_]+)`(?: \(note\))? \| (.*) \|$", re.MULTILINE)


def page(env):
    "docs: BPF.md has a row for every counter and no other, and each case that it names exists"
    rows = ROW.findall((ROOT / "docs/BPF.md").read_text())
    counters = re.findall(r'X\(\w+, "([^"]+)", \w+\)', (ROOT / "bpf/include/sockmesh/abi.h").read_text())
    equal({name for name, _ in rows}, set(counters))
    known = [case.__doc__.strip() for case in env.cases]
    for name, cases in rows:
        if cases.startswith("not forced"):
            continue
        for case in cases.split("; ")[0].split(", "):
            if not case.startswith("unit "):
                equal(any(one.startswith(case) for one in known), True, "%s: the case %r" % (name, case))


CASES = [page]
