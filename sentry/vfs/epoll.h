/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll(7): instances, interest lists, and waiting for events (without sleeping: the syscall does).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/epoll.h>

struct cred;
struct file;

int epoll_new(unsigned int flags, const struct cred *cred, struct file **ret_file);
bool file_is_epoll(const struct file *f);
/* op: LX_EPOLL_CTL_*. fd is what the guest called target. */
int epoll_ctl(struct file *ep, int op, int fd, struct file *target,
	      const struct lx_epoll_event *ev);
/* Up to max ready events now; 0: none. Waiting: ep->wq. */
int epoll_collect(struct file *ep, struct lx_epoll_event *events, int max);
/* Last reference to f is going: every epoll forgets it. */
void epoll_file_gone(struct file *f);
