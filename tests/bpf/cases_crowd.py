# SPDX-License-Identifier: Apache-2.0
"""Very many captured connections of one pod at one time: more than a pair of addresses has ports."""
import ipaddress
import resource
import socket

import apps
from cases_out import equal
from lab import Parking, until

CONNECTIONS = 40000
CLIENTS = PARKINGS = 4  # processes: one may have too few descriptors for all of them
DESTINATIONS = 2000


def crowd(env, family, first):
    each = CONNECTIONS // CLIENTS
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < each + 100:
        raise AssertionError("a hard limit of descriptors below %d: raise it, or add processes" % (each + 100))
    parkings = [Parking(env.lab, number) for number in range(PARKINGS)]
    clients = []
    wishes = lambda: env.agent.ask(do="facts")["maps"]["sm_wishes"]
    ports = env.a.call(apps.read_file, "/proc/sys/net/ipv4/ip_local_port_range")
    if int(ports.split()[1]) - int(ports.split()[0]) >= CONNECTIONS:
        raise AssertionError("so many ports that they need not be shared: the case proves nothing")
    addresses = [(str(ipaddress.ip_address(first) + i), 80) for i in range(DESTINATIONS)]
    try:
        equal(env.agent.ask(do="park", at=[one.path for one in parkings]), {"ok": True})
        for _ in range(CLIENTS):
            clients.append(env.a.start(apps.hold_many, family, addresses, each))
        for client in clients:
            equal(client.receive(120), {"open": each, "wrong": []})
        equal(wishes(), CONNECTIONS, "wishes")
        for client in clients:
            client.go()
            equal(client.receive(60), each)
    finally:
        for one in parkings:
            one.close()
        env.agent.ask(do="park", at=[])
    equal(until(lambda: wishes() == 0, 20), True, "sm_wishes empty")


def crowd4(env):
    "T42 forty thousand captured connections of one pod at one time, more than there are ports; each knows where it wanted to go"
    crowd(env, socket.AF_INET, "10.96.0.1")


def crowd6(env):
    "T42 the same in IPv6, which has one loopback address only"
    crowd(env, socket.AF_INET6, "fd00:96::1")


CASES = [crowd4, crowd6]
