# SPDX-License-Identifier: Apache-2.0
"""Pods of one family or both, link-local addresses."""
import socket

import apps
from checks import V4, V6, contains, equal, grew, wish_of
from lab import run


def enrolled(env, *wishes):
    """Enrols these pods beside the usual ones; their states."""
    return env.agent.enrol(*env.wishes, *wishes)


def let_go(env, pod):
    env.agent.enrol(*env.wishes)
    env.lab.end_tasks()
    env.lab.remove_pod(pod)


def only_v6(env):
    "families: an IPv6-only pod is captured in both families, and reached in its own"
    pod = env.lab.pod("six", 21, families="6")
    equal(enrolled(env, pod.wish())["lab/six"]["state"], "Ready")
    for family in (V4, V6):
        answer = pod.call(apps.dial, family.service(), 80, family.number)
        equal((wish_of(answer), answer["peername"]), (family.end(family.service(), 80), (family.service(), 80)))
    equal(pod.call(apps.dial, V6.service(), 80, V6.number)["sockname"][0], pod.ip6)
    line = grew(env, "arrive.in", lambda: env.outside.call(apps.dial, pod.ip6, 80, V6.number, cgroup=env.lab.cgroup))["line"]
    equal((line["kind"], line["local"]), ("in", "[%s]:80" % pod.ip6))
    let_go(env, pod)


def only_v4(env):
    "families: an IPv4-only pod is captured in IPv4; an IPv6 connect is denied as it would fail un-meshed"
    pod = env.lab.pod("four", 22, families="4")
    equal(enrolled(env, pod.wish())["lab/four"]["state"], "Ready")
    equal(wish_of(pod.call(apps.dial, V4.service(), 80)), V4.end(V4.service(), 80))
    equal(grew(env, "connect.ipv6_denied", lambda: pod.call(apps.dial, V6.service(), 80, V6.number)), "EPERM")
    equal(wish_of(pod.call(apps.dial, "::ffff:" + V4.service(), 80, V6.number)), V4.end(V4.service(), 80), "v4-mapped")
    server = pod.start(apps.serve, "::1", 8080, V6.number)
    server.receive()
    equal(pod.call(apps.dial, "::1", 8080, V6.number)["line"]["server"], server.pid, "its ::1")
    let_go(env, pod)


def switched_off(env):
    "families: a pod with IPv6 switched off is enrolled with its IPv4 address; with an IPv6 one the error says why not"
    pod = env.lab.pod("off", 23, families="4")
    for name in ("all", "default", "lo"):
        pod.call(apps.set_sysctl, "net/ipv6/conf/%s/disable_ipv6" % name, "1")
    state = enrolled(env, pod.wish(ips=[pod.ip, pod.ip6]))["lab/off"]
    equal(state["state"] in ("Ready", "Steered"), False)
    contains(state["error"], "IPv6 is switched off on lo")
    contains(state["error"], "disable_ipv6=0")
    equal(pod.call(apps.dial, V4.service(), 80), "EPERM", "closed until then")
    equal(enrolled(env, pod.wish())["lab/off"]["state"], "Ready")
    equal(wish_of(pod.call(apps.dial, V4.service(), 80)), V4.end(V4.service(), 80))
    let_go(env, pod)


def link_local(env):
    "families: link-local IPv6 is denied out and dropped in, and a pod's own link-local address is its own"
    there, here = env.outside.link_local(), env.b.link_local()
    out = grew(env, "connect.link_local", lambda: env.a.call(apps.dial, there + "%eth0", 80, V6.number))
    equal(out, "EPERM")
    server = env.b.start(apps.serve, "::", 8080, V6.number)
    server.receive()
    arrival = grew(env, "arrive.link_local", lambda: env.outside.call(apps.dial, here + "%eth0", 8080, V6.number, cgroup=env.lab.cgroup))
    equal(arrival, "ECONNREFUSED")
    # from a link-local source to the pod's address: an arrival like any other
    answer = env.outside.call(apps.dial, env.b.ip6, 8080, V6.number, (there + "%eth0", 0), cgroup=env.lab.cgroup)
    equal(answer["line"].get("kind"), "in")


CASES = [only_v6, only_v4, switched_off, link_local]
