/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses: making the 16-byte form from what the contexts give, and questions about it. Pure: no
 * helper calls, so the unit tests compile it for the host.
 */
#ifndef SOCKMESH_LIB_ADDR_H
#define SOCKMESH_LIB_ADDR_H

#include <sockmesh/abi.h>

#if defined(__bpf__)
#define SM_FN static inline __attribute__((always_inline))
#else
#define SM_FN static inline
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SM_BE32(x) __builtin_bswap32(x)
#define SM_BE16(x) __builtin_bswap16(x)
#else
#define SM_BE32(x) (x)
#define SM_BE16(x) (x)
#endif

/* ::ffff:a.b.c.d */
SM_FN struct sm_addr sm_addr_v4(__u32 address_be)
{
	struct sm_addr a = {{0, 0, SM_BE32(0xffffu), address_be}};
	return a;
}

SM_FN struct sm_addr sm_addr_v6(__u32 w0, __u32 w1, __u32 w2, __u32 w3)
{
	struct sm_addr a = {{w0, w1, w2, w3}};
	return a;
}

/*
 * The address of a context that holds both families. All words are loaded before one is chosen, and
 * pinned there: clang would otherwise choose between two pointers into the context, which the
 * verifier refuses ("dereference of modified ctx ptr").
 */
#define SM_PINNED(x)                                                                               \
	({                                                                                         \
		__u32 sm_loaded = (x);                                                             \
		asm volatile("" : "+r"(sm_loaded));                                                \
		sm_loaded;                                                                         \
	})
#define SM_ADDR_OF(is_v4, v4, v6)                                                                  \
	sm_addr_choose((is_v4), SM_PINNED(v4), SM_PINNED((v6)[0]), SM_PINNED((v6)[1]),             \
		       SM_PINNED((v6)[2]), SM_PINNED((v6)[3]))

SM_FN struct sm_addr sm_addr_choose(int is_v4, __u32 v4, __u32 w0, __u32 w1, __u32 w2, __u32 w3)
{
	return is_v4 ? sm_addr_v4(v4) : sm_addr_v6(w0, w1, w2, w3);
}

SM_FN int sm_addr_is_v4(const struct sm_addr *a)
{
	return a->word_be[0] == 0 && a->word_be[1] == 0 && a->word_be[2] == SM_BE32(0xffffu);
}

SM_FN int sm_addr_equal(const struct sm_addr *a, const struct sm_addr *b)
{
	return a->word_be[0] == b->word_be[0] && a->word_be[1] == b->word_be[1] &&
	       a->word_be[2] == b->word_be[2] && a->word_be[3] == b->word_be[3];
}

/*
 * 127.0.0.0/8, ::1, and the unspecified addresses: connect() to 0.0.0.0 or :: means this host
 * (tcp(7), ipv6(7)). A SYN never carries an unspecified address, so the same question serves
 * arrivals.
 */
SM_FN int sm_addr_is_local(const struct sm_addr *a)
{
	if (sm_addr_is_v4(a))
		return (SM_BE32(a->word_be[3]) >> 24) == 127 || a->word_be[3] == 0;
	return a->word_be[0] == 0 && a->word_be[1] == 0 && a->word_be[2] == 0 &&
	       (a->word_be[3] == 0 || a->word_be[3] == SM_BE32(1u));
}

SM_FN int sm_addr_is_loopback6(const struct sm_addr *a)
{
	return a->word_be[0] == 0 && a->word_be[1] == 0 && a->word_be[2] == 0 &&
	       a->word_be[3] == SM_BE32(1u);
}

/* fe80::/10. Means a host on one link only, so it cannot be dialled from elsewhere. */
SM_FN int sm_addr_is_link_local6(const struct sm_addr *a)
{
	return (SM_BE32(a->word_be[0]) & 0xffc00000u) == 0xfe800000u;
}

/* Inside the IPv4 capture range, at the capture port: nothing else is ever there. */
SM_FN int sm_addr_is_capture4(const struct sm_addr *a, __u32 port)
{
	return port == SM_CAPTURE_PORT && sm_addr_is_v4(a) &&
	       (SM_BE32(a->word_be[3]) & 0xffffff00u) == SM_CAPTURE_NET;
}

/* At an IPv6 capture port. An application's own service may be there too: only a wish tells. */
SM_FN int sm_addr_is_capture6(const struct sm_addr *a, __u32 port)
{
	return port - SM_CAPTURE_PORT < SM_CAPTURE6_PORTS && sm_addr_is_loopback6(a);
}

SM_FN int sm_addr_is_capture(const struct sm_addr *a, __u32 port)
{
	return sm_addr_is_capture4(a, port) || sm_addr_is_capture6(a, port);
}

/*
 * A hash of one address and port under a seed. The same tuple always gives the same value:
 * sk_lookup asks again for the last ACK of a handshake that used a SYN cookie and must pick the
 * same listener. Multiply-xorshift rounds per word, a murmur-like finish; the seed is secret, so
 * that nobody outside can aim at one slot.
 */
SM_FN __u32 sm_hash(const struct sm_addr *a, __u32 port, __u32 seed)
{
	__u32 h = seed ^ 0x9e3779b9u;

	h = (h ^ a->word_be[0]) * 0x85ebca6bu;
	h ^= h >> 15;
	h = (h ^ a->word_be[1]) * 0xc2b2ae35u;
	h ^= h >> 13;
	h = (h ^ a->word_be[2]) * 0x85ebca6bu;
	h ^= h >> 15;
	h = (h ^ a->word_be[3]) * 0xc2b2ae35u;
	h ^= h >> 13;
	h = (h ^ port) * 0x85ebca6bu;
	h ^= h >> 16;
	h *= 0xc2b2ae35u;
	h ^= h >> 15;
	return h;
}

/*
 * Where a connection to a destination is sent. Spreading keeps one pod's captures from sharing the
 * source ports of a single 4-tuple space.
 */
struct sm_capture {
	struct sm_addr ip;
	__u32 port;
};

SM_FN struct sm_capture sm_capture_of(const struct sm_addr *destination, __u32 port, __u32 seed)
{
	__u32 h = sm_hash(destination, port, seed);
	struct sm_capture c;

	if (sm_addr_is_v4(destination)) {
		c.ip = sm_addr_v4(SM_BE32(SM_CAPTURE_NET | (1u + h % SM_CAPTURE_HOSTS)));
		c.port = SM_CAPTURE_PORT;
	} else {
		c.ip = sm_addr_v6(0, 0, 0, SM_BE32(1u));
		c.port = SM_CAPTURE_PORT + h % SM_CAPTURE6_PORTS;
	}
	return c;
}

#endif
