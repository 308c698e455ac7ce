#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Words and symbols that the house bans outside their one home. Each rule is a row of RULES and has a test."""
from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from sources import ROOT, Finding, blank, report, tracked  # noqa: E402

PRODUCT = ("userspace/", "bpf/")
OURS = ("userspace/", "bpf/", "tests/")


@dataclass(frozen=True)
class Rule:
    """`pattern` is banned in files whose path begins with one of `where`, except below `home`."""

    name: str
    pattern: re.Pattern[str]
    instead: str
    where: tuple[str, ...] = OURS
    home: tuple[str, ...] = ()
    in_comments: bool = False  # looks at comments too
    unless: re.Pattern[str] | None = None  # a line that matches this is left alone
    suffixes: tuple[str, ...] = field(default=(".h", ".cc", ".c"))


def rule(name: str, pattern: str, instead: str, **more) -> Rule:
    return Rule(name, re.compile(pattern), instead, **more)


RULES = [
    rule("thread", r"\bstd::j?thread\b", "threads are made by daemon/ and io/ alone", where=PRODUCT, home=("userspace/daemon/", "userspace/io/")),
    rule("system-clock", r"\bsystem_clock::now\b", "wall time comes from telemetry/ or base/; durations use steady_clock", where=PRODUCT,
         home=("userspace/telemetry/", "userspace/base/")),
    rule("getenv", r"\b(secure_)?getenv\s*\(", "settings come from the node file or an option", where=PRODUCT),
    rule("std-regex", r"\bstd::w?regex\b|#\s*include\s*<regex>", "RE2, which is linear in its input"),
    rule("iostream", r"#\s*include\s*<iostream>", "base/log.h, or fmt on a file descriptor"),
    rule("rand", r"\b(?:s?rand|s?random|[de]rand48|rand_r)\s*\(|\brandom_device\b", "base/rng.h", home=("userspace/base/rng.",)),
    rule("strerror", r"\bstrerror(_r)?\s*\(", "base/result.h says what an errno means", where=PRODUCT, home=("userspace/base/result.cc",)),
    rule("raw-new", r"(?<!operator )\bnew\b\s*(?:\([^()]*\)\s*)?[A-Za-z_:]", "std::make_unique", where=PRODUCT, home=("userspace/io/", "userspace/base/log.cc")),
    rule("raw-delete", r"(?<!operator )\bdelete\b\s*(?:\[\s*\]\s*)?[A-Za-z_(*:]", "a unique_ptr, or the graveyard", where=PRODUCT, home=("userspace/io/",)),
    rule("throw", r"\bthrow\b", "errors are values: Result and SM_TRY", where=PRODUCT),
    rule("copy-all-capture", r"\[\s*=\s*[,\]]", "spell the captures out"),
    rule("friend", r"\bfriend\b", "a narrower interface"),
    rule("detach", r"(?:\.|->)\s*detach\s*\(\s*\)", "join what was started", where=("userspace/daemon/", "userspace/io/", "tests/")),
    rule("sleep", r"\b(?:u|nano|clock_nano)?sleep(?:_for|_until)?\s*\(", "a timer of the loop, or wait for the condition itself"),
    rule("marker", r"\b(?:TODO|FIXME|XXX|HACK)\b", "do it, or file an issue", in_comments=True, suffixes=(".h", ".cc", ".c", ".py", ".mk", ".sh")),
    rule("for-now", r"(?i)\b(?:for now|placeholder)\b", "say what it does, not what it might do later", in_comments=True, where=PRODUCT),
    rule("std-function", r"\bstd::function\b", "a small interface that the owner implements", where=("userspace/proxy/", "userspace/upstream/", "userspace/http/"),
         home=("userspace/proxy/worker.",), unless=re.compile(r"(?i)post")),  # worker.h is the edge to daemon/
    rule("singleton", r"\benable_shared_from_this\b|\bsingleton\b", "daemon/ builds it and passes it down", where=PRODUCT),
    rule("using-namespace", r"^\s*using\s+namespace\s+(?!std::(?:chrono_|string_|string_view_)?literals|std::chrono_literals|sm\b)",
         "a header forces it on whoever includes it; name what you use", suffixes=(".h",)),
]


def scan(path: str, text: str) -> list[Finding]:
    """Every ban that the file breaks, and a missing licence line."""
    findings = []
    suffix = Path(path).suffix
    if path == "tests/lint/tidy.py" or path == "tests/lint/test_lint.py":
        return findings  # they spell the banned words out
    first = text.split("\n", 2)
    if "SPDX-License-Identifier:" not in first[0] + (first[1] if first[0].startswith("#!") and len(first) > 1 else ""):
        findings.append(Finding(path, 1, "spdx: the first line is the SPDX line"))
    is_c = suffix in (".h", ".cc", ".c")
    code = blank(text).split("\n") if is_c else text.split("\n")
    commented = blank(text, keep_comments=True).split("\n") if is_c else text.split("\n")
    for each in RULES:
        if suffix not in each.suffixes or not path.startswith(each.where) or (each.home and path.startswith(each.home)):
            continue
        for number, line in enumerate(commented if each.in_comments else code, 1):
            if each.pattern.search(line) and not (each.unless and each.unless.search(line)):
                findings.append(Finding(path, number, f"{each.name}: {each.instead}"))
    return findings


def check(root: Path) -> list[Finding]:
    """All sources of ours."""
    findings = []
    for path in tracked(root, (".h", ".cc", ".c", ".py", ".mk", ".sh"), ("userspace", "bpf", "tests")):
        findings += scan(str(path.relative_to(root)), path.read_text(errors="replace"))
    return findings


if __name__ == "__main__":
    sys.exit(report(check(ROOT), "tidy"))
