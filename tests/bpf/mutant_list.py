# SPDX-License-Identifier: Apache-2.0
"""The mutants: a name, the case that must notice it (the start of its name), and edits (file, text, replacement)."""

CONNECT, SOCKOPS, SOCKNAME, ARRIVE, HOLD = ("bpf/%s.bpf.c" % name for name in ("connect", "sockops", "sockname", "arrive", "hold"))
DECIDE, ADDR, LISTENER = ("bpf/lib/%s.h" % name for name in ("decide", "addr", "listener"))
(ENROL, WATCH, NETNS, CAPTURE, INSTALL, LINKS, MAPS, MIGRATE, POLICY, OLD, PROGRAMS, BPFFS, ROW, NODE, TABLE) = (
    "userspace/capture/%s.cc" % name for name in
    ("enrolment", "enrolment_watch", "pod_netns", "capture", "install", "global_links", "maps", "migrate", "policy_rows", "old_connections",
     "programs", "bpffs", "pod_row", "node_cgroup", "policy_table"))

OUT = {
    "connect4 does not rewrite": ("T1 IPv4", (CONNECT, "ctx->user_ip4 = to.ip.word_be[3];", "")),
    "connect6 does not rewrite": ("T1 IPv6", (CONNECT, "ctx->user_ip6[3] = to.ip.word_be[3];", "")),
    "UDP is captured": ("T22 IPv4: UDP", (CONNECT, "if (ctx->protocol != SM_IPPROTO_TCP)", "if (0)")),
    "the device stays bound": ("T7 IPv4", (CONNECT, "if (sk->bound_dev_if) {", "if (0) {")),
    "an old wish is kept": ("T8 IPv4", (CONNECT, "*kept = wish;", "")),
    "no storage lets out": ("T24 IPv4: no room", (CONNECT, "return SM_C_CONNECT_NO_STORAGE;", "return SM_C_CONNECT_BYPASS;")),
    "loopback is captured": ("T10 IPv4", (DECIDE, "if (sm_addr_is_local(destination))", "if (0)")),
    "the own address is captured": ("T10 IPv6", (DECIDE, "if (sm_pod_owns(pod->ip, pod->ip_count, destination))", "if (0)")),
    "own sockets are captured": ("a daemon whose own", (DECIDE, "if (sm_is_own(kind))", "if (0)")),
    "the unknown pass": ("T22 IPv4: deny", (DECIDE, "\treturn SM_C_CONNECT_UNKNOWN_DENIED;\n}", "\treturn SM_C_CONNECT_UNKNOWN_ALLOWED;\n}")),
    "no bypass": ("T22 IPv4: a described", (DECIDE, "return SM_C_CONNECT_BYPASS;", "return SM_C_CONNECT_UNKNOWN_DENIED;")),
    "IPv6 of an IPv4-only pod is captured": ("families: an IPv4-only", (DECIDE, "if (!(pod->flags & SM_POD_IPV6))", "if (0)")),
    "link-local is captured": ("families: link-local", (DECIDE, "if (sm_addr_is_link_local6(destination))", "if (0)")),
    "one capture address": ("T42 IPv4", (ADDR, "(1u + h % SM_CAPTURE_HOSTS)", "(1u + 0 * h)")),
    "one capture port": ("T42 IPv6", (ADDR, "h % SM_CAPTURE6_PORTS", "0 * h")),
    "no wish is published": ("T1 IPv4", (SOCKOPS, "if (!mark || mark->kind != SM_SOCKET_WISH ||\n", "if (1 || !mark || mark->kind != SM_SOCKET_WISH ||\n")),
    "no IPv6 wish is published": ("T1 IPv6", (SOCKOPS, "!sm_addr_is_capture(&capture, remote_port_of(ctx))", "!sm_addr_is_capture4(&capture, remote_port_of(ctx))")),
    "wishes without a netns": ("T17 IPv4", (SOCKOPS, ".netns = bpf_get_netns_cookie(ctx),\n\t    .source = *source,\n\t    .capture", ".netns = 1,\n\t    .source = *source,\n\t    .capture"),
                               (ARRIVE, "struct sm_wish_key key = {\n\t    .netns = sm_arrive.netns", "struct sm_wish_key key = {\n\t    .netns = 1"),
                               (MAPS, "key.netns = netns;\n  key.source", "key.netns = 1 + 0 * netns;\n  key.source")),
    "accepted wishes go with the client": ("T20 IPv4", (SOCKOPS, "\tkey = wish_key(ctx, &source, remote_port_of(ctx), &local, ctx->local_port);", "\tif (source.word_be[3])\n\t\treturn 1;\n\tkey = wish_key(ctx, &source, 0, &local, 0);")),
    "wishes stay": ("T20 IPv6", (SOCKOPS, "bpf_map_delete_elem(&sm_wishes, key)", "0")),
    "getpeername4 shows the capture address": ("T3 IPv4", (SOCKNAME, "return SM_C_NAME_DESTINATION;", "return SM_C_NAME_UNCHANGED;")),
    "getpeername6 shows the capture address": ("T3 IPv6", (SOCKNAME, "\tctx->user_ip6[3] = address.word_be[3];\n\tctx->user_port = port_be;", "")),
    "getsockname shows loopback": ("T3 IPv4", (SOCKNAME, "return SM_C_NAME_POD_IP;", "return SM_C_NAME_UNCHANGED;")),
    "an IPv6 client of an IPv4 application": ("T13 an IPv6", (SOCKNAME, "if (!sm_addr_is_v4(&address))", "if (0)")),
    "a pod is not known to have IPv6": ("T1 IPv6", (ROW, "if (has_ipv6(wish)) row.flags |= SM_POD_IPV6;", "")),
    "no IPv4 listener": ("families: an IPv6-only", (ROW, "std::vector<int> families = {AF_INET};", "std::vector<int> families;")),
    "IPv6 switched off is any error": ("families: a pod with", (NETNS, "errno == EADDRNOTAVAIL", "errno == 0")),
    "listeners take the application's port": ("T10 IPv4", (NETNS, "SO_REUSEADDR, &yes", "SO_REUSEPORT + 1000, &yes"), (NETNS, "sizeof yes) != 0 ||", "sizeof yes) == 12345 ||")),
}

IN = {
    "peers stay": ("T13 accept()", (SOCKOPS, "bpf_map_delete_elem(&sm_peers, key)", "0")),
    "peers go with our end": ("T13 IPv4: the client", (SOCKOPS, "\tkey = peer_key(ctx, &source, remote_port_of(ctx), ctx->local_port);", "\treturn 1;\n\tkey = peer_key(ctx, &source, 0, 0);")),
    "no peer is published": ("T13 accept()", (SOCKOPS, "if (mark->kind != SM_SOCKET_OWN_CLIENT)", "if (1)")),
    "getpeername shows our dial": ("T13 accept()", (SOCKNAME, "return SM_C_NAME_CLIENT;", "return SM_C_NAME_UNCHANGED;")),
    "probes stay": ("T40 IPv4: a probe", (SOCKOPS, "ctx->args[0] == BPF_TCP_SYN_SENT", "ctx->args[0] == 77")),
    "no wish goes to the application": ("T16 dialling", (ARRIVE, "return sm_return(SK_DROP, SM_C_ARRIVE_NO_WISH);", "return sm_return(SK_PASS, SM_C_ARRIVE_NO_WISH);")),
    "own services at capture ports are dropped": ("T10 IPv6", (ARRIVE, "return is_wish_lost() ?", "return is_wish_lost() || 1 ?")),
    "lost wishes pass": ("T24 sm_wishes", (ARRIVE, "return is_wish_lost() ?", "return is_wish_lost() && 0 ?")),
    "no alarm": ("T24 sm_wishes", (SOCKOPS, "*alarm = 1;", ";")),
    "the alarm stays": ("T24 sm_wishes", (MAPS, "bpf_map_update_elem(fd(MapId::kAlarm), &zero, &zero, BPF_ANY);", "")),
    "self traffic is steered": ("T15 IPv4", (DECIDE, "if (sm_addr_equal(remote, local) || sm_addr_is_local(remote) ||", "if (0 &&")),
    "arrivals go to the application": ("T14 IPv4", (ARRIVE, "return give(ctx, a, SM_LISTENER_IN, SM_C_ARRIVE_IN);", "return SK_PASS;")),
    "IPv6 goes to the IPv4 listener": ("T14 IPv6", (LISTENER, "return is_v4 ? kind : kind + SM_LISTENER_V6;", "return is_v4 ? kind : kind;")),
    "link-local arrivals go in": ("families: link-local", (DECIDE, "if (sm_addr_is_link_local6(local))", "if (0)")),
    "probes are arrivals": ("T40 IPv4: a probe", (ARRIVE, "if (bpf_map_lookup_elem(&sm_probes, &probe))", "if (!probe.source_port_be)")),
    "every arrival is a probe": ("T40 IPv4: a probe", (ARRIVE, "if (bpf_map_lookup_elem(&sm_probes, &probe))", "if (probe.source_port_be)")),
    "a gateway takes every port": ("T44 IPv4", (ARRIVE, "if (!bpf_map_lookup_elem(&sm_gateway_ports, &port))", "if (!port.port_be)")),
    "no other slot is tried": ("T41 IPv4", (ARRIVE, "if (i >= slots)", "if (i >= 1)")),
    "all go to slot 0": ("T41 IPv4", (ARRIVE, "sm_hash(&a->remote, a->remote_port, sm_arrive.seed) % slots", "0 * slots")),
    "a worker keeps its slots": ("T41 IPv4", (WATCH, "maps.remove_listener(pod.cookie, listener.kind, own.slot);", "")),
    "no listener means pass": ("T19", (ARRIVE, "\treturn sm_return(SK_DROP, SM_C_ARRIVE_NO_LISTENER);\n}", "\treturn sm_return(SK_PASS, SM_C_ARRIVE_NO_LISTENER);\n}")),
}

LISTS = {
    "excluded destinations are taken": ("lists IPv4: outbound", (CONNECT, "if (!sm_pod_takes_outbound(", "if (0 && !sm_pod_takes_outbound(")),
    "excluded ports are taken": ("lists IPv4: inbound", (ARRIVE, "if (pod && !sm_pod_takes_inbound(", "if (0 && !sm_pod_takes_inbound(")),
    "unlisted destinations are taken": ("lists IPv4: outbound", (DECIDE, "return !(flags & SM_POD_OUT_LISTED);", "return 1;")),
    "unlisted ports are taken": ("lists IPv4: inbound", (DECIDE, "return !(flags & SM_POD_IN_LISTED);", "return 1;")),
    "an included range beats an excluded port": ("lists IPv4: outbound", (DECIDE, "if (port == SM_TAKE_NO || range == SM_TAKE_NO)", "if (range == SM_TAKE_NO)")),
    "an included range beats an excluded one around it": ("lists IPv4: outbound", (POLICY, "if (!is_inside_excluded(lists, one)) range", "if (!is_inside_excluded(lists, one) || true) range")),
    "all IPv6 is IPv4 too": ("lists IPv4: outbound", (POLICY, "range(Cidr{IpAddress(), 0}, SM_TAKE_UNSAID);", "static_cast<void>(0);")),
    "the old lists' rows stay": ("lists change", (TABLE, "if (key.policy == policy) bpf_map_delete_elem(x_maps.fd(MapId::kRanges), &key);", "if (key.policy == 0) return;")),
    "lists that found no room are forgotten": ("lists: when a table", (ENROL, "pod.unchanged = std::move(before);", "")),
}

UNKNOWN = {
    "held SYNs leave": ("T22 IPv4: hold: for a pod", (HOLD, "return sm_return(DROP, SM_C_HOLD_OUT);", "return sm_return(PASS, SM_C_HOLD_OUT);")),
    "held arrivals go in": ("T22 IPv4: deny", (HOLD, "return sm_return(DROP, SM_C_HOLD_IN);", "return sm_return(PASS, SM_C_HOLD_IN);")),
    "loopback is held": ("T22 loopback", (HOLD, "if (skb->ingress_ifindex == SM_LO_IFINDEX)", "if (0)")),
    "the enrolled are held": ("T22 IPv4: hold: a connect", (HOLD, "return pod && pod->state == SM_POD_ENROLLED;", "return 0 && pod;")),
    "arrivals of the known are held": ("T22 IPv4: hold: of a pod", (HOLD, "return !bpf_map_lookup_elem(&sm_pods, &netns);", "return netns != 0;")),
    "held connects of a pod without mesh stay": ("T22 IPv4: hold: of a pod", (ENROL, "end_held_connects(pod, netns.fd.get());", "")),
    "hold is deny": ("T22 IPv6: hold: a connect", (DECIDE, "return SM_C_CONNECT_HELD;", "return SM_C_CONNECT_UNKNOWN_DENIED;")),
    "programs of another mode stay": ("T22 a restart", (LINKS, "detach(links.pin_of(what));", "static_cast<void>(detach);")),
    "open is closed, out": ("onProxyDown IPv4: open", (CONNECT, "if (node->open_when_down &&", "if (0 && node->open_when_down &&")),
    "open is closed, in": ("onProxyDown IPv4: open", (ARRIVE, "if (node && node->open_when_down &&", "if (0 && node && node->open_when_down &&")),
    "open although it is served": ("onProxyDown IPv4: open", (LISTENER, "bpf_sk_release(sk);\n\t\t\treturn 1;", "bpf_sk_release(sk);\n\t\t\treturn 0;")),
    "open looks at one slot": ("onProxyDown open: one", (LISTENER, "if (slot >= slots)", "if (slot >= 1)")),
    "open stays open": ("onProxyDown IPv4: closed", (INSTALL, "node.open_when_down = rules.open_when_down ? 1 : 0;", "node.open_when_down = rules.open_when_down ? 1 : node.open_when_down;")),
}

LIFE = {
    "pins are not put back": ("T25 every pin", (LINKS, "done = pin_link(one.link.get(), pin);", "")),
    "maps are not pinned again": ("T25 every pin", (MAPS, "const bool pinned = bpf_obj_pin(x_fds[i].get(), path.c_str()) == 0;", "const bool pinned = true;")),
    "links are held by their pins only": ("T25 every pin", (LINKS, "one.link = std::move(change.link);", "change.link.reset();")),
    "links are not attached again": ("T25 every link", (LINKS, "done = put(one, cgroup);", "")),
    "sk_lookup is not attached again": ("T25 every link", (WATCH, "case Programs::Health::kGone:\n      break;", "case Programs::Health::kGone:\n      return \"\";")),
    "a replaced program is overlooked": ("T25 IPv4: another", (LINKS, "facts->program_id == one.program_id", "facts->program_id != 0")),
    "a new subtree is overlooked": ("T25 the subtree", (CAPTURE, "if (now->id != x_state->pods.id) {", "if (false) {")),
    "a missing row is overlooked": ("T25 the pod's row", (WATCH, "if (!row || row->state != state) return", "if (row && row->state != state) return")),
    "unmeshed connects are not counted": ("T25 IPv4: unmeshed", (SOCKOPS, "return watch_past(ctx, SM_OUTBOUND, SM_C_UNMESHED_CONNECTED);", "return 1;")),
    "unmeshed arrivals are not counted": ("T25 IPv6: unmeshed", (SOCKOPS, "return watch_past(ctx, SM_INBOUND, SM_C_UNMESHED_ACCEPTED);", "return 1;")),
    "self traffic counts as unmeshed": ("T25 IPv4: unmeshed", (DECIDE, "!sm_addr_equal(local, remote) && !sm_pod_owns(pod->ip, pod->ip_count, remote);", "1;")),
    "one family's test speaks for both": ("the daemon's own test", (WATCH, "failures.erase(result.family);", "failures.clear();")),
    "the netns is not let go": ("T28", (ENROL, "x_events.on_pod_close(pod.wish.key, cookie);", "")),
    "left-overs are not swept": ("T19", (ENROL, "if (known.count(one.cookie) != 0 ||", "if (true ||")),
    "foreign sk_lookup programs are overlooked": ("T18 a foreign", (PROGRAMS, "if (ours && ours->program_id == ids[i]) continue;", "if (!ours || ours) continue;")),
    "programs above are overlooked": ("T26 IPv4", (NODE, "if ((flags & BPF_F_ALLOW_MULTI) != 0) continue;", "if (flags != 77) continue;")),
    "two daemons share pins": ("a second daemon", (BPFFS, "LOCK_EX | LOCK_NB", "LOCK_SH | LOCK_NB")),
    "old connections stay": ("connections IPv4: from before an enrolment are destroyed", (WATCH, "if (pod.wish.strict) destroy_old_connections(pod);", "")),
    "old connections of IPv6 stay": ("connections IPv6: from before an enrolment are destroyed", (OLD, "for (const int family : {AF_INET, AF_INET6}) SM_TRY(dump", "for (const int family : {AF_INET}) SM_TRY(dump")),
    "our own dials are old connections": ("connections from before an enrolment: the daemon", (OLD, "!is_id_below(*x_search.subtree, cgroup)", "cgroup == 0")),
    "old connections that lists leave out": ("connections from before an enrolment that", (OLD, "return wish.lists.takes_outbound(one.remote) && wish.lists.takes_inbound(one.local.port);", "return true;")),
    "old connections of a pod that becomes strict": ("connections from before an enrolment are", (ENROL, "if (pod.wish.strict && !before.strict) destroy_old_connections(pod);", "")),
}

UPGRADE = {
    "rows are not converted": ("takeover from version 1", (MIGRATE, "return move_pods(from, to);", "return from < 0 ? move_pods(from, to) : Result<>();")),
    "the seed is new": ("takeover from version 1", (MIGRATE, "node.seed = old.seed;", "")),
    "counters start anew": ("takeover from version 1", (MIGRATE, "bpf_map_update_elem(to, &index, cells.data(), BPF_ANY);", "static_cast<void>(to);")),
    "shared maps are made anew": ("takeover from version 1", (MIGRATE, "const int failed = bpf_map__reuse_fd(map, pinned.get());", "const int failed = 0;")),
    "links are made anew": ("takeover from version 1", (INSTALL, 'SM_TRY(adopt_links(old + "/links", pins + "/links"));', "")),
    "pods' links are made anew": ("takeover from version 1", (INSTALL, 'SM_TRY(adopt_links(old + "/pods", pins + "/pods"));', "")),
    "version 1 is left": ("takeover from version 1", (INSTALL, "SM_TRY(remove_pins(pins_of(bpffs, abi), true, done));", "")),
    "any version is taken over": ("takeover from a version", (INSTALL, "if (can_migrate_from(abi)) continue;", "if (abi != 0) continue;")),
    "half-pinned links are left": ("crash at each step of an enrolment", (INSTALL, "finish_half_pinned(pins + part);", "static_cast<void>(part), static_cast<void>(finish_half_pinned);")),
    "half-made sets are left": ("crash at each step of a first", (INSTALL, "remove_half_made(bpffs);", "static_cast<void>(remove_half_made);")),
    "a failed first start leaves its pins": ("failure of each bpf call of a first", (INSTALL, "if (!recovered) SM_TRY(remove_pins(pins, true, done));", "")),
    "mounts of ours are not known": ("uninstall while", (BPFFS, "ours = std::string_view(entry.mnt_fsname) == kSource;", "ours = false;")),
    "a pin is under its name before it is whole": ("crash at each step of a first", (INSTALL, 'const std::string fresh = fmt::format("{}/{}{}", bpffs, kFreshPrefix, ::getpid());', "const std::string fresh = pins;")),
}

MUTANTS = {**OUT, **IN, **LISTS, **UNKNOWN, **LIFE, **UPGRADE}
