/* SPDX-License-Identifier: Apache-2.0 */
/* System V shared memory: shmget(2), shmat(2), shmctl(2). */
#pragma once

#include <stdint.h>

#include <abi/linux/shm.h>
#include <platform/platform.h>

struct task;

int shm_get(struct task *t, int key, uint64_t size, int flags);
/* The address or -errno. */
int64_t shm_attach(struct task *t, int id, uaddr_t addr, int flags);
int shm_detach(struct task *t, uaddr_t addr);
/* cmd LX_IPC_STAT, LX_SHM_STAT or LX_SHM_STAT_ANY: 0 or the id; ds is filled. */
int shm_stat(struct task *t, int id, int cmd, struct lx_shmid_ds *ret_ds);
int shm_set(struct task *t, int id, const struct lx_shmid_ds *ds);
int shm_remove(struct task *t, int id);
int shm_lock(struct task *t, int id, bool lock);
/* Both return the highest index in use. */
int shm_limits(struct lx_shminfo *ret_info);
int shm_usage(struct lx_shm_info *ret_info);
