# SPDX-License-Identifier: Apache-2.0
"""Takes one mechanism after another out of the kernel side and runs the case of capture_test.py that is there for it: a
mutant that it passes is a case that proves nothing. Works on a copy of the tree; slow, so not part of `make test`.

    mutants.py [--only PATTERN]"""
import argparse
import fnmatch
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from mutant_list import MUTANTS

PROGRAMS = ["build/dev/tests/" + name for name in ("capture_agent", "v1_node", "v1.bpf.o")]
SECONDS = 240  # for one case, however much a mutant makes it wait


def apply(tree, name, edits):
    """What the edited files were."""
    kept = {}
    for path, text, replacement in edits:
        full = os.path.join(tree, path)
        source = open(full).read()
        kept.setdefault(full, source)
        if text not in source:
            sys.exit("mutant %r: %s has no %r any more" % (name, path, text))
        open(full, "w").write(source.replace(text, replacement))
    return kept


def build(tree):
    """What was wrong, or nothing."""
    done = subprocess.run(["make", "-C", tree, "MODE=dev", *PROGRAMS], capture_output=True, text=True)
    return done.stderr.strip()[-400:] if done.returncode else ""


def run_case(tree, case):
    """Lines of the cases that failed; None when none was run."""
    command = [sys.executable, "tests/bpf/capture_test.py", "--agent", PROGRAMS[0], "--only", case]
    process = subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        said = process.communicate(timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.terminate()  # it cleans up
        said = process.communicate()[0] + "FAIL  too slow\n"
    if process.returncode not in (0, 1) or not any(line.startswith(("ok", "FAIL")) for line in said.splitlines()):
        return ["the lab does not start"] if "not enrolled" in said or not said else None
    return [line for line in said.splitlines() if line.startswith("FAIL")]


def judge(tree, name, case, edits):
    """noticed, SURVIVED or BROKEN, and why."""
    kept = apply(tree, name, edits)
    try:
        wrong = build(tree)
        if wrong:
            return "BROKEN", wrong
        failed = run_case(tree, case)
        if failed is None:
            return "BROKEN", "no case %r" % case
        return ("noticed" if failed else "SURVIVED"), case
    finally:
        for full, source in kept.items():
            open(full, "w").write(source)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the copy is removed then too
    tree = tempfile.mkdtemp(prefix="smt-mutants-")
    counts = {"noticed": 0, "SURVIVED": 0, "BROKEN": 0}
    try:
        for name in ("Makefile", "bpf", "userspace", "tests"):
            (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, os.path.join(tree, name))
        wrong = build(tree)
        if wrong:
            sys.exit("without a mutant: " + wrong)
        for name, (case, *edits) in MUTANTS.items():
            if not fnmatch.fnmatch(name.lower(), "*%s*" % options.only.lower().strip("*")):
                continue
            start = time.monotonic()
            verdict, why = judge(tree, name, case, edits)
            counts[verdict] += 1
            print("%-8s %5.1f s  %-50s %s" % (verdict, time.monotonic() - start, name, why), flush=True)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    print("%(noticed)d mutants noticed, %(SURVIVED)d survived, %(BROKEN)d broken" % counts)
    return 1 if counts["SURVIVED"] + counts["BROKEN"] else 0


if __name__ == "__main__":
    sys.exit(main())
