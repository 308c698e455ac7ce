// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A node of version 1 whose daemon is dead, for the test of taking over from it: its maps, and
 * programs under its names that are as closed as those were. An enrolled pod's IPv4 connect goes to
 * the capture address, where nobody listens; IPv6 is denied; arrivals are dropped.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi1.h"

#define V1_HASH(name, entries, key_type, value_type)                                               \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct v1_socket);
} sm_sockets SEC(".maps");

V1_HASH(sm_pods, 4096, __u64, struct v1_pod);
V1_HASH(sm_wishes, 262144, struct v1_wish_key, struct v1_flow);
V1_HASH(sm_peers, 262144, struct v1_peer_key, struct v1_flow);
V1_HASH(sm_probes, 65536, struct v1_probe_key, __u64);
V1_HASH(sm_gateway_ports, 65536, struct v1_gateway_key, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 65536);
	__type(key, struct v1_listener_key);
	__type(value, __u64);
} sm_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct v1_node);
} sm_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, V1_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} sm_counters SEC(".maps");

static struct v1_pod *pod_of(struct bpf_sock_addr *ctx)
{
	__u64 netns = bpf_get_netns_cookie(ctx);

	return bpf_map_lookup_elem(&sm_pods, &netns);
}

static int is_past(const struct v1_pod *pod)
{
	__u32 zero = 0;
	struct v1_node *node = bpf_map_lookup_elem(&sm_node, &zero);

	return pod ? pod->state == V1_POD_BYPASS : node && node->allow_unknown;
}

SEC("cgroup/connect4")
int sm_connect4(struct bpf_sock_addr *ctx)
{
	struct v1_pod *pod = pod_of(ctx);
	__u32 captured = V1_C_CONNECT_CAPTURED;
	__u64 *cell = bpf_map_lookup_elem(&sm_counters, &captured);

	if (ctx->protocol != 6 || __builtin_bswap32(ctx->user_ip4) >> 24 == 127 || is_past(pod))
		return 1;
	if (!pod)
		return 0;
	if (cell)
		*cell += 1;
	ctx->user_ip4 = __builtin_bswap32(V1_CAPTURE_NET | 1u);
	ctx->user_port = __builtin_bswap16(V1_CAPTURE_PORT);
	return 1;
}

SEC("cgroup/connect6")
int sm_connect6(struct bpf_sock_addr *ctx)
{
	return ctx->protocol != 6 || is_past(pod_of(ctx));
}

#define V1_SEES_NOTHING(section, name, context)                                                    \
	SEC(section)                                                                               \
	int name(struct context *ctx)                                                              \
	{                                                                                          \
		(void)ctx;                                                                         \
		return 1;                                                                          \
	}

V1_SEES_NOTHING("cgroup/getpeername4", sm_getpeername4, bpf_sock_addr)
V1_SEES_NOTHING("cgroup/getpeername6", sm_getpeername6, bpf_sock_addr)
V1_SEES_NOTHING("cgroup/getsockname4", sm_getsockname4, bpf_sock_addr)
V1_SEES_NOTHING("cgroup/getsockname6", sm_getsockname6, bpf_sock_addr)
V1_SEES_NOTHING("sockops", sm_sockops_own, bpf_sock_ops)
V1_SEES_NOTHING("sockops", sm_sockops_pods, bpf_sock_ops)

SEC("sk_lookup")
int sm_arrive_lookup(struct bpf_sk_lookup *ctx)
{
	return ctx->protocol == 6 ? SK_DROP : SK_PASS;
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
