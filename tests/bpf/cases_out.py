# SPDX-License-Identifier: Apache-2.0
"""Outbound: what becomes of an application's connect(), in both families."""
import socket

import apps
from checks import V4, V6, both, equal, grew, wish_of
from kernel import Map
from lab import until

VIP = V4.service()


def t1(env, family):
    "T1 connect to a service address reaches the daemon with its original destination"
    for host, port in ((family.service(), 80), (family.service(77), 4433)):
        answer = grew(env, "connect.captured", lambda h=host, p=port: env.a.call(apps.dial, h, p, family.number))
        equal(wish_of(answer), family.end(host, port))
        equal(answer["line"]["pod"], "lab/a")
        equal(family.is_capture(answer["line"]["local"]), True, answer["line"])


def t3(env, family):
    "T3 names: getpeername shows the destination and getsockname the pod's address"
    answer = grew(env, "name.pod_ip", lambda: env.a.call(apps.dial, family.service(), 80, family.number))
    equal(answer["peername"], (family.service(), 80), "getpeername")
    equal(answer["sockname"][0], family.of(env.a), "getsockname")


def t3_mapped(env):
    "T3 v4-mapped: captured as IPv4, with v4-mapped names"
    answer = grew(env, "name.pod_ip", lambda: env.a.call(apps.dial, "::ffff:" + VIP, 81, socket.AF_INET6))
    equal(wish_of(answer), VIP + ":81")
    equal(answer["peername"], ("::ffff:" + VIP, 81), "getpeername6")
    equal(answer["sockname"][0], "::ffff:" + env.a.ip, "getsockname6")


def t4(env, family):
    "T4 TCP fast open, both APIs: captured like a connect"
    env.agent.ask(do="hold", on=True)  # a close with unread bytes would be a reset
    answers = [env.a.call(apps.dial_fast_open, family.service(), 80, family.number, message) for message in (True, False)]
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")
    for answer in answers:
        equal((wish_of(answer), answer["peername"]), (family.end(family.service(), 80), (family.service(), 80)))


def t5(env, family):
    "T5 non-blocking connect with edge-triggered epoll"
    answer = env.a.call(apps.dial_epoll, family.service(), 80, family.number)
    equal((answer["connect"], answer["error"]), ("EINPROGRESS", 0))
    equal(answer["line"]["wish"], family.end(family.service(), 80))


def t6(env, family):
    "T6 connect by io_uring is captured, or the kernel has none for us"
    answer = env.a.call(apps.dial_uring, family.service(), 80, family.number)
    if answer not in ("ENOSYS", "EPERM"):
        equal((wish_of(answer), answer["peername"]), (family.end(family.service(), 80), (family.service(), 80)))


def t7(env, family):
    "T7 a socket bound to the pod's address and to a device"
    source = (family.of(env.a), 0)
    answer = grew(env, "connect.device_cleared",
                  lambda: env.a.call(apps.dial, family.service(), 80, family.number, source, b"eth0"))
    equal(wish_of(answer), family.end(family.service(), 80))
    equal(answer["sockname"][0], family.of(env.a))
    answer = env.a.call(apps.dial, family.service(), 82, family.number, source)
    equal(wish_of(answer), family.end(family.service(), 82))


def t8(env, family):
    "T8 AF_UNSPEC and a second connect on the same socket"
    answer = env.a.call(apps.dial_again, (family.service(1), 80), (family.service(2), 81), family.number)
    equal(answer["before"], (family.service(1), 80))
    equal(wish_of(answer["after"]), family.end(family.service(2), 81))
    equal(answer["after"]["peername"], (family.service(2), 81))


def t9(env, family):
    "T9 multipath TCP is captured, or the kernel has none"
    answer = env.a.call(apps.dial_multipath, family.service(), 80, family.number)
    if answer != "EPROTONOSUPPORT":
        equal(wish_of(answer), family.end(family.service(), 80))


def t10(env, family):
    "T10 localhost, the pod's own address and own services at the capture ports are left alone"
    # A captured connection holds its capture address, before and after its end; a server must get the port all the same.
    captured = env.a.call(apps.dial, family.service(), 80, family.number)["line"]["local"]
    places = [(family.everything, family.loopback, int(captured.rsplit(":", 1)[1])), (family.loopback, family.loopback, 15001), (family.of(env.a),) * 2 + (15001,)]
    if family is V4:
        places += [("127.0.0.5", "127.0.0.5", 15001), ("0.0.0.0", "127.0.0.1", 15001)]
    else:  # any of the capture ports
        places += [("::1", "::1", 15100), ("::1", "::1", 15254), ("::", "::1", 15001)]
    for host, dialled, port in places:
        server = env.a.start(apps.serve, host, port, family.number)
        server.receive()
        answer = env.a.call(apps.dial, dialled, port, family.number)
        equal(answer["line"]["server"], server.pid, host)
        equal(answer["peername"], (dialled, port), "getpeername")
        server.end()
    grew(env, "connect.self", lambda: env.a.call(apps.dial, family.of(env.a), 1, family.number))
    grew(env, "connect.loopback", lambda: env.a.call(apps.dial, family.loopback, 1, family.number))
    grew(env, "connect.loopback", lambda: env.a.call(apps.dial, family.everything, 1, family.number))


def t12(env, family):
    "T12 fork, a passed descriptor, a socket made in a sibling pod's cgroup: the netns decides"
    host, wish = family.service(), family.end(family.service(), 80)
    answer = env.a.call(apps.dial, host, 80, family.number, cgroup=env.b.cgroup)
    equal((wish_of(answer), answer["line"]["pod"]), (wish, "lab/a"))
    maker = env.a.start(apps.make_socket, family.number, cgroup=env.b.cgroup)
    maker.receive()
    _, fds, _, _ = socket.recv_fds(maker.mine, 1, 1)
    user = env.a.start(apps.dial_with_passed_socket, host, 80, family.number)
    user.receive()
    socket.send_fds(user.mine, [b"s"], fds)
    answer = user.result()
    equal((wish_of(answer), answer["line"]["pod"]), (wish, "lab/a"))
    socket.socket(fileno=fds[0]).close()


def t16(env, family):
    "T16 a squatter on the capture ports gets nothing of what is captured"
    ports = (15001,) if family is V4 else (15001, 15100, 15253, 15254)
    squatters = [env.a.start(apps.serve, family.everything, port, family.number) for port in ports]
    for squatter in squatters:
        squatter.receive()
    # enough destinations for the squatted ports to be among their capture addresses
    hosts = [family.service(number) for number in range(1, 21 if family is V4 else 255)]
    equal(env.a.call(apps.dial_many, hosts, 80, family.number), {"slot0": len(hosts)}, "captured connections")
    for squatter in squatters:
        squatter.end()


def t16_direct(env):
    "T16 dialling the IPv4 capture address is refused, whoever listens there"
    squatter = env.a.start(apps.serve, "0.0.0.0", 15001)
    squatter.receive()
    for host in ("127.169.254.1", "127.169.254.77", "127.169.254.254"):
        equal(grew(env, "arrive.no_wish", lambda h=host: env.a.call(apps.dial, h, 15001)), "ECONNREFUSED")
    squatter.end()


def same_place(env, family):
    """Two destinations with one capture address."""
    first = env.a.call(apps.dial, family.service(), 80, family.number)["line"]["local"]
    for port in range(81, 90):
        for line in env.a.call(apps.dial_each, [family.service(number) for number in range(1, 255)], port, family.number):
            if line["local"] == first:
                return (family.service(), 80), (line["wish"].rsplit(":", 1)[0].strip("[]"), port)
    raise AssertionError("no two destinations share a capture address")


def t17(env, family):
    "T17 two pods with equal tuples at the same time never cross, whatever they wanted"
    ends = same_place(env, family)
    env.agent.ask(do="hold", on=True)
    with Map(env.agent.pin("maps", "sm_wishes")) as wishes:
        env.agent.pause()  # both wishes are published before the daemon asks for the first
        try:
            tasks = [pod.start(apps.dial_and_hold, *to, family.number, (family.loopback, 34567)) for pod, to in zip((env.a, env.b), ends)]
            until(lambda: len(wishes.keys()) >= 2, 2)
        finally:
            env.agent.go_on()
    lines = [task.receive() for task in tasks]
    equal([line["pod"] for line in lines], ["lab/a", "lab/b"])
    equal([line["wish"] for line in lines], [family.end(*end) for end in ends])
    equal(lines[0]["peer"], family.end(family.loopback, 34567))
    equal((lines[0]["peer"], lines[0]["local"]), (lines[1]["peer"], lines[1]["local"]), "the tuples")
    for task in tasks:
        task.go()
        task.result()
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")


def t42(env, family):
    "T42 one source port for two capture addresses: each connection keeps its own destination"
    env.agent.ask(do="hold", on=True)
    tasks, lines = [], []
    for last in range(2, 12):
        task = env.a.start(apps.dial_and_hold, family.service(last), 80, family.number, (family.loopback, 34568))
        try:
            line = task.receive()
        except OSError:
            continue  # another one has this capture address already: then the kernel refuses the pair of ends
        equal(line["wish"], family.end(family.service(last), 80))
        tasks.append(task)
        lines.append(line)
    if len({line["local"] for line in lines}) < 2:
        raise AssertionError("all destinations have one capture address")
    for task in tasks:
        task.go()
        task.result()
    env.agent.ask(do="hold", on=False)
    env.agent.ask(do="release")


def t20(env, family):
    "T20 a client that is gone before the daemon accepts is not missed, and no wish is left of anybody"
    env.agent.pause()
    try:
        for _ in range(20):
            env.a.call(apps.dial_and_leave, family.service(), 80)
        env.a.call(apps.wait_settled, 15001, 15254)
    finally:
        env.agent.go_on()
    seen = lambda: env.agent.ask(do="facts")
    before = seen()["counters"]["wish.published"]
    equal(until(lambda: seen()["maps"]["sm_wishes"] == 0), True, "sm_wishes empty")
    facts = seen()
    equal(facts["accepted"].get("without_wish", 0), 0, "connections without a wish")
    equal((facts["counters"]["wish.published"], facts["counters"]["wish.forgotten"]), (before, before), "published, forgotten")


def past(env, family):
    "T22 a described pod without mesh is let past"
    server = env.outside.start(apps.serve, family.of(env.outside), 8080, family.number, cgroup=env.lab.cgroup)
    server.receive()
    answer = grew(env, "connect.bypass", lambda: env.past.call(apps.dial, family.of(env.outside), 8080, family.number))
    equal((answer["line"]["server"], answer["line"]["accept"][0]), (server.pid, family.of(env.past)))
    server.end()


def udp(env, family):
    "T22 UDP is not captured"
    equal(grew(env, "connect.not_tcp", lambda: env.a.call(apps.udp_connect, family.service(), 53, family.number))[:2], (family.service(), 53))


CASES = [*both(t1), *both(t3), t3_mapped, *both(t4), *both(t5), *both(t6), *both(t7), *both(t8), *both(t9), *both(t10), *both(t12),
         *both(t16), t16_direct, *both(t17), *both(t42), *both(t20), *both(past), *both(udp)]
