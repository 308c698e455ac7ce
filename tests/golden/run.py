#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the programs print, compared with what they printed when somebody last looked.

    run.py [--update]

Each tests/golden/cli/NAME.cmd is a shell command, run at the top of the checkout with build/ first in PATH; NAME.out
holds its standard output, its standard error and its exit code. --update rewrites the .out files: look at the diff.
"""
from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def observe(command: str) -> str:
    environment = {"PATH": f"{ROOT / 'build'}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    out = done.stdout
    if done.stderr:
        out += "-- standard error\n" + done.stderr
    # A failure must not depend on where the checkout lies. Only whole paths are cut: a checkout at /sockmesh says nothing
    # about /run/sockmesh.
    return re.sub(rf"(?<![\w./-]){re.escape(str(ROOT) + os.sep)}", "", out) + f"-- exit {done.returncode}\n"


def main() -> int:
    update = "--update" in sys.argv[1:]
    if missing := [name for name in ("sockmeshd", "sockmeshctl") if not (ROOT / "build" / name).exists()]:
        sys.exit(f"golden: build/{missing[0]} is not there; `make build` first")
    passed = failed = 0
    for command in sorted((HERE / "cli").glob("*.cmd")):
        golden = command.with_suffix(".out")
        text = observe(command.read_text().strip())
        if update:
            golden.write_text(text)
        wanted = golden.read_text() if golden.exists() else ""
        if wanted == text:
            passed += 1
            print(f"ok    {command.stem}")
            continue
        failed += 1
        print(f"FAIL  {command.stem}; if the change is meant: make golden-update")
        print("".join(difflib.unified_diff(wanted.splitlines(True), text.splitlines(True), golden.name, "now")), end="")
    for path in sorted((HERE / "cli").glob("*.out")):
        if not path.with_suffix(".cmd").exists():
            failed += 1
            print(f"FAIL  {path.name} has no .cmd beside it")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
