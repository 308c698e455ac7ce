/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looking at the daemon's listeners without taking one. */
#ifndef SOCKMESH_LIB_LISTENER_H
#define SOCKMESH_LIB_LISTENER_H

#include "maps.h"
#include "addr.h"

SM_FN __u32 sm_listener_kind(__u32 kind, int is_v4)
{
	return is_v4 ? kind : kind + SM_LISTENER_V6;
}

/* Whether some worker serves this pod's connections of `kind`, an enum sm_listener_kind. */
SM_FN int sm_is_served(__u64 netns, __u32 kind, __u32 slots)
{
	for (__u32 slot = 0; slot < SM_SLOTS_MAX; slot++) {
		struct sm_listener_key key = {.netns = netns, .kind = kind, .slot = slot};
		struct bpf_sock *sk;

		if (slot >= slots)
			break;
		sk = bpf_map_lookup_elem(&sm_listeners, &key);
		if (sk) {
			bpf_sk_release(sk);
			return 1;
		}
	}
	return 0;
}

#endif
