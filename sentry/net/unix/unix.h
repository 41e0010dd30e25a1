/* SPDX-License-Identifier: Apache-2.0 */
/* AF_UNIX: names and the state its socket types share. See unix(7). */
#pragma once

#include "net/socket.h"
#include "vfs/mount.h"

struct unix_sock {
	struct socket *s;               /* borrowed: whose this is */
	struct sock_addr *name;         /* owned; NULL: unnamed. set once under g_net_lock */
	struct path path;               /* owned: of a name in the file system */
	struct list_head abstract_link; /* g_net_lock */
	struct sock_addr *peer_name;    /* owned: what getpeername says; stream */
	struct socket *peer;            /* owned: connected datagram peer; g_net_lock */
};

static inline struct unix_sock *unix_of(struct socket *s)
{
	return s->priv;
}

extern const struct sock_ops unix_stream_ops; /* SOCK_STREAM and SOCK_SEQPACKET */
extern const struct sock_ops unix_dgram_ops;

/* --- names.c --- */
int unix_bind(struct socket *s, struct task *t, const struct sock_addr *a);
/*
 * The socket that a name leads to, of the given type: referenced. -ECONNREFUSED, -EPROTOTYPE, path
 * errors.
 */
int unix_find(struct task *t, const struct sock_addr *a, int type, struct socket **ret_s);
int unix_getname(struct socket *s, bool peer, struct sock_addr *ret_a);
/* Gives the name up. */
void unix_unbind(struct socket *s);
struct sock_addr *unix_name_copy(struct socket *s); /* NULL: unnamed or no memory */
long unix_ioctl(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg);

#define UNIX_DGRAM_QLEN 11u
