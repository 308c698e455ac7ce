# SPDX-License-Identifier: Apache-2.0
"""What the cases say about what they saw, and one case for two families."""
import functools
import socket


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError("%s: got %r, wanted %r" % (what or "value", got, wanted))


def contains(text, part):
    if part not in text:
        raise AssertionError("%r is not in %r" % (part, text))


def wish_of(answer):
    if not isinstance(answer, dict) or not answer["line"]:
        raise AssertionError("not captured: %r" % (answer,))
    return answer["line"].get("wish")


def grew(source, name, function):
    """Runs function and makes sure that this counter counted it. `source`: an agent, or what has one."""
    agent = getattr(source, "agent", source)
    before = agent.counters()[name]
    result = function()
    after = agent.counters()[name]
    if after <= before:
        raise AssertionError("%s did not count (%d); got %r" % (name, after, result))
    return result


class Family:
    """One IP family: its addresses, and how they are written."""

    def __init__(self, number, name, loopback, everything, services):
        self.number, self.name, self.loopback, self.everything, self.services = number, name, loopback, everything, services

    def service(self, number=1):
        return self.services % number

    def of(self, pod):
        return pod.ip if self is V4 else pod.ip6

    def end(self, host, port):
        return "%s:%d" % (host, port) if self is V4 else "[%s]:%d" % (host, port)

    def is_capture(self, end):
        """Whether `end`, as the agent writes it, is a capture address."""
        host, port = end.rsplit(":", 1)
        return host.startswith("127.169.254.") if self is V4 else host == "[::1]" and 15001 <= int(port) <= 15254


V4 = Family(socket.AF_INET, "IPv4", "127.0.0.1", "0.0.0.0", "10.96.0.%d")
V6 = Family(socket.AF_INET6, "IPv6", "::1", "::", "fd96::%d")


def both(case):
    """The case as two, one for each family."""
    twins = []
    for family in (V4, V6):
        twin = functools.partial(case, family=family)
        name, _, rest = case.__doc__.strip().partition(" ")
        twin.__doc__ = "%s %s: %s" % (name, family.name, rest)
        twins.append(twin)
    return twins
