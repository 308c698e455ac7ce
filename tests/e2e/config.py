# SPDX-License-Identifier: Apache-2.0
"""Configuration while it runs: swaps under load, quarantine, mounted ConfigMaps, one reload for each change."""
from __future__ import annotations

import json
import subprocess
import threading

from lab.http1 import Broken, Connection
from lab.poll import stays, until
from lab.store import dump

from .harness import suite
from .world import MESH_CONFIG, World, to_host, virtual_service

CASES, case = suite()
SWAPS, BROKEN_EVERY = 50, 5
QUIET_SECONDS = 1.0  # longer than any debounce: a second reload would show in it


def world(direct: bool) -> World:
    return World("config", direct)


def marked(number: int) -> dict:
    """A configuration that shows in the request, in the answer and in who answers."""
    return virtual_service("b", ["b"], [{"headers": {"request": {"set": {"x-rev": str(number)}}, "response": {"set": {"x-rev": str(number)}}},
                                         "route": [to_host("b" if number % 2 else "c")]}])


BROKEN = virtual_service("b", ["b"], [{"match": [{"uri": {"regex": "("}}], "route": [to_host("c")]}])


def revision(response) -> str:
    """The one revision that all parts of an exchange show."""
    assert response.status == 200, f"{response.status} {response.body[:200]!r}"
    request = json.loads(response.body)
    asked = {k.lower(): v for k, v in request["headers"]}.get("x-rev", "none")
    answered = response.header("x-rev") or "none"
    assert asked == answered, f"the request is of revision {asked}, the answer of {answered}"
    if asked != "none":
        assert request["pod"] == ("b" if int(asked) % 2 else "c"), f"revision {asked} was answered by {request['pod']}"
    return asked


class Load:
    """Clients that ask without pause, on lasting connections and on new ones."""

    def __init__(self, w: World):
        self.w, self.stop, self.count, self.wrong = w, threading.Event(), 0, []
        self.threads = [threading.Thread(target=self.run, args=[pod, lasting], daemon=True)
                        for pod in (w.a1, w.d) for lasting in (True, False)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(20)

    def run(self, pod, lasting: bool) -> None:
        connection = None
        while not self.stop.is_set():
            try:
                connection = connection or self.w.open(pod)
                revision(connection.request("GET", "/load", "b"))
                self.count += 1
                if not lasting:
                    connection.sock.close()
                    connection = None
            except (AssertionError, OSError, Broken, ValueError) as error:
                self.wrong.append(f"{pod}: {type(error).__name__}: {error}")
                connection = None


@case("50 swaps, every fifth broken, under load: no failed request, none that mixes two configurations")
def swaps(w: World) -> None:
    w.configure(marked(1))
    last = 1
    with Load(w) as load:
        for number in range(2, SWAPS + 2):
            if number % BROKEN_EVERY == 0:
                w.configure(BROKEN)
            else:
                w.configure(marked(number))
                last = number
            got = revision(w.get(w.a2))
            assert got == str(last), f"sync returned after swap {number}, but a request is of revision {got}, expected {last}"
        until(lambda: load.count > 200, 20, "the load has run")
    assert not load.wrong, f"{len(load.wrong)} of {load.count + len(load.wrong)}: {load.wrong[0]}"
    w.configure()


@case("a broken document is quarantined alone, with file, line, column and remedy; its last good version stays")
def quarantine(w: World) -> None:
    w.configure(marked(1), name="51-b.yaml")
    w.configure(BROKEN, virtual_service("other", ["c"], [{"route": [to_host("b")]}]), name="51-b.yaml")
    assert revision(w.get(w.a1)) == "1", "the last good version is not in force"
    other = w.get(w.a1, "c")
    assert json.loads(other.body)["pod"] == "b", "the document beside the broken one is not in force"
    for node in (w.node_a, w.node_b):
        assert node.sync()["quarantined"] == 1
        status = node.status()
        documents = {(d["kind"], d["name"]): d for d in status["documents"]}
        bad = documents["VirtualService", "b"]
        assert bad["state"] == "quarantined" and bad["file"].endswith("51-b.yaml") and bad["line"] >= 1, bad
        assert documents["VirtualService", "other"]["state"] in ("accepted", "warned"), documents["VirtualService", "other"]
        found = [f for f in status["findings"] if f["kind"] == "VirtualService" and f["name"] == "b" and f["severity"] == "error"]
        assert found, status["findings"]
        one = found[0]
        line = (w.lab.resources / "51-b.yaml").read_text().splitlines()[one["line"] - 1]
        assert "(" in line and one["column"] >= 1 and one["path"].startswith("spec.http[0].match[0].uri") and one["remedy"], (one, line)
    table = w.node_a.ctl("status").stdout
    assert "51-b.yaml" in table, table[-500:]
    w.configure(marked(3), name="51-b.yaml")
    assert revision(w.get(w.a1)) == "3" and w.node_a.sync()["quarantined"] == 0
    w.configure(name="51-b.yaml")
    assert revision(w.get(w.a1)) == "none"


@case("a file that is no YAML harms nobody else, and is told with its line")
def no_yaml(w: World) -> None:
    w.configure(marked(1))
    (w.lab.resources / "60-torn.yaml").write_text("apiVersion: v1\nkind: Service\n  bad: [\n")
    got = w.node_a.sync()
    assert revision(w.get(w.a1)) == "1"
    torn = [f for f in w.node_a.status()["findings"] if f["file"].endswith("60-torn.yaml")]
    assert torn and torn[0]["severity"] == "error" and torn[0]["line"] in (2, 3, 4), (got, torn)
    (w.lab.resources / "60-torn.yaml").unlink()
    w.lab.sync()
    w.configure()


@case("an unknown field is a warning and the rest of its document applies")
def unknown_field(w: World) -> None:
    document = marked(5)
    document["spec"]["htpp"] = []
    w.configure(document)
    assert revision(w.get(w.a1)) == "5"
    found = [f for f in w.node_a.status()["findings"] if "htpp" in json.dumps(f)]
    assert found and found[0]["severity"] == "warning", found
    w.configure()


class Mounted:
    """A ConfigMap volume as the kubelet makes it: a folder of links to `..data`, which is a link to a dated folder."""

    def __init__(self, w: World):
        self.dir = w.lab.resources / "mounted"
        self.dir.mkdir()
        self.number = 0

    def publish(self, documents: list[dict]) -> None:
        self.number += 1
        dated = self.dir / f"..2026_{self.number}"
        dated.mkdir()
        (dated / "routes.yaml").write_text(dump(documents))
        (self.dir / "..data_tmp").symlink_to(dated.name)
        (self.dir / "..data_tmp").rename(self.dir / "..data")
        link = self.dir / "routes.yaml"
        if not link.is_symlink():
            link.symlink_to("..data/routes.yaml")
        old = self.dir / f"..2026_{self.number - 1}"
        if old.exists():
            (old / "routes.yaml").unlink()
            old.rmdir()


def one_reload(w: World, change, expected: str, what: str) -> None:
    """`change` leads to exactly one new generation, by the daemon's own watching, and to that revision."""
    before = w.node_a.generation()
    change()
    until(lambda: revision(w.get(w.a1)) == expected, 10, f"{what}: revision {expected} is in force")
    stays(lambda: w.node_a.generation() == before + 1, QUIET_SECONDS, f"{what}: generation {before} + 1 (now {w.node_a.generation()})")
    assert w.node_a.sync()["generation"] == before + 1, f"{what}: sync found something to reload"


@case("a ConfigMap's ..data swap is one reload")
def symlink_swap(w: World) -> None:
    mounted = Mounted(w)
    mounted.publish([marked(1)])
    w.lab.sync()
    for number in (2, 3, 4):
        one_reload(w, lambda number=number: mounted.publish([marked(number)]), str(number), f"swap {number}")
    for path in (mounted.dir / "routes.yaml", mounted.dir / "..data", mounted.dir / f"..2026_{mounted.number}" / "routes.yaml"):
        path.unlink()
    (mounted.dir / f"..2026_{mounted.number}").rmdir()
    mounted.dir.rmdir()
    w.lab.sync()
    assert revision(w.get(w.a1)) == "none"


@case("a plain edit is one reload, a write in two parts is one clean reload, a deletion is one reload")
def edits(w: World) -> None:
    path = w.lab.resources / "70-edited.yaml"
    w.lab.sync()
    one_reload(w, lambda: path.write_text(dump([marked(1)])), "1", "a new file")
    one_reload(w, lambda: path.write_text(dump([marked(2)])), "2", "an edit in place")
    text = dump([marked(3)])

    def in_two_parts() -> None:
        before = w.node_a.generation()
        with path.open("w") as file:
            file.write(text[:len(text) // 2])
            file.flush()
            stays(lambda: w.node_a.generation() == before and revision(w.get(w.a1)) == "2", 0.4, "half a file is not loaded")
            file.write(text[len(text) // 2:])

    one_reload(w, in_two_parts, "3", "a write in two parts")
    assert w.node_a.sync()["quarantined"] == 0
    one_reload(w, path.unlink, "none", "a deletion")


@case("`sockmeshctl apply` and `delete` are in force after sync, and keep uid and clusterIP")
def applied(w: World) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "late", "namespace": "shop"},
               "spec": {"selector": {"app": "b"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}
    file = w.lab.dir / "late.yaml"
    file.write_text(dump([service]))
    w.lab.apply(file)
    w.lab.sync()
    stored = next(s for s in w.lab.store.objects("Service") if s["metadata"]["name"] == "late")
    assert stored["metadata"]["uid"] and stored["metadata"]["creationTimestamp"] and stored["spec"]["clusterIP"], stored
    with Connection(w.a1.connect((stored["spec"]["clusterIP"], 80))) as connection:
        assert connection.request("GET", "/", "late").status == 200
    w.lab.apply(file)
    again = next(s for s in w.lab.store.objects("Service") if s["metadata"]["name"] == "late")
    assert (again["metadata"]["uid"], again["spec"]["clusterIP"]) == (stored["metadata"]["uid"], stored["spec"]["clusterIP"])
    done = subprocess.run([w.lab.sockmeshctl, "delete", "-f", str(file), "--dir", str(w.lab.resources)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not [s for s in w.lab.store.objects("Service") if s["metadata"]["name"] == "late"]


@case("an unknown key in the node file ends the daemon with file:line:column")
def node_file(w: World) -> None:
    path = w.lab.dir / "typo.yaml"
    path.write_text(w.node_a.config.read_text() + "logLevle: info\n")
    for argv in (["--check", "--config", str(path)], ["--config", str(path)]):
        done = subprocess.run([w.lab.sockmeshd, *argv], capture_output=True, text=True, timeout=20)
        line = len(path.read_text().splitlines())
        assert done.returncode == 1 and f"typo.yaml:{line}:1" in done.stderr + done.stdout, (argv, done)


@case("accessLogFormat and accessLogEncoding of MeshConfig are followed; a wrong format is a finding, and the old one stays")
def log_format(w: World) -> None:
    def mesh(text: str) -> None:
        w.lab.put({**MESH_CONFIG, "data": {"mesh": "accessLogFile: /dev/stdout\n" + text}})
        w.lab.sync()
    mesh("accessLogEncoding: JSON\n")
    w.get(w.a1, "b", "/as-json")
    line = until(lambda: [x for x in w.node_a.access_log() if "/as-json" in x], 5, "the records")[0]
    record = json.loads(line)
    assert record["path"] == "/as-json" and record["response_code"] == 200 and record["method"] == "GET", record
    mesh('accessLogFormat: "mine %REQ(:PATH)% %REQ(X-MARK?USER-AGENT)% %RESP(CONTENT-TYPE)% %RESPONSE_CODE%"\n')
    w.get(w.a1, "b", "/as-text", headers={"x-mark": "m1"})
    line = until(lambda: [x for x in w.node_a.access_log() if "mine /as-text" in x], 5, "the records")[0]
    words = line.split()
    assert words[2] == "m1" and words[-1] == "200" and len(words) == 5, line
    mesh('accessLogFormat: "%NO_SUCH_OPERATOR%"\n')
    found = [f for f in w.node_a.status()["findings"] if "NO_SUCH_OPERATOR" in f["message"]]
    assert found and found[0]["path"].endswith("accessLogFormat") and found[0]["line"], found
    w.get(w.a1, "b", "/still")
    until(lambda: [x for x in w.node_a.access_log() if "mine /still" in x], 5, "the old format stays")
    mesh("")
    w.get(w.a1, "b", "/default-again")
    assert w.records(w.node_a, "GET /default-again ", 1)
