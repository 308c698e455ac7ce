#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rule of the tree: userspace/LAYERS says which folder may include which, and which library it alone may touch.

Found: an include of a folder that the row does not name or whose rank is not lower, a third-party header that the row
does not name, an unknown header, a test without the unit it is about, a file of more than 400 lines, a row that
contradicts itself.
"""
from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from sources import ROOT, Finding, report, tracked  # noqa: E402

LINES_MAX = 400
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# What the first part of an include path, or its whole, belongs to.
LIBRARIES = {"uv.h": "uv", "uv": "uv", "llhttp.h": "llhttp", "yaml-cpp": "yaml-cpp", "re2": "re2", "spdlog": "spdlog",
             "nlohmann": "nlohmann", "bpf": "bpf", "sockmesh": "sockmesh", "openssl": "openssl", "nghttp2": "nghttp2"}
# <format>, which this libstdc++ lacks, is fmt here: everybody may use it like the standard library.
STANDARD_IN_SPIRIT = {"fmt"}
# The C library and the kernel's headers, which anybody may use.
SYSTEM_FOLDERS = {"sys", "linux", "net", "netinet", "arpa", "asm"}
SYSTEM_HEADERS = {"unistd.h", "fcntl.h", "sched.h", "poll.h", "pthread.h", "netdb.h", "dirent.h", "fnmatch.h", "ftw.h", "glob.h",
                  "grp.h", "pwd.h", "getopt.h", "spawn.h", "termios.h", "syslog.h", "signal.h", "stdlib.h", "string.h", "time.h",
                  "endian.h", "byteswap.h", "mntent.h", "execinfo.h", "ifaddrs.h", "malloc.h", "libgen.h", "stdint.h",
                  "stddef.h", "errno.h", "limits.h", "stdio.h"}


@dataclass(frozen=True)
class Layer:
    """One row of LAYERS."""

    rank: int
    below: frozenset[str]
    libraries: frozenset[str]


def parse(text: str) -> tuple[dict[str, Layer], list[Finding]]:
    """The rows, and what is wrong with the table itself."""
    layers: dict[str, Layer] = {}
    findings = []
    rows = [(number, row) for number, row in enumerate(text.splitlines(), 1) if row.strip() and not row.startswith("#")]
    for number, row in rows:
        found = re.match(r"^([a-z0-9_]+)\s+(\d+):([^|]*)\|(.*)$", row)
        if not found:
            findings.append(Finding("userspace/LAYERS", number, "not of the form `folder rank: folders | libraries`"))
            continue
        layers[found[1]] = Layer(int(found[2]), frozenset(found[3].split()), frozenset(found[4].split()))
    for number, row in rows:
        name = row.split()[0]
        for other in sorted(layers[name].below) if name in layers else ():
            if other not in layers:
                findings.append(Finding("userspace/LAYERS", number, f"{name} names {other}, which has no row"))
            elif layers[other].rank >= layers[name].rank:
                findings.append(Finding("userspace/LAYERS", number, f"{name} names {other}, whose rank is not lower"))
    return layers, findings


def library_of(header: str) -> str | None:
    """The third-party library of an include, "" for the standard and system ones, None if unknown."""
    if header.endswith(".skel.h"):
        return "bpf"
    top = header.split("/")[0]
    if header in LIBRARIES or top in LIBRARIES and "/" in header:
        return LIBRARIES.get(header, LIBRARIES.get(top))
    if "/" not in header and ("." not in header or header in SYSTEM_HEADERS):
        return ""
    if top in SYSTEM_FOLDERS or top in STANDARD_IN_SPIRIT:
        return ""
    return None


def beside(path: str, header: str) -> bool:
    """A test's own header: in its folder, or below tests/."""
    return (ROOT / path).parent.joinpath(header).is_file() or (ROOT / "tests" / header).is_file()


def check_includes(path: str, text: str, folder: str, layers: dict[str, Layer], test: bool = False) -> list[Finding]:
    """One file's includes against the row of `folder`. A test may use doctest and tests/support beside that."""
    findings = []
    layer = layers[folder]
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        header = found[2]
        top = header.split("/")[0]
        if found[1] == '"' and top in layers and "/" in header:
            if top == folder or top in layer.below:
                continue
            why = "a higher or equal rank" if layers[top].rank >= layer.rank else "not in its row of userspace/LAYERS"
            findings.append(Finding(path, number, f"{folder} includes {header}: {why}"))
            continue
        if test and (top in ("support", "doctest") or found[1] == '"' and beside(path, header)):
            continue
        if found[1] == '"' and not header.endswith(".skel.h") and top not in LIBRARIES:
            findings.append(Finding(path, number, f'"{header}" names no folder of userspace/; write "folder/file.h"'))
            continue
        library = library_of(header)
        if library is None:
            findings.append(Finding(path, number, f"<{header}> is no header that layers.py knows; say there whose it is"))
        elif library and library not in layer.libraries:
            findings.append(Finding(path, number, f"{folder} includes <{header}>, but {library} is not its to touch"))
    return findings


def orphan(test: Path, root: Path) -> bool:
    """True if no unit bears the name that the test begins with: loader_quarantine_test.cc is about loader.{h,cc}, and
    gateway_test.cc about read_gateway.cc."""
    folder = test.parent.name
    home = root / "bpf/lib" if folder == "bpf" else root / "userspace" / folder
    words = test.name.removesuffix("_test.cc").split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    units = {path.stem for path in home.glob("*") if path.suffix in (".h", ".cc")}
    return not any(unit == name or unit.endswith(f"_{name}") for unit in units for name in names)


def check(root: Path) -> list[Finding]:
    """All of the tree at `root`."""
    layers, findings = parse((root / "userspace/LAYERS").read_text())
    for path in tracked(root, (".h", ".cc", ".c", ".py", ".mk"), ("userspace", "bpf", "tests")):
        name = str(path.relative_to(root))
        text = path.read_text(errors="replace")
        lines = text.count("\n")
        if lines > LINES_MAX:
            findings.append(Finding(name, LINES_MAX, f"{lines} lines; split it by noun below {LINES_MAX}"))
        parts = path.relative_to(root).parts
        if path.suffix not in (".h", ".cc"):
            continue
        if parts[0] == "userspace" and len(parts) > 2:
            if parts[1] not in layers:
                findings.append(Finding(name, 1, f"folder {parts[1]} has no row in userspace/LAYERS"))
            else:
                findings += check_includes(name, text, parts[1], layers)
        elif parts[:2] == ("tests", "unit") and len(parts) == 4:
            if parts[2] in layers:
                findings += check_includes(name, text, parts[2], layers, test=True)
            if path.name.endswith("_test.cc") and orphan(path, root):
                findings.append(Finding(name, 1, "no unit in userspace/ or bpf/lib bears this test's name"))
    return findings


if __name__ == "__main__":
    sys.exit(report(check(ROOT), "layers"))
