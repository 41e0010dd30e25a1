/* SPDX-License-Identifier: Apache-2.0 */
/* System V semaphores: semget(2), semop(2), semctl(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/sem.h>

struct task;

int sem_get(struct task *t, int key, int nsems, int flags);
/* deadline: monotonic, TASK_NO_DEADLINE for none. -EAGAIN, -EINTR, -EIDRM... as semtimedop(2). */
long sem_op(struct task *t, int id, const struct lx_sembuf *ops, unsigned int nr,
	    int64_t deadline_ns);
/* LX_GETVAL, GETPID, GETNCNT, GETZCNT. */
int sem_read(struct task *t, int id, int num, int cmd);
int sem_set_one(struct task *t, int id, int num, int val);
/* Number of semaphores, for GETALL and SETALL buffers; cmd decides on the access checked. */
int sem_count(struct task *t, int id, int cmd);
int sem_get_all(struct task *t, int id, uint16_t *vals, unsigned int nr);
int sem_set_all(struct task *t, int id, const uint16_t *vals, unsigned int nr);
int sem_stat(struct task *t, int id, int cmd, struct lx_semid_ds *ret_ds);
int sem_set(struct task *t, int id, const struct lx_semid_ds *ds);
int sem_remove(struct task *t, int id);
int sem_limits(int cmd, struct lx_seminfo *ret_info);

/* Undo lists: at exit, and what clone does with them. */
void sem_undo_exit(struct task *t);
int sem_undo_clone(struct task *t, struct task *child, bool share);
