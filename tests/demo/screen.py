# SPDX-License-Identifier: Apache-2.0
"""Screen: what the demo prints: chapters, commands, requests with their answers, verdicts, and a summary."""
from __future__ import annotations

import sys
import time

COLOURS = {"bold": "1", "dim": "2", "green": "32", "red": "31", "cyan": "36"}


class Screen:
    def __init__(self, out=sys.stdout):
        self.out, self.tty = out, out.isatty()
        self.right, self.wrong = 0, []
        self.x_chapter, self.x_started = "", time.monotonic()

    def paint(self, colour: str, text: str) -> str:
        return f"\033[{COLOURS[colour]}m{text}\033[0m" if self.tty else text

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    def chapter(self, title: str) -> None:
        self.x_chapter = title
        self.say()
        self.say(self.paint("bold", title))

    def step(self, text: str) -> None:
        self.say()
        self.say(self.paint("cyan", f"  {text}"))

    def command(self, text: str) -> None:
        self.say(f"    $ {text}")

    def output(self, text: str, limit: int = 12) -> None:
        """At most `limit` lines of somebody's output; what is left out is said."""
        lines = text.rstrip().splitlines()
        for line in lines[:limit]:
            self.say(self.paint("dim", f"      {line}"))
        if len(lines) > limit:
            self.say(self.paint("dim", f"      ... {len(lines) - limit} more lines"))

    def verdict(self, good: bool, text: str, why: str = "") -> bool:
        if good:
            self.right += 1
            self.say(f"    {self.paint('green', 'right')}  {text}")
        else:
            self.wrong.append(f"{self.x_chapter}: {text}")
            self.say(f"    {self.paint('red', 'WRONG')}  {text}{': ' + why if why else ''}")
        return good

    def summary(self) -> int:
        """Says how it went; the exit status."""
        self.say()
        took = f"{time.monotonic() - self.x_started:.0f} s"
        if self.wrong:
            self.say(self.paint("red", f"{self.right} right, {len(self.wrong)} WRONG, {took}"))
            for text in self.wrong:
                self.say(f"  WRONG  {text}")
            return 1
        self.say(self.paint("green", f"All {self.right} verdicts are right, {took}."))
        return 0
