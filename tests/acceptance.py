#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs suites of the acceptance driver beside this checkout against the built programs, and closes with one line.

    acceptance.py [--driver ../shared/acceptance/run] [--without PART-OF-ID]... SUITE...

A row whose id contains one of the `--without` parts is told and not counted. Any other row that the driver judges
and that fails is a failure, as is a suite that could not run or judged nothing.
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", type=Path, default=ROOT.parent / "shared/acceptance/run")
    parser.add_argument("--ctl", default=str(ROOT / "build/sockmeshctl"))
    parser.add_argument("--daemon", default=str(ROOT / "build/sockmeshd"))
    parser.add_argument("--without", action="append", default=[], metavar="PART")
    parser.add_argument("suites", nargs="+", metavar="SUITE")
    args = parser.parse_args()
    passed = failed = 0
    for suite in args.suites:
        with tempfile.TemporaryDirectory() as scratch:
            told = Path(scratch) / "rows.json"
            command = [sys.executable, str(args.driver), "--ctl", args.ctl, "--daemon", args.daemon, "--suite", suite, "--json", str(told)]
            # Its own closing words are about its gate, which knows nothing of --without: only shown when it did not get to its rows.
            done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            reports = json.loads(told.read_text()) if told.is_file() else []
        rows = [row for report in reports for row in report["rows"] if row["gated"]]
        judged = 0
        for row in rows:
            if any(part in row["id"] for part in args.without):
                print(f"left out  {row['id']} ({row['status']})")
            elif row["status"] == "skip":
                print(f"skipped   {row['id']}: {row['reason']}")
            else:
                judged += 1
                good = row["status"] == "pass"
                passed, failed = passed + good, failed + (not good)
                print(f"{'ok' if good else 'FAIL':9} {row['id']}{'' if good else ': ' + row['reason']}")
        if not judged:
            print(done.stdout)
            print(f"FAIL      {suite}: no row was judged")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
