# SPDX-License-Identifier: Apache-2.0
"""Outbound: what becomes of an application's connect()."""
import socket

import apps
from lab import run, until

VIP = "10.96.0.1"


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what or "value", got, wanted))


def wish_of(answer):
    if not isinstance(answer, dict) or not answer["line"]:
        raise AssertionError("not captured: %r" % (answer,))
    return answer["line"].get("wish")


def grew(env, name, function):
    """Runs function and makes sure that this counter counted it."""
    before = env.agent.counters()[name]
    result = function()
    after = env.agent.counters()[name]
    if after <= before:
        raise AssertionError("%s did not count (%d)" % (name, after))
    return result


def t1(env):
    "T1 connect to a service address reaches the daemon with its original destination"
    answer = grew(env, "connect.captured", lambda: env.a.call(apps.dial, VIP, 80))
    equal(wish_of(answer), VIP + ":80")
    equal(answer["line"]["pod"], "lab/a")
    answer = env.a.call(apps.dial, "203.0.113.9", 4433)
    equal(wish_of(answer), "203.0.113.9:4433")


def t3(env):
    "T3 names: getpeername shows the destination and getsockname the pod's address, also v4-mapped"
    answer = env.a.call(apps.dial, VIP, 80)
    equal(answer["peername"], (VIP, 80), "getpeername")
    equal(answer["sockname"][0], env.a.ip, "getsockname")
    answer = grew(env, "name.pod_ip", lambda: env.a.call(apps.dial, "::ffff:" + VIP, 81, socket.AF_INET6))
    equal(wish_of(answer), VIP + ":81")
    equal(answer["peername"], ("::ffff:" + VIP, 81), "getpeername6")
    equal(answer["sockname"][0], "::ffff:" + env.a.ip, "getsockname6")


def t4(env):
    "T4 TCP fast open: the send that connects is captured like a connect"
    env.agent.ask(do="hold", on=True)  # a close with unread bytes would be a reset
    answer = env.a.call(apps.dial_fast_open, VIP, 80)
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")
    equal((wish_of(answer), answer["peername"]), (VIP + ":80", (VIP, 80)))


def t9(env):
    "T9 multipath TCP is captured, or the kernel has none"
    answer = env.a.call(apps.dial_multipath, VIP, 80)
    if answer != "EPROTONOSUPPORT":
        equal(wish_of(answer), VIP + ":80")


def t5(env):
    "T5 non-blocking connect with edge-triggered epoll"
    answer = env.a.call(apps.dial_epoll, VIP, 80)
    equal((answer["connect"], answer["error"]), ("EINPROGRESS", 0))
    equal(answer["line"]["wish"], VIP + ":80")


def t7(env):
    "T7 a socket bound to the pod's address and to a device"
    answer = grew(env, "connect.device_cleared",
                  lambda: env.a.call(apps.dial, VIP, 80, socket.AF_INET, (env.a.ip, 0), b"eth0"))
    equal(wish_of(answer), VIP + ":80")
    equal(answer["sockname"][0], env.a.ip)
    answer = env.a.call(apps.dial, VIP, 82, socket.AF_INET, (env.a.ip, 0))
    equal(wish_of(answer), VIP + ":82")


def t8(env):
    "T8 AF_UNSPEC and a second connect on the same socket"
    answer = env.a.call(apps.dial_again, (VIP, 80), ("10.96.0.2", 81))
    equal(answer["before"], (VIP, 80))
    equal(wish_of(answer["after"]), "10.96.0.2:81")
    equal(answer["after"]["peername"], ("10.96.0.2", 81))


def t10(env):
    "T10 localhost, the pod's own address and an own port 15001 are left alone"
    for host, dialled in (("127.0.0.1", "127.0.0.1"), (env.a.ip, env.a.ip), ("127.0.0.5", "127.0.0.5"),
                          ("0.0.0.0", "127.0.0.1")):
        server = env.a.start(apps.serve, host, 15001)
        server.receive()
        answer = env.a.call(apps.dial, dialled, 15001)
        equal(answer["line"]["server"], server.pid, host)
        equal(answer["peername"], (dialled, 15001), "getpeername")
        server.end()
    grew(env, "connect.self", lambda: env.a.call(apps.dial, env.a.ip, 1))
    grew(env, "connect.loopback", lambda: env.a.call(apps.dial, "127.0.0.1", 1))


def t12(env):
    "T12 fork, a passed descriptor, a socket made in a sibling pod's cgroup: the netns decides"
    answer = env.a.call(apps.dial, VIP, 80, cgroup=env.b.cgroup)
    equal((wish_of(answer), answer["line"]["pod"]), (VIP + ":80", "lab/a"))
    maker = env.a.start(apps.make_socket, cgroup=env.b.cgroup)
    maker.receive()
    _, fds, _, _ = socket.recv_fds(maker.mine, 1, 1)
    user = env.a.start(apps.dial_with_passed_socket, VIP, 80)
    user.receive()
    socket.send_fds(user.mine, [b"s"], fds)
    answer = user.result()
    equal((wish_of(answer), answer["line"]["pod"]), (VIP + ":80", "lab/a"))
    socket.socket(fileno=fds[0]).close()


def t16(env):
    "T16 a squatter on the capture port gets nothing, and dialling the capture address is refused"
    squatter = env.a.start(apps.serve, "0.0.0.0", 15001)
    squatter.receive()
    seen = env.a.call(apps.dial_many, VIP, 80, 20)
    equal(seen, {"slot0": 20}, "captured connections")
    for host in ("127.169.254.1", "127.169.254.77", "127.169.254.254"):
        equal(grew(env, "arrive.no_wish", lambda h=host: env.a.call(apps.dial, h, 15001)), "ECONNREFUSED")
    squatter.end()


def t17(env):
    "T17 two pods with equal tuples at the same time never cross"
    env.agent.ask(do="hold", on=True)
    tasks = [pod.start(apps.dial_and_hold, host, 80, ("127.0.0.1", 34567))
             for pod, host in ((env.a, VIP), (env.b, VIP))]
    lines = [task.receive() for task in tasks]
    equal([line["pod"] for line in lines], ["lab/a", "lab/b"])
    equal(lines[0]["peer"], "127.0.0.1:34567")
    equal((lines[0]["peer"], lines[0]["local"]), (lines[1]["peer"], lines[1]["local"]), "the tuples")
    for task in tasks:
        task.go()
        task.result()
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")


def t42(env):
    "T42 one source port for two capture addresses: each connection keeps its own destination"
    env.agent.ask(do="hold", on=True)
    tasks, lines = [], []
    for last in range(2, 12):
        task = env.a.start(apps.dial_and_hold, "10.96.0.%d" % last, 80, ("127.0.0.1", 34568))
        try:
            line = task.receive()
        except OSError:
            continue  # another one has this capture address already: then the kernel refuses the pair of ends
        equal(line["wish"], "10.96.0.%d:80" % last)
        tasks.append(task)
        lines.append(line)
    if len({line["local"] for line in lines}) < 2:
        raise AssertionError("all destinations have one capture address")
    for task in tasks:
        task.go()
        task.result()
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")


def t20(env):
    "T20 a client that is gone before the daemon accepts is not missed, and no wish is left of anybody"
    env.agent.pause()
    try:
        for _ in range(20):
            env.a.call(apps.dial_and_leave, VIP, 80)
        env.a.call(apps.wait_settled, 15001)
    finally:
        env.agent.go_on()
    seen = lambda: env.agent.ask(do="facts")
    before = seen()["counters"]["wish.published"]
    equal(until(lambda: seen()["maps"]["sm_wishes"] == 0), True, "sm_wishes empty")
    facts = seen()
    equal(facts["accepted"].get("without_wish", 0), 0, "connections without a wish")
    equal((facts["counters"]["wish.published"], facts["counters"]["wish.forgotten"]), (before, before), "published, forgotten")


def t22(env):
    "T22 an unknown netns below the subtree is denied, a described one without mesh is let past, UDP is not captured"
    equal(grew(env, "connect.unknown_denied", lambda: env.unknown.call(apps.dial, env.b.ip, 80)), "EPERM")
    equal(env.unknown.call(apps.dial, "127.0.0.1", 80), "ECONNREFUSED", "its own loopback")
    server = env.outside.start(apps.serve, env.outside.ip, 8080, cgroup=env.lab.cgroup)
    server.receive()
    answer = grew(env, "connect.bypass", lambda: env.past.call(apps.dial, env.outside.ip, 8080))
    equal((answer["line"]["server"], answer["line"]["accept"][0]), (server.pid, env.past.ip))
    server.end()
    equal(grew(env, "connect.not_tcp", lambda: env.a.call(apps.udp_connect, VIP, 53)), (VIP, 53))


def ipv6(env):
    "IPv6 of an enrolled pod is denied out and dropped in; its own address and ::1 pass"
    v6 = socket.AF_INET6
    equal(grew(env, "connect.ipv6_denied", lambda: env.a.call(apps.dial, env.b.ip6, 80, v6)), "EPERM")
    server = env.b.start(apps.serve, "::", 8086, v6)
    server.receive()
    equal(grew(env, "arrive.ipv6_denied",
               lambda: env.outside.call(apps.dial, env.b.ip6, 8086, v6, cgroup=env.lab.cgroup)), "ECONNREFUSED")
    for host in ("::1", env.b.ip6):
        answer = env.b.call(apps.dial, host, 8086, v6)
        equal(isinstance(answer, dict) and answer["line"]["server"], server.pid, "%s: %r" % (host, answer))
    server.end()


def t24(env):
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
        equal(grew(env, "connect.no_storage", lambda: env.a.call(apps.dial, VIP, 80)), "EPERM")
    finally:
        if before is None:
            env.a.call(apps.set_sysctl, name, "131072")
        else:
            run("sysctl", "-qw", "net.core.optmem_max=" + before)


CASES = [t1, t3, t4, t5, t7, t8, t9, t10, t12, t16, t17, t42, t20, t22, ipv6, t24]
