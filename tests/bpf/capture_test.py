# SPDX-License-Identifier: Apache-2.0
"""The kernel side under real traffic. Needs root; makes its own netns, cgroups and bpffs and removes them.

    capture_test.py --agent build/dev/tests/capture_agent [--only PATTERN]

One line a case, `N passed, N failed` at the end; the names are those of the design's test list where it has one."""
import argparse
import fnmatch
import os
import signal
import sys
import time
import traceback

import cases_crowd
import cases_docs
import cases_down
import cases_fail
import cases_families
import cases_in
import cases_life
import cases_lists
import cases_old
import cases_out
import cases_unknown
import cases_upgrade
import cases_watch
from lab import Lab


MODULES = (cases_docs, cases_out, cases_in, cases_families, cases_lists, cases_unknown, cases_down,
           cases_fail, cases_watch, cases_old, cases_upgrade, cases_crowd, cases_life)


class Environment:
    """Two meshed pods, a gateway, a described pod without mesh, an unknown one, and hosts outside of the subtree."""

    def __init__(self, program):
        self.lab = Lab(program)
        try:
            self.set_up()
        except BaseException:
            self.lab.close()
            raise

    def set_up(self):
        lab = self.lab
        self.a, self.b = lab.pod("a", 11), lab.pod("b", 12)
        self.gateway, self.past, self.unknown = lab.pod("gw", 13), lab.pod("past", 14), lab.pod("unk", 15)
        self.outside, self.a_outside = lab.pod("out", 16, "elsewhere"), lab.pod("out2", 17, "elsewhere")
        self.agent = lab.agent("a")
        answer = self.agent.start()
        if not answer.get("ok"):
            raise RuntimeError("the agent does not start: %r" % (answer,))
        self.wishes = [self.a.wish(cgroup=self.a.cgroup), self.b.wish(), self.gateway.wish(gateway=True, gateway_ports=[8080]),
                       self.past.wish(bypass=True)]
        state = self.agent.enrol(*self.wishes)
        if {row["state"] for row in state.values()} != {"Ready"}:
            raise RuntimeError("not enrolled: %r" % (state,))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--agent", required=True)
    parser.add_argument("--only", default="*")
    parser.add_argument("--every-call", action="store_true", help="crash and fail at every call, not at one of a kind")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("SKIP tests/bpf: needs root")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    stopped = []

    def stop(*_):
        stopped.append(True)  # the exit may be raised where Python ignores exceptions
        sys.exit(1)  # so that everything is removed then too
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    environment = Environment(options.agent)
    environment.every_call = options.every_call
    environment.cases = [case for module in MODULES for case in module.CASES]
    passed = failed = 0
    try:
        for case in environment.cases:
            name = case.__doc__.strip()
            if not fnmatch.fnmatch(name.lower(), "*%s*" % options.only.lower().strip("*")):
                continue
            start = time.monotonic()
            try:
                case(environment)
                passed += 1
                print("ok    %5.2f s  %s" % (time.monotonic() - start, name), flush=True)
            except Exception as error:
                failed += 1
                place = traceback.extract_tb(error.__traceback__)[-1]
                for frame in traceback.extract_tb(error.__traceback__):
                    if "cases_" in frame.filename:
                        place = frame
                        break
                print("FAIL  %5.2f s  %s\n      %s:%d: %s: %s" % (time.monotonic() - start, name, os.path.basename(place.filename),
                                                                 place.lineno, type(error).__name__, error), flush=True)
            environment.lab.end_tasks()
            if stopped:
                return 1
    finally:
        environment.lab.close()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
