/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the eBPF programs and the daemon agree on: the layout of every map key and value, their
 * sizes, the capture address. Both sides include this file and both assert the layouts. A change of
 * a layout or of a meaning is a new SM_ABI: it is part of the pin directory's name, so programs and
 * maps of two versions never meet.
 *
 * Addresses are always 16 bytes, IPv4 in its v4-mapped form, so that a v4-mapped IPv6 socket and an
 * IPv4 socket give one key. Names ending in _be are in network byte order. Padding is explicit and
 * zero, because keys are compared as bytes.
 */
#ifndef SOCKMESH_ABI_H
#define SOCKMESH_ABI_H

#include <linux/types.h>

#define SM_ABI 2

/* Captured IPv4 connections go to 127.169.254.(1 + hash % 254):15001. Nothing binds these
 * addresses. IPv6 has one loopback address only, so its captures spread over ports: [::1]:(15001 +
 * hash % 254). An application may use those ports itself; the published wish tells the two apart.
 */
#define SM_CAPTURE_NET 0x7fa9fe00u /* 127.169.254.0/24, host byte order */
#define SM_CAPTURE_HOSTS 254u
#define SM_CAPTURE_PORT 15001u
#define SM_CAPTURE6_PORTS 254u

#define SM_POD_IPS_MAX 4u
#define SM_SLOTS_MAX 64u /* owner workers of one pod */

#define SM_PODS_MAX 4096u
#define SM_LISTENERS_MAX 65536u
#define SM_WISHES_MAX 262144u
#define SM_PEERS_MAX 262144u
#define SM_PROBES_MAX 65536u
#define SM_GATEWAY_PORTS_MAX 65536u
#define SM_RANGES_MAX 65536u
#define SM_PORTS_MAX 65536u

#if defined(__cplusplus)
#define SM_STATIC_ASSERT static_assert
#define SM_ALIGNOF alignof
#else
#define SM_STATIC_ASSERT _Static_assert
#define SM_ALIGNOF _Alignof
#endif
#define SM_LAYOUT(type, size, align)                                                               \
	SM_STATIC_ASSERT(sizeof(struct type) == (size) && SM_ALIGNOF(struct type) == (align),      \
			 "layout of " #type " differs from SM_ABI")

struct sm_addr {
	__u32 word_be[4];
};
SM_LAYOUT(sm_addr, 16, 4);

/*
 * What a socket is, kept in its sk_storage (map sm_sockets).
 * WISH: an application's captured socket; the address is where it wanted to go.
 * OWN: the daemon's, never captured. OWN_PROBE: its tuple is published while it is in SYN_SENT.
 * OWN_CLIENT: the daemon's dial to an application; the address is the client to be shown there.
 */
enum sm_socket_kind {
	SM_SOCKET_NONE = 0,
	SM_SOCKET_WISH = 1,
	SM_SOCKET_OWN = 2,
	SM_SOCKET_OWN_PROBE = 3,
	SM_SOCKET_OWN_CLIENT = 4,
};

struct sm_socket {
	__u32 kind; /* enum sm_socket_kind */
	__u16 port_be;
	__u16 zero;
	struct sm_addr ip;
};
SM_LAYOUT(sm_socket, 24, 4);

enum sm_pod_state {
	SM_POD_ENROLLED = 1,
	SM_POD_BYPASS =
	    2, /* described by a Pod object, but not in the mesh: its traffic is left alone */
};

enum sm_pod_flag {
	SM_POD_IPV6 = 1,       /* it has an IPv6 address */
	SM_POD_OUT_LISTED = 2, /* only listed destinations are taken */
	SM_POD_IN_LISTED = 4,  /* only listed ports are taken */
};

/* sm_pods: netns cookie -> pod. A change of the pod's lists is written under a new policy number
 * first, so that the row switches from the old lists to the new ones at once. */
struct sm_pod {
	__u32 state; /* enum sm_pod_state */
	__u32 ip_count;
	__u32 flags;  /* enum sm_pod_flag */
	__u32 policy; /* of its rows in sm_ranges and sm_ports; 0: it has none */
	__u32 slots;  /* owner workers, 1 .. SM_SLOTS_MAX */
	struct sm_addr ip[SM_POD_IPS_MAX];
};
SM_LAYOUT(sm_pod, 84, 4);

/* What a list says of a connection. */
enum sm_take {
	SM_TAKE_UNSAID = 0,
	SM_TAKE_NO = 1,	 /* goes past the mesh */
	SM_TAKE_YES = 2, /* is taken although the pod takes only what is listed */
};

/* sm_ranges (LPM_TRIE): longest prefix of a destination -> enum sm_take. The prefix counts the
 * policy's 32 bits. An included range inside an excluded one is not written: exclusion wins. */
struct sm_range_key {
	__u32 prefix_bits;
	__u32 policy;
	struct sm_addr ip;
};
SM_LAYOUT(sm_range_key, 24, 4);
#define SM_RANGE_POLICY_BITS 32u

enum sm_direction {
	SM_OUTBOUND = 0,
	SM_INBOUND = 1,
};

/* sm_ports: -> enum sm_take */
struct sm_port_key {
	__u32 policy;
	__u16 port_be;
	__u16 direction; /* enum sm_direction */
};
SM_LAYOUT(sm_port_key, 8, 4);

/* sm_wishes: a captured connection's two ends inside its netns -> where it wanted to go */
struct sm_wish_key {
	__u64 netns;
	struct sm_addr source;
	struct sm_addr capture;
	__u16 source_port_be;
	__u16 capture_port_be;
	__u32 zero;
};
SM_LAYOUT(sm_wish_key, 48, 8);

/* sm_peers: a dial of the daemon to an application, as the accepted socket sees it -> the client to
 * show */
struct sm_peer_key {
	__u64 netns;
	struct sm_addr source;
	__u16 source_port_be;
	__u16 port_be;
	__u32 zero;
};
SM_LAYOUT(sm_peer_key, 32, 8);

/* An address published for one connection. It is forgotten when the accepted socket closes; when
 * there never was one, with the dialling socket. The cookies tell a connection from a later one
 * with the same ends. */
struct sm_flow {
	struct sm_addr ip;
	__u16 port_be;
	__u16 zero[3];
	__u64 dialler;	/* socket cookie */
	__u64 accepted; /* socket cookie, 0: not accepted yet */
};
SM_LAYOUT(sm_flow, 40, 8);

/* sm_probes: tuple of an admission probe as it arrives at the other pod -> socket cookie of the
 * dialler */
struct sm_probe_key {
	struct sm_addr source;
	struct sm_addr destination;
	__u16 source_port_be;
	__u16 destination_port_be;
	__u32 zero;
};
SM_LAYOUT(sm_probe_key, 40, 4);

enum sm_listener_kind {
	SM_LISTENER_OUT = 0,  /* captured connections */
	SM_LISTENER_IN = 1,   /* arrivals from the network */
	SM_LISTENER_SINK = 2, /* admission probes */
	SM_LISTENER_V6 = 3,   /* added to each for its IPv6 listener */
	SM_LISTENER_KINDS = 6,
};

/* sm_listeners (SOCKHASH) */
struct sm_listener_key {
	__u64 netns;
	__u32 kind; /* enum sm_listener_kind */
	__u32 slot;
};
SM_LAYOUT(sm_listener_key, 16, 8);

/* sm_gateway_ports: a port of a gateway pod that the daemon serves -> 1 */
struct sm_gateway_key {
	__u64 netns;
	__u16 port_be;
	__u16 zero[3];
};
SM_LAYOUT(sm_gateway_key, 16, 8);

/* unknownPods: a netns below the subtree that no Pod object describes */
enum sm_unknown {
	SM_UNKNOWN_DENY = 0,
	SM_UNKNOWN_ALLOW = 1,
	SM_UNKNOWN_HOLD = 2,
};

/* sm_node[0]: what holds for the whole node */
struct sm_node {
	__u32 unknown;	      /* enum sm_unknown */
	__u32 seed;	      /* of the hash that picks a capture address */
	__u32 open_when_down; /* onProxyDown: open */
};
SM_LAYOUT(sm_node, 12, 4);

/* sm_alarm[0]: 1 from the moment that a wish could not be published until the daemon has seen it.
 * While it is up, a SYN at an IPv6 capture port without a wish is dropped: it may be a captured
 * one.
 */

/* Read-only data of one pod's arrive program, which cannot ask the kernel for its netns cookie. */
struct sm_arrive_config {
	__u64 netns;
	__u32 slots;   /* 1 .. SM_SLOTS_MAX */
	__u32 seed;    /* of the hash that picks a slot */
	__u32 gateway; /* 1: only ports in sm_gateway_ports are served */
	__u32 ip_count;
	struct sm_addr ip[SM_POD_IPS_MAX];
};
SM_LAYOUT(sm_arrive_config, 88, 8);

/*
 * Every return of every program has a counter: identifier, name, verdict (pass, redirect, deny,
 * note). "note" counts an event that decides nothing by itself. docs/BPF.md says what each means.
 * New ones go to the end: the number is the index.
 */
#define SM_COUNTERS(X)                                                                             \
	X(CONNECT_NOT_TCP, "connect.not_tcp", pass)                                                \
	X(CONNECT_OWN, "connect.own", pass)                                                        \
	X(CONNECT_LOOPBACK, "connect.loopback", pass)                                              \
	X(CONNECT_SELF, "connect.self", pass)                                                      \
	X(CONNECT_BYPASS, "connect.bypass", pass)                                                  \
	X(CONNECT_UNKNOWN_ALLOWED, "connect.unknown_allowed", pass)                                \
	X(CONNECT_CAPTURED, "connect.captured", redirect)                                          \
	X(CONNECT_UNKNOWN_DENIED, "connect.unknown_denied", deny)                                  \
	X(CONNECT_IPV6_DENIED, "connect.ipv6_denied", deny)                                        \
	X(CONNECT_NO_SOCKET, "connect.no_socket", deny)                                            \
	X(CONNECT_NO_STORAGE, "connect.no_storage", deny)                                          \
	X(CONNECT_DEVICE_STUCK, "connect.device_stuck", deny)                                      \
	X(CONNECT_NO_NODE, "connect.no_node", deny)                                                \
	X(CONNECT_DEVICE_CLEARED, "connect.device_cleared", note)                                  \
	X(WISH_PUBLISHED, "wish.published", note)                                                  \
	X(WISH_UNPUBLISHED, "wish.unpublished", deny)                                              \
	X(WISH_FORGOTTEN, "wish.forgotten", note)                                                  \
	X(PROBE_PUBLISHED, "probe.published", note)                                                \
	X(PROBE_UNPUBLISHED, "probe.unpublished", deny)                                            \
	X(PROBE_FORGOTTEN, "probe.forgotten", note)                                                \
	X(PEER_PUBLISHED, "peer.published", note)                                                  \
	X(PEER_UNPUBLISHED, "peer.unpublished", note)                                              \
	X(PEER_FORGOTTEN, "peer.forgotten", note)                                                  \
	X(SOCKOPS_OTHER, "sockops.other", pass)                                                    \
	X(NAME_UNCHANGED, "name.unchanged", pass)                                                  \
	X(NAME_DESTINATION, "name.destination", redirect)                                          \
	X(NAME_CLIENT, "name.client", redirect)                                                    \
	X(NAME_POD_IP, "name.pod_ip", redirect)                                                    \
	X(NAME_FAMILY, "name.family", pass)                                                        \
	X(ARRIVE_NOT_TCP, "arrive.not_tcp", pass)                                                  \
	X(ARRIVE_LOOPBACK, "arrive.loopback", pass)                                                \
	X(ARRIVE_SELF, "arrive.self", pass)                                                        \
	X(ARRIVE_OUT, "arrive.out", redirect)                                                      \
	X(ARRIVE_IN, "arrive.in", redirect)                                                        \
	X(ARRIVE_SINK, "arrive.sink", redirect)                                                    \
	X(ARRIVE_NO_WISH, "arrive.no_wish", deny)                                                  \
	X(ARRIVE_LINK_LOCAL, "arrive.link_local", deny)                                            \
	X(ARRIVE_GATEWAY_PORT, "arrive.gateway_port", deny)                                        \
	X(ARRIVE_NO_LISTENER, "arrive.no_listener", deny)                                          \
	X(ARRIVE_SLOT_EMPTY, "arrive.slot_empty", note)                                            \
	X(ARRIVE_ASSIGN_FAILED, "arrive.assign_failed", note)                                      \
	X(CONNECT_EXCLUDED, "connect.excluded", pass)                                              \
	X(CONNECT_OPEN, "connect.open", pass)                                                      \
	X(CONNECT_HELD, "connect.held", redirect)                                                  \
	X(CONNECT_LINK_LOCAL, "connect.link_local", deny)                                          \
	X(ARRIVE_EXCLUDED, "arrive.excluded", pass)                                                \
	X(ARRIVE_OPEN, "arrive.open", pass)                                                        \
	X(ARRIVE_WISH_LOST, "arrive.wish_lost", deny)                                              \
	X(HOLD_OTHER, "hold.other", pass)                                                          \
	X(HOLD_OUT, "hold.out", deny)                                                              \
	X(HOLD_IN, "hold.in", deny)                                                                \
	X(UNMESHED_CONNECTED, "unmeshed.connected", note)                                          \
	X(UNMESHED_ACCEPTED, "unmeshed.accepted", note)

enum sm_counter {
#define SM_COUNTER_ID(id, name, verdict) SM_C_##id,
	SM_COUNTERS(SM_COUNTER_ID)
#undef SM_COUNTER_ID
	    SM_COUNTER_COUNT
};

#endif
