/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting: a per-CPU cell per named return, so that no program of ours says yes or no without
 * leaving a trace. */
#ifndef SOCKMESH_LIB_COUNT_H
#define SOCKMESH_LIB_COUNT_H

#include "maps.h"
#include "addr.h"

SM_FN void sm_count(enum sm_counter id)
{
	__u32 index = id;
	__u64 *cell = bpf_map_lookup_elem(&sm_counters, &index);

	if (cell)
		*cell += 1;
}

/* `return sm_return(verdict, id);` */
SM_FN int sm_return(int verdict, enum sm_counter id)
{
	sm_count(id);
	return verdict;
}

#endif
