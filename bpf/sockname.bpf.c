// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgroup/getpeername and getsockname, v4 and v6, at the pods' subtree: a captured socket shows
 * where it wanted to go and the pod's own address; a connection that the daemon dialled to the
 * application shows the real client, in accept() too, which asks the same hook. These programs
 * cannot deny and never do: not knowing, they leave what the kernel says.
 */
#include "maps.h"
#include "count.h"
#include "decide.h"

#define PROCEED 1

/* The destination of a captured socket, into `address`. */
SM_FN enum sm_counter show_destination(struct bpf_sock *sk, struct sm_addr *address, __u16 *port_be)
{
	struct sm_socket *mark = bpf_sk_storage_get(&sm_sockets, sk, 0, 0);

	if (!mark || mark->kind != SM_SOCKET_WISH)
		return SM_C_NAME_UNCHANGED;
	*address = mark->ip;
	*port_be = mark->port_be;
	return SM_C_NAME_DESTINATION;
}

/* The client behind a dial of the daemon. Those come from loopback, so nothing else is looked up.
 */
SM_FN enum sm_counter show_client(struct bpf_sock_addr *ctx, struct bpf_sock *sk,
				  struct sm_addr *address, __u16 *port_be)
{
	struct sm_peer_key key = {
	    .source = *address,
	    .source_port_be = *port_be,
	    .port_be = SM_BE16((__u16)sk->src_port),
	};
	struct sm_flow *flow;

	key.netns = bpf_get_netns_cookie(ctx);
	flow = bpf_map_lookup_elem(&sm_peers, &key);
	if (!flow)
		return SM_C_NAME_UNCHANGED;
	*address = flow->ip;
	*port_be = flow->port_be;
	return SM_C_NAME_CLIENT;
}

SM_FN enum sm_counter peer_name(struct bpf_sock_addr *ctx, struct sm_addr *address, __u16 *port_be)
{
	struct bpf_sock *sk = ctx->sk;
	enum sm_counter answer = SM_C_NAME_UNCHANGED;

	if (!sk)
		return SM_C_NAME_UNCHANGED;
	if (sm_addr_is_capture(address, SM_BE16(*port_be)))
		answer = show_destination(sk, address, port_be);
	/* A dial of ours from [::1] may have a source port in the capture range. */
	if (answer == SM_C_NAME_UNCHANGED && sm_addr_is_local(address))
		answer = show_client(ctx, sk, address, port_be);
	return answer;
}

/* Whether `sk` is a captured connection. A wish alone is not enough: its connect() may have failed,
 * and the socket may be a listener by now. */
SM_FN int is_captured(struct bpf_sock *sk, int is_v4)
{
	struct sm_addr remote =
	    is_v4 ? sm_addr_v4(sk->dst_ip4)
		  : sm_addr_v6(sk->dst_ip6[0], sk->dst_ip6[1], sk->dst_ip6[2], sk->dst_ip6[3]);
	struct sm_socket *mark;

	if (!sm_addr_is_capture(&remote, SM_BE16((__u16)sk->dst_port)))
		return 0;
	mark = bpf_sk_storage_get(&sm_sockets, sk, 0, 0);
	return mark && mark->kind == SM_SOCKET_WISH;
}

/* Applications advertise this address to others; 127.0.0.1 would be a lie there. */
SM_FN enum sm_counter own_name(struct bpf_sock_addr *ctx, struct sm_addr *address)
{
	struct bpf_sock *sk = ctx->sk;
	int is_v4 = sm_addr_is_v4(address);
	struct sm_pod *pod;
	__u64 netns;

	if (!sk || !sm_addr_is_local(address) || !is_captured(sk, is_v4))
		return SM_C_NAME_UNCHANGED;
	netns = bpf_get_netns_cookie(ctx);
	pod = bpf_map_lookup_elem(&sm_pods, &netns);
	if (!pod)
		return SM_C_NAME_UNCHANGED;
	for (__u32 i = 0; i < SM_POD_IPS_MAX; i++) {
		if (i < pod->ip_count && sm_addr_is_v4(&pod->ip[i]) == is_v4) {
			*address = pod->ip[i];
			return SM_C_NAME_POD_IP;
		}
	}
	return SM_C_NAME_UNCHANGED;
}

SEC("cgroup/getpeername4")
int sm_getpeername4(struct bpf_sock_addr *ctx)
{
	struct sm_addr address = sm_addr_v4(ctx->user_ip4);
	__u16 port_be = (__u16)ctx->user_port;
	enum sm_counter answer = peer_name(ctx, &address, &port_be);

	if (answer == SM_C_NAME_UNCHANGED)
		return sm_return(PROCEED, answer);
	if (!sm_addr_is_v4(&address)) /* an IPv4 socket has no way to show an IPv6 client */
		return sm_return(PROCEED, SM_C_NAME_FAMILY);
	ctx->user_ip4 = address.word_be[3];
	ctx->user_port = port_be;
	return sm_return(PROCEED, answer);
}

SEC("cgroup/getpeername6")
int sm_getpeername6(struct bpf_sock_addr *ctx)
{
	struct sm_addr address =
	    sm_addr_v6(ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	__u16 port_be = (__u16)ctx->user_port;
	enum sm_counter answer = peer_name(ctx, &address, &port_be);

	if (answer == SM_C_NAME_UNCHANGED)
		return sm_return(PROCEED, answer);
	ctx->user_ip6[0] = address.word_be[0];
	ctx->user_ip6[1] = address.word_be[1];
	ctx->user_ip6[2] = address.word_be[2];
	ctx->user_ip6[3] = address.word_be[3];
	ctx->user_port = port_be;
	return sm_return(PROCEED, answer);
}

SEC("cgroup/getsockname4")
int sm_getsockname4(struct bpf_sock_addr *ctx)
{
	struct sm_addr address = sm_addr_v4(ctx->user_ip4);
	enum sm_counter answer = own_name(ctx, &address);

	if (answer == SM_C_NAME_POD_IP)
		ctx->user_ip4 = address.word_be[3];
	return sm_return(PROCEED, answer);
}

SEC("cgroup/getsockname6")
int sm_getsockname6(struct bpf_sock_addr *ctx)
{
	struct sm_addr address =
	    sm_addr_v6(ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]);
	enum sm_counter answer = own_name(ctx, &address);

	if (answer == SM_C_NAME_POD_IP) {
		ctx->user_ip6[0] = address.word_be[0];
		ctx->user_ip6[1] = address.word_be[1];
		ctx->user_ip6[2] = address.word_be[2];
		ctx->user_ip6[3] = address.word_be[3];
	}
	return sm_return(PROCEED, answer);
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
