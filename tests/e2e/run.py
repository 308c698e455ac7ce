# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: run.py [-k PATTERN] [-v] [--list] [--direct]. One line a case, then `N passed, N failed`.

SOCKMESHD and SOCKMESHCTL name the programs under test (build/sockmeshd, build/sockmeshctl). With --direct there is no
daemon; the cases that hold for a plain network run, and prove the lab.
"""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from e2e import (capture, config, crowd, demo_walk, doctor, families, guard, http, life, lists, meaning,  # noqa: E402
                 mechanisms, nodes, octets, policy, streams)
from e2e.harness import Runner  # noqa: E402

SUITES = {"capture": capture, "families": families, "http": http, "streams": streams, "octets": octets, "meaning": meaning,
          "nodes": nodes, "policy": policy, "lists": lists, "config": config, "life": life, "guard": guard, "crowd": crowd,
          "doctor": doctor, "mechanisms": mechanisms, "demo": demo_walk}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", dest="pattern", default="", help="only cases whose line holds this text")
    parser.add_argument("-v", dest="verbose", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--direct", action="store_true")
    options = parser.parse_args()
    if options.list:
        for name, module in SUITES.items():
            for case in module.CASES:
                print(f"{name}: {case.sentence}")
        return 0
    runner = Runner(options.pattern, options.direct, options.verbose)
    for name, module in SUITES.items():
        runner.run(name, module)
    return runner.close()


if __name__ == "__main__":
    sys.exit(main())
