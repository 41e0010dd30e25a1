/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors of the host that the launcher hands in as the guest's standard streams: pipes,
 * sockets, terminals, regular files. The guest sees files of the same type; what it can do with
 * them is reading, writing, polling, and the few terminal calls that are passed through.
 */
#pragma once

#include <stdint.h>

struct cred;
struct file;

/* Starts the thread that waits for host descriptors. Before lock-down; once. */
int hostfd_init(void);
void hostfd_fini(void);
/* fd is consumed on success. flags and mode come from the descriptor. */
int hostfd_new(int fd, const struct cred *cred, struct file **ret_file);

/* --- poller.c: one thread that watches host descriptors for whoever waits --- */
struct waitq;
struct hostpoll {
	int fd;                /* const after add */
	struct waitq *wq;      /* const after add; woken with what became ready */
	uint32_t armed;        /* LX_POLL* wanted; GUARDED_BY(poller) */
	struct hostpoll *next; /* GUARDED_BY(poller) */
};
void hostpoll_add(struct hostpoll *hp);
/* After it returns, wq is not woken any more. */
void hostpoll_del(struct hostpoll *hp);
/* Wakes wq once when one of events is ready (errors and hang-up count always). */
void hostpoll_arm(struct hostpoll *hp, uint32_t events);
