# SPDX-License-Identifier: Apache-2.0
"""The demo's walk, over the project's own manifests and over the original ones where they are at hand."""
from __future__ import annotations

import io
import math
from pathlib import Path

from lab.lab import ROOT, Lab

from demo.chapters import Walk, binomial_bounds
from demo.screen import Screen
from demo.stage import Stage

from .harness import NoWorld, suite

CASES, case = suite()
ORIGINAL = ROOT.parent / "shared" / "manifests"


def world(direct: bool) -> NoWorld:
    made = NoWorld()
    made.direct = direct
    return made


def walk(manifests: Path, direct: bool) -> None:
    out = io.StringIO()
    screen = Screen(out)
    with Lab("e2e-demo", direct=direct) as lab:
        stage = Stage(lab)
        lab.start_nodes()
        lab.sync()
        tour = Walk(stage, screen, manifests)
        tour.deploy()
        tour.shop()
        if not direct:
            tour.traffic_management()
    assert not screen.wrong, "\n".join([*screen.wrong, out.getvalue()[-3000:]])
    assert screen.right >= (13 if direct else 29), f"only {screen.right} verdicts"


@case("chapters 1 and 2 over the project's manifests", direct=True)
def own(w: NoWorld) -> None:
    walk(ROOT / "configs" / "demo", w.direct)


if ORIGINAL.is_dir():
    @case("chapters 1 and 2 over the original manifests, unmodified", direct=True)
    def original(w: NoWorld) -> None:
        walk(ORIGINAL, w.direct)


@case("the canary's bound is exact", direct=True)
def bound(_: NoWorld) -> None:
    low, high = binomial_bounds(500, 0.2, 1e-6)
    assert (low, high) == binomial_bounds(500, 0.2, 1e-6) and 50 < low < 100 < high < 150
    # All of the chance that is left outside is at most what was asked for; one count narrower, it is more.
    chances = [math.comb(500, k) * 0.2**k * 0.8**(500 - k) for k in range(501)]
    assert sum(chances[:low]) <= 5e-7 < sum(chances[:low + 1])
    assert sum(chances[high + 1:]) <= 5e-7 < sum(chances[high:])
