# SPDX-License-Identifier: Apache-2.0
"""Takes one mechanism after another out of the kernel side and looks which cases of capture_test.py notice: a mutant that
all cases pass is a case that proves nothing. Works on a copy of the tree; slow, so not part of `make test`.

    mutants.py [--only PATTERN]"""
import argparse
import fnmatch
import os
import shutil
import signal
import subprocess
import sys
import tempfile

CONNECT, SOCKOPS, SOCKNAME, ARRIVE = ("bpf/%s.bpf.c" % name for name in ("connect", "sockops", "sockname", "arrive"))
DECIDE, ADDR = "bpf/lib/decide.h", "bpf/lib/addr.h"
ENROL, NETNS, CAPTURE = ("userspace/capture/%s.cc" % name for name in ("enrolment", "pod_netns", "capture"))

# name: the case that must fail, then (file, text, replacement) edits
MUTANTS = {
    "connect4 does not rewrite": ("T1", (CONNECT, "ctx->user_ip4 = destination.word_be[3];", "")),
    "connect6 does not rewrite": ("T3", (CONNECT, "ctx->user_ip6[3] = destination.word_be[3];", "")),
    "the device stays bound": ("T7", (CONNECT, "if (sk->bound_dev_if) {", "if (0) {")),
    "an old wish is kept": ("T8", (CONNECT, "*kept = wish;", "")),
    "no storage lets out": ("T24", (CONNECT, "return SM_C_CONNECT_NO_STORAGE;", "return SM_C_CONNECT_BYPASS;")),
    "loopback is captured": ("T10", (DECIDE, "if (sm_addr_is_local(destination))", "if (0)")),
    "the own address is captured": ("T10", (DECIDE, "if (sm_pod_owns(pod->ip, pod->ip_count, destination))", "if (0)")),
    "own sockets are captured": ("a daemon whose own", (DECIDE, "if (sm_is_own(kind))", "if (0)")),
    "the unknown pass": ("T22", (DECIDE, "return node->allow_unknown ? SM_C_CONNECT_UNKNOWN_ALLOWED", "return 1 ? SM_C_CONNECT_UNKNOWN_ALLOWED")),
    "no bypass": ("T22", (DECIDE, "return SM_C_CONNECT_BYPASS;", "return SM_C_CONNECT_UNKNOWN_DENIED;")),
    "IPv6 passes": ("IPv6", (DECIDE, "return SM_C_CONNECT_IPV6_DENIED;", "return SM_C_CONNECT_SELF;")),
    "one capture address": ("T42", (ADDR, "sm_hash(destination, port, seed) % SM_CAPTURE_HOSTS", "0 * (port + seed)")),
    "no wish is published": ("T1", (SOCKOPS, "!mark || mark->kind != SM_SOCKET_WISH ||", "1 ||")),
    "wishes without a netns": ("T17", (SOCKOPS, ".netns = bpf_get_netns_cookie(ctx),\n\t    .source = *source,\n\t    .capture", ".netns = 1,\n\t    .source = *source,\n\t    .capture"),
                               (ARRIVE, "struct sm_wish_key key = {\n\t    .netns = sm_arrive.netns", "struct sm_wish_key key = {\n\t    .netns = 1"),
                               ("userspace/capture/maps.cc", "key.netns = netns;\n  key.source", "key.netns = 1 + 0 * netns;\n  key.source")),
    "accepted wishes go with the client": ("T20", (SOCKOPS, "key = wish_key(ctx, &source, remote_port_of(ctx), &local);", "if (source.word_be[3])\n\t\treturn 1;\n\tkey = wish_key(ctx, &source, 0, &local);")),
    "wishes stay": ("T20", (SOCKOPS, "bpf_map_delete_elem(&sm_wishes, key)", "0")),
    "peers stay": ("T13", (SOCKOPS, "bpf_map_delete_elem(&sm_peers, key)", "0")),
    "peers go with our end": ("T13", (SOCKOPS, "key = peer_key(ctx, &source, remote_port_of(ctx), ctx->local_port);", "return 1;")),
    "probes stay": ("T40", (SOCKOPS, "ctx->args[0] == BPF_TCP_SYN_SENT", "ctx->args[0] == 77")),
    "no peer is published": ("T13", (SOCKOPS, "if (mark->kind != SM_SOCKET_OWN_CLIENT)", "if (1)")),
    "getpeername4 shows the capture address": ("T3", (SOCKNAME, "return SM_C_NAME_DESTINATION;", "return SM_C_NAME_UNCHANGED;")),
    "getpeername shows our dial": ("T13", (SOCKNAME, "return SM_C_NAME_CLIENT;", "return SM_C_NAME_UNCHANGED;")),
    "getsockname shows loopback": ("T3", (SOCKNAME, "return SM_C_NAME_POD_IP;", "return SM_C_NAME_UNCHANGED;")),
    "no wish goes to the application": ("T16", (ARRIVE, "return sm_return(SK_DROP, SM_C_ARRIVE_NO_WISH);", "return sm_return(SK_PASS, SM_C_ARRIVE_NO_WISH);")),
    "self traffic is steered": ("T15", (DECIDE, "if (sm_addr_equal(remote, local) || sm_addr_is_local(remote) ||", "if (0 &&")),
    "arrivals go to the application": ("T14", (ARRIVE, "return give(ctx, a, SM_LISTENER_IN, SM_C_ARRIVE_IN);", "return SK_PASS;")),
    "arriving IPv6 goes to the application": ("IPv6", (DECIDE, "return SM_C_ARRIVE_IPV6_DENIED;", "return SM_C_ARRIVE_SELF;")),
    "probes are arrivals": ("T40", (ARRIVE, "if (bpf_map_lookup_elem(&sm_probes, &probe))", "if (!probe.source_port_be)")),
    "every arrival is a probe": ("T40", (ARRIVE, "if (bpf_map_lookup_elem(&sm_probes, &probe))", "if (probe.source_port_be)")),
    "a gateway takes every port": ("T44", (ARRIVE, "if (sm_arrive.gateway &&", "if (0 &&")),
    "no other slot is tried": ("T41", (ARRIVE, "if (i >= slots)", "if (i >= 1)")),
    "all go to slot 0": ("T41", (ARRIVE, "sm_hash(&a->remote, a->remote_port, sm_arrive.seed) % slots", "0 * slots")),
    "no listener means pass": ("T19", (ARRIVE, "\treturn sm_return(SK_DROP, SM_C_ARRIVE_NO_LISTENER);\n}", "\treturn sm_return(SK_PASS, SM_C_ARRIVE_NO_LISTENER);\n}")),
    "the netns is not let go": ("T28", (ENROL, "x_events.on_pod_close(pod.wish.key, cookie);", "")),
    "left-overs are not swept": ("T19", (ENROL, "if (known.count(one.cookie) != 0 ||", "if (true ||")),
    "listeners take the application's port": ("T10", (NETNS, "SO_REUSEADDR, &yes", "SO_REUSEPORT + 1000, &yes"), (NETNS, "sizeof yes) != 0", "sizeof yes) == 12345")),
    "foreign programs are overlooked": ("T18", ("userspace/capture/programs.cc", "if (ours && ours->program_id == ids[i]) continue;", "if (!ours || ours) continue;")),
    "two daemons share pins": ("a second daemon", ("userspace/capture/bpffs.cc", "LOCK_EX | LOCK_NB", "LOCK_SH | LOCK_NB")),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="*")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the copy is removed then too
    tree = tempfile.mkdtemp(prefix="smt-mutants-")
    survivors = 0
    try:
        for name in ("Makefile", "bpf", "userspace", "tests"):
            (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, os.path.join(tree, name))
        for name, (case, *edits) in MUTANTS.items():
            if not fnmatch.fnmatch(name.lower(), "*%s*" % options.only.lower().strip("*")):
                continue
            kept = {}
            for path, text, replacement in edits:
                full = os.path.join(tree, path)
                source = open(full).read()
                kept.setdefault(full, source)
                if text not in source:
                    sys.exit("mutant %r: %s has no %r any more" % (name, path, text))
                open(full, "w").write(source.replace(text, replacement))
            done = subprocess.run(["make", "-C", tree, "MODE=dev", "test-bpf"], capture_output=True, text=True)
            failed = [line.split(" s  ", 1)[1] for line in done.stdout.splitlines() if line.startswith("FAIL")]
            broken = "passed," not in done.stdout
            noticed = any(one.startswith(case) for one in failed)
            survivors += not noticed
            print("%s  %-40s %s" % ("noticed " if noticed else "SURVIVED", name,
                                    done.stderr.strip()[-300:] if broken else ", ".join(one.split(" ", 1)[0] for one in failed)), flush=True)
            for full, source in kept.items():
                open(full, "w").write(source)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    print("%d mutants survived" % survivors)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
