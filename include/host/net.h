/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Internet sockets that a broker opened in another network namespace and donated. Addresses,
 * options and ancillary data are the host's own structures, which are the guest's too (one ABI).
 * All sockets are non-blocking; nothing here waits. -errno as the host gives it. See socket(7),
 * ip(7), tcp(7), epoll(7). Only a sentry locked down for host networking may call these.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <host/host.h>

int host_net_bind(int fd, const void *addr, uint32_t len);
int host_net_connect(int fd, const void *addr, uint32_t len);
int host_net_listen(int fd, int backlog);
/* A new non-blocking descriptor. */
int host_net_accept(int fd);
int host_net_getname(int fd, bool peer, void *addr, uint32_t *len);
int host_net_setsockopt(int fd, int level, int opt, const void *val, uint32_t size);
int host_net_getsockopt(int fd, int level, int opt, void *val, uint32_t *size);
int host_net_shutdown(int fd, int how);

struct host_net_msg {
	void *name;
	uint32_t name_len; /* recv: room, then length */
	const struct host_iov *iov;
	int nr_iov;
	void *control;
	size_t control_len; /* recv: room, then length */
	int flags;          /* recv: MSG_* that came back */
};
ssize_t host_net_send(int fd, const struct host_net_msg *m, int flags);
ssize_t host_net_recv(int fd, struct host_net_msg *m, int flags);
/* One of the commands the filter knows; arg is the sentry's memory. */
int host_net_ioctl(int fd, unsigned int cmd, void *arg);

int host_epoll_new(void);
/* Edge-triggered, everything; data comes back with each event. */
int host_epoll_add(int ep, int fd, uint64_t data);
struct host_epoll_event {
	uint32_t events;
	uint64_t data;
};
/* Waits; the number of events, 0 after a signal. */
int host_epoll_wait(int ep, struct host_epoll_event *ev, int max);
