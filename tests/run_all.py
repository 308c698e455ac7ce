#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test suites one after the other and closes with one line for all: `N passed, N failed`.

    run_all.py [--timeout SECONDS] NAME=COMMAND... NAME:=COMMAND...

With `:=` the exit code alone counts, as one test. Otherwise a suite is any command that tells how many tests it ran. Its output is passed on as it comes, except its closing line, which is read:
doctest's `[doctest] test cases:`, unittest's `Ran N tests` with its verdict, or `N passed, N failed[, N skipped]`.
A suite that exits non-zero without a failure of its own, runs no test, or overruns its time counts as one failure.
"""
from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

PLAIN = re.compile(r"^(?:\S+:\s+)?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\.?$")
DOCTEST = re.compile(r"^\[doctest\] test cases:\s+\d+ \|\s+(\d+) passed \|\s+(\d+) failed \|")
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in ")
UNITTEST_END = re.compile(r"^(OK|FAILED)(?: \((.*)\))?$")
NOISE = re.compile(r"^\[doctest\] (doctest version|run with|assertions|Status)")


@dataclass
class Count:
    """What closing lines have told so far."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    ran: int = 0  # unittest tells how many first and how they went in the next line

    def read(self, line: str) -> bool:
        """True if the line was a closing line."""
        text = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
        if found := PLAIN.match(text) or DOCTEST.match(text):
            self.passed += int(found[1])
            self.failed += int(found[2])
            if found.re is PLAIN:
                self.skipped += int(found[3] or 0)
            return True
        if found := UNITTEST_RAN.match(text):
            self.ran = int(found[1])
            return True
        if self.ran and (found := UNITTEST_END.match(text)):
            told = dict(part.split("=") for part in (found[2] or "").split(", ") if "=" in part)
            bad = int(told.get("failures", 0)) + int(told.get("errors", 0)) + int(told.get("unexpected successes", 0))
            skipped = int(told.get("skipped", 0))
            self.failed += bad
            self.skipped += skipped
            self.passed += self.ran - bad - skipped
            self.ran = 0
            return True
        return False


def stop_group(process: subprocess.Popen) -> None:
    """Asks the suite to end, so that it can clean up, and insists later."""
    for number, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, number)
            process.wait(patience)
            return
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def run_suite(command: str, timeout: float, by_code: bool = False) -> tuple[Count, str]:
    """Its count, and a sentence when something beside a failed test went wrong."""
    count = Count()
    process = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    late = threading.Event()

    def overrun() -> None:
        late.set()
        stop_group(process)

    timer = threading.Timer(timeout, overrun)
    timer.start()
    try:
        for line in process.stdout:
            closing = (Count() if by_code else count).read(line)
            if not closing and not NOISE.match(line) and line.strip("=\n"):
                print(f"  {line.rstrip()}", flush=True)
        code = process.wait()
    except KeyboardInterrupt:
        stop_group(process)
        raise
    finally:
        timer.cancel()
        process.stdout.close()
    trouble = ""
    if by_code:
        count.passed = int(code == 0)
    if late.is_set():
        trouble = f"was stopped after {timeout:.0f} s"
    elif code != 0 and count.failed == 0:
        trouble = f"exited with {code} though no test failed" if not by_code else f"exited with {code}"
    elif count.passed + count.failed == 0:
        trouble = "ran no test"
    if trouble:
        count.failed += 1
    return count, trouble


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timeout", type=float, default=1500, help="seconds that one suite may take")
    parser.add_argument("--note", default="", help="a line above the table")
    parser.add_argument("suites", nargs="+", metavar="NAME[:]=COMMAND")
    args = parser.parse_args(argv)
    rows: list[tuple[str, Count, str, float]] = []
    for suite in args.suites:
        name, _, command = suite.partition("=")
        by_code = name.endswith(":")
        name = name.rstrip(":")
        print(f"== {name}", flush=True)
        began = time.monotonic()
        count, trouble = run_suite(command, args.timeout, by_code)
        rows.append((name, count, trouble, time.monotonic() - began))
    print(f"\n{args.note}" if args.note else "")
    for name, count, trouble, seconds in rows:
        verdict = "FAIL" if count.failed else "ok"
        skipped = f"  {count.skipped} skipped" if count.skipped else ""
        print(f"{verdict:4}  {name:16} {count.passed:5} passed {count.failed:3} failed {seconds:7.1f} s{skipped}"
              f"{'  ' + trouble if trouble else ''}")
    passed = sum(row[1].passed for row in rows)
    failed = sum(row[1].failed for row in rows)
    print(f"\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
