# SPDX-License-Identifier: Apache-2.0
"""Connections that a pod had before it was enrolled: listed, and destroyed when its policy is strict."""
import apps
from checks import V4, V6, both, equal

ONE = (("old", 55),)


class Before:
    """A pod that unknownPods: allow lets talk, with a connection out and one in, in one family; `mapped`: IPv4 by IPv6 sockets."""

    def __init__(self, env, agent, pod, family, mapped=False):
        number = V6.number if mapped else family.number
        name = lambda ip: "::ffff:" + ip if mapped else ip
        self.servers = [env.outside.start(apps.serve_and_hold, family.of(env.outside), 8090, family.number, cgroup=env.lab.cgroup),
                        pod.start(apps.serve_and_hold, "::" if mapped else family.everything, 8091, number)]
        for server in self.servers:
            server.receive()
        self.clients = [pod.start(apps.dial_and_hold, name(family.of(env.outside)), 8090, number),
                        env.outside.start(apps.dial_and_hold, family.of(pod), 8091, family.number, cgroup=env.lab.cgroup)]
        for client in self.clients:
            client.receive()
        # a connection to the pod itself, which is none
        self.own = pod.start(apps.dial_and_hold, name(family.of(pod)), 8091, number)
        self.own.receive()
        self.ends = {("out", family.end(family.of(env.outside), 8090)), ("in", family.of(env.outside))}

    def listed(self, rows):
        """As pairs that do not depend on ports of the kernel's choice."""
        found = set()
        for row in rows:
            host, port = row["remote"].rsplit(":", 1)
            found.add(("out", row["remote"]) if port == "8090" else ("in", host.strip("[]")))
        return found

    def fates(self):
        for task in (*self.clients, self.own):
            task.go()
        return [task.result() for task in (*self.clients, self.own)]


def enrolled(env, family, mapped=False, **wish):
    with env.lab.node("o", *ONE, **{"--unknown": "allow"}) as (agent, pod):
        agent.start()
        before = Before(env, agent, pod, family, mapped)
        state = agent.enrol(pod.wish(**wish))["lab/old"]
        equal(state["state"], "Ready")
        return state.get("old", []), before.ends, before.listed(state.get("old", [])), before.fates()


def lists(env, family):
    "connections from before an enrolment are listed, and go on"
    rows, ends, listed, fates = enrolled(env, family)
    equal((listed, len(rows)), (ends, 2))
    equal({row["destroyed"] for row in rows}, {False})
    equal(fates, ["open", "open", "open"])


def strict(env, family):
    "connections from before an enrolment are destroyed when the pod is strict; those to itself are not"
    rows, ends, listed, fates = enrolled(env, family, strict=True)
    equal((listed, len(rows)), (ends, 2))
    equal({row["destroyed"] for row in rows}, {True})
    # the pod's own end is told by its kernel, the other one by a reset
    equal(fates, ["ECONNABORTED", "ECONNRESET", "open"])


def mapped(env):
    "connections from before an enrolment: IPv4 by IPv6 sockets is IPv4, also when it is destroyed"
    rows, ends, listed, fates = enrolled(env, V4, True, strict=True)
    equal((listed, {row["destroyed"] for row in rows}), (ends, {True}))
    equal(fates, ["ECONNABORTED", "ECONNRESET", "open"])


def left_out(env):
    "connections from before an enrolment that the lists leave out are none of ours"
    rows, _, _, fates = enrolled(env, V4, strict=True, lists={"out_ports_exclude": [8090], "in_ports_exclude": [8091]})
    equal((rows, fates), ([], ["open", "open", "open"]))


def later(env):
    "connections from before an enrolment are destroyed when the pod becomes strict"
    with env.lab.node("o", *ONE, **{"--unknown": "allow"}) as (agent, pod):
        agent.start()
        before = Before(env, agent, pod, V4)
        rows = agent.enrol(pod.wish())["lab/old"]["old"]
        equal({row["destroyed"] for row in rows}, {False})
        rows = agent.enrol(pod.wish(strict=True))["lab/old"]["old"]
        equal({row["destroyed"] for row in rows}, {True})
        equal(before.fates(), ["ECONNABORTED", "ECONNRESET", "open"])


def ours(env):
    "connections from before an enrolment: the daemon's own dials in the pod are none, captured ones neither"
    with env.lab.node("o", *ONE) as (agent, pod):
        agent.start()
        agent.enrol(pod.wish())
        server = env.outside.start(apps.serve_and_hold, env.outside.ip, 8090, V4.number, cgroup=env.lab.cgroup)
        server.receive()
        inner = pod.start(apps.serve_and_hold, "0.0.0.0", 8091, V4.number)
        inner.receive()
        agent.ask(do="hold", on=True)
        client = pod.start(apps.dial_and_hold, V4.service(), 80)
        client.receive()
        arrival = env.outside.start(apps.dial_and_hold, pod.ip, 8091, V4.number, cgroup=env.lab.cgroup)
        arrival.receive()
        # from the pod's netns to the network, and inside the pod
        for to, purpose in ((env.outside.ip + ":8090", "wire"), (pod.ip + ":8091", "app")):
            equal(agent.ask(do="dial", pod="lab/old", to=to, purpose=purpose, client="192.0.2.1:1", stay=True)["errno"], 0)
        # Another number of workers is a release and a new enrolment.
        state = agent.enrol(pod.wish(strict=True, workers=[0, 1]))["lab/old"]
        equal(state["state"], "Ready")
        equal(state.get("old", []), [])


CASES = [*both(lists), *both(strict), mapped, left_out, later, ours]
