# SPDX-License-Identifier: Apache-2.0
"""Cases and the runner: a module is a suite with one world, a case is a sentence that its function tries to refute."""
from __future__ import annotations

import signal
import sys
import time
import traceback
from dataclasses import dataclass
from types import ModuleType
from typing import Callable

CASE_SECONDS = 150


@dataclass
class Case:
    sentence: str
    run: Callable
    direct: bool  # holds without the product too, so that it can prove the lab


def suite() -> tuple[list[Case], Callable]:
    """A list of cases, and the decorator that fills it."""
    cases: list[Case] = []

    def case(sentence: str, direct: bool = False):
        def keep(function):
            cases.append(Case(sentence, function, direct))
            return function
        return keep
    return cases, case


class Overdue(Exception):
    pass


def overdue(*_):
    raise Overdue(f"not done after {CASE_SECONDS} s")


class Runner:
    def __init__(self, pattern: str, direct: bool, verbose: bool):
        self.pattern, self.direct, self.verbose = pattern, direct, verbose
        self.passed, self.failed = 0, 0
        signal.signal(signal.SIGALRM, overdue)

    def run(self, name: str, module: ModuleType) -> None:
        wanted = [c for c in module.CASES if self.pattern in f"{name}: {c.sentence}" and (c.direct or not self.direct)]
        if not wanted:
            return
        signal.alarm(CASE_SECONDS)
        try:
            world = module.world(self.direct)
            world.__enter__()
        except Exception as error:
            signal.alarm(0)
            for case in wanted:
                self.report(name, case, 0.0, error)
            return
        try:
            for case in wanted:
                started = time.monotonic()
                signal.alarm(CASE_SECONDS)
                try:
                    case.run(world)
                    self.report(name, case, time.monotonic() - started, None)
                except Exception as error:
                    self.report(name, case, time.monotonic() - started, error)
                finally:
                    signal.alarm(0)
        finally:
            self.leave(name, world)

    def leave(self, name: str, world) -> None:
        """A world that cannot be removed is a failure of its suite."""
        try:
            world.__exit__()
        except Exception as error:
            self.report(name, Case("everything was removed at the end", world.__exit__, True), 0.0, error)

    def report(self, name: str, case: Case, seconds: float, error: Exception | None) -> None:
        if error is None:
            self.passed += 1
            print(f"ok    {name}: {case.sentence} ({seconds:.2f} s)", flush=True)
            return
        self.failed += 1
        print(f"FAIL  {name}: {case.sentence} ({seconds:.2f} s)", flush=True)
        frame = next((f for f in reversed(traceback.extract_tb(error.__traceback__)) if "/e2e/" in f.filename), None)
        where = f" ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}: {frame.line})" if frame else ""
        print(f"      {type(error).__name__}: {error}{where}", flush=True)
        if self.verbose:
            traceback.print_exception(error, file=sys.stdout)

    def close(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


class NoWorld:
    """For suites whose cases make their own labs."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
