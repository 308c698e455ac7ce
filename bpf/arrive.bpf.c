// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sk_lookup in one pod's netns, one instance a pod: which listener gets a SYN. Captured connections
 * go to the daemon's outbound listener, admission probes to its sink, everything from the network
 * to its inbound listener; the pod's own loopback and self traffic is left to the usual lookup. No
 * listener means drop: the client sees a reset, the application never sees plain traffic because
 * the daemon is away.
 */
#include "maps.h"
#include "count.h"
#include "decide.h"
#include "lists.h"
#include "listener.h"

#define SM_AF_INET 2

const volatile struct sm_arrive_config sm_arrive = {};

struct arrival {
	struct sm_addr remote, local;
	__u32 remote_port, local_port;
};

SM_FN void release(struct bpf_sock **sk)
{
	if (*sk)
		bpf_sk_release(*sk);
}

/* Tries one slot. 1: the SYN has its listener. */
SM_FN int try_slot(struct bpf_sk_lookup *ctx, __u32 kind, __u32 slot)
{
	struct sm_listener_key key = {.netns = sm_arrive.netns, .kind = kind, .slot = slot};
	struct bpf_sock *sk __attribute__((cleanup(release))) =
	    bpf_map_lookup_elem(&sm_listeners, &key);

	if (!sk) {
		sm_count(SM_C_ARRIVE_SLOT_EMPTY);
		return 0;
	}
	/* Never a reuseport group: a foreign member could take what is meant for ours. */
	if (bpf_sk_assign(ctx, sk, BPF_SK_LOOKUP_F_NO_REUSEPORT)) {
		sm_count(SM_C_ARRIVE_ASSIGN_FAILED);
		return 0;
	}
	return 1;
}

/* Gives the SYN to the slot that its tuple picks, or to the next one that has a listener. */
SM_FN int give(struct bpf_sk_lookup *ctx, const struct arrival *a, __u32 kind, enum sm_counter id)
{
	__u32 slots = sm_arrive.slots, first;

	kind = sm_listener_kind(kind, sm_addr_is_v4(&a->local));
	if (slots == 0 || slots > SM_SLOTS_MAX)
		return sm_return(SK_DROP, SM_C_ARRIVE_NO_LISTENER);
	first = sm_hash(&a->remote, a->remote_port, sm_arrive.seed) % slots;
	for (__u32 i = 0; i < SM_SLOTS_MAX; i++) {
		if (i >= slots)
			break;
		if (try_slot(ctx, kind, (first + i) % slots))
			return sm_return(SK_PASS, id);
	}
	return sm_return(SK_DROP, SM_C_ARRIVE_NO_LISTENER);
}

SM_FN int is_wish_lost(void)
{
	__u32 zero = 0;
	__u32 *alarm = bpf_map_lookup_elem(&sm_alarm, &zero);

	return !alarm || *alarm;
}

SM_FN int captured(struct bpf_sk_lookup *ctx, const struct arrival *a)
{
	struct sm_wish_key key = {
	    .netns = sm_arrive.netns,
	    .source = a->remote,
	    .capture = a->local,
	    .source_port_be = SM_BE16((__u16)a->remote_port),
	    .capture_port_be = SM_BE16((__u16)a->local_port),
	};

	if (bpf_map_lookup_elem(&sm_wishes, &key))
		return give(ctx, a, SM_LISTENER_OUT, SM_C_ARRIVE_OUT);
	/* Somebody dialled the capture address itself, or the wish could not be published. */
	if (sm_addr_is_v4(&a->local))
		return sm_return(SK_DROP, SM_C_ARRIVE_NO_WISH);
	/* [::1] is everybody's: the usual case is an application that dials its own service. */
	return is_wish_lost() ? sm_return(SK_DROP, SM_C_ARRIVE_WISH_LOST)
			      : sm_return(SK_PASS, SM_C_ARRIVE_LOOPBACK);
}

/* An arrival that the inbound listener would get. */
SM_FN int inbound(struct bpf_sk_lookup *ctx, const struct arrival *a)
{
	__u64 netns = sm_arrive.netns;
	__u32 zero = 0;
	struct sm_pod *pod = bpf_map_lookup_elem(&sm_pods, &netns);
	struct sm_node *node = bpf_map_lookup_elem(&sm_node, &zero);

	if (pod && !sm_pod_takes_inbound(pod, SM_BE16((__u16)a->local_port)))
		return sm_return(SK_PASS, SM_C_ARRIVE_EXCLUDED);
	if (node && node->open_when_down &&
	    !sm_is_served(netns, sm_listener_kind(SM_LISTENER_IN, sm_addr_is_v4(&a->local)),
			  sm_arrive.slots))
		return sm_return(SK_PASS, SM_C_ARRIVE_OPEN);
	return give(ctx, a, SM_LISTENER_IN, SM_C_ARRIVE_IN);
}

SM_FN int arrived(struct bpf_sk_lookup *ctx, const struct arrival *a)
{
	struct sm_probe_key probe = {
	    .source = a->remote,
	    .destination = a->local,
	    .source_port_be = SM_BE16((__u16)a->remote_port),
	    .destination_port_be = SM_BE16((__u16)a->local_port),
	};
	struct sm_gateway_key port = {.netns = sm_arrive.netns,
				      .port_be = SM_BE16((__u16)a->local_port)};

	if (bpf_map_lookup_elem(&sm_probes, &probe))
		return give(ctx, a, SM_LISTENER_SINK, SM_C_ARRIVE_SINK);
	if (!sm_arrive.gateway)
		return inbound(ctx, a);
	if (!bpf_map_lookup_elem(&sm_gateway_ports, &port))
		return sm_return(SK_DROP, SM_C_ARRIVE_GATEWAY_PORT);
	return give(ctx, a, SM_LISTENER_IN, SM_C_ARRIVE_IN);
}

SM_FN struct arrival arrival_of(struct bpf_sk_lookup *ctx)
{
	struct arrival a = {
	    .remote_port = SM_BE16(ctx->remote_port),
	    .local_port = ctx->local_port,
	    .remote = SM_ADDR_OF(ctx->family == SM_AF_INET, ctx->remote_ip4, ctx->remote_ip6),
	    .local = SM_ADDR_OF(ctx->family == SM_AF_INET, ctx->local_ip4, ctx->local_ip6),
	};

	return a;
}

SEC("sk_lookup")
int sm_arrive_lookup(struct bpf_sk_lookup *ctx)
{
	struct arrival a = arrival_of(ctx);
	struct sm_addr ips[SM_POD_IPS_MAX];
	enum sm_counter what;

	for (__u32 i = 0; i < SM_POD_IPS_MAX; i++)
		ips[i] = sm_addr_v6(sm_arrive.ip[i].word_be[0], sm_arrive.ip[i].word_be[1],
				    sm_arrive.ip[i].word_be[2], sm_arrive.ip[i].word_be[3]);
	what = sm_decide_arrive(ctx->protocol, &a.remote, &a.local, a.local_port, ips,
				sm_arrive.ip_count);
	switch (what) {
	case SM_C_ARRIVE_OUT:
		return captured(ctx, &a);
	case SM_C_ARRIVE_IN:
		return arrived(ctx, &a);
	case SM_C_ARRIVE_NOT_TCP:
	case SM_C_ARRIVE_LOOPBACK:
	case SM_C_ARRIVE_SELF:
		return sm_return(SK_PASS, what);
	default:
		return sm_return(SK_DROP, what);
	}
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
