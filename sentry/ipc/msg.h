/* SPDX-License-Identifier: Apache-2.0 */
/* System V message queues: msgget(2), msgop(2), msgctl(2). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <abi/linux/msg.h>

struct task;

/* A message; text follows. */
struct msg {
	struct msg *next;
	int64_t type;
	size_t size;
	char text[];
};

int msg_get(struct task *t, int key, int flags);
/* Takes over m on success. */
long msg_send(struct task *t, int id, struct msg *m, int flags);
/* *ret_m is the caller's to free: the message, or with MSG_COPY a copy. size: room for its text. */
long msg_receive(struct task *t, int id, size_t size, int64_t type, int flags, struct msg **ret_m);
int msg_stat(struct task *t, int id, int cmd, struct lx_msqid_ds *ret_ds);
int msg_set(struct task *t, int id, const struct lx_msqid_ds *ds);
int msg_remove(struct task *t, int id);
int msg_limits(int cmd, struct lx_msginfo *ret_info);
