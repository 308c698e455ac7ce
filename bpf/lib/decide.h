/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two decisions, as pure functions over values: what becomes of a connect(), and what an
 * arriving SYN is. Each answer is the counter that names it; abi.h gives the counter's verdict. The
 * unit tests compare them with a plain C++ model.
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

/*
 * A TCP connect() to `destination`. `kind` is the socket's mark, `pod` what the netns cookie says
 * (0: nothing), `node` the node row (0: cannot happen with an array map, hence denied).
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
		return node->allow_unknown ? SM_C_CONNECT_UNKNOWN_ALLOWED
					   : SM_C_CONNECT_UNKNOWN_DENIED;
	if (pod->state == SM_POD_BYPASS)
		return SM_C_CONNECT_BYPASS;
	if (pod->state != SM_POD_ENROLLED)
		return SM_C_CONNECT_UNKNOWN_DENIED;
	/* A pod that dials its own address talks to itself; capturing it would send it through its
	 * own inbound policy. */
	if (sm_pod_owns(pod->ip, pod->ip_count, destination))
		return SM_C_CONNECT_SELF;
	/* There is no capture address for IPv6 yet, and passing it would be a way around the mesh.
	 */
	if (!sm_addr_is_v4(destination))
		return SM_C_CONNECT_IPV6_DENIED;
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
		return SM_C_ARRIVE_OUT;
	if (sm_addr_is_local(local))
		return SM_C_ARRIVE_LOOPBACK;
	/* A loopback source cannot come in by a device (martian), so this is the pod itself or the
	 * daemon's dial in it. */
	if (sm_addr_equal(remote, local) || sm_addr_is_local(remote) ||
	    sm_pod_owns(ips, ip_count, remote))
		return SM_C_ARRIVE_SELF;
	if (!sm_addr_is_v4(local))
		return SM_C_ARRIVE_IPV6_DENIED;
	return SM_C_ARRIVE_IN;
}

#endif
