# SPDX-License-Identifier: Apache-2.0
"""T22: pods that no Pod object describes yet, under each unknownPods. Each case has an agent of its own."""
import os

import apps
from checks import V4, V6, both, equal, grew, wish_of
from lab import until
from sniffer import Sniffer

TWO = (("new", 31), ("old", 32))


def started(agent, pod):
    """Starts the agent and enrols `pod`."""
    equal(agent.start().get("ok"), True)
    equal(agent.enrol(pod.wish())["lab/" + pod.name]["state"], "Ready")
    return agent


def counted(agent, name, above):
    equal(until(lambda: agent.counters()[name] > above), True, name)


def loopback(env):
    "T22 loopback inside an unknown pod works in each mode"
    for mode in ("deny", "hold", "allow"):
        with env.lab.node("u", *TWO, **{"--unknown": mode}) as (agent, new, old):
            started(agent, old)
            for family in (V4, V6):
                server = new.start(apps.serve, family.everything, 8080, family.number)
                server.receive()
                equal(new.call(apps.dial, family.loopback, 8080, family.number)["line"]["server"], server.pid, mode)
                server.end()


def deny(env, family):
    "T22 deny: out EPERM, in no answer, nothing on the wire; once enrolled it works"
    with env.lab.node("u", *TWO) as (agent, new, old), Sniffer(new, env.outside) as wire:
        started(agent, old)
        server = new.start(apps.serve, family.everything, 8080, family.number)
        server.receive()
        equal(grew(agent, "connect.unknown_denied", lambda: new.call(apps.dial, family.of(env.outside), 80, family.number)), "EPERM")
        equal(wire.syns(), [])
        client = env.outside.start(apps.dial, family.of(new), 8080, family.number, cgroup=env.lab.cgroup)
        counted(agent, "hold.in", 0)
        equal(agent.enrol(old.wish(), new.wish())["lab/new"]["state"], "Ready")
        equal(client.result()["line"]["kind"], "in", "the client's next SYN goes to the daemon")
        equal(wish_of(new.call(apps.dial, family.service(), 80, family.number)), family.end(family.service(), 80))


def allow(env, family):
    "T22 allow: as if there were no mesh, both ways"
    with env.lab.node("u", *TWO, **{"--unknown": "allow"}) as (agent, new, old):
        started(agent, old)
        server = env.outside.start(apps.serve, family.of(env.outside), 8080, family.number, cgroup=env.lab.cgroup)
        server.receive()
        answer = grew(agent, "connect.unknown_allowed", lambda: new.call(apps.dial, family.of(env.outside), 8080, family.number))
        equal((answer["line"]["server"], answer["line"]["accept"][0]), (server.pid, family.of(new)))
        inner = new.start(apps.serve, family.everything, 8080, family.number)
        inner.receive()
        answer = env.outside.call(apps.dial, family.of(new), 8080, family.number, cgroup=env.lab.cgroup)
        equal(answer["line"]["server"], inner.pid)
        programs = {row["program"] for row in agent.ask(do="facts")["attached"]}
        equal(programs & {"sm_hold_egress", "sm_hold_ingress"}, set(), "nothing is held")


def hold(env, family):
    "T22 hold: a connect and an arrival of an unknown pod wait, and go on as meshed ones once it is enrolled"
    with env.lab.node("u", *TWO, **{"--unknown": "hold"}) as (agent, new, old), Sniffer(new, env.outside) as wire:
        started(agent, old)
        server = new.start(apps.serve, family.everything, 8080, family.number)
        server.receive()
        out = new.start(apps.dial, family.of(env.outside), 80, family.number)
        into = env.outside.start(apps.dial, family.of(new), 8080, family.number, cgroup=env.lab.cgroup)
        for name in ("connect.held", "hold.out", "hold.in"):
            counted(agent, name, 0)
        equal(wire.syns(), [], "SYNs on the wire")
        equal(agent.enrol(old.wish(), new.wish())["lab/new"]["state"], "Ready")
        answer = out.result()
        equal((wish_of(answer), answer["line"]["pod"]), (family.end(family.of(env.outside), 80), "lab/new"))
        equal((answer["peername"], answer["sockname"][0]), ((family.of(env.outside), 80), family.of(new)))
        answer = into.result()
        equal((answer["line"].get("kind"), answer["line"].get("local")), ("in", family.end(family.of(new), 8080)))
        equal(wire.syns(), [], "SYNs on the wire")


def hold_past(env, family):
    "T22 hold: of a pod that turns out to be without mesh, arrivals go on, and held connects end instead of reaching a service of its own"
    with env.lab.node("u", *TWO, **{"--unknown": "hold"}) as (agent, new, old):
        started(agent, old)
        server = new.start(apps.serve, family.everything, 8080, family.number)
        server.receive()
        # wherever the connect is sent to, the pod has a service there
        own = [new.start(apps.serve, family.everything, port, family.number) for port in ([15001] if family is V4 else range(15001, 15255))]
        for task in own:
            task.receive()
        out = new.start(apps.dial, family.of(env.outside), 80, family.number)
        into = env.outside.start(apps.dial, family.of(new), 8080, family.number, cgroup=env.lab.cgroup)
        for name in ("hold.out", "hold.in"):
            counted(agent, name, 0)
        equal(agent.enrol(old.wish(), new.wish(bypass=True))["lab/new"]["state"], "Ready")
        equal(out.result(), "ECONNABORTED")
        equal(into.result()["line"]["server"], server.pid)
        equal(grew(agent, "connect.bypass", lambda: new.call(apps.dial, family.of(env.outside), 9, family.number)), "ECONNREFUSED")


def hold_for_ever(env, family):
    "T22 hold: for a pod that never comes nothing leaves and nothing is left"
    with env.lab.node("u", *TWO, **{"--unknown": "hold"}) as (agent, new, old), Sniffer(new, env.outside) as wire:
        started(agent, old)
        # longer than the first retransmission, after one second
        equal(new.call(apps.dial, family.of(env.outside), 80, family.number, None, None, 1.2), "ETIMEDOUT")
        equal(agent.counters()["hold.out"] >= 2, True, "SYN and its retransmission")
        equal(wire.syns(), [])
        equal(until(lambda: agent.ask(do="facts")["maps"]["sm_wishes"] == 0), True, "sm_wishes empty")
        agent.kill()  # the hooks stay
        equal(new.call(apps.dial, family.of(env.outside), 80, family.number, None, None, 0.2), "ETIMEDOUT")
        equal(wire.syns(), [])


def modes(env):
    "T22 a restart with another unknownPods puts the right programs in force"
    def held():
        shown = {row["program"] for row in agent.ask(do="facts")["attached"] if row["program"].startswith("sm_hold")}
        equal({name for name in os.listdir(agent.pin("links")) if name.startswith("sm_hold")}, shown, "pins")
        return shown
    with env.lab.node("u", *TWO, **{"--unknown": "hold"}) as (agent, new, old):
        for mode, programs, result in (("hold", {"sm_hold_egress", "sm_hold_ingress"}, "ETIMEDOUT"), ("deny", {"sm_hold_ingress"}, "EPERM"),
                                       ("allow", set(), "ECONNREFUSED"), ("hold", {"sm_hold_egress", "sm_hold_ingress"}, "ETIMEDOUT")):
            agent.options["--unknown"] = mode
            started(agent, old)
            equal(held(), programs, mode)
            equal(new.call(apps.dial, env.outside.ip, 9, V4.number, None, None, 0.2), result, mode)
            agent.kill()


CASES = [loopback, *both(deny), *both(allow), *both(hold), *both(hold_past), *both(hold_for_ever), modes]
