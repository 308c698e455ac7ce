# SPDX-License-Identifier: Apache-2.0
"""Life cycle: enrolment and release, crash and recovery, two daemons, uninstall."""
import json
import os
import subprocess

import apps
from cases_out import VIP
from checks import V4, V6, equal, grew, wish_of
from lab import run, until


def loaded():
    """The ids of all programs in this kernel: other daemons and tests may have theirs."""
    return {row["id"] for row in json.loads(run("bpftool", "-j", "prog"))}


def guards(env):
    "guards: no such netns, the host's netns, somebody else's netns, a pod outside of the subtree"
    def error(wish):
        return env.agent.enrol(*env.wishes, wish)[wish["key"]]["error"]
    base = {"key": "lab/x", "ips": ["10.61.7.99"]}
    equal("does not exist" in error(dict(base, netns="/run/netns/smt-none")), True)
    equal("host's own netns" in error(dict(base, netns="/proc/self/ns/net")), True)
    equal("none of the pod's addresses" in error(dict(base, netns=env.unknown.netns)), True)
    equal("pod lab/a's already" in error(dict(base, netns=env.a.netns, ips=[env.a.ip])), True)
    equal("not below" in error(dict(base, netns=env.unknown.netns, ips=[env.unknown.ip], cgroup="/")), True)
    equal("is not a network namespace" in error(dict(base, netns="/etc/hostname")), True)
    equal("lab/x" in env.agent.enrol(*env.wishes), False)


def threads(env):
    "sockets opened by four threads at once are each in their pod's netns, and the threads stay at home"
    answer = env.agent.ask(do="open-in-threads", threads=4, rounds=250)
    equal(answer, {"wrong": 0, "opened": 1000})


def one_lock(env):
    "a second daemon on the same bpffs directory is refused"
    second = env.lab.agent("a")
    answer = second.start()
    equal("another sockmeshd uses" in answer.get("error", ""), True, answer)
    second.kill()
    env.lab.agents.remove(second)


def two_daemons(env):
    "two daemons with two sets of pods do not meet; what one publishes the other does not see"
    other = env.lab.agent("b")
    equal(other.start().get("ok"), True)
    pod = env.lab.pod("far", 50, "b")
    equal(other.enrol(pod.wish())["lab/far"]["state"], "Ready")
    equal(wish_of(pod.call(apps.dial, VIP, 80)), VIP + ":80")
    equal(env.agent.ask(do="facts")["maps"]["sm_wishes"], 0)
    # to a pod of the other daemon: a wire dial arrives there; a probe of the other daemon is unknown there too
    wire = env.agent.ask(do="dial", pod="lab/a", to=pod.ip + ":80", purpose="wire", say="", timeout_ms=1000)
    equal(wire["errno"], 0)
    probe = env.agent.ask(do="dial", pod="lab/a", to=pod.ip + ":80", purpose="probe", timeout_ms=400)
    equal(probe["sunk"], False)
    other.kill()
    other.uninstall()
    env.lab.remove_pod(pod)
    equal(wish_of(env.a.call(apps.dial, VIP, 80)), VIP + ":80", "the first one works on")


def below(env):
    "a daemon whose own cgroup is below the pods' subtree: its dials pass, each is published once"
    other = env.lab.agent("c")
    home = "%s/c/daemon" % env.lab.cgroup
    os.makedirs(home)
    equal(other.start(cgroup=home).get("ok"), True)
    pod = env.lab.pod("low", 51, "c")
    equal(other.enrol(pod.wish())["lab/low"]["state"], "Ready")
    equal(wish_of(pod.call(apps.dial, VIP, 80)), VIP + ":80")
    server = env.outside.start(apps.serve, env.outside.ip, 8080, cgroup=env.lab.cgroup)
    server.receive()
    before = other.counters()
    wire = other.ask(do="dial", pod="lab/low", to=env.outside.ip + ":8080", purpose="wire", say="")
    equal((wire["errno"], '"server"' in wire["answer"]), (0, True), "a dial of the daemon is not captured")
    inner = pod.start(apps.serve, "0.0.0.0", 8080)
    inner.receive()
    answer = other.ask(do="dial", pod="lab/low", to=pod.ip + ":8080", purpose="app", client="192.0.2.1:99", say="")
    equal('["192.0.2.1", 99]' in answer["answer"], True, answer)
    after = other.counters()
    equal(after["connect.own"] - before["connect.own"], 2, "connect.own")
    equal(after["peer.published"] - before["peer.published"], 1, "peer.published")
    server.end()
    inner.end()
    other.kill()
    other.uninstall()
    env.lab.remove_pod(pod)


def t28(env):
    "T28 a hundred pods come and go: netns freed, no descriptor and no map entry left"
    def counts():
        facts = env.agent.ask(do="facts")
        return (len(os.listdir("/proc/%d/fd" % env.agent.process.pid)), facts["maps"], len(facts["attached"]))
    before = counts()
    for number in range(100):
        pod = env.lab.pod("p", 60)
        equal(env.agent.enrol(*env.wishes, pod.wish())["lab/p"]["state"], "Ready", number)
        for family in (V4, V6):
            equal(wish_of(pod.call(apps.dial, family.service(), 80, family.number)), family.end(family.service(), 80), number)
        pod.lab.end_tasks()
        if number % 2:  # the object goes first, or the netns does
            env.agent.enrol(*env.wishes)
            env.lab.remove_pod(pod)
        else:
            env.lab.remove_pod(pod)
            equal(env.agent.ask(do="retry")["lab/p"]["state"], "Seen")
            env.agent.enrol(*env.wishes)
        # the veth goes with the last reference to the netns
        gone = until(lambda: not os.path.exists("/sys/class/net/" + pod.veth))
        equal(gone, True, "netns %d freed" % number)
    equal(until(lambda: counts() == before), True, "%r, before %r" % (counts(), before))


def changes(env):
    "a pod whose netns is made anew under the same name is enrolled anew"
    pod = env.lab.pod("again", 61)
    first = env.agent.enrol(*env.wishes, pod.wish())["lab/again"]["cookie"]
    env.lab.remove_pod(pod)
    pod = env.lab.pod("again", 61)
    state = env.agent.enrol(*env.wishes, pod.wish())["lab/again"]
    equal(state["state"], "Ready")
    equal(state["cookie"] != first and state["cookie"] > 0, True)
    equal(wish_of(pod.call(apps.dial, VIP, 80)), VIP + ":80")
    env.agent.enrol(*env.wishes)
    equal(pod.call(apps.dial, VIP, 80), "EPERM", "released means unknown")
    env.lab.remove_pod(pod)


def t19(env):
    "T19 kill -9: outbound and inbound refused, in-pod traffic works, a squatter gets nothing; restart recovers"
    server = env.b.start(apps.serve, "::", 8080, V6.number)
    server.receive()
    squatter = env.a.start(apps.serve, "::", 15001, V6.number)  # of both families
    squatter.receive()
    extra = env.lab.pod("extra", 62)
    env.agent.enrol(*env.wishes, extra.wish())
    before = env.agent.ask(do="facts")
    env.agent.kill()
    for family in (V4, V6) * 3:
        dial = lambda pod, host, f=family, **more: pod.call(apps.dial, host, 8080, f.number, **more)
        equal(dial(env.a, family.service()), "ECONNREFUSED", "outbound")
        equal(dial(env.a, family.of(env.b)), "ECONNREFUSED", "to another pod")
        equal(dial(env.outside, family.of(env.b), cgroup=env.lab.cgroup), "ECONNREFUSED", "inbound")
        equal(dial(env.b, family.of(env.b))["line"]["server"], server.pid, "self")
        equal(dial(env.b, family.loopback)["line"]["server"], server.pid, "loopback")
        equal(dial(env.unknown, family.of(env.b)), "EPERM", "unknown")
    equal(env.agent.start(), {"ok": True, "recovered": True})
    state = env.agent.enrol(*env.wishes)
    equal({row["state"] for row in state.values()}, {"Ready"})
    equal(wish_of(env.a.call(apps.dial, VIP, 80)), VIP + ":80", "captured again")
    answer = env.outside.call(apps.dial, env.b.ip, 8080, cgroup=env.lab.cgroup)
    equal(answer["line"]["kind"], "in", "arrivals again")
    after = env.agent.ask(do="facts")
    ids = lambda facts: {row["id"] for row in facts["attached"]}
    equal(ids(before) & ids(after), set(), "every link has the new program")
    equal(all(row["on"] for row in after["attached"]), True)
    equal(len(after["attached"]), len(before["attached"]) - 1, "the pod that nobody wishes any more is let go")
    equal(extra.call(apps.dial, VIP, 80), "EPERM")
    equal(after["counters"]["connect.captured"] > before["counters"]["connect.captured"], True, "counters live on")
    env.lab.end_tasks()
    env.lab.remove_pod(extra)


def firewall(env):
    "no netns has an iptables or nftables rule"
    for pod in (env.a, env.b):
        for path in ("ip_tables_names", "ip6_tables_names"):
            done = subprocess.run(["nsenter", "--net=" + pod.netns, "cat", "/proc/net/" + path], capture_output=True, text=True)
            equal(done.stdout.strip(), "", path)


def meshed(env):
    "nothing of all this went past the mesh: unmeshed connections of the first daemon's pods, and connections without a wish"
    facts = env.agent.ask(do="facts")
    equal({name: facts["counters"]["unmeshed." + name] for name in ("connected", "accepted")}, {"connected": 0, "accepted": 0})
    equal(facts["accepted"].get("without_wish", 0), 0)


def uninstalls(env):
    "uninstall while the daemon is dead leaves no program, link, pin or mount; a second time it does nothing"
    ids = {row["id"] for row in env.agent.ask(do="facts")["attached"]}
    # Unknown pods are denied, not held: there is no egress program.
    equal((ids <= loaded(), len(ids)), (True, 9 + 3), "programs in force")
    env.agent.kill()
    equal(env.a.call(apps.dial, VIP, 80), "ECONNREFUSED")
    done = env.agent.uninstall()
    equal(any("unmounted" in line for line in done), True, done)
    equal(until(lambda: not ids & loaded()), True, "programs gone")
    equal(run("bpftool", "cgroup", "show", env.lab.cgroup + "/a").strip(), "", "attached to the subtree")
    equal(os.path.ismount(env.agent.bpffs), False)
    equal(os.path.exists(env.agent.run_dir + "/capture.json"), False)
    equal(env.agent.uninstall(), [])
    equal(env.agent.start(), {"ok": True, "recovered": False}, "a new start")
    env.agent.enrol(*env.wishes)
    equal(wish_of(env.a.call(apps.dial, VIP, 80)), VIP + ":80", "captured once more")
    done = env.agent.uninstall()  # under a living daemon: the operator's emergency exit
    equal(any("run this again" in line for line in done), True, done)
    env.agent.kill()
    equal(any("unmounted" in line for line in env.agent.uninstall()), True, "the mount goes when the daemon has gone")
    server = env.b.start(apps.serve, "0.0.0.0", 8080)
    server.receive()
    equal(env.a.call(apps.dial, env.b.ip, 8080)["line"]["accept"][0], env.a.ip, "pods talk as if we had never been there")
    server.end()


CASES = [guards, threads, one_lock, two_daemons, below, changes, t28, firewall, t19, meshed, uninstalls]
