# SPDX-License-Identifier: Apache-2.0
"""T25: what should be in force is taken away under the living daemon; watch() finds it, says it, and puts it back."""
import contextlib
import os

import apps
from checks import V4, V6, both, contains, equal, grew, wish_of
from kernel import CGROUP_SOCK_ADDR, INET4_CONNECT, INET6_CONNECT, Link, Map, Program, answer
from lab import run, until

ONE = (("w", 45),)
PROGRAMS = ("sm_connect4", "sm_connect6", "sm_getpeername4", "sm_getpeername6", "sm_getsockname4", "sm_getsockname6", "sm_hold_egress",
            "sm_hold_ingress", "sm_sockops_own", "sm_sockops_pods")


@contextlib.contextmanager
def watched(env):
    """An agent with all ten programs and one enrolled pod; nothing is unmeshed at the end unless the case says so."""
    with env.lab.node("w", *ONE, **{"--unknown": "hold"}) as (agent, pod):
        equal(agent.start().get("ok"), True)
        cookie = agent.enrol(pod.wish())["lab/w"]["cookie"]
        equal(watch(agent), [])
        yield agent, pod, str(cookie)
        if agent.process:
            equal(watch(agent), [], "a second look")


def watch(agent):
    return agent.ask(do="watch")["found"]


def unmeshed(agent):
    counters = agent.counters()
    return counters["unmeshed.connected"], counters["unmeshed.accepted"]


def works(env, pod, agent=None):
    """Captured both ways, in both families."""
    for family in (V4, V6):
        equal(wish_of(pod.call(apps.dial, family.service(), 80, family.number)), family.end(family.service(), 80))
        arrival = env.outside.call(apps.dial, family.of(pod), 8080, family.number, cgroup=env.lab.cgroup)
        equal(arrival["line"].get("kind"), "in")
    if agent:
        equal(unmeshed(agent), (0, 0), "unmeshed")


def unpinned(env):
    "T25 every pin removed under the living daemon: nothing is detached, watch pins the same things again"
    with watched(env) as (agent, pod, cookie):
        links = {name: agent.pin("links", name) for name in PROGRAMS}
        links["sk_lookup"] = agent.pin("pods", cookie)
        maps = {name: agent.pin("maps", name) for name in os.listdir(agent.pin("maps"))}

        def ids():
            found = {}
            for kind, paths in ((Link, links), (Map, maps)):
                for name, path in paths.items():
                    with kind(path) as one:
                        found[name] = one.id
            return found
        before = ids()
        equal(len(before), 11 + 12)
        for path in (*links.values(), *maps.values()):
            os.unlink(path)
        works(env, pod, agent)
        found = watch(agent)
        equal(len(found), 11 + 12, found)
        for line in found:
            contains(line, "again")
        equal(ids(), before, "the same links and maps")
        for part in ("maps", "links", "pods", ""):  # and the directories
            for name in os.listdir(agent.pin(part)):
                os.unlink(agent.pin(part, name))
            os.rmdir(agent.pin(part))
        works(env, pod, agent)
        equal(len(watch(agent)), 11 + 12)
        equal(ids(), before)
        works(env, pod, agent)


def detached(env):
    "T25 every link detached from outside: watch attaches its program again"
    with watched(env) as (agent, pod, cookie):
        attached = lambda: {(row["program"], row["on"]) for row in agent.ask(do="facts")["attached"]}
        before = attached()
        for name, path in [(name, agent.pin("links", name)) for name in PROGRAMS] + [("sk_lookup", agent.pin("pods", cookie))]:
            with Link(path) as link:
                run("bpftool", "link", "detach", "id", str(link.id))
                equal(link.attached, False)
            found = watch(agent)
            equal(len(found), 1, found)
            contains(found[0], name)
            contains(found[0], "it is again")
            with Link(path) as link:
                equal(link.attached, True, name)
            equal(attached(), before)
        works(env, pod, agent)


def forced(env, family):
    "T25 unmeshed connections are counted: what goes past while a hook is missing, out and in"
    with watched(env) as (agent, pod, cookie):
        server = env.outside.start(apps.serve, family.of(env.outside), 8080, family.number, cgroup=env.lab.cgroup)
        server.receive()
        inner = pod.start(apps.serve, family.everything, 8080, family.number)
        inner.receive()
        equal(unmeshed(agent), (0, 0))
        with Link(agent.pin("links", "sm_connect" + family.name[-1])) as link:
            link.detach()
        seen = grew(agent, "unmeshed.connected", lambda: pod.call(apps.dial, family.of(env.outside), 8080, family.number))
        equal(seen["line"]["server"], server.pid)
        equal(len(watch(agent)), 1)
        with Link(agent.pin("pods", cookie)) as link:
            link.detach()
        seen = grew(agent, "unmeshed.accepted", lambda: env.outside.call(apps.dial, family.of(pod), 8080, family.number, cgroup=env.lab.cgroup))
        equal(seen["line"]["server"], inner.pid)
        equal(len(watch(agent)), 1)
        before = unmeshed(agent)
        equal(pod.call(apps.dial, family.of(pod), 8080, family.number)["line"]["server"], inner.pid, "self")
        server.end()
        inner.end()
        works(env, pod)
        equal(unmeshed(agent), before)


def row(env):
    "T25 the pod's row removed or changed: closed at once, watch writes it again"
    with watched(env) as (agent, pod, cookie), Map(agent.pin("maps", "sm_pods")) as pods:
        key = int(cookie).to_bytes(8, "little" if pods.keys()[0] == int(cookie).to_bytes(8, "little") else "big")
        value = pods.get(key)
        pods.delete(key)
        equal(pod.call(apps.dial, env.outside.ip, 80, V4.number, None, None, 0.2), "ETIMEDOUT", "held as unknown")
        found = watch(agent)
        equal(len(found), 1, found)
        contains(found[0], "row in sm_pods")
        equal(pods.get(key), value)
        works(env, pod, agent)


def replaced(env, family):
    "T25 another program put behind our link: watch says so and puts ours back"
    with watched(env) as (agent, pod, cookie):
        kind = INET4_CONNECT if family is V4 else INET6_CONNECT
        with Link(agent.pin("links", "sm_connect" + family.name[-1])) as link, Program(CGROUP_SOCK_ADDR, kind, answer(1)) as other:
            before = link.program
            link.update(other)
            equal(pod.call(apps.dial, family.of(env.outside), 9, family.number), "ECONNREFUSED", "past")
            found = watch(agent)
            equal(len(found), 1, found)
            contains(found[0], "was not in force")
            equal(link.program, before)
        works(env, pod, agent)


def cgroup(env):
    "T25 the subtree removed, then made anew: the first is said, after the second the programs hang there"
    with watched(env) as (agent, pod, cookie):
        tree = "%s/w" % env.lab.cgroup
        pod.remove_cgroup()
        os.rmdir(tree + "/sockmesh-selftest")
        os.rmdir(tree)
        found = watch(agent)
        equal(len(found), 1, found)
        contains(found[0], "no pod can be captured: the cgroup %s does not exist" % tree)
        on = lambda: {row["on"] for row in agent.ask(do="facts")["attached"] if row["place"] == tree}
        equal(until(lambda: on() == {False}), True, "%r" % on())
        os.makedirs(pod.cgroup)
        equal(pod.call(apps.dial, env.outside.ip, 9), "ECONNREFUSED", "not captured: nothing hangs there")
        found = watch(agent)
        contains(found[0], "was removed and made again")
        equal(len(found), 1 + 9, found)
        equal({row["on"] for row in agent.ask(do="facts")["attached"]}, {True})
        works(env, pod, agent)


def netns(env):
    "T25 the pod's netns gone: watch does not put anything back, the next retry lets it go"
    with watched(env) as (agent, pod, cookie):
        run("ip", "netns", "del", pod.netns_name)
        agent.ask(do="retry")
        equal(agent.ask(do="retry")["lab/w"]["state"], "Seen")
        equal(os.path.exists(agent.pin("pods", cookie)), False)


def self_test(env):
    "the daemon's own test of capture passes in both families, and fails while a hook is missing"
    with watched(env) as (agent, pod, cookie):
        first = agent.ask(do="self-test")["lab/w"]
        equal((first["passed"], first["failed"], first["why"]), (2, 0, ""))
    with env.lab.node("w", *ONE) as (agent, pod):
        agent.start()
        agent.enrol(pod.wish())
        with Link(agent.pin("links", "sm_connect6")) as link:
            link.detach()
        second = agent.ask(do="self-test")["lab/w"]
        equal((second["passed"], second["failed"]), (1, 1))
        contains(second["why"], "IPv6")
        equal(unmeshed(agent), (0, 0), "the test itself leaves nothing")


CASES = [unpinned, detached, *both(forced), row, *both(replaced), cgroup, netns, self_test]
