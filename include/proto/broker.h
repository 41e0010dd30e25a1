/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sentry and network broker: one request, one or more replies, over a SOCK_SEQPACKET pair. The
 * broker lives in the container's network namespace, makes sockets there and gives their
 * descriptors away; it also reads what a program may know of that namespace. The sentry is not
 * trusted by it: each request is checked against the lists here, nothing else can be asked.
 *
 * All integers are in host order. A reply with `more` set is followed by another to the same
 * request. Whoever gets a packet that does not decode drops the connection.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BROKER_DATA_MAX 32768u

enum broker_op {
	/* socket(a, b, c), non-blocking; the reply carries the descriptor */
	BROKER_SOCKET = 1,
	/*
	 * bind() of the descriptor that comes along to the address in data: for ports that need
	 * CAP_NET_BIND_SERVICE, which the sentry checked the guest for
	 */
	BROKER_BIND,
	/* one read-only netlink request (data) to protocol a; replies: datagrams */
	BROKER_NETLINK,
	/* file number a of broker_proc_files in the namespace's /proc/net; replies: pieces */
	BROKER_PROC,
};

struct broker_req {
	uint32_t op, size; /* of data */
	int32_t a, b, c;
	uint32_t zero;
	uint8_t data[];
};

struct broker_rep {
	int32_t error; /* 0 or negative errno */
	uint32_t size; /* of data */
	uint32_t more, zero;
	uint8_t data[];
};

/* clang-format off */
#define BROKER_PROC_FILES(X) \
	X("dev") X("tcp") X("tcp6") X("udp") X("udp6") X("raw") X("raw6") X("icmp") X("icmp6") \
	X("route") X("ipv6_route") X("if_inet6") X("arp") X("snmp") X("snmp6") X("netstat") \
	X("sockstat") X("sockstat6") X("igmp") X("dev_mcast") X("protocols")
/* clang-format on */

/* Whole and well-formed: the request of the packet, else NULL. */
static inline const struct broker_req *broker_req_decode(const void *packet, size_t size)
{
	const struct broker_req *q = packet;

	if (size < sizeof(*q) || q->size != size - sizeof(*q) || q->size > BROKER_DATA_MAX ||
	    q->zero || q->op < BROKER_SOCKET || q->op > BROKER_PROC)
		return NULL;
	return q;
}

static inline const struct broker_rep *broker_rep_decode(const void *packet, size_t size)
{
	const struct broker_rep *r = packet;

	if (size < sizeof(*r) || r->size != size - sizeof(*r) || r->size > BROKER_DATA_MAX ||
	    r->zero || r->more > 1 || r->error > 0 || r->error < -4095)
		return NULL;
	return r;
}
