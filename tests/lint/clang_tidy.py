#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over sources, several at a time: those changed since a commit, or all.

    clang_tidy.py [--jobs N] [--base COMMIT | --files all|"PATH..."] -- COMPILER FLAGS
"""
from __future__ import annotations

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from sources import ROOT, tracked  # noqa: E402

# What g++ takes and clang-tidy does not need.
DROP = re.compile(r"^(-Werror|-U?_?D?_FORTIFY_SOURCE.*|-D_FORTIFY_SOURCE.*|-fsanitize.*|-fno-sanitize.*|-fstack-protector.*|--coverage|-O\d)$")


def git(*words: str) -> list[str]:
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def changed(base: str) -> set[str]:
    """Files that differ from `base`, or from where this branch left the upstream one, or from the commit before."""
    if not base:
        upstream = git("merge-base", "HEAD", "@{upstream}")
        head = git("rev-parse", "HEAD")
        base = upstream[0] if upstream and upstream != head else "HEAD~1"
    return set(git("diff", "--name-only", "--diff-filter=d", base) + git("ls-files", "--others", "--exclude-standard"))


def includes(path: Path) -> set[str]:
    return set(re.findall(r'#\s*include "([^"]+)"', path.read_text(errors="replace")))


def chosen(args: argparse.Namespace) -> list[Path]:
    every = tracked(ROOT, (".cc",), ("userspace",))
    if args.files == "all":
        return every
    if args.files:
        return [ROOT / name for name in args.files.split()]
    names = changed(args.base)
    headers = {name.removeprefix("userspace/") for name in names if name.endswith(".h")}
    return [path for path in every if str(path.relative_to(ROOT)) in names or includes(path) & headers]


def check(path: Path, flags: list[str]) -> tuple[Path, int, str]:
    done = subprocess.run(["clang-tidy", "--quiet", str(path.relative_to(ROOT)), "--", *flags], cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not lines:
        lines = done.stderr.splitlines()[-5:]
    return path, done.returncode, "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--base", default="")
    parser.add_argument("--files", default="")
    parser.add_argument("flags", nargs="*")
    args = parser.parse_args()
    flags = [flag for flag in args.flags if not DROP.match(flag)]
    paths = chosen(args)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for path, code, text in pool.map(lambda path: check(path, flags), paths):
            if code:
                bad += 1
                print(f"{path.relative_to(ROOT)}:\n{text}", flush=True)
    print(f"clang-tidy: {'ok' if not bad else f'{bad} files with findings'} ({len(paths)} files)")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
