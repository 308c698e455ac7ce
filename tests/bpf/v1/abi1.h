/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The layouts of SM_ABI 1, as far as a node of that version is told from one of today: for the test
 * of taking over from it. They never change again.
 */
#ifndef SOCKMESH_ABI1_H
#define SOCKMESH_ABI1_H

#include <linux/types.h>

#define V1_CAPTURE_NET 0x7fa9fe00u
#define V1_CAPTURE_PORT 15001u
#define V1_COUNTERS 41u
#define V1_C_CONNECT_CAPTURED 6u /* the same number ever since */

enum v1_pod_state { V1_POD_ENROLLED = 1, V1_POD_BYPASS = 2 };

struct v1_addr {
  __u32 word_be[4];
};

struct v1_socket {
  __u32 kind;
  __u16 port_be;
  __u16 zero;
  struct v1_addr ip;
};

struct v1_pod {
  __u32 state;
  __u32 ip_count;
  struct v1_addr ip[4];
};

struct v1_wish_key {
  __u64 netns;
  struct v1_addr source;
  struct v1_addr capture;
  __u16 source_port_be;
  __u16 capture_port_be;
  __u32 zero;
};

struct v1_peer_key {
  __u64 netns;
  struct v1_addr source;
  __u16 source_port_be;
  __u16 port_be;
  __u32 zero;
};

struct v1_flow {
  struct v1_addr ip;
  __u16 port_be;
  __u16 zero[3];
  __u64 dialler;
  __u64 accepted;
};

struct v1_probe_key {
  struct v1_addr source;
  struct v1_addr destination;
  __u16 source_port_be;
  __u16 destination_port_be;
  __u32 zero;
};

struct v1_listener_key {
  __u64 netns;
  __u32 kind;
  __u32 slot;
};

struct v1_gateway_key {
  __u64 netns;
  __u16 port_be;
  __u16 zero[3];
};

struct v1_node {
  __u32 allow_unknown;
  __u32 seed;
};

#endif
