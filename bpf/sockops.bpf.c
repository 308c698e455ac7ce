// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sockops, two programs. sm_sockops_pods, at the pods' subtree, looks only at applications'
 * sockets; sm_sockops_own, at the daemon's own cgroup, only at the daemon's. So nothing is
 * published twice when one cgroup is above the other, and two daemons at the v2 root do not see
 * each other's sockets: their marks live in different maps.
 *
 * What is published is there before the SYN (TCP_CONNECT_CB), so no accept can come too early. It
 * goes when the accepted socket closes, or with the dialling socket if none was accepted: an
 * application that connects, writes and closes at once enters TIME_WAIT, which closes its socket,
 * before the daemon has looked.
 */
#include "maps.h"
#include "count.h"
#include "decide.h"
#include "lists.h"

#define DONE 1
#define SM_AF_INET 2

SM_FN struct sm_addr local_of(struct bpf_sock_ops *ctx)
{
	return SM_ADDR_OF(ctx->family == SM_AF_INET, ctx->local_ip4, ctx->local_ip6);
}

SM_FN struct sm_addr remote_of(struct bpf_sock_ops *ctx)
{
	return SM_ADDR_OF(ctx->family == SM_AF_INET, ctx->remote_ip4, ctx->remote_ip6);
}

SM_FN __u32 remote_port_of(struct bpf_sock_ops *ctx)
{
	return SM_BE32(ctx->remote_port); /* kept in the upper half, in network order */
}

SM_FN struct sm_socket *mark_of(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	return sk ? bpf_sk_storage_get(&sm_sockets, sk, 0, 0) : 0;
}

SM_FN void watch_state(struct bpf_sock_ops *ctx)
{
	bpf_sock_ops_cb_flags_set(ctx,
				  (int)ctx->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
}

SM_FN struct sm_wish_key wish_key(struct bpf_sock_ops *ctx, const struct sm_addr *source,
				  __u32 source_port, const struct sm_addr *capture,
				  __u32 capture_port)
{
	struct sm_wish_key key = {
	    .netns = bpf_get_netns_cookie(ctx),
	    .source = *source,
	    .capture = *capture,
	    .source_port_be = SM_BE16((__u16)source_port),
	    .capture_port_be = SM_BE16((__u16)capture_port),
	};

	return key;
}

SM_FN struct sm_peer_key peer_key(struct bpf_sock_ops *ctx, const struct sm_addr *source,
				  __u32 source_port, __u32 port)
{
	struct sm_peer_key key = {
	    .netns = bpf_get_netns_cookie(ctx),
	    .source = *source,
	    .source_port_be = SM_BE16((__u16)source_port),
	    .port_be = SM_BE16((__u16)port),
	};

	return key;
}

SM_FN struct sm_flow flow_of(struct bpf_sock_ops *ctx, const struct sm_socket *mark)
{
	struct sm_flow flow = {
	    .ip = mark->ip,
	    .port_be = mark->port_be,
	    .dialler = bpf_get_socket_cookie(ctx),
	};

	return flow;
}

/* Whether this socket is the one with which the published address goes. */
SM_FN int ends_flow(struct bpf_sock_ops *ctx, const struct sm_flow *flow, int is_dialler)
{
	__u64 me = bpf_get_socket_cookie(ctx);

	return is_dialler ? flow->dialler == me && flow->accepted == 0 : flow->accepted == me;
}

SM_FN int forget_wish(struct bpf_sock_ops *ctx, struct sm_wish_key *key, int is_dialler)
{
	struct sm_flow *flow = bpf_map_lookup_elem(&sm_wishes, key);

	if (!flow || !ends_flow(ctx, flow, is_dialler) || bpf_map_delete_elem(&sm_wishes, key))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	return sm_return(DONE, SM_C_WISH_FORGOTTEN);
}

SM_FN int forget_peer(struct bpf_sock_ops *ctx, struct sm_peer_key *key, int is_dialler)
{
	struct sm_flow *flow = bpf_map_lookup_elem(&sm_peers, key);

	if (!flow || !ends_flow(ctx, flow, is_dialler) || bpf_map_delete_elem(&sm_peers, key))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	return sm_return(DONE, SM_C_PEER_FORGOTTEN);
}

/* IPv6 captures cannot be told from an application's own traffic to [::1] without their wish. */
SM_FN void raise_alarm(void)
{
	__u32 zero = 0;
	__u32 *alarm = bpf_map_lookup_elem(&sm_alarm, &zero);

	if (alarm)
		*alarm = 1;
}

/* An application's socket is about to send its SYN. */
SM_FN int pod_connects(struct bpf_sock_ops *ctx)
{
	struct sm_socket *mark = mark_of(ctx);
	struct sm_addr source = local_of(ctx), capture = remote_of(ctx);
	struct sm_wish_key key;
	struct sm_flow flow;

	if (!mark || mark->kind != SM_SOCKET_WISH ||
	    !sm_addr_is_capture(&capture, remote_port_of(ctx)))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	key = wish_key(ctx, &source, ctx->local_port, &capture, remote_port_of(ctx));
	flow = flow_of(ctx, mark);
	/* Full map or no memory: sk_lookup finds no wish and refuses the SYN. */
	if (bpf_map_update_elem(&sm_wishes, &key, &flow, BPF_ANY)) {
		raise_alarm();
		return sm_return(DONE, SM_C_WISH_UNPUBLISHED);
	}
	watch_state(ctx);
	return sm_return(DONE, SM_C_WISH_PUBLISHED);
}

/* Counts an established connection that should have been meshed. There is none while capture works:
 * the proof is that this counter stays 0. */
SM_FN int watch_past(struct bpf_sock_ops *ctx, __u32 direction, enum sm_counter id)
{
	struct sm_addr local = local_of(ctx), remote = remote_of(ctx);
	__u64 netns = bpf_get_netns_cookie(ctx);
	struct sm_pod *pod;
	int taken;

	if (sm_addr_is_local(&remote))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	pod = bpf_map_lookup_elem(&sm_pods, &netns);
	if (!pod)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	if (direction == SM_INBOUND)
		taken = sm_pod_takes_inbound(pod, SM_BE16((__u16)ctx->local_port));
	else
		taken = sm_pod_takes_outbound(pod, &remote, SM_BE16((__u16)remote_port_of(ctx)));
	return sm_return(DONE,
			 sm_is_unmeshed(&local, &remote, pod, taken) ? id : SM_C_SOCKOPS_OTHER);
}

/* A connection of an application is there. The daemon's own, when its cgroup is below, are marked.
 */
SM_FN int pod_connected(struct bpf_sock_ops *ctx)
{
	struct sm_socket *mark = mark_of(ctx);

	if (mark && sm_is_own(mark->kind))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	return watch_past(ctx, SM_OUTBOUND, SM_C_UNMESHED_CONNECTED);
}

/* An application's listener has a new connection; is it the daemon's dial? */
SM_FN int pod_accepts(struct bpf_sock_ops *ctx)
{
	struct sm_addr source = remote_of(ctx);
	struct sm_peer_key key;
	struct sm_flow *flow;

	if (!sm_addr_is_local(&source))
		return watch_past(ctx, SM_INBOUND, SM_C_UNMESHED_ACCEPTED);
	key = peer_key(ctx, &source, remote_port_of(ctx), ctx->local_port);
	flow = bpf_map_lookup_elem(&sm_peers, &key);
	if (!flow)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	flow->accepted = bpf_get_socket_cookie(ctx);
	watch_state(ctx);
	return sm_return(DONE, SM_C_SOCKOPS_OTHER);
}

SM_FN int pod_closes(struct bpf_sock_ops *ctx)
{
	struct sm_addr remote = remote_of(ctx), local = local_of(ctx);
	struct sm_socket *mark = mark_of(ctx);

	if (mark && mark->kind == SM_SOCKET_WISH &&
	    sm_addr_is_capture(&remote, remote_port_of(ctx))) {
		struct sm_wish_key key =
		    wish_key(ctx, &local, ctx->local_port, &remote, remote_port_of(ctx));

		return forget_wish(ctx, &key, 1);
	}
	if (sm_addr_is_local(&remote)) {
		struct sm_peer_key key =
		    peer_key(ctx, &remote, remote_port_of(ctx), ctx->local_port);

		return forget_peer(ctx, &key, 0);
	}
	return sm_return(DONE, SM_C_SOCKOPS_OTHER);
}

SEC("sockops")
int sm_sockops_pods(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		return pod_connects(ctx);
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		return pod_connected(ctx);
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		return pod_accepts(ctx);
	case BPF_SOCK_OPS_STATE_CB:
		return ctx->args[1] == BPF_TCP_CLOSE ? pod_closes(ctx)
						     : sm_return(DONE, SM_C_SOCKOPS_OTHER);
	default:
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	}
}

SM_FN struct sm_probe_key probe_key(struct bpf_sock_ops *ctx)
{
	struct sm_probe_key key = {
	    .source = local_of(ctx),
	    .destination = remote_of(ctx),
	    .source_port_be = SM_BE16((__u16)ctx->local_port),
	    .destination_port_be = SM_BE16((__u16)remote_port_of(ctx)),
	};

	return key;
}

SM_FN int own_probe(struct bpf_sock_ops *ctx)
{
	struct sm_probe_key key = probe_key(ctx);
	__u64 me = bpf_get_socket_cookie(ctx);

	/* Unpublished, the probe would arrive as plain traffic at the inbound listener: it proves
	 * nothing then. */
	if (bpf_map_update_elem(&sm_probes, &key, &me, BPF_ANY))
		return sm_return(DONE, SM_C_PROBE_UNPUBLISHED);
	watch_state(ctx);
	return sm_return(DONE, SM_C_PROBE_PUBLISHED);
}

SM_FN int own_connects(struct bpf_sock_ops *ctx)
{
	struct sm_socket *mark = mark_of(ctx);
	struct sm_addr source = local_of(ctx);
	struct sm_peer_key key;
	struct sm_flow flow;

	if (!mark)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	if (mark->kind == SM_SOCKET_OWN_PROBE)
		return own_probe(ctx);
	if (mark->kind != SM_SOCKET_OWN_CLIENT)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	key = peer_key(ctx, &source, ctx->local_port, remote_port_of(ctx));
	flow = flow_of(ctx, mark);
	/* The application then sees 127.0.0.1: less than it should know, but nobody gets in or out
	 * by it. */
	if (bpf_map_update_elem(&sm_peers, &key, &flow, BPF_ANY))
		return sm_return(DONE, SM_C_PEER_UNPUBLISHED);
	watch_state(ctx);
	return sm_return(DONE, SM_C_PEER_PUBLISHED);
}

/* The daemon's outbound listener has a captured connection. */
SM_FN int own_accepts(struct bpf_sock_ops *ctx)
{
	struct sm_addr local = local_of(ctx), source = remote_of(ctx);
	struct sm_wish_key key;
	struct sm_flow *flow;

	if (!sm_addr_is_capture(&local, ctx->local_port))
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	key = wish_key(ctx, &source, remote_port_of(ctx), &local, ctx->local_port);
	flow = bpf_map_lookup_elem(&sm_wishes, &key);
	if (!flow)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	flow->accepted = bpf_get_socket_cookie(ctx);
	watch_state(ctx);
	return sm_return(DONE, SM_C_SOCKOPS_OTHER);
}

SM_FN int own_changes_state(struct bpf_sock_ops *ctx)
{
	struct sm_addr local = local_of(ctx), remote = remote_of(ctx);
	struct sm_socket *mark = mark_of(ctx);

	/* Answered, refused or given up: from here on the tuple admits nobody. */
	if (mark && mark->kind == SM_SOCKET_OWN_PROBE && ctx->args[0] == BPF_TCP_SYN_SENT) {
		struct sm_probe_key key = probe_key(ctx);

		if (!bpf_map_delete_elem(&sm_probes, &key))
			return sm_return(DONE, SM_C_PROBE_FORGOTTEN);
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	}
	if (ctx->args[1] != BPF_TCP_CLOSE)
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	if (mark && mark->kind == SM_SOCKET_OWN_CLIENT) {
		struct sm_peer_key key =
		    peer_key(ctx, &local, ctx->local_port, remote_port_of(ctx));

		return forget_peer(ctx, &key, 1);
	}
	if (!mark && sm_addr_is_capture(&local, ctx->local_port)) {
		struct sm_wish_key key =
		    wish_key(ctx, &remote, remote_port_of(ctx), &local, ctx->local_port);

		return forget_wish(ctx, &key, 0);
	}
	return sm_return(DONE, SM_C_SOCKOPS_OTHER);
}

SEC("sockops")
int sm_sockops_own(struct bpf_sock_ops *ctx)
{
	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		return own_connects(ctx);
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		return own_accepts(ctx);
	case BPF_SOCK_OPS_STATE_CB:
		return own_changes_state(ctx);
	default:
		return sm_return(DONE, SM_C_SOCKOPS_OTHER);
	}
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
