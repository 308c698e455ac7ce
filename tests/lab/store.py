# SPDX-License-Identifier: Apache-2.0
"""The resource directory as the lab's kubelet and DNS see it: every object in it, and a way to put one there."""
from __future__ import annotations

import itertools
import os
from pathlib import Path

import yaml

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NUMBERS = itertools.count()


def parse(text: str) -> list[dict]:
    return [document for document in yaml.load_all(text, Loader) if document]


def write_whole(path: Path, text: str) -> None:
    """The file appears whole: written under a hidden name, then renamed."""
    scratch = path.parent / f".{path.name}.{os.getpid()}.{next(NUMBERS)}"
    scratch.write_text(text)
    scratch.rename(path)


def dump(documents: list[dict]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False)


class Store:
    def __init__(self, directory: Path):
        self.directory = directory

    def put(self, document: dict) -> None:
        write_whole(self.path_of(document), dump([document]))

    def remove(self, document: dict) -> None:
        self.path_of(document).unlink(missing_ok=True)

    def path_of(self, document: dict) -> Path:
        meta = document["metadata"]
        name = f"{document['kind']}_{meta.get('namespace', '')}_{meta['name']}.yaml"
        return self.directory / name.lower()

    def objects(self, kind: str) -> list[dict]:
        """Objects of a kind, by namespace and name. A file that is no YAML is somebody's test: passed over."""
        found = {}
        for path in sorted(self.directory.rglob("*")):
            if path.suffix not in (".yaml", ".yml", ".json") or not path.is_file():
                continue
            if any(part.startswith(".") for part in path.relative_to(self.directory).parts):
                continue
            try:
                documents = parse(path.read_text())
            except (yaml.YAMLError, UnicodeDecodeError):
                continue
            for document in documents:
                if isinstance(document, dict) and document.get("kind") == kind:
                    meta = document.get("metadata") or {}
                    meta.setdefault("namespace", "default")
                    found[meta["namespace"], meta.get("name", "")] = document
        return [found[key] for key in sorted(found)]
