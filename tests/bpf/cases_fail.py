# SPDX-License-Identifier: Apache-2.0
"""What fails and how: full maps, no memory, programs of others above or beside ours."""
import json
import os
import struct

import apps
from checks import V4, V6, both, contains, equal, grew, wish_of
from kernel import (CGROUP_SOCK_ADDR, EXCLUSIVE, INET4_CONNECT, INET6_CONNECT, MULTI, OVERRIDE, SK_LOOKUP, SK_LOOKUP_PROG, Map, Program, answer,
                    if_word)
from lab import run

CONNECT = {V4: INET4_CONNECT, V6: INET6_CONNECT}


def t24(env, family):
    "T24 no room for socket storage: the connect is denied, not let out"
    name = "net/core/optmem_max"
    try:
        env.a.call(apps.set_sysctl, name, "0")
    except OSError:
        before = run("sysctl", "-n", "net.core.optmem_max").strip()
        run("sysctl", "-qw", "net.core.optmem_max=0")
    else:
        before = None
    try:
        equal(grew(env, "connect.no_storage", lambda: env.a.call(apps.dial, family.service(), 80, family.number)), "EPERM")
    finally:
        if before is None:
            env.a.call(apps.set_sysctl, name, "131072")
        else:
            run("sysctl", "-qw", "net.core.optmem_max=" + before)


def full_pods(env):
    "T24 sm_pods full: a new pod is not enrolled and stays closed; the others go on"
    with Map(env.agent.pin("maps", "sm_pods")) as pods:
        pod = env.lab.pod("late", 25)
        empty = pods.fill(lambda number: struct.pack("=Q", (1 << 63) + number), bytes(pods.value_size))
        try:
            state = env.agent.ask(do="reconcile", pods=[*env.wishes, pod.wish()])["lab/late"]
            contains(state["error"], "there are 4096 pods already")
            equal(pod.call(apps.dial, V4.service(), 80), "EPERM")
            equal(wish_of(env.a.call(apps.dial, V4.service(), 80)), V4.end(V4.service(), 80))
        finally:
            try:
                empty()
            except OSError:
                pass  # the daemon has swept them away: rows of nobody
        equal(env.agent.ask(do="retry")["lab/late"]["error"], "", "there is room again")
        equal(wish_of(pod.call(apps.dial, V4.service(), 80)), V4.end(V4.service(), 80))
        env.agent.enrol(*env.wishes)
        env.lab.remove_pod(pod)


def wish_key(number):
    return struct.pack("=Q16s16sHHI", (1 << 63) + number, bytes(16), bytes(16), 0, 0, 0)


def full_wishes(env):
    "T24 sm_wishes full: an IPv4 connect is refused, as is an IPv6 one, and while that is alarming, so is what looks like one"
    own = env.a.start(apps.serve, "::1", 15001, V6.number)
    own.receive()
    dial_own = lambda: env.a.call(apps.dial, "::1", 15001, V6.number)
    equal(dial_own()["line"]["server"], own.pid)
    with Map(env.agent.pin("maps", "sm_wishes")) as wishes:
        empty = wishes.fill(wish_key, bytes(wishes.value_size))
        try:
            for family, counter in ((V4, "arrive.no_wish"), (V6, "arrive.wish_lost")):
                dial = lambda f=family: env.a.call(apps.dial, f.service(), 80, f.number)
                equal(grew(env, "wish.unpublished", lambda d=dial, c=counter: grew(env, c, d)), "ECONNREFUSED", family.name)
            equal(grew(env, "arrive.wish_lost", dial_own), "ECONNREFUSED", "an own service at a capture port, in the meantime")
            found = env.agent.ask(do="watch")["found"]
            equal([line for line in found if "sm_wishes is full" in line] != [], True, found)
            equal(dial_own()["line"]["server"], own.pid, "the daemon has seen it: the alarm is over")
            equal(grew(env, "arrive.wish_lost", lambda: env.a.call(apps.dial, V6.service(), 80, V6.number)), "ECONNREFUSED")
            equal(dial_own(), "ECONNREFUSED")
        finally:
            empty()
    for family in (V4, V6):
        equal(wish_of(env.a.call(apps.dial, family.service(), 80, family.number)), family.end(family.service(), 80), "there is room again")
    env.agent.ask(do="watch")
    equal(env.agent.ask(do="watch")["found"], [])
    equal(dial_own()["line"]["server"], own.pid)


def full_peers(env, family):
    "T24 sm_peers full: the application sees our loopback address and the connection works"
    server = env.b.start(apps.serve, family.everything, 8080, family.number, 1)
    server.receive()
    with Map(env.agent.pin("maps", "sm_peers")) as peers:
        empty = peers.fill(lambda number: struct.pack("=Q16sHHI", (1 << 63) + number, bytes(16), 0, 0, 0), bytes(peers.value_size))
        try:
            dialled = grew(env, "peer.unpublished", lambda: env.agent.ask(
                do="dial", pod="lab/b", to=family.end(family.of(env.b), 8080), purpose="app", client=family.end(family.of(env.a), 5), say=""))
        finally:
            empty()
    equal(json.loads(dialled["answer"])["accept"][0], family.loopback)


def full_probes(env, family):
    "T24 sm_probes full: the probe admits nobody, and no application gets it"
    server = env.b.start(apps.serve, family.everything, 8080, family.number)
    server.receive()
    with Map(env.agent.pin("maps", "sm_probes")) as probes:
        empty = probes.fill(lambda number: struct.pack("=16s16sHHI", bytes(16), struct.pack("=QQ", 1, number), 0, 0, 0), bytes(probes.value_size))
        try:
            probe = grew(env, "probe.unpublished", lambda: grew(env, "arrive.in", lambda: env.agent.ask(
                do="dial", pod="lab/a", to=family.end(family.of(env.b), 8080), purpose="probe", timeout_ms=300)))
            equal((probe["errno"], probe["sunk"]), (0, False))
        finally:
            empty()


def t18(env):
    "T18 a foreign sk_lookup program in the pod's netns: the agent refuses the pod and says why"
    pod = env.lab.pod("else", 26)
    with Program(SK_LOOKUP_PROG, SK_LOOKUP, answer(1)) as program, program.link(pod.netns):
        state = env.agent.enrol(*env.wishes, pod.wish())["lab/else"]
        equal(state["state"] in ("Ready", "Steered"), False)
        contains(state["error"], "a foreign sk_lookup program (id ")
        equal(pod.call(apps.dial, V4.service(), 80), "EPERM", "closed")
    equal(env.agent.ask(do="retry")["lab/else"]["error"], "", "it is gone")
    env.agent.enrol(*env.wishes)
    env.lab.remove_pod(pod)


def t18_later(env):
    "T18 two daemons want one pod: the second is refused, the first keeps it"
    other = env.lab.agent("other")
    equal(other.start().get("ok"), True)
    state = other.enrol(env.a.wish())["lab/a"]
    equal(state["state"] in ("Ready", "Steered"), False)
    contains(state["error"], "foreign sk_lookup")
    other.kill()
    equal(wish_of(env.a.call(apps.dial, V4.service(), 80)), V4.end(V4.service(), 80), "the first daemon still has it")
    other.uninstall()
    env.lab.agents.remove(other)


def t26(env, family):
    "T26 an ancestor cgroup with an exclusive or overridable program: the agent refuses to start, says which and why, and leaves nothing"
    above = env.lab.cgroup + "/t26"
    os.makedirs(above + "/in", exist_ok=True)
    for flags, why in ((EXCLUSIVE, "that allows no other below it"), (OVERRIDE, "that ours below would switch off")):
        with Program(CGROUP_SOCK_ADDR, CONNECT[family], answer(1)) as program:
            detach = program.attach(above, flags)
            try:
                agent = env.lab.agent("t26/in")
                error = agent.start().get("error", "")
                contains(error, "%s holds a connect%s program (id " % (above, family.name[-1]))
                contains(error, why)
                contains(error, "BPF_F_ALLOW_MULTI")
                agent.kill()
                equal(os.path.exists(agent.bpffs + "/v2"), False)
            finally:
                detach()
        equal(agent.start().get("ok"), True, "once it is gone")
        agent.kill()
        agent.uninstall()
        env.lab.agents.remove(agent)


def t27(env, family):
    "T27 a program of an ancestor cgroup sees the rewritten destination, ours the original one"
    word, mask, wanted = (4, 0xFFFF, 0xA97F) if family is V4 else (20, -1, 1 << 24)  # 127.169.0.0/16; ::1's last word
    dial = lambda: env.a.call(apps.dial, family.service(), 80, family.number)
    for then, result in ((1, family.end(family.service(), 80)), (0, "EPERM")):
        with Program(CGROUP_SOCK_ADDR, CONNECT[family], if_word(word, mask, wanted, then, 1 - then)) as program:
            detach = program.attach(env.lab.cgroup, MULTI)
            try:
                answer = dial()
                equal(answer if isinstance(answer, str) else wish_of(answer), result, "an ancestor that says %d to the capture address" % then)
            finally:
                detach()
    # A connect that an ancestor denied leaves a wish on the socket; it is not published for the next one.
    equal(wish_of(dial()), family.end(family.service(), 80))


CASES = [*both(t24), full_pods, full_wishes, *both(full_peers), *both(full_probes), t18, t18_later, *both(t26), *both(t27)]
