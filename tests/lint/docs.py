#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands in README and docs are true: every ```sh block is run, or shown to consist of what exists.

A block opened by ```sh test is run as it stands, by `sh -eu`, in an empty directory with build/ first in PATH and
$SOCKMESH naming the checkout. Any other ```sh block is taken apart: each `make` target, `sockmeshctl` verb and
option, `sockmeshd` option, script and file of the project that it names has to exist, and any other program has to
be one of the tools listed here. Links from page to page have to lead somewhere.
"""
from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from sources import ROOT, tracked  # noqa: E402

BLOCK = re.compile(r"^```sh( test)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# What a reader has, or is told to install.
TOOLS = {"git", "cd", "ip", "nsenter", "curl", "cat", "echo", "mkdir", "kill", "strace", "tcpdump", "bpftool", "journalctl", "ls", "tail", "grep", "sh",
         "helm", "kubectl", "docker", "perf", "jq", "nft", "apt-get", "export", "cp", "mv", "ln", "rm", "exec", "test", "sleep", "ss", "mount", "sysctl", "APP"}
ENVIRONMENT = {"PATH": f"{ROOT / 'build'}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SOCKMESH": str(ROOT), "HOME": "/nonexistent"}


@lru_cache(maxsize=None)
def make_targets() -> frozenset[str]:
    texts = [path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("*/*.mk"), *ROOT.glob("tests/*/module.mk")]]
    return frozenset(name for text in texts for line in re.findall(r"^([a-z][a-z -]*):(?!=)", text, re.MULTILINE) for name in line.split())


@lru_cache(maxsize=None)
def help_of(program: str, verb: str = "") -> str | None:
    """The help text, or None when there is none: the verb does not exist."""
    command = [str(ROOT / "build" / program), *([verb] if verb else []), "--help"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except OSError as error:
        raise SystemExit(f"docs: {command[0]}: {error.strerror}; `make build` first") from error
    return done.stdout + done.stderr if done.returncode == 0 else None


def simple_commands(block: str) -> list[list[str]]:
    """The words of each simple command: continued lines joined, comments dropped, split at ; & && || |."""
    block = re.sub(r"\\\n\s*", " ", block)
    block = re.sub(r"<<'?(\w+)'?.*?\n(?:.*\n)*?\1\n", "\n", block)
    out: list[list[str]] = []
    for line in block.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word and set(word) <= set(";&|()"):
                out += [words] if words else []
                words = []
            else:
                words.append(word)
    return out


def options_missing(words: list[str], text: str) -> list[str]:
    """Options of a command line that its help does not know."""
    options = {word.split("=")[0] for word in words if re.fullmatch(r"--?[a-z][a-z-]*(=.*)?", word)}
    return [f"{words[0]}: its help knows no {option}" for option in sorted(options) if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text)]


def check_ctl(words: list[str]) -> list[str]:
    rest = words[1:]
    while rest and rest[0] in ("--socket", "--run-dir"):
        rest = rest[2:]
    if not rest or rest[0] == "--help":
        return []
    text = help_of("sockmeshctl", rest[0])
    if text is None:
        return [f"sockmeshctl has no verb {rest[0]}"]
    return options_missing(["sockmeshctl " + rest[0], *rest[1:]], text + (help_of("sockmeshctl") or ""))


def check_make(words: list[str]) -> list[str]:
    targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
    return [f"make has no target {target}" for target in targets if target not in make_targets()]


def check_words(words: list[str]) -> list[str]:
    while words and re.fullmatch(r"[A-Z_]\w*=.*", words[0]):
        words = words[1:]
    if words and words[0] in ("sudo", "exec", "nohup"):
        words = words[1:]
    if not words:
        return []
    name = os.path.basename(words[0])
    if name == "make":
        return check_make(words)
    if name == "sockmeshctl":
        return check_ctl(words)
    if name == "sockmeshd":
        return options_missing(words, help_of("sockmeshd") or "")
    if "/" in words[0]:
        return [] if words[0].startswith(("/", "$")) or (ROOT / words[0]).exists() else [f"{words[0]} is not in the tree"]
    problems = [] if name in TOOLS else [f"{name} is no tool that docs.py knows"]
    # A command inside another one's quotes, as in `ip netns exec x sockmeshctl ...`.
    for index, word in enumerate(words[1:], 1):
        if os.path.basename(word) in ("sockmeshctl", "sockmeshd"):
            return problems + check_words(words[index:])
    return problems


def run_block(block: str) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="smt-docs-") as scratch:
        done = subprocess.run(["sh", "-eu"], input=block, cwd=scratch, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False)
    return [] if done.returncode == 0 else [f"exit {done.returncode}: {(done.stdout + done.stderr)[-600:]}"]


def broken_links(page: Path, text: str) -> list[str]:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    return [f"link to {target} leads nowhere" for target in LINK.findall(text) if "://" not in target and not (page.parent / target).exists()]


def undocumented() -> list[tuple[str, list[str]]]:
    """What the programs know and docs/CONFIG.md does not: finding codes, verbs, keys of the node file."""
    page = (ROOT / "docs/CONFIG.md").read_text()
    sources = "".join(path.read_text() for path in tracked(ROOT, (".h", ".cc"), ("userspace",)))
    codes = set(re.findall(r'"((?:SM|IST)\d{4})"', sources))
    told = set(re.findall(r"^\| `((?:SM|IST)\d{4})` \|", page, re.MULTILINE))
    verbs = set(re.findall(r"^  ([a-z-]+)(?:, [a-z-]+)*  ", (help_of("sockmeshctl") or "").partition("verbs:")[2].partition("options of")[0], re.MULTILINE))
    section = page.partition("## sockmeshctl")[2]
    keys = set(re.findall(r"^#? ?([a-z][a-zA-Z]*):", (ROOT / "configs/every-field.yaml").read_text(), re.MULTILINE))
    table = page.partition("## The node file")[2].partition("## Pods")[0]
    return [("docs/CONFIG.md: finding codes", [f"{code} is not in the table" for code in sorted(codes - told)] +
             [f"{code} is in the table and nowhere in the sources" for code in sorted(told - codes)]),
            ("docs/CONFIG.md: verbs", [f"{verb} is not told" for verb in sorted(verbs) if f"`{verb}" not in section] or ([] if verbs else ["sockmeshctl --help lists none"])),
            ("docs/CONFIG.md: node file keys", [f"{key} is not told" for key in sorted(keys) if f"`{key}`" not in table] or ([] if keys else ["configs/every-field.yaml has none"]))]


def main() -> int:
    passed = failed = 0
    pages: list[list[tuple[str, list[str]]]] = [undocumented()]
    for page in tracked(ROOT, (".md",), (".",)):
        text = page.read_text()
        name = page.relative_to(ROOT)
        cases = [(f"{name}: links", broken_links(page, text))]
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            if found[1]:
                cases.append((f"{name}:{line}: runs", run_block(found[2])))
            else:
                cases.append((f"{name}:{line}: exists", [p for words in simple_commands(found[2]) for p in check_words(words)]))
        pages.append(cases)
    for cases in pages:
        for what, problems in cases:
            passed, failed = passed + (not problems), failed + bool(problems)
            if problems:
                print(f"FAIL  {what}: {'; '.join(problems)}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
