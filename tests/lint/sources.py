# SPDX-License-Identifier: Apache-2.0
"""Which files the linters look at, and C++ text with comments and literals blanked out."""
from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Comments, raw strings, strings and characters, in the order in which they must be tried.
TOKEN = re.compile(
    r"""//(?:[^\n\\]|\\.)*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|(?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+'""",
    re.DOTALL)


@dataclass(frozen=True)
class Finding:
    """One complaint with its place."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def blank(text: str, keep_comments: bool = False) -> str:
    """The text with comments and the inside of literals replaced by spaces; lines and columns stay."""

    def spaces(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] == "/" and keep_comments:
            return token
        if token[0] in "\"'":
            return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]
        return re.sub(r"[^\n]", " ", token)

    return TOKEN.sub(spaces, text)


def tracked(root: Path, suffixes: tuple[str, ...], under: tuple[str, ...]) -> list[Path]:
    """Files below `under` with one of the suffixes: those that git knows or would add, so no build output."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *under],
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        names = sorted(set(filter(None, listed.stdout.split("\0"))))
        paths = [root / name for name in names]
    else:
        paths = sorted(path for top in under for path in (root / top).rglob("*"))
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


def report(findings: list[Finding], what: str) -> int:
    """Prints them and returns the exit code."""
    for finding in sorted(findings, key=lambda f: (f.path, f.line)):
        print(finding)
    print(f"{what}: {'ok' if not findings else f'{len(findings)} findings'}")
    return 1 if findings else 0
