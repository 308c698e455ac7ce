/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every map. Each program file includes all of them; the loader gives all programs the same pinned
 * ones. None is an LRU: an evicted wish would be a connection to the wrong place, a full map is a
 * refused one. Hashes allocate on demand, because their maximum is for the worst node, not the
 * usual one.
 */
#ifndef SOCKMESH_LIB_MAPS_H
#define SOCKMESH_LIB_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <sockmesh/abi.h>

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sm_socket);
} sm_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_PODS_MAX);
	__type(key, __u64);
	__type(value, struct sm_pod);
} sm_pods SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_WISHES_MAX);
	__type(key, struct sm_wish_key);
	__type(value, struct sm_flow);
} sm_wishes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_PEERS_MAX);
	__type(key, struct sm_peer_key);
	__type(value, struct sm_flow);
} sm_peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_PROBES_MAX);
	__type(key, struct sm_probe_key);
	__type(value, __u64);
} sm_probes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, SM_LISTENERS_MAX);
	__type(key, struct sm_listener_key);
	__type(value, __u64);
} sm_listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_GATEWAY_PORTS_MAX);
	__type(key, struct sm_gateway_key);
	__type(value, __u32);
} sm_gateway_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_RANGES_MAX);
	__type(key, struct sm_range_key);
	__type(value, __u32);
} sm_ranges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SM_PORTS_MAX);
	__type(key, struct sm_port_key);
	__type(value, __u32);
} sm_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sm_node);
} sm_node SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sm_alarm SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SM_COUNTER_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} sm_counters SEC(".maps");

#endif
