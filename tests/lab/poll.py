# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition with a deadline. Nothing in the tests waits for time to pass and then hopes."""
from __future__ import annotations

import subprocess
import time
from typing import Callable, TypeVar

T = TypeVar("T")
INTERVAL_SECONDS = 0.02


class LabError(Exception):
    """The lab itself could not do what it was asked: no verdict about the product."""


class TimedOut(AssertionError):
    """A condition did not come true in time."""


def until(condition: Callable[[], T], seconds: float, what: str) -> T:
    """The first true value of `condition`; TimedOut, naming `what` and the last value, after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {seconds:g} s: {what} (last seen: {value!r})")
        time.sleep(INTERVAL_SECONDS)


def stays(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """`condition` has to hold all the time for `seconds`; AssertionError at the first time that it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"did not last {seconds:g} s: {what}"
        time.sleep(INTERVAL_SECONDS)


def settled(reading: Callable[[], int], quiet_seconds: float, limit_seconds: float, what: str) -> int:
    """The reading once it has not moved for `quiet_seconds`; TimedOut if it still moves after `limit_seconds`."""
    deadline = time.monotonic() + limit_seconds
    last, since = reading(), time.monotonic()
    while time.monotonic() - since < quiet_seconds:
        if time.monotonic() > deadline:
            raise TimedOut(f"still moving after {limit_seconds:g} s: {what} (last seen: {last})")
        time.sleep(INTERVAL_SECONDS)
        now = reading()
        if now != last:
            last, since = now, time.monotonic()
    return last


def sh(*argv: str, check: bool = True, stdin: str = "", timeout: float = 60) -> subprocess.CompletedProcess:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode:
        raise LabError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done
