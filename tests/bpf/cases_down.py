# SPDX-License-Identifier: Apache-2.0
"""onProxyDown: open. While nobody serves a pod, its connections go past the mesh; else they are captured."""
import apps
from checks import V4, V6, both, equal, grew, wish_of

ONE = (("d", 41),)


def kinds(env, pod, family):
    """What a connect of the pod and an arrival at it become: "past"/"app" or "taken" or an errno."""
    out = pod.call(apps.dial, family.of(env.outside), 8080, family.number)
    into = env.outside.call(apps.dial, family.of(pod), 8080, family.number, cgroup=env.lab.cgroup)
    name = lambda answer, past: answer if isinstance(answer, str) else past if "server" in answer["line"] else "taken"
    return name(out, "past"), name(into, "app")


def serve(env, pod, family):
    env.outside.start(apps.serve, family.of(env.outside), 8080, family.number, cgroup=env.lab.cgroup).receive()
    pod.start(apps.serve, family.everything, 8080, family.number).receive()


def opened(env, family):
    "onProxyDown open: captured while the daemon lives; unmeshed when it was killed or its worker does not answer; captured again"
    with env.lab.node("d", *ONE, **{"--down": "open"}) as (agent, pod):
        agent.start()
        agent.enrol(pod.wish())
        serve(env, pod, family)
        equal(kinds(env, pod, family), ("taken", "taken"), "alive")
        agent.ask(do="worker", worker=0, serving=False)
        before = agent.counters()
        equal(kinds(env, pod, family), ("past", "app"), "the worker does not answer")
        agent.ask(do="worker", worker=0, serving=True)
        equal(kinds(env, pod, family), ("taken", "taken"), "it does again")
        agent.kill()
        equal(kinds(env, pod, family), ("past", "app"), "dead")
        equal(pod.call(apps.dial, family.of(env.outside), 9, family.number), "ECONNREFUSED", "the network's own answer")
        agent.start()
        agent.enrol(pod.wish())
        equal(kinds(env, pod, family), ("taken", "taken"), "back")
        after = agent.counters()
        grown = {name: after[name] - before[name] for name in ("connect.open", "arrive.open", "unmeshed.connected", "unmeshed.accepted")}
        # what went past is counted as such: twice each way, and the refused connect
        equal(grown, {"connect.open": 3, "arrive.open": 2, "unmeshed.connected": 2, "unmeshed.accepted": 2})


def unknown(env):
    "onProxyDown open says nothing of unknown pods: they stay denied"
    with env.lab.node("d", *ONE, **{"--down": "open"}) as (agent, pod):
        agent.start()
        equal(pod.call(apps.dial, env.outside.ip, 80), "EPERM", "alive")
        agent.kill()
        equal(pod.call(apps.dial, env.outside.ip, 80), "EPERM", "dead")


def closed(env, family):
    "onProxyDown closed, after open: a restart closes it again"
    with env.lab.node("d", *ONE, **{"--down": "open"}) as (agent, pod):
        agent.start()
        agent.enrol(pod.wish())
        serve(env, pod, family)
        agent.kill()
        del agent.options["--down"]
        agent.start()
        agent.enrol(pod.wish())
        agent.kill()
        equal(kinds(env, pod, family), ("ECONNREFUSED", "ECONNREFUSED"), "dead")


def slots(env):
    "onProxyDown open: one of two workers is enough for capture"
    with env.lab.node("d", *ONE, **{"--down": "open"}) as (agent, pod):
        agent.start()
        agent.enrol(pod.wish(workers=[0, 1]))
        agent.ask(do="worker", worker=0, serving=False)
        equal(grew(agent, "connect.captured", lambda: wish_of(pod.call(apps.dial, V4.service(), 80))), V4.end(V4.service(), 80))
        equal(wish_of(pod.call(apps.dial, V6.service(), 80, V6.number)), V6.end(V6.service(), 80))


CASES = [*both(opened), unknown, *both(closed), slots]
