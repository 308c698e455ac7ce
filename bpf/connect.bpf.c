// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgroup/connect4 and connect6 at the subtree that holds the pods: a pod's TCP connect() is sent to
 * the capture address, and where it wanted to go is kept in the socket's storage for sockops.bpf.c
 * to publish. Every error branch denies (EPERM).
 */
#include "maps.h"
#include "count.h"
#include "decide.h"
#include "lists.h"
#include "listener.h"

#define DENY 0
#define PROCEED 1
#define SM_SOL_SOCKET 1
#define SM_SO_BINDTODEVICE 25

SM_FN __u32 kind_of(struct bpf_sock *sk)
{
	struct sm_socket *mark = bpf_sk_storage_get(&sm_sockets, sk, 0, 0);

	return mark ? mark->kind : SM_SOCKET_NONE;
}

/* Keeps the wish; SM_C_CONNECT_CAPTURED: it is kept. */
SM_FN enum sm_counter keep_wish(struct bpf_sock_addr *ctx, struct bpf_sock *sk,
				const struct sm_addr *destination)
{
	struct sm_socket wish = {.kind = SM_SOCKET_WISH};
	struct sm_socket *kept;

	/* A socket bound to eth0 could not reach the capture address, which is on lo. The daemon's
	 * dial picks the route. */
	if (sk->bound_dev_if) {
		char none[4] = {};

		if (bpf_setsockopt(ctx, SM_SOL_SOCKET, SM_SO_BINDTODEVICE, none, 1))
			return SM_C_CONNECT_DEVICE_STUCK;
		sm_count(SM_C_CONNECT_DEVICE_CLEARED);
	}
	wish.ip = *destination;
	wish.port_be = (__u16)ctx->user_port;
	/* Storage counts against the socket's optmem, so an application can make this fail: then
	 * nothing leaves. */
	kept = bpf_sk_storage_get(&sm_sockets, sk, &wish, BPF_SK_STORAGE_GET_F_CREATE);
	if (!kept)
		return SM_C_CONNECT_NO_STORAGE;
	*kept = wish; /* it may have held the wish of an earlier connect() */
	return SM_C_CONNECT_CAPTURED;
}

/* What the pod's lists and the state of the proxy make of a connection that would be captured. */
SM_FN enum sm_counter ask_pod(const struct sm_pod *pod, const struct sm_node *node, __u64 netns,
			      const struct sm_addr *destination, __u16 port_be)
{
	if (!sm_pod_takes_outbound(pod, destination, port_be))
		return SM_C_CONNECT_EXCLUDED;
	if (node->open_when_down &&
	    !sm_is_served(netns, sm_listener_kind(SM_LISTENER_OUT, sm_addr_is_v4(destination)),
			  pod->slots))
		return SM_C_CONNECT_OPEN;
	return SM_C_CONNECT_CAPTURED;
}

/* Decides and, when captured or held, says where to in `to`. */
SM_FN enum sm_counter decide(struct bpf_sock_addr *ctx, const struct sm_addr *destination,
			     struct sm_capture *to)
{
	struct bpf_sock *sk = ctx->sk;
	__u64 netns = bpf_get_netns_cookie(ctx);
	struct sm_pod *pod = bpf_map_lookup_elem(&sm_pods, &netns);
	__u16 port_be = (__u16)ctx->user_port;
	__u32 zero = 0;
	struct sm_node *node = bpf_map_lookup_elem(&sm_node, &zero);
	enum sm_counter answer, kept;
	__u32 kind;

	if (!sk)
		return SM_C_CONNECT_NO_SOCKET;
	kind = kind_of(sk);
	answer = sm_decide_connect(kind, destination, pod, node);
	if (answer == SM_C_CONNECT_CAPTURED && pod && node)
		answer = ask_pod(pod, node, netns, destination, port_be);
	if ((answer == SM_C_CONNECT_CAPTURED || answer == SM_C_CONNECT_HELD) && node) {
		kept = keep_wish(ctx, sk, destination);
		*to = sm_capture_of(destination, SM_BE16(port_be), node->seed);
		return kept == SM_C_CONNECT_CAPTURED ? answer : kept;
	}
	/* A wish left by a connect() that failed must not be published for this one. */
	if (kind == SM_SOCKET_WISH)
		bpf_sk_storage_delete(&sm_sockets, sk);
	return answer;
}

SM_FN int verdict_of(enum sm_counter answer)
{
	switch (answer) {
	case SM_C_CONNECT_OWN:
	case SM_C_CONNECT_LOOPBACK:
	case SM_C_CONNECT_SELF:
	case SM_C_CONNECT_BYPASS:
	case SM_C_CONNECT_UNKNOWN_ALLOWED:
	case SM_C_CONNECT_EXCLUDED:
	case SM_C_CONNECT_OPEN:
	case SM_C_CONNECT_CAPTURED:
	case SM_C_CONNECT_HELD:
		return PROCEED;
	default:
		return DENY;
	}
}

SM_FN int is_rewritten(enum sm_counter answer)
{
	return answer == SM_C_CONNECT_CAPTURED || answer == SM_C_CONNECT_HELD;
}

SEC("cgroup/connect4")
int sm_connect4(struct bpf_sock_addr *ctx)
{
	struct sm_addr destination = sm_addr_v4(ctx->user_ip4);
	struct sm_capture to = {};
	enum sm_counter answer;

	/* UDP and others are not captured (docs/BPF.md). MPTCP comes here once for its first
	 * subflow, as TCP. */
	if (ctx->protocol != SM_IPPROTO_TCP)
		return sm_return(PROCEED, SM_C_CONNECT_NOT_TCP);
	answer = decide(ctx, &destination, &to);
	if (is_rewritten(answer)) {
		ctx->user_ip4 = to.ip.word_be[3];
		ctx->user_port = SM_BE16((__u16)to.port);
	}
	return sm_return(verdict_of(answer), answer);
}

SEC("cgroup/connect6")
int sm_connect6(struct bpf_sock_addr *ctx)
{
	struct sm_addr destination =
	    sm_addr_v6(ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	struct sm_capture to = {};
	enum sm_counter answer;

	if (ctx->protocol != SM_IPPROTO_TCP)
		return sm_return(PROCEED, SM_C_CONNECT_NOT_TCP);
	answer = decide(ctx, &destination, &to);
	if (is_rewritten(answer)) {
		ctx->user_ip6[0] = to.ip.word_be[0];
		ctx->user_ip6[1] = to.ip.word_be[1];
		ctx->user_ip6[2] = to.ip.word_be[2];
		ctx->user_ip6[3] = to.ip.word_be[3];
		ctx->user_port = SM_BE16((__u16)to.port);
	}
	return sm_return(verdict_of(answer), answer);
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
