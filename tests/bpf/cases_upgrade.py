# SPDX-License-Identifier: Apache-2.0
"""Taking over from a node of version 1, and from a daemon that dies or fails at any step of its start or of an enrolment."""
import json
import os
import socket
import struct
import subprocess

import apps
import inject
from checks import V4, V6, contains, equal, wish_of
from kernel import Link, Map
from lab import run, until
from sniffer import Sniffer

ONE = (("u", 51),)
SHARED = ("sm_sockets", "sm_wishes", "sm_peers", "sm_probes", "sm_listeners", "sm_gateway_ports")


def cookie_here(task):
    with socket.socket() as one:
        return struct.unpack("=Q", one.getsockopt(socket.SOL_SOCKET, 71, 8))[0]


def row_v1(pod):
    addresses = [b"\0" * 10 + b"\xff\xff" + socket.inet_aton(pod.ip), socket.inet_pton(socket.AF_INET6, pod.ip6), bytes(16), bytes(16)]
    return struct.pack("=II", 1, 2) + b"".join(addresses)


def leave_v1(env, agent, pod):
    """What a daemon of version 1 leaves: its pins, and the record for uninstall. Returns the pod's cookie."""
    tools = os.path.dirname(env.lab.program)
    tree, own = "%s/%s" % (env.lab.cgroup, agent.node), env.lab.own_cgroup()
    os.makedirs(agent.bpffs, exist_ok=True)
    if not os.path.ismount(agent.bpffs):
        run("mount", "-t", "bpf", "bpf", agent.bpffs)
        os.mkdir(agent.bpffs + "/mounted_by_sockmesh")
    with open(agent.run_dir + "/capture.json", "w") as record:
        json.dump({"bpffs": agent.bpffs, "cgroup": tree}, record)
    cookie = pod.call(cookie_here)
    run(tools + "/v1_node", tools + "/v1.bpf.o", agent.bpffs, tree, own, pod.netns, str(cookie))
    with Map(agent.bpffs + "/v1/maps/sm_pods") as pods, Map(agent.bpffs + "/v1/maps/sm_node") as node:
        pods.put(struct.pack("=Q", cookie), row_v1(pod))
        node.put(struct.pack("=I", 0), struct.pack("=II", 0, 12345))
    return cookie


def ids(kind, directory):
    found = {}
    for name in os.listdir(directory):
        with kind(directory + "/" + name) as one:
            found[name] = one.id
    return found


def programs(directory):
    found = {}
    for name in os.listdir(directory):
        with Link(directory + "/" + name) as one:
            found[name] = one.program
    return found


def works(env, agent, pod):
    equal(agent.enrol(pod.wish())["lab/" + pod.name]["error"], "")
    for family in (V4, V6):
        equal(wish_of(pod.call(apps.dial, family.service(), 80, family.number)), family.end(family.service(), 80))
        answer = env.outside.call(apps.dial, family.of(pod), 8080, family.number, cgroup=env.lab.cgroup)
        equal(answer["line"].get("kind"), "in")


class Watched:
    """A pod with a service, and what leaves its netns."""

    def __init__(self, env, pod):
        self.env, self.pod = env, pod

    def __enter__(self):
        self.wire = Sniffer(self.pod, self.env.outside)
        self.serve()
        return self

    def serve(self):
        self.server = self.pod.start(apps.serve, "::", 8080, V6.number)
        self.server.receive()

    def __exit__(self, *_):
        self.wire.__exit__()

    def is_closed(self, families=(V4, V6), arrivals=True, what=""):
        """Nothing of these families leaves the pod, and nothing gets in."""
        for family in families:
            result = self.pod.call(apps.dial, family.of(self.env.outside), 9, family.number, None, None, 0.3)
            equal(result in ("EPERM", "ECONNREFUSED"), True, "%s: %s gives %s" % (what, family.name, result))
            if arrivals:
                result = self.env.outside.call(apps.dial, family.of(self.pod), 8080, family.number, None, None, 0.1, cgroup=self.env.lab.cgroup)
                equal(isinstance(result, str), True, "%s: %s lets in: %r" % (what, family.name, result))
        named = {family.of(self.env.outside) for family in families}
        equal([syn for syn in self.wire.syns() if syn[1] in named], [], what + ": SYNs on the wire")


def takeover_v1(env):
    "takeover from version 1: the same maps and links, rows converted, closed until enrolled, nothing of version 1 is left"
    with env.lab.node("u", *ONE) as (agent, pod), Watched(env, pod) as watched:
        cookie = leave_v1(env, agent, pod)
        old = agent.bpffs + "/v1"
        watched.is_closed(what="version 1")
        maps, links, before = ids(Map, old + "/maps"), ids(Link, old + "/links"), programs(old + "/links")
        links[str(cookie)] = ids(Link, old + "/pods")[str(cookie)]
        with Map(old + "/maps/sm_wishes") as wishes:
            kept = struct.pack("=Q16s16sHHI", cookie, bytes(15) + b"\1", bytes(15) + b"\2", 1, 2, 0)
            wishes.put(kept, bytes(40))
        equal(agent.start(), {"ok": True, "recovered": True})
        equal(os.path.exists(old), False, "v1 is left")
        after = ids(Map, agent.pin("maps"))
        equal({name: after[name] for name in SHARED}, {name: maps[name] for name in SHARED}, "shared maps")
        equal({after[name] == maps[name] for name in ("sm_pods", "sm_node", "sm_counters")}, {False}, "maps that changed")
        now = ids(Link, agent.pin("links"))
        equal({name: now[name] for name in links if name in now}, {name: links[name] for name in links if name in now}, "links updated in place")
        equal(len(now), 9, "the hold program is new")
        equal(ids(Link, agent.pin("pods")), {str(cookie): links[str(cookie)]})
        equal(set(programs(agent.pin("links")).values()) & set(before.values()), set(), "new programs")
        with Map(agent.pin("maps", "sm_pods")) as pods, Map(agent.pin("maps", "sm_node")) as node, Map(agent.pin("maps", "sm_wishes")) as wishes:
            # state, addresses, flags (IPv6), policy, slots (all: version 1 did not say)
            equal(pods.get(struct.pack("=Q", cookie)), struct.pack("=IIIII", 1, 2, 1, 0, 64) + row_v1(pod)[8:])
            equal(node.get(struct.pack("=I", 0)), struct.pack("=III", 0, 12345, 0))
            equal(kept in wishes.keys(), True, "a wish of a connection that lives on")
            wishes.delete(kept)
        equal(agent.counters()["connect.captured"] > 0, True, "counters go on")
        watched.is_closed(what="before it is enrolled")
        works(env, agent, pod)
        equal(ids(Link, agent.pin("pods")), {str(cookie): links[str(cookie)]}, "the pod's link too")
        equal(agent.ask(do="watch")["found"], [])


def newer_version(env):
    "takeover from a version that is not known: refused with the remedy, nothing is touched"
    with env.lab.node("u", *ONE) as (agent, pod):
        equal(agent.start().get("ok"), True)
        works(env, agent, pod)
        agent.kill()
        os.rename(agent.bpffs + "/v2", agent.bpffs + "/v99")
        before = ids(Link, agent.bpffs + "/v99/links")
        error = agent.start()["error"]
        contains(error, "another version are in force")
        contains(error, "uninstall")
        equal(ids(Link, agent.bpffs + "/v99/links"), before)
        equal(pod.call(apps.dial, V4.service(), 80), "ECONNREFUSED")
        agent.kill()
        os.rename(agent.bpffs + "/v99", agent.bpffs + "/v2")


class Start:
    """One way to start: how the node is before, and who must be closed when the daemon dies on its way."""

    def __init__(self, env, agent, pod, kind):
        self.env, self.agent, self.pod, self.kind = env, agent, pod, kind

    def prepare(self):
        """The state before the start; again and again."""
        self.agent.kill()
        if self.kind != "v2":
            self.agent.uninstall()
        if self.kind == "v1":
            leave_v1(self.env, self.agent, self.pod)
        elif self.kind == "v2" and not os.path.exists(self.agent.bpffs + "/v2"):
            self.recover()

    def closed(self):
        """The families that are closed: on a new node from the moment that the hook is pinned."""
        if self.kind != "fresh":
            return (V4, V6)
        pins = self.agent.pin("links")
        return [family for family in (V4, V6) if os.path.isdir(pins) and
                [name for name in os.listdir(pins) if name.startswith("sm_connect" + family.name[-1])]]

    def recover(self):
        equal(self.agent.start().get("ok"), True, "the next start")
        works(self.env, self.agent, self.pod)
        equal(self.agent.ask(do="watch")["found"], [])
        self.agent.kill()
        left = os.listdir(self.agent.bpffs)
        equal([name for name in left if name not in ("v2", "mounted_by_sockmesh", "maps.debug", "progs.debug")], [], "left over")
        equal([name for part in ("maps", "links", "pods") for name in os.listdir(self.agent.pin(part)) if name.endswith("_new")], [], "left over")

    def points(self):
        """The calls of a start that goes well."""
        self.prepare()
        path = self.env.lab.directory + "/trace"
        equal(self.agent.start(under=inject.tracing(path)).get("ok"), True)
        self.agent.quit()
        return inject.calls(path)


def crash(env, kind):
    with env.lab.node("u", *ONE) as (agent, pod), Watched(env, pod) as watched:
        start = Start(env, agent, pod, kind)
        points = inject.one_of_a_kind(inject.changing(start.points()), env.every_call)
        killed = 0
        for call, number, what in points:
            start.prepare()
            answer = agent.start(under=inject.words(call, number, "signal=SIGKILL"))
            if "ok" in answer:
                agent.quit()
            else:
                killed += 1
                agent.kill()
            watched.is_closed(start.closed(), kind != "fresh", "killed at %s %d, %s" % (call, number, what))
            start.recover()
        equal(killed * 4 >= len(points) * 3, True, "%d of %d points were reached" % (killed, len(points)))


def crash_fresh(env):
    "crash at each step of a first start: open only until the hook is attached, and the next start recovers"
    crash(env, "fresh")


def crash_again(env):
    "crash at each step of a restart: closed, and the next start recovers"
    crash(env, "v2")


def crash_v1(env):
    "crash at each step of taking over from version 1: closed, and the next start recovers"
    crash(env, "v1")


def crash_enrolment(env):
    "crash at each step of an enrolment: the pod is closed, and the next start recovers"
    with env.lab.node("u", *ONE) as (agent, pod), Watched(env, pod) as watched:
        path = env.lab.directory + "/trace"
        agent.start()
        trace = inject.Attached(agent.process.pid, ["-o", path, "-e", "trace=bpf," + ",".join(inject.FILES)])
        works(env, agent, pod)
        agent.kill()
        trace.end()
        # The calls until the pod's row is there; what comes later only sweeps.
        points = inject.one_of_a_kind(inject.changing(inject.calls(path)), env.every_call)
        equal(len(points) > 4, True, points)
        for call, number, what in points:
            agent.uninstall()
            agent.start()
            strace = inject.Attached(agent.process.pid, ["-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:signal=SIGKILL:when=%d" % (call, number)])
            try:
                agent.enrol(pod.wish())
            except (RuntimeError, BrokenPipeError):
                pass
            agent.kill()
            strace.end()
            watched.is_closed(what="killed at %s %d, %s" % (call, number, what))
            Start(env, agent, pod, "v2").recover()


def errors(env, kind):
    """Each bpf(2) fails once with ENOMEM: the start fails with a sentence and leaves things as they were, or works."""
    with env.lab.node("u", *ONE) as (agent, pod), Watched(env, pod) as watched:
        start = Start(env, agent, pod, kind)
        points = inject.three_of_each([row for row in start.points() if row[0] == "bpf"], env.every_call)
        failed = 0
        for call, number, what in points:
            name = "ENOMEM at %s %d" % (what, number)
            start.prepare()
            before = {part: ids(Link, "%s/%s/%s" % (agent.bpffs, kind, part)) for part in ("links", "pods")} if kind != "fresh" else {}
            answer = agent.start(under=inject.words(call, number, "error=ENOMEM"))
            if "ok" in answer:
                works(env, agent, pod)
                agent.quit()
                continue
            agent.kill()
            failed += 1
            equal(len(answer.get("error", "")) > 20, True, "%s: says %r" % (name, answer))
            if kind == "fresh":
                equal([one for one in os.listdir(agent.bpffs) if one.startswith(("v", "new"))], [], name + " leaves")
            else:
                watched.is_closed(what=name)
                left = {part: {} for part in before}
                for version in ("v1", "v2"):
                    for part in before:
                        directory = "%s/%s/%s" % (agent.bpffs, version, part)
                        if os.path.isdir(directory):
                            left[part].update(ids(Link, directory))
                equal({part: {one: left[part].get(one) for one in before[part]} for part in before}, before, name + ": the links")
            start.recover()
        equal(failed > 5, True, "%d of %d points failed" % (failed, len(points)))


def errors_fresh(env):
    "failure of each bpf call of a first start: a sentence, and nothing is left; or it works"
    errors(env, "fresh")


def errors_again(env):
    "failure of each bpf call of a restart: a sentence, the links stay as they are; or it works"
    errors(env, "v2")


def errors_v1(env):
    "failure of each bpf call of taking over from version 1: a sentence, the links stay as they are; or it works"
    errors(env, "v1")


CASES = [takeover_v1, newer_version, crash_fresh, crash_again, crash_v1, crash_enrolment, errors_fresh, errors_again, errors_v1]
