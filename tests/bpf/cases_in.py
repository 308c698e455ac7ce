# SPDX-License-Identifier: Apache-2.0
"""Inbound: arrivals, probes, the dial inside the pod, slots and gateways; in both families."""
import errno
import json
import socket

import apps
import frames
from checks import V4, V6, both, contains, equal, grew
from lab import run, until


def forgets_peers(env):
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_peers"] == 0), True, "sm_peers empty")


def in_app(env, pod, to, client):
    return env.agent.ask(do="dial", pod=pod, to=to, purpose="app", client=client, say="")


def arrive(env, pod, port, family):
    return env.outside.call(apps.dial, family.of(pod), port, family.number, cgroup=env.lab.cgroup)


def t13(env):
    "T13 accept() and getpeername() show the client's address, on listeners of one family and of both"
    mapped = lambda ip: "::ffff:" + ip
    for number, host, family, shown in ((socket.AF_INET, "0.0.0.0", V4, str), (socket.AF_INET6, "::", V4, mapped),
                                        (socket.AF_INET6, "::", V6, str), (socket.AF_INET6, env.b.ip6, V6, str)):
        server = env.b.start(apps.serve, host, 8080, number, 1)
        server.receive()
        answer = grew(env, "name.client", lambda f=family: in_app(env, "lab/b", f.end(f.of(env.b), 8080), f.end(f.of(env.a), 45678)))
        seen = json.loads(answer["answer"])
        client = [shown(family.of(env.a)), 45678]
        equal((seen["accept"], seen["peername"]), (client, client), "the client")
        equal(seen["sockname"], [shown(family.of(env.b)), 8080], "the local address")
        equal(answer["source"].rsplit(":", 1)[0].strip("[]"), family.loopback, "our source")
        equal(server.result(), "done")
    forgets_peers(env)


def t13_families(env):
    "T13 an IPv6 client of an IPv4 application: what the kernel says; the other way round: v4-mapped"
    server = env.b.start(apps.serve, "0.0.0.0", 8080, socket.AF_INET, 1)
    server.receive()
    answer = grew(env, "name.family", lambda: in_app(env, "lab/b", env.b.ip + ":8080", "[%s]:5" % env.a.ip6))
    equal(json.loads(answer["answer"])["accept"][0], "127.0.0.1")
    server.result()
    server = env.b.start(apps.serve, "::", 8080, socket.AF_INET6, 1)
    server.receive()
    answer = in_app(env, "lab/b", "[%s]:8080" % env.b.ip6, "%s:5" % env.a.ip)
    equal(json.loads(answer["answer"])["accept"], ["::ffff:" + env.a.ip, 5])
    server.result()
    forgets_peers(env)


def t13_lives(env, family):
    "T13 the client's address is shown as long as the accepted socket lives, also when our end closed first"
    server = env.b.start(apps.serve_one_slowly, family.everything, 8081, family.number)
    server.receive()
    env.agent.ask(do="dial", pod="lab/b", to=family.end(family.of(env.b), 8081), purpose="app", client=family.end(family.of(env.a), 7), say="x")
    server.receive()
    # The agent has given up and closed its end. Once the FIN is acknowledged (delayed, 40 ms) that socket is TIME_WAIT, and
    # only the accepted one still needs the entry.
    env.b.call(apps.wait_settled, 8081)
    equal(env.agent.ask(do="facts")["maps"]["sm_peers"], 1, "sm_peers while accepted")
    server.go()
    server.result()
    forgets_peers(env)


def t13_nobody(env):
    "T13 a dial to a port that nobody serves is refused and forgotten; from ::1 the kernel sends no reset, so it times out"
    for family, result in ((V4, errno.ECONNREFUSED), (V6, errno.ETIMEDOUT)):
        answer = env.agent.ask(do="dial", pod="lab/b", to=family.end(family.of(env.b), 8099), purpose="app",
                               client=family.end(family.of(env.a), 8), timeout_ms=300)
        equal(answer["errno"], result, family.name)
        forgets_peers(env)


def t14(env, family):
    "T14 arrivals at any port reach the daemon with their local address, never the application"
    server = env.b.start(apps.serve, family.everything, 8080, family.number)
    server.receive()
    for port in (1, 80, 8080, 15001, 15100, 65535):
        line = grew(env, "arrive.in", lambda p=port: arrive(env, env.b, p, family))["line"]
        equal((line.get("kind"), line.get("local")), ("in", family.end(family.of(env.b), port)))
        equal(line["peer"].rsplit(":", 1)[0].strip("[]"), family.of(env.outside))
    server.end()


def t15(env, family):
    "T15 a pod that dials its own address reaches its application"
    server = env.b.start(apps.serve, family.everything, 8080, family.number)
    server.receive()
    answer = grew(env, "arrive.self", lambda: env.b.call(apps.dial, family.of(env.b), 8080, family.number))
    equal(answer["line"]["server"], server.pid)
    equal(answer["line"]["accept"][0], family.of(env.b))
    server.end()


def t40(env, family):
    "T40 a probe reaches the sink and never the application; other sockets and late tuples do not"
    server = env.b.start(apps.serve, family.everything, 8080, family.number)
    server.receive()
    to = family.end(family.of(env.b), 8080)
    probe = grew(env, "arrive.sink", lambda: env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe"))
    equal(probe["sunk"], True, "probe")
    # the same two ends again, not published: a late tuple is an arrival like any other
    port = int(probe["source"].rsplit(":", 1)[1])
    wire = env.agent.ask(do="dial", pod="lab/a", to=to, purpose="wire", say="")
    contains(wire["answer"], '"kind":"in"')  # an own socket that is no probe
    late = env.a_outside.call(apps.dial, family.of(env.b), 8080, family.number, (family.of(env.a_outside), port), cgroup=env.lab.cgroup)
    equal(late["line"]["kind"], "in", "another host with the probe's port")
    # what connect() says admits nobody: here it succeeds, and no sink of ours has it
    listener = env.outside.start(apps.serve, family.of(env.outside), 8080, family.number, cgroup=env.lab.cgroup)
    listener.receive()
    forged = env.agent.ask(do="dial", pod="lab/a", to=family.end(family.of(env.outside), 8080), purpose="probe", timeout_ms=400)
    equal((forged["errno"], forged["sunk"]), (0, False), "a peer that is not ours")
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_probes"] == 0), True, "no entry left")
    listener.end()
    server.end()


def t40_policy(env, family):
    "T40 a network that keeps A from B fails the probe though both are meshed; no entry is left by refusal or time-out"
    to = family.end(family.of(env.b), 8080)
    for pod in (env.a, env.b):
        run("bridge", "link", "set", "dev", pod.veth, "isolated", "on")
    probe = env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe", timeout_ms=700)
    equal(probe["sunk"], False, "probe through a closed network")
    for pod in (env.a, env.b):
        run("bridge", "link", "set", "dev", pod.veth, "isolated", "off")
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_probes"] == 0), True, "no entry after a time-out")
    refused = env.agent.ask(do="dial", pod="lab/a", to=family.end(family.of(env.outside), 9), purpose="probe", timeout_ms=400)
    equal((refused["errno"], refused["sunk"]), (111, False), "refused")
    equal(env.agent.ask(do="facts")["maps"]["sm_probes"], 0, "no entry after a refusal")
    equal(until(lambda: env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe")["sunk"]), True, "open again")


def spoofed(env):
    "T40 IPv6 segments from outside with the pod's own address or loopback as source reach no connection of ours"
    server = env.b.start(apps.serve_one_slowly, env.b.ip6, 8083, socket.AF_INET6)
    server.receive()
    before = env.agent.ask(do="facts")
    wire = env.agent.ask(do="dial", pod="lab/b", to="[%s]:8083" % env.b.ip6, purpose="app", client="[%s]:7" % env.a.ip6, say="x", stay=True)
    server.receive()
    source = int(wire["source"].rsplit(":", 1)[1])
    target = frames.Target(env.b)
    # Resets and data for the connection's ends, sequence numbers over the whole space, and SYNs for new ones.
    env.outside.call(frames.send, target, [("::1", source, 8083), (env.b.ip6, source, 8083)], cgroup=env.lab.cgroup)
    env.outside.call(frames.send_syns, target, [("::1", 999, 8083), (env.b.ip6, 999, 8083), (env.b.ip6, 998, 80)], cgroup=env.lab.cgroup)
    equal(arrive(env, env.b, 80, V6)["line"]["kind"], "in", "what is sent later has arrived")
    server.go()
    equal(server.result(), "closed x", "our connection has what we sent, and no more")
    env.agent.ask(do="release")
    after = env.agent.ask(do="facts")
    taken = lambda facts: {kind: count for kind, count in facts["accepted"].items() if kind != "in0"}
    equal(taken(after), taken(before), "nothing else accepted")
    equal(after["accepted"]["in0"] - before["accepted"].get("in0", 0), 1, "one arrival")


def t43(env, family):
    "T43 a pod's own service that picks the pod itself: dialled inside, it reaches the application"
    server = env.a.start(apps.serve, family.everything, 8080, family.number, 1)
    server.receive()
    own = family.of(env.a)
    answer = grew(env, "arrive.self", lambda: in_app(env, "lab/a", family.end(own, 8080), family.end(own, 9)))
    equal(json.loads(answer["answer"])["accept"], [own, 9])
    server.end()


def t41(env, family):
    "T41 slots: both serve; one worker gone, the other serves all; none left, refused; back again, both serve"
    agent, many = env.agent, [env.a.wish(workers=[0, 1])] + env.wishes[1:]
    equal(agent.enrol(*many)["lab/a"]["state"], "Ready")
    dial = lambda count: env.a.call(apps.dial_many, [family.service()] * count, 80, family.number)
    seen = dial(200)
    equal(sum(seen.values()), 200)
    if min(seen.get("slot0", 0), seen.get("slot1", 0)) < 40:
        raise AssertionError("uneven: %r" % (seen,))
    agent.ask(do="worker", worker=0, serving=False)
    equal(grew(env, "arrive.slot_empty", lambda: dial(100)), {"slot1": 100})
    agent.ask(do="worker", worker=1, serving=False)
    equal(grew(env, "arrive.no_listener", lambda: dial(1)), {"ECONNREFUSED": 1})
    equal(grew(env, "arrive.no_listener", lambda: arrive(env, env.a, 80, family)), "ECONNREFUSED")
    for worker in (0, 1):
        agent.ask(do="worker", worker=worker, serving=True)
    equal(len(dial(100)), 2, "both again")
    equal(agent.enrol(*env.wishes)["lab/a"]["state"], "Ready")


def t44(env, family):
    "T44 a gateway's ports reach the daemon, others are dropped; ports change in place"
    def ask(port):
        answer = arrive(env, env.gateway, port, family)
        return answer if isinstance(answer, str) else answer["line"]["kind"]
    server = env.gateway.start(apps.serve, family.everything, 9090, family.number)
    server.receive()
    equal(ask(8080), "in")
    equal(grew(env, "arrive.gateway_port", lambda: ask(9090)), "ECONNREFUSED")
    cookie = env.agent.ask(do="retry")["lab/gw"]["cookie"]
    wishes = [dict(wish, gateway_ports=[8443]) if wish["key"] == "lab/gw" else wish for wish in env.wishes]
    equal(env.agent.enrol(*wishes)["lab/gw"]["cookie"], cookie)
    equal((ask(8080), ask(8443)), ("ECONNREFUSED", "in"))
    env.agent.enrol(*env.wishes)
    server.end()


CASES = [t13, t13_families, *both(t13_lives), t13_nobody, *both(t14), *both(t15), *both(t40), *both(t40_policy), spoofed, *both(t43), *both(t41), *both(t44)]
