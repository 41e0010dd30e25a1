/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V IPC: what the three kinds share: identifiers, keys, permissions (sysvipc(7)). One
 * namespace exists. Locking: each kind has one mutex of class LC_IPC, a leaf but for wait queues.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/ipc.h>
#include <base/lock.h>

struct task;

#define IPC_INDEX_BITS 15
#define IPC_MAX_IDS    32768

struct ipc_obj {
	int id;
	struct lx_ipc_perm perm;
	bool removed;
};

struct ipc_ids {
	struct mutex lock;     /* LC_IPC: guards all of the kind */
	struct ipc_obj **slot; /* owned array, by index */
	unsigned int size, nr;
	int last_idx;
	unsigned int seq;
};

#define IPC_IDS_INIT                                                                               \
	{                                                                                          \
		.lock = MUTEX_INIT(LC_IPC), .last_idx = -1                                         \
	}

/* --- ids->lock held --- */
/* Gives o an id and its creator as owner. -ENOSPC over max, -ENOMEM. */
int ipc_add_locked(struct ipc_ids *ids, struct ipc_obj *o, struct task *t, int key, int flags,
		   unsigned int max);
void ipc_del_locked(struct ipc_ids *ids, struct ipc_obj *o);
/* By id; NULL: no such, or of an earlier life of the slot. */
struct ipc_obj *ipc_find_locked(struct ipc_ids *ids, int id);
struct ipc_obj *ipc_find_index_locked(struct ipc_ids *ids, int index);
struct ipc_obj *ipc_find_key_locked(struct ipc_ids *ids, int key);
/* Highest index in use, 0 if none: what the *_INFO commands return. */
int ipc_max_index_locked(struct ipc_ids *ids);

/* Access as mode bits 0400 (read), 0200 (write): 0 or -EACCES. */
int ipc_access(struct task *t, const struct lx_ipc_perm *p, int flags);
/* May t change or remove it: 0 or -EPERM. */
int ipc_owner(struct task *t, const struct lx_ipc_perm *p);
/* IPC_SET: owner and mode. -EINVAL for ids that are none. */
int ipc_set_perm(struct lx_ipc_perm *p, const struct lx_ipc_perm *from);
int64_t ipc_now(void); /* seconds */
/* pid of the current task, 0 on service threads */
int ipc_pid(void);
/* Once, by boot. */
void ipc_init(void);
