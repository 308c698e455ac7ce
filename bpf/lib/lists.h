/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pod's lists, looked up: whether it takes a connection. Shared by the hook that decides and by
 * the one that counts what went past. */
#ifndef SOCKMESH_LIB_LISTS_H
#define SOCKMESH_LIB_LISTS_H

#include "maps.h"
#include "decide.h"

SM_FN __u32 sm_port_action(__u32 policy, __u16 port_be, __u16 direction)
{
	struct sm_port_key key = {.policy = policy, .port_be = port_be, .direction = direction};
	__u32 *action = bpf_map_lookup_elem(&sm_ports, &key);

	return action ? *action : SM_TAKE_UNSAID;
}

SM_FN __u32 sm_range_action(__u32 policy, const struct sm_addr *destination)
{
	struct sm_range_key key = {
	    .prefix_bits = SM_RANGE_POLICY_BITS + 128u, .policy = policy, .ip = *destination};
	__u32 *action = bpf_map_lookup_elem(&sm_ranges, &key);

	return action ? *action : SM_TAKE_UNSAID;
}

SM_FN int sm_pod_takes_outbound(const struct sm_pod *pod, const struct sm_addr *destination,
				__u16 port_be)
{
	if (!pod->policy)
		return sm_takes_outbound(pod->flags, SM_TAKE_UNSAID, SM_TAKE_UNSAID);
	return sm_takes_outbound(pod->flags, sm_port_action(pod->policy, port_be, SM_OUTBOUND),
				 sm_range_action(pod->policy, destination));
}

SM_FN int sm_pod_takes_inbound(const struct sm_pod *pod, __u16 port_be)
{
	if (!pod->policy)
		return sm_takes_inbound(pod->flags, SM_TAKE_UNSAID);
	return sm_takes_inbound(pod->flags, sm_port_action(pod->policy, port_be, SM_INBOUND));
}

#endif
