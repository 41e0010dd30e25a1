/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: what every family has, and the queues that carry bytes and messages between them.
 * Everything stays in the sentry: Unix sockets and loopback are pairs of queues. See socket(2),
 * socket(7), unix(7), ip(7), tcp(7), udp(7).
 *
 * References: the open file holds its socket; a listener holds the sockets that wait to be
 * accepted; a connected datagram socket holds its peer; each queue is held by both its ends.
 * Locking: g_net_lock (LC_NET) for names and for changes that touch two sockets (bind, connect,
 * accept, close); socket.lock (LC_SOCKET) for one socket's state; skq.lock (LC_SKQ) for the data.
 * In that order.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <abi/linux/socket.h>
#include <base/auto.h>
#include <base/list.h>
#include <base/lock.h>
#include <base/ref.h>

#include "vfs/file.h"
#include "vfs/waitq.h"

struct cred;
struct sock_msg;
struct socket;
struct task;

#define SOCK_BUF_DEFAULT 212992u
#define SOCK_BUF_MIN     4608u
#define SOCK_BUF_MAX     4194304u

/* --- control data travelling with bytes --- */
struct scm {
	unsigned int nr_files;
	struct file *files[LX_SCM_MAX_FD]; /* owned */
};
void scm_free(struct scm *scm); /* NULL is fine; drops what is left */
/* Descriptors on their way are counted: -ETOOMANYREFS past the sender's RLIMIT_NOFILE. */
int scm_charge(unsigned int nr, uint64_t limit);
void scm_uncharge(unsigned int nr);

struct sock_addr { /* a socket address as the guest gave or gets it */
	uint32_t len;
	union {
		struct lx_sockaddr_storage storage;
		struct lx_sockaddr_un un;
		struct lx_sockaddr_in in;
		struct lx_sockaddr_in6 in6;
		struct lx_sockaddr_nl nl;
		uint16_t family;
	};
};

/* --- queues --- */
struct skb {
	struct list_head link;
	uint32_t len, off, cap; /* off: consumed of len (streams) */
	struct lx_ucred cred;   /* of the sender */
	struct scm *scm;        /* owned */
	struct sock_addr *from; /* owned; datagrams: NULL when the sender has no name */
	int64_t stamp_ns;       /* realtime, datagrams */
	uint8_t data[];
};

struct skq {
	struct ref ref;
	struct mutex lock;     /* LC_SKQ */
	struct list_head skbs; /* GUARDED_BY(lock), as all below */
	size_t bytes, limit;
	unsigned int nr_msgs, max_msgs; /* datagrams; max 0: no limit */
	bool eof;                       /* nothing will be added: the writer closed or shut down */
	bool dead;                      /* nobody will read */
	struct socket *reader, *writer; /* borrowed, for waking; cleared at release */
	struct list_head waiting;       /* struct skq_wait: datagram senders that found it full */
};

int skq_new(size_t limit, struct skq **ret_q);
struct skq *skq_get(struct skq *q);
void skq_put(struct skq *q);
/*
 * Bytes of a stream: how many went in (> 0), -EAGAIN full, -EPIPE dead or eof, -EFAULT, -ENOMEM.
 * scm is consumed if any went in.
 */
ssize_t skq_write(struct skq *q, struct uio *src, const struct lx_ucred *cred, struct scm **scm);
struct skq_read {
	bool peek;
	size_t peek_off;
	bool same_cred;       /* do not join bytes of different senders */
	struct lx_ucred cred; /* out */
	struct scm *scm;      /* out: owned by the caller */
};
/* Bytes (> 0), 0 end of file, -EAGAIN. */
ssize_t skq_read(struct skq *q, struct uio *dst, struct skq_read *rd);
/*
 * One message. b consumed on success. -EAGAIN full, -ECONNREFUSED dead. wait: who is to be woken
 * when there is room (NULL: nobody).
 */
int skq_push(struct skq *q, struct skb *b, struct socket *wait);
/*
 * The first message, removed unless peek (then a borrowed one must not be touched: a copy of its
 * header is made). -EAGAIN, 0 with *ret_b NULL: end.
 */
int skq_pop(struct skq *q, struct skb **ret_b);
/* Sockets to be woken for POLLOUT when something here changes: by skq_pop, or by skq_wait_wake. */
void skq_wait_add(struct skq *q, struct socket *s);
void skq_wait_wake(struct skq *q);
int skq_peek(struct skq *q, struct skb **ret_b);
void skq_shut_writer(struct skq *q); /* eof; wakes the reader */
/* dead; wakes the writer; drop: data is thrown away */
void skq_shut_reader(struct skq *q, bool drop);
size_t skq_bytes(struct skq *q);
bool skq_has_room(struct skq *q);
bool skq_is_closed(struct skq *q); /* nothing can be added any more */
struct skb *skb_new(size_t cap);
void skb_free(struct skb *b);

/* --- sockets --- */
enum sock_state { SS_UNCONNECTED, SS_CONNECTING, SS_CONNECTED, SS_LISTENING, SS_DISCONNECTED };

struct sock_msg {
	struct uio *uio;
	/* send: destination or NULL. recv: filled if not NULL (len 0: none) */
	struct sock_addr *name;
	unsigned int flags; /* LX_MSG_* in; recv: LX_MSG_TRUNC|CTRUNC|EOR out in ret_flags */
	unsigned int ret_flags;
	struct lx_ucred cred; /* send: checked credentials; recv: the sender's */
	bool has_cred;        /* recv: deliver SCM_CREDENTIALS */
	/* send: owned by the message until consumed; recv: owned by the caller */
	struct scm *scm;
	size_t full_len; /* recv: length of the datagram before truncation */
	/* recv, inet: what ancillary options may ask for */
	bool has_pktinfo;
	struct sock_addr dst;
	int64_t stamp_ns;
	/* own_options families: control data as it is, in the caller's buffer */
	void *ctl;
	size_t ctl_len, ctl_room;
};

struct sock_ops {
	/* SOL_SOCKET options and control messages are this family's business too */
	bool own_options;
	int (*bind)(struct socket *s, struct task *t, const struct sock_addr *a);
	int (*listen)(struct socket *s, int backlog);
	/* -EINPROGRESS: wait for POLLOUT. */
	int (*connect)(struct socket *s, struct task *t, const struct sock_addr *a,
		       unsigned int file_flags);
	/* -EAGAIN or a new connected socket (one reference). */
	int (*accept)(struct socket *s, struct socket **ret_new);
	int (*getname)(struct socket *s, bool peer, struct sock_addr *ret_a);
	ssize_t (*send)(struct socket *s, struct task *t, struct sock_msg *m);
	ssize_t (*recv)(struct socket *s, struct task *t, struct sock_msg *m);
	uint32_t (*poll)(struct socket *s);
	int (*shutdown)(struct socket *s, int how);
	/*
	 * Levels other than SOL_SOCKET, and what the generic code does not know: -ENOPROTOOPT. val
	 * is kernel memory.
	 */
	int (*setsockopt)(struct socket *s, struct task *t, int level, int opt, const void *val,
			  size_t size);
	/* Fills buf (size in *size); *size is set to the length. */
	int (*getsockopt)(struct socket *s, struct task *t, int level, int opt, void *buf,
			  size_t *size);
	long (*ioctl)(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg);
	void (*release)(struct socket *s);
};

struct socket {
	struct ref ref;
	int family, type, protocol; /* const after init */
	const struct sock_ops *ops; /* const after init */
	uint64_t ino;               /* const: shown in /proc/net and as socket:[ino] */
	struct waitq wq;
	struct mutex lock;     /* LC_SOCKET */
	enum sock_state state; /* GUARDED_BY(lock) */
	struct skq *rx, *tx;   /* owned; GUARDED_BY(lock): take with sock_rx, sock_tx */
	bool shut_rd, shut_wr;
	/* a non-blocking connect succeeded, and nobody has asked yet */
	bool connect_told;
	_Atomic int error;         /* SO_ERROR: positive errno */
	struct lx_ucred peer_cred; /* SO_PEERCRED */
	struct lx_ucred own_cred;  /* of the creator, listener or connector */
	/* listening */
	struct list_head pending; /* sockets waiting for accept: GUARDED_BY(lock) */
	struct list_head pending_link;
	unsigned int nr_pending, backlog;
	/* options: atomic enough */
	uint32_t sndbuf, rcvbuf;
	int rcvlowat, priority, mark;
	int64_t rcvtimeo_ns, sndtimeo_ns; /* 0: none */
	bool reuseaddr, reuseport, keepalive, broadcast, oobinline, passcred, passsec, dontroute,
		timestamp, timestampns, no_check, rxq_ovfl, zerocopy;
	int peek_off;
	struct lx_linger linger;
	char bound_dev[LX_IFNAMSIZ];
	struct list_head table_link; /* g_sockets, for /proc/net; g_net_lock */
	void *priv;                  /* the family's, freed in release */
};

extern struct mutex g_net_lock;
extern struct list_head g_sockets; /* all; GUARDED_BY(g_net_lock) */

/* The socket(2) families; -EAFNOSUPPORT, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -EACCES. */
int socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s);
/* By the families: a bare socket. */
int socket_alloc(int family, int type, int protocol, const struct sock_ops *ops, struct task *t,
		 struct socket **ret_s);
struct socket *socket_get(struct socket *s);
void socket_put(struct socket *s);
DEFINE_AUTO_PUT(socket)
/* An open file on s; takes over the caller's reference. flags: LX_O_NONBLOCK */
int socket_file(struct socket *s /* consumed, also on error */, unsigned int flags,
		const struct cred *cred, struct file **ret_f);
/* The socket behind f, borrowed, or NULL (ENOTSOCK). */
struct socket *file_socket(struct file *f);

struct skq *sock_rx(struct socket *s); /* referenced or NULL */
struct skq *sock_tx(struct socket *s);
/* Joins two sockets by a pair of queues; neither is locked. */
int sock_pair(struct socket *a, struct socket *b);
void sock_set_error(struct socket *s, int err); /* and wakes */
int sock_take_error(struct socket *s);          /* negative errno or 0 */
/* Stream operations that Unix and TCP share. */
uint32_t stream_poll(struct socket *s);
int stream_shutdown(struct socket *s, int how);

/* SOL_SOCKET */
int sock_setsockopt(struct socket *s, struct task *t, int opt, const void *val, size_t size);
int sock_getsockopt(struct socket *s, struct task *t, int opt, void *buf, size_t *size);
struct lx_ucred task_ucred(struct task *t);

/* --- families --- */
int unix_socket_new(int type, int protocol, struct task *t, struct socket **ret_s);
int unix_pair(struct task *t, int type, int protocol, struct socket **ret_a, struct socket **ret_b);
int inet_socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s);
int netlink_socket_new(int type, int protocol, struct task *t, struct socket **ret_s);
