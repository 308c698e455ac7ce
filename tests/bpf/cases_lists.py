# SPDX-License-Identifier: Apache-2.0
"""What a pod's annotations leave out: each kind of list, nested ranges, a change while connections are open, full tables."""
import struct

import apps
from checks import V4, V6, both, contains, equal, grew
from kernel import Map


def enrol(env, **lists):
    """Enrols pod a with these lists: its state."""
    return env.agent.enrol(dict(env.wishes[0], lists=lists), *env.wishes[1:])["lab/a"]


def outside(env, family, port):
    """What a's connect to a host outside becomes: "past", "taken" or an errno."""
    answer = env.a.call(apps.dial, family.of(env.outside), port, family.number)
    return answer if isinstance(answer, str) else "past" if "server" in answer["line"] else "taken"


def inside(env, family, port):
    """What a connect from outside to a becomes: "app", "taken" or an errno."""
    answer = env.outside.call(apps.dial, family.of(env.a), port, family.number, cgroup=env.lab.cgroup)
    return answer if isinstance(answer, str) else "app" if "server" in answer["line"] else "taken"


class Served:
    """Servers at two ports: of the host outside, and of pod a."""

    def __init__(self, env, family):
        self.env, self.family = env, family

    def __enter__(self):
        env, family = self.env, self.family
        for port in (8080, 8081):
            env.outside.start(apps.serve, family.of(env.outside), port, family.number, cgroup=env.lab.cgroup).receive()
            env.a.start(apps.serve, family.everything, port, family.number).receive()

    def __exit__(self, *_):
        self.env.lab.end_tasks()
        self.env.agent.enrol(*self.env.wishes)


def whole(family, env):
    return "%s/%d" % (family.of(env.outside), 32 if family is V4 else 128)


def around(family):
    return "10.61.0.0/16" if family is V4 else "fd61::/16"


def outbound(env, family):
    "lists outbound: each of the four lists, alone and against another"
    host, network, other = whole(family, env), around(family), "203.0.113.0/24" if family is V4 else "2001:db8:1::/48"
    rows = [
        (dict(), "taken", "taken"),
        (dict(out_exclude=[host]), "past", "past"),
        (dict(out_exclude=[network]), "past", "past"),
        (dict(out_exclude=[other]), "taken", "taken"),
        (dict(out_ports_exclude=[8080]), "past", "taken"),
        (dict(all_out=False), "past", "past"),
        (dict(all_out=False, out_include=[network]), "taken", "taken"),
        (dict(all_out=False, out_include=[other]), "past", "past"),
        (dict(all_out=False, out_ports_include=[8080]), "taken", "past"),
        # nested ranges: an excluded one inside an included one, and the other way round
        (dict(all_out=False, out_include=[network], out_exclude=[host]), "past", "past"),
        (dict(all_out=False, out_include=[host], out_exclude=[network]), "past", "past"),
        (dict(out_include=[host], out_exclude=[network]), "past", "past"),
        (dict(all_out=False, out_include=[host, network], out_exclude=[other]), "taken", "taken"),
        # an excluded port goes before all; an excluded range before an included port
        (dict(all_out=False, out_include=[host], out_ports_exclude=[8080]), "past", "taken"),
        (dict(out_exclude=[network], out_ports_include=[8080]), "past", "past"),
        # the other family is not meant
        (dict(out_exclude=["::/0" if family is V4 else "0.0.0.0/0"]), "taken", "taken"),
    ]
    with Served(env, family):
        for lists, *wanted in rows:
            equal(enrol(env, **lists)["error"], "", lists)
            equal([outside(env, family, port) for port in (8080, 8081)], wanted, lists)
        enrol(env, out_exclude=[host])
        grew(env, "connect.excluded", lambda: outside(env, family, 8080))


def inbound(env, family):
    "lists inbound: ports left out go to the application, the rest does not"
    rows = [
        (dict(), "taken", "taken"),
        (dict(in_ports_exclude=[8080]), "app", "taken"),
        (dict(all_in=False), "app", "app"),
        (dict(all_in=False, in_ports_include=[8080]), "taken", "app"),
        (dict(all_in=False, in_ports_include=[8080, 8081], in_ports_exclude=[8081]), "taken", "app"),
        (dict(out_ports_exclude=[8080], all_out=False), "taken", "taken"),
    ]
    with Served(env, family):
        for lists, *wanted in rows:
            equal(enrol(env, **lists)["error"], "", lists)
            equal([inside(env, family, port) for port in (8080, 8081)], wanted, lists)
        enrol(env, in_ports_exclude=[8080])
        grew(env, "arrive.excluded", lambda: inside(env, family, 8080))


def mapped(env):
    "lists outbound: a v4-mapped destination is what its IPv4 address is"
    with Served(env, V4):
        enrol(env, out_exclude=[whole(V4, env)])
        answer = env.a.call(apps.dial, "::ffff:" + env.outside.ip, 8080, V6.number)
        equal("server" in answer["line"], True, answer)


def changes(env):
    "lists change in place: no release, an open captured connection lives on, rows of the old lists go"
    ranges = Map(env.agent.pin("maps", "sm_ranges"))
    cookie = env.agent.ask(do="retry")["lab/a"]["cookie"]
    with ranges, Served(env, V4):
        before = len(ranges.keys())
        env.agent.ask(do="hold", on=True)
        task = env.a.start(apps.dial_and_hold, V4.service(), 80)
        equal(task.receive()["wish"], V4.end(V4.service(), 80))
        env.agent.ask(do="hold", on=False)
        for lists, wanted, rows in ((dict(out_exclude=[whole(V4, env), "192.0.2.0/24"]), "past", 2), (dict(out_exclude=["192.0.2.0/24"]), "taken", 1),
                                    (dict(out_exclude=["0.0.0.0/0"]), "past", 1)):
            equal(enrol(env, **lists)["cookie"], cookie, "not enrolled anew")
            equal(outside(env, V4, 8080), wanted, lists)
            equal(len(ranges.keys()), before + rows + 2, "rows: these and those of the daemon's own tests")
        task.go()
        equal(task.result(), "open", "the connection of before")
        env.agent.ask(do="release")
        enrol(env)
        equal((outside(env, V4, 8080), len(ranges.keys())), ("taken", before), "no lists any more")


def full(env):
    "lists: when a table is full the old lists stay in force and the error says which; once there is room the new ones are taken"
    def range_key(number):
        return struct.pack("=II16s", 32 + 128, 0xFFFFFFFF, struct.pack(">IIII", 0, 0, 1, number))

    def port_key(number):
        return struct.pack("=IHH", 0xFFFFFFF0 + number // 65536, number % 65536, 0)

    for name, make_key, new in (("sm_ranges", range_key, dict(out_exclude=["203.0.113.0/24", whole(V4, env)])),
                                ("sm_ports", port_key, dict(out_ports_exclude=[8080]))):
        with Served(env, V4), Map(env.agent.pin("maps", name)) as table:
            enrol(env, out_ports_exclude=[8081])
            rows = len(table.keys())
            empty = table.fill(make_key, struct.pack("=I", 1))
            wish = dict(env.wishes[0], lists=new)
            # One that is not swept away at once: the daemon takes rows of nobody for left-overs.
            state = env.agent.ask(do="reconcile", pods=[wish, *env.wishes[1:]])["lab/a"]
            contains(state["error"], name + " is full")
            equal([outside(env, V4, port) for port in (8080, 8081)], ["taken", "past"], "the old lists")
            equal(len(table.keys()) <= rows, True, "left-overs are swept")
            equal(env.agent.ask(do="retry")["lab/a"]["error"], "", "tried again")
            equal(outside(env, V4, 8080), "past", "the new lists")
            del empty


CASES = [*both(outbound), *both(inbound), mapped, changes, full]
