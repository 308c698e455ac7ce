# SPDX-License-Identifier: Apache-2.0
"""Inbound: arrivals, probes, the dial inside the pod, slots and gateways."""
import json
import socket

import apps
from cases_out import equal, grew
from lab import run, until


def forgets_peers(env):
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_peers"] == 0), True, "sm_peers empty")


def in_app(env, pod, to, client):
    return env.agent.ask(do="dial", pod=pod, to=to, purpose="app", client=client, say="")


def t13(env):
    "T13 accept() and getpeername() show the client's address, on an IPv4 and on a dual-stack listener"
    client = "%s:45678" % env.a.ip
    for family, host, shown in ((socket.AF_INET, "0.0.0.0", env.a.ip), (socket.AF_INET6, "::", "::ffff:" + env.a.ip)):
        server = env.b.start(apps.serve, host, 8080, family, 1)
        server.receive()
        answer = grew(env, "name.client", lambda: in_app(env, "lab/b", env.b.ip + ":8080", client))
        seen = json.loads(answer["answer"])
        equal((seen["accept"], seen["peername"]), ([shown, 45678], [shown, 45678]), "the client")
        equal(seen["sockname"], [shown.replace(env.a.ip, env.b.ip), 8080], "the local address")
        equal(answer["source"].split(":")[0], "127.0.0.1", "our source")
        equal(server.result(), "done")
    forgets_peers(env)


def t13_lives(env):
    "T13 the client's address is shown as long as the accepted socket lives, also when our end closed first"
    server = env.b.start(apps.serve_one_slowly, "0.0.0.0", 8081)
    server.receive()
    env.agent.ask(do="dial", pod="lab/b", to=env.b.ip + ":8081", purpose="app", client="%s:7" % env.a.ip, say="x")
    server.receive()
    # The agent has given up and closed its end. Once the FIN is acknowledged (delayed, 40 ms) that socket is TIME_WAIT, and
    # only the accepted one still needs the entry.
    env.b.call(apps.wait_settled, 8081)
    equal(env.agent.ask(do="facts")["maps"]["sm_peers"], 1, "sm_peers while accepted")
    server.go()
    server.result()
    forgets_peers(env)
    equal(in_app(env, "lab/b", env.b.ip + ":8099", "%s:8" % env.a.ip)["errno"], 111, "nobody listens")
    forgets_peers(env)


def t14(env):
    "T14 arrivals at any port reach the daemon with their local address, never the application"
    server = env.b.start(apps.serve, "0.0.0.0", 8080)
    server.receive()
    for port in (1, 80, 8080, 65535):
        answer = grew(env, "arrive.in", lambda p=port: env.outside.call(apps.dial, env.b.ip, p, cgroup=env.lab.cgroup))
        line = answer["line"]
        equal((line.get("kind"), line.get("local")), ("in", "%s:%d" % (env.b.ip, port)))
        equal(line["peer"].split(":")[0], env.outside.ip)
    server.end()


def t15(env):
    "T15 a pod that dials its own address reaches its application"
    server = env.b.start(apps.serve, "0.0.0.0", 8080)
    server.receive()
    answer = grew(env, "arrive.self", lambda: env.b.call(apps.dial, env.b.ip, 8080))
    equal(answer["line"]["server"], server.pid)
    equal(answer["line"]["accept"][0], env.b.ip)
    server.end()


def t40(env):
    "T40 a probe reaches the sink and never the application; other sockets and late tuples do not"
    server = env.b.start(apps.serve, "0.0.0.0", 8080)
    server.receive()
    to = env.b.ip + ":8080"
    probe = grew(env, "arrive.sink", lambda: env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe"))
    equal(probe["sunk"], True, "probe")
    # the same two ends again, not published: a late tuple is an arrival like any other
    port = int(probe["source"].split(":")[1])
    wire = env.agent.ask(do="dial", pod="lab/a", to=to, purpose="wire", say="")
    equal('"kind":"in"' in wire["answer"], True, "an own socket that is no probe")
    late = env.a_outside.call(apps.dial, env.b.ip, 8080, socket.AF_INET, (env.a_outside.ip, port), cgroup=env.lab.cgroup)
    equal(late["line"]["kind"], "in", "another host with the probe's port")
    # what connect() says admits nobody: here it succeeds, and no sink of ours has it
    listener = env.outside.start(apps.serve, env.outside.ip, 8080, cgroup=env.lab.cgroup)
    listener.receive()
    forged = env.agent.ask(do="dial", pod="lab/a", to=env.outside.ip + ":8080", purpose="probe", timeout_ms=400)
    equal((forged["errno"], forged["sunk"]), (0, False), "a peer that is not ours")
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_probes"] == 0), True, "no entry left")
    listener.end()
    server.end()


def t40_policy(env):
    "T40 a network that keeps A from B fails the probe though both are meshed; no entry is left by refusal or time-out"
    to = env.b.ip + ":8080"
    for pod in (env.a, env.b):
        run("bridge", "link", "set", "dev", pod.veth, "isolated", "on")
    probe = env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe", timeout_ms=700)
    equal(probe["sunk"], False, "probe through a closed network")
    for pod in (env.a, env.b):
        run("bridge", "link", "set", "dev", pod.veth, "isolated", "off")
    equal(until(lambda: env.agent.ask(do="facts")["maps"]["sm_probes"] == 0), True, "no entry after a time-out")
    refused = env.agent.ask(do="dial", pod="lab/a", to=env.outside.ip + ":9", purpose="probe", timeout_ms=400)
    equal((refused["errno"], refused["sunk"]), (111, False), "refused")
    equal(env.agent.ask(do="facts")["maps"]["sm_probes"], 0, "no entry after a refusal")
    equal(until(lambda: env.agent.ask(do="dial", pod="lab/a", to=to, purpose="probe")["sunk"]), True, "open again")


def t43(env):
    "T43 a pod's own service that picks the pod itself: dialled inside, it reaches the application"
    server = env.a.start(apps.serve, "0.0.0.0", 8080, socket.AF_INET, 1)
    server.receive()
    answer = grew(env, "arrive.self", lambda: in_app(env, "lab/a", env.a.ip + ":8080", "%s:9" % env.a.ip))
    equal(json.loads(answer["answer"])["accept"], [env.a.ip, 9])
    server.end()


def t41(env):
    "T41 slots: both serve; one gone, the other serves all; none left, refused"
    agent, both = env.agent, [env.a.wish(workers=[0, 1])] + env.wishes[1:]
    equal(agent.enrol(*both)["lab/a"]["state"], "Ready")
    seen = env.a.call(apps.dial_many, "10.96.0.1", 80, 200)
    equal(sum(seen.values()), 200)
    if min(seen.get("slot0", 0), seen.get("slot1", 0)) < 40:
        raise AssertionError("uneven: %r" % (seen,))
    agent.ask(do="close-listener", pod="lab/a", kind="out", slot=0)
    equal(grew(env, "arrive.slot_empty", lambda: env.a.call(apps.dial_many, "10.96.0.1", 80, 100)), {"slot1": 100})
    agent.ask(do="close-listener", pod="lab/a", kind="out", slot=1)
    equal(grew(env, "arrive.no_listener", lambda: env.a.call(apps.dial, "10.96.0.1", 80)), "ECONNREFUSED")
    equal(agent.enrol(*env.wishes)["lab/a"]["state"], "Ready")


def t44(env):
    "T44 a gateway's ports reach the daemon, others are dropped; ports change in place"
    def ask(port):
        answer = env.outside.call(apps.dial, env.gateway.ip, port, cgroup=env.lab.cgroup)
        return answer if isinstance(answer, str) else answer["line"]["kind"]
    server = env.gateway.start(apps.serve, "0.0.0.0", 9090)
    server.receive()
    equal(ask(8080), "in")
    equal(grew(env, "arrive.gateway_port", lambda: ask(9090)), "ECONNREFUSED")
    cookie = env.agent.ask(do="retry")["lab/gw"]["cookie"]
    wishes = [dict(wish, gateway_ports=[8443]) if wish["key"] == "lab/gw" else wish for wish in env.wishes]
    equal(env.agent.enrol(*wishes)["lab/gw"]["cookie"], cookie)
    equal((ask(8080), ask(8443)), ("ECONNREFUSED", "in"))
    env.agent.enrol(*env.wishes)
    server.end()


CASES = [t13, t13_lives, t14, t15, t40, t40_policy, t43, t41, t44]
