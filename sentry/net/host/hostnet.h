/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --network=host: AF_INET and AF_INET6 sockets of the container's network namespace. The broker
 * (include/proto/broker.h) opens them, the sentry works on their descriptors; what a guest may ask
 * of the host's sockets is listed in opts.c. One thread watches all of them for readiness.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/socket.h"

struct strbuf;

/* Before lock-down; fd (owned then) is the connection to the broker. */
int hostnet_init(int fd);
/* Is this sandbox's network the host namespace's? */
bool hostnet_on(void);

int hostnet_socket_new(int family, int type, int protocol, struct task *t, struct socket **ret_s);
bool hostnet_is(const struct socket *s);
/* SIOCGIF*: -ENOTTY for what it does not know. */
long hostnet_ifioctl(struct task *t, unsigned int cmd, uaddr_t arg);

/* --- broker.c: -ENETDOWN when it is gone --- */
int broker_socket(int family, int type, int protocol, int *ret_fd);
int broker_bind(int fd, const void *addr, uint32_t len);
/* Each datagram of the answer to one read-only netlink request; stops at an error of take. */
int broker_netlink(int protocol, const void *req, size_t size,
		   int (*take)(void *arg, const void *data, size_t size), void *arg);
/* The namespace's /proc/net/name appended to out. -ENOENT: not one that can be asked for. */
int broker_proc(const char *name, struct strbuf *out);

/* --- watch.c --- */
int watch_init(void);
/* From now on s->wq is woken when fd changes, until watch_del returned. */
int watch_add(struct socket *s, int fd, uint64_t *ret_id);
void watch_del(uint64_t id);

/* --- opts.c --- */
int hostnet_setsockopt(struct socket *s, int fd, struct task *t, int level, int opt,
		       const void *val, size_t size);
int hostnet_getsockopt(struct socket *s, int fd, struct task *t, int level, int opt, void *buf,
		       size_t *size);
/* May this control message be sent? */
bool hostnet_cmsg_ok(int level, int type);
