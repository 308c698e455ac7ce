# SPDX-License-Identifier: Apache-2.0
"""Each proof is seen to fail when what it proves is taken out: a program is detached from a running node, and the
cases that speak of it have to notice. (Pins are the project's own matter, not part of the outside contract.)"""
from __future__ import annotations

import os
from typing import Callable

from lab import kernel
from lab.pod import Pod

from . import capture, life, streams
from .harness import suite
from .world import World

CASES, case = suite()
QUICK_SECONDS = 1.0


def world(direct: bool) -> World:
    return World("mechanisms", direct)


def take_out(w: World, *programs: str) -> None:
    """Detaches those programs ("sk_lookup": of every pod) on both nodes."""
    for node in (w.node_a, w.node_b):
        pins = node.bpffs / next(name for name in os.listdir(node.bpffs) if name.startswith("v"))
        for program in programs:
            found = list((pins / "pods").iterdir()) if program == "sk_lookup" else [p for p in (pins / "links").iterdir() if p.name == program]
            assert found, f"no pin of {program}"
            for pin in found:
                kernel.detach(pin)


def put_back(w: World) -> int:
    """How often the daemons' watchdogs have found something missing so far."""
    return sum(node.status()["watch"]["found"] for node in (w.node_a, w.node_b) if node.alive())


def notices(w: World, function: Callable, *programs: str) -> None:
    """The function fails without those programs. The watchdog puts them back within a second or so: a run during which it
    did proves nothing."""
    for _ in range(10):
        take_out(w, *programs)
        before = put_back(w)
        try:
            function(w)
        except (AssertionError, OSError, ValueError):
            return
        if put_back(w) == before:
            raise AssertionError(f"`{function.__name__}` still passes without {' and '.join(programs)}")
    raise AssertionError(f"`{function.__name__}` takes longer than the watchdog")


def without(programs: tuple[str, ...], functions: tuple[Callable, ...]) -> None:
    """A world of its own, in which each function passes first, then has to fail."""
    with World(f"without-{programs[0].replace('_', '-')}") as w:
        for function in functions:
            function(w)
        for pod in w.lab.pods.values():
            quick(pod)
        for function in functions:
            notices(w, function, *programs)


def quick(pod: Pod) -> None:
    pod.maker.timeout_seconds = QUICK_SECONDS


ROWS = (
    (("sm_connect4",), (capture.destinations, capture.bound, capture.reconnect, capture.non_blocking, capture.unknown_denied)),
    (("sm_connect6",), (capture.names, capture.ipv6_denied)),
    (("sm_getpeername4",), (capture.names, capture.client_address)),
    (("sm_getsockname4",), (capture.names,)),
    (("sm_getpeername6", "sm_getsockname6"), (capture.names,)),
    (("sm_sockops_pods",), (capture.destinations, capture.own_service, streams.server_first)),
    (("sk_lookup",), (capture.destinations, capture.no_probe_seen, capture.equal_tuples, capture.one_port_twice)),
)


def add(programs: tuple[str, ...], functions: tuple[Callable, ...]) -> None:
    names = ", ".join(function.__name__ for function in functions)

    @case(f"without {' and '.join(programs)}, these fail: {names}")
    def one(_: World) -> None:
        without(programs, functions)


for row in ROWS:
    add(*row)


@case("without sk_lookup, a killed daemon would leave the application open to the network (T19)")
def open_without(w: World) -> None:
    quick(w.out)
    w.node_a.kill()
    life.closed(w, "with all in place")
    notices(w, lambda again: life.closed(again, "without sk_lookup"), "sk_lookup")
