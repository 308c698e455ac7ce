/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decisions, as pure functions over values: what becomes of a connect(), what an arriving SYN
 * is, what a pod's lists say, what of an unknown pod's is held. Each answer is the counter that
 * names it; abi.h gives the counter's verdict. The unit tests compare them with a plain C++ model.
 */
#ifndef SOCKMESH_LIB_DECIDE_H
#define SOCKMESH_LIB_DECIDE_H

#include "addr.h"

#define SM_IPPROTO_TCP 6u

SM_FN int sm_is_own(__u32 kind)
{
	return kind == SM_SOCKET_OWN || kind == SM_SOCKET_OWN_PROBE || kind == SM_SOCKET_OWN_CLIENT;
}

SM_FN int sm_pod_owns(const struct sm_addr *ips, __u32 count, const struct sm_addr *a)
{
	for (__u32 i = 0; i < SM_POD_IPS_MAX; i++)
		if (i < count && sm_addr_equal(&ips[i], a))
			return 1;
	return 0;
}

SM_FN enum sm_counter sm_decide_unknown(const struct sm_node *node)
{
	if (node->unknown == SM_UNKNOWN_ALLOW)
		return SM_C_CONNECT_UNKNOWN_ALLOWED;
	if (node->unknown == SM_UNKNOWN_HOLD)
		return SM_C_CONNECT_HELD;
	return SM_C_CONNECT_UNKNOWN_DENIED;
}

/* What the lists say of a connection to a port and range (enum sm_take each): Istio's order. */
SM_FN int sm_takes_outbound(__u32 flags, __u32 port, __u32 range)
{
	if (port == SM_TAKE_NO || range == SM_TAKE_NO)
		return 0;
	if (port == SM_TAKE_YES || range == SM_TAKE_YES)
		return 1;
	return !(flags & SM_POD_OUT_LISTED);
}

SM_FN int sm_takes_inbound(__u32 flags, __u32 port)
{
	if (port != SM_TAKE_UNSAID)
		return port == SM_TAKE_YES;
	return !(flags & SM_POD_IN_LISTED);
}

/*
 * A TCP connect() to `destination`. `kind` is the socket's mark, `pod` what the netns cookie says
 * (0: nothing), `node` the node row (0: cannot happen with an array map, hence denied).
 * SM_C_CONNECT_CAPTURED still has to be asked of the pod's lists.
 */
SM_FN enum sm_counter sm_decide_connect(__u32 kind, const struct sm_addr *destination,
					const struct sm_pod *pod, const struct sm_node *node)
{
	/* First, because the daemon's dials into pods must not depend on what the maps hold. */
	if (sm_is_own(kind))
		return SM_C_CONNECT_OWN;
	/* Stays inside the netns, whoever it belongs to. */
	if (sm_addr_is_local(destination))
		return SM_C_CONNECT_LOOPBACK;
	if (!node)
		return SM_C_CONNECT_NO_NODE;
	if (!pod)
		return sm_decide_unknown(node);
	if (pod->state == SM_POD_BYPASS)
		return SM_C_CONNECT_BYPASS;
	if (pod->state != SM_POD_ENROLLED)
		return SM_C_CONNECT_UNKNOWN_DENIED;
	/* A pod that dials its own address talks to itself; capturing it would send it through its
	 * own inbound policy. */
	if (sm_pod_owns(pod->ip, pod->ip_count, destination))
		return SM_C_CONNECT_SELF;
	if (sm_addr_is_v4(destination))
		return SM_C_CONNECT_CAPTURED;
	/* Without an IPv6 address of its own the pod could not get there un-meshed either;
	 * captured, the connect would succeed and hide that from programs that try several
	 * addresses. */
	if (!(pod->flags & SM_POD_IPV6))
		return SM_C_CONNECT_IPV6_DENIED;
	if (sm_addr_is_link_local6(destination))
		return SM_C_CONNECT_LINK_LOCAL;
	return SM_C_CONNECT_CAPTURED;
}

/*
 * What a SYN in a steered pod's netns is. SM_C_ARRIVE_OUT: at the capture address, to be matched
 * with a wish. SM_C_ARRIVE_IN: from the network, to be matched with a probe or given to the inbound
 * listener. The others are final.
 *
 * The incoming device is not asked: a pod that dials its own address is seen with the veth's index,
 * not lo's.
 */
SM_FN enum sm_counter sm_decide_arrive(__u32 protocol, const struct sm_addr *remote,
				       const struct sm_addr *local, __u32 local_port,
				       const struct sm_addr *ips, __u32 ip_count)
{
	if (protocol != SM_IPPROTO_TCP)
		return SM_C_ARRIVE_NOT_TCP;
	if (sm_addr_is_capture(local, local_port))
		return SM_C_ARRIVE_OUT; /* for IPv6 only with a wish; else SM_C_ARRIVE_LOOPBACK */
	if (sm_addr_is_local(local))
		return SM_C_ARRIVE_LOOPBACK;
	/* A loopback source cannot come in by a device (martian), so this is the pod itself or the
	 * daemon's dial in it. */
	if (sm_addr_equal(remote, local) || sm_addr_is_local(remote) ||
	    sm_pod_owns(ips, ip_count, remote))
		return SM_C_ARRIVE_SELF;
	if (sm_addr_is_link_local6(local))
		return SM_C_ARRIVE_LINK_LOCAL;
	return SM_C_ARRIVE_IN;
}

/*
 * An established connection of an enrolled pod, whose other end is `remote`, not taken by lists or
 * not: is it one that should have been meshed?
 */
SM_FN int sm_is_unmeshed(const struct sm_addr *local, const struct sm_addr *remote,
			 const struct sm_pod *pod, int taken)
{
	return taken && pod->state == SM_POD_ENROLLED && !sm_addr_is_local(remote) &&
	       !sm_addr_equal(local, remote) && !sm_pod_owns(pod->ip, pod->ip_count, remote);
}

#endif
