#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chart's golden test: renders it with two sets of values and compares with tests/golden/chart/*.yaml.

    chart.py [--update]

Debian has no helm, so a small renderer stands in: it knows the template forms that the chart uses and fails on any
other. Where helm is installed, its output must be the same documents.
"""
from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/sockmesh"
GOLDEN = Path(__file__).resolve().parent / "chart"
RELEASE = {"Name": "sockmesh", "Namespace": "mesh-system"}


def merge(base: dict, over: dict) -> dict:
    out = dict(base)
    for key, value in over.items():
        out[key] = merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return out


def text_of(value) -> str:
    return {True: "true", False: "false", None: ""}.get(value, str(value)) if isinstance(value, bool) or value is None else str(value)


def operand(word: str, scope: dict, dot):
    if word == ".":
        return dot
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    if re.fullmatch(r'"[^"]*"', word):
        return word[1:-1]
    if re.fullmatch(r"(\.\w+)+", word):
        value = scope
        for name in word[1:].split("."):
            value = value[name]
        return value
    raise ValueError(f"the chart test's renderer does not know {word!r}")


FUNCTIONS = {
    "quote": lambda value: '"' + text_of(value).replace("\\", "\\\\").replace('"', '\\"') + '"',
    "toYaml": lambda value: yaml.safe_dump(value, default_flow_style=False, sort_keys=True).rstrip("\n"),
    "nindent": lambda count, value: "\n" + "\n".join(" " * count + line if line else line for line in text_of(value).split("\n")),
    "default": lambda fallback, value: value or fallback,
    "add": lambda *values: sum(values),
}


def evaluate(expression: str, scope: dict, dot):
    value, first = None, True
    for stage in expression.split("|"):
        words = re.findall(r'"[^"]*"|\S+', stage)
        if words[0] in FUNCTIONS:
            values = [operand(word, scope, dot) for word in words[1:]] + ([] if first else [value])
            value = FUNCTIONS[words[0]](*values)
        elif first and len(words) == 1:
            value = operand(words[0], scope, dot)
        else:
            raise ValueError(f"the chart test's renderer does not know {stage!r}")
        first = False
    return value


def tokens(template: str) -> list[tuple[str, str]]:
    """("text", ...) and ("action", ...), with the white space that dashes trim taken away."""
    out, at, trim_next = [], 0, False
    for found in re.finditer(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", template, re.DOTALL):
        text = template[at:found.start()]
        text = text.lstrip() if trim_next else text
        out.append(("text", text.rstrip() if found[1] else text))
        out.append(("action", found[2]))
        at, trim_next = found.end(), bool(found[3])
    tail = template[at:]
    return out + [("text", tail.lstrip() if trim_next else tail)]


def block(parts: list[tuple[str, str]], start: int) -> int:
    """Where the `end` of the block whose body begins at `start` is."""
    depth = 1
    for index in range(start, len(parts)):
        kind, text = parts[index]
        if kind == "action":
            depth += text.startswith(("if ", "range ")) - (text == "end")
            if depth == 0:
                return index
    raise ValueError("a block without its end")


def render(parts: list[tuple[str, str]], scope: dict, dot=None) -> str:
    out, index = "", 0
    while index < len(parts):
        kind, text = parts[index]
        if kind == "text":
            out += text
        elif text.startswith(("if ", "range ")):
            word, expression = text.split(" ", 1)
            end = block(parts, index + 1)
            value = evaluate(expression, scope, dot)
            for item in (value if word == "range" else [dot] if value else []):
                out += render(parts[index + 1:end], scope, item)
            index = end
        else:
            out += text_of(evaluate(text, scope, dot))
        index += 1
    return out


def manifest(over: dict) -> str:
    """All documents that the chart makes with these values, as text."""
    values = merge(yaml.safe_load((CHART / "values.yaml").read_text()), over)
    scope = {"Values": values, "Release": RELEASE, "Chart": {"AppVersion": yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]}}
    out = []
    for path in sorted((CHART / "templates").glob("*.yaml")):
        text = render(tokens(path.read_text()), scope).strip("\n")
        if text.strip():
            out.append(f"---\n# Source: {path.relative_to(CHART.parent)}\n{text}\n")
    return "".join(out)


def schema_problems(value, schema: dict, where: str) -> list[str]:
    """What the value breaks of the few schema words that values.schema.json uses."""
    types = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    wanted = schema.get("type")
    if wanted and (not isinstance(value, types[wanted]) or wanted == "integer" and isinstance(value, bool)):
        return [f"{where}: not of type {wanted}"]
    problems = [f"{where}: not one of {schema['enum']}"] if "enum" in schema and value not in schema["enum"] else []
    if "pattern" in schema and not re.search(schema["pattern"], value):
        problems.append(f"{where}: does not match {schema['pattern']}")
    if isinstance(value, int) and value < schema.get("minimum", value) or isinstance(value, str) and len(value) < schema.get("minLength", 0):
        problems.append(f"{where}: too small")
    if isinstance(value, list) and "items" in schema:
        problems += [p for i, item in enumerate(value) for p in schema_problems(item, schema["items"], f"{where}[{i}]")]
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        problems += [f"{where}.{name}: unknown" for name in value if name not in known and schema.get("additionalProperties") is False]
        problems += [f"{where}.{name}: missing" for name in schema.get("required", []) if name not in value]
        problems += [p for name in value if name in known for p in schema_problems(value[name], known[name], f"{where}.{name}")]
    return problems


def node_file_problems(documents: list[dict]) -> list[str]:
    """The node file inside the ConfigMap has to satisfy the daemon itself, when it is built."""
    text = next(d for d in documents if d["kind"] == "ConfigMap")["data"]["node.yaml"]
    node = yaml.safe_load(text)
    problems = [] if node["nodeName"] == "@NODE_NAME@" else ["nodeName is not left to the init container"]
    daemon = ROOT / "build/sockmeshd"
    if not daemon.exists():
        return problems + ["build/sockmeshd is not built; `make build` first"]
    scratch = ROOT / "build/chart-test"
    (scratch / "res").mkdir(parents=True, exist_ok=True)
    (scratch / "node.yaml").write_text(text.replace("@NODE_NAME@", "n1").replace("/etc/sockmesh/resources", str(scratch / "res")))
    done = subprocess.run([str(daemon), "--check", "--config", str(scratch / "node.yaml")], capture_output=True, text=True, check=False)
    shutil.rmtree(scratch)
    return problems + ([f"sockmeshd --check refuses the node file: {done.stdout}{done.stderr}"] if done.returncode else [])


def check(name: str, values: Path | None, update: bool) -> list[tuple[str, list[str]]]:
    over = yaml.safe_load(values.read_text()) if values else {}
    text = manifest(over)
    golden = GOLDEN / f"{name}.yaml"
    if update:
        golden.write_text(text)
    documents = [d for d in yaml.safe_load_all(text) if d]
    schema = json.loads((CHART / "values.schema.json").read_text())
    cases = [
        (f"chart {name}: renders what the golden file holds", [] if golden.read_text() == text else ["differs; `make golden-update` shows how"]),
        (f"chart {name}: values satisfy their schema", schema_problems(merge(yaml.safe_load((CHART / "values.yaml").read_text()), over), schema, "values")),
        (f"chart {name}: the daemon accepts the node file", node_file_problems(documents)),
    ]
    if helm := shutil.which("helm"):
        command = [helm, "template", RELEASE["Name"], str(CHART), "--kube-version", "1.29.0", "--namespace", RELEASE["Namespace"], *(["-f", str(values)] if values else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        key = lambda d: (d["kind"], d["metadata"]["name"])  # noqa: E731
        same = done.returncode == 0 and sorted((d for d in yaml.safe_load_all(done.stdout) if d), key=key) == sorted(documents, key=key)
        cases.append((f"chart {name}: helm makes the same documents", [] if same else ["helm differs: " + done.stderr[:500]]))
    return cases


def main() -> int:
    update = "--update" in sys.argv[1:]
    cases = check("default", None, update) + check("every-value", GOLDEN / "every-value.values.yaml", update)
    schema = json.loads((CHART / "values.schema.json").read_text())
    wrong = merge(yaml.safe_load((CHART / "values.yaml").read_text()), {"node": {"unknownPods": "maybe", "typo": 1}})
    cases.append(("chart: the schema refuses what is wrong", [] if len(schema_problems(wrong, schema, "values")) == 2 else ["it does not"]))
    for name, problems in cases:
        print(f"{'ok' if not problems else 'FAIL'}  {name}{'' if not problems else ': ' + '; '.join(problems)}")
    failed = sum(bool(problems) for _, problems in cases)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
