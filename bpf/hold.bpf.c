// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgroup_skb at the pods' subtree: what a pod that no Pod object describes yet may send and
 * receive. Its listeners get no segment from the network (unknownPods: hold and deny); its captured
 * connects send no SYN (hold), and TCP's retransmission delivers it once the pod is enrolled. When
 * it turns out not to be in the mesh, a held SYN stays where it is: it is on its way to the capture
 * address, where the application may have a service of its own. The daemon ends such a connect.
 * Both look at the socket's state only: established connections cost one comparison.
 *
 * bpf_get_netns_cookie() is there for these programs from Linux 6.15 on.
 */
#include "maps.h"
#include "count.h"
#include "decide.h"

#define DROP 0
#define PASS 1
#define SM_LO_IFINDEX 1u /* in every netns */

SM_FN int is_unknown(struct __sk_buff *skb)
{
	__u64 netns = bpf_get_netns_cookie(skb);

	return !bpf_map_lookup_elem(&sm_pods, &netns);
}

SM_FN int is_enrolled(struct __sk_buff *skb)
{
	__u64 netns = bpf_get_netns_cookie(skb);
	struct sm_pod *pod = bpf_map_lookup_elem(&sm_pods, &netns);

	return pod && pod->state == SM_POD_ENROLLED;
}

SM_FN __u32 unknown_pods(void)
{
	__u32 zero = 0;
	struct sm_node *node = bpf_map_lookup_elem(&sm_node, &zero);

	return node ? node->unknown : SM_UNKNOWN_DENY;
}

SEC("cgroup_skb/egress")
int sm_hold_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct sm_socket *mark;

	if (!sk)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->state != BPF_TCP_SYN_SENT || sk->protocol != SM_IPPROTO_TCP)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	mark = bpf_sk_storage_get(&sm_sockets, sk, 0, 0);
	/* Only what was rewritten: other SYNs of an unknown pod are to its own loopback. */
	if (!mark || mark->kind != SM_SOCKET_WISH || is_enrolled(skb))
		return sm_return(PASS, SM_C_HOLD_OTHER);
	return sm_return(DROP, SM_C_HOLD_OUT);
}

SEC("cgroup_skb/ingress")
int sm_hold_ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->state != BPF_TCP_LISTEN || sk->protocol != SM_IPPROTO_TCP)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	/* What a netns sends itself, to loopback or its own address, comes in by lo. */
	if (skb->ingress_ifindex == SM_LO_IFINDEX)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	if (!is_unknown(skb) || unknown_pods() == SM_UNKNOWN_ALLOW)
		return sm_return(PASS, SM_C_HOLD_OTHER);
	return sm_return(DROP, SM_C_HOLD_IN);
}

char sm_license[] SEC("license") = "Dual BSD/GPL";
