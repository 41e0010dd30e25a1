/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V shared memory.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/ipc.h>

#define LX_SHM_R		0400
#define LX_SHM_W		0200
#define LX_SHM_RDONLY		010000
#define LX_SHM_RND		020000
#define LX_SHM_REMAP		040000
#define LX_SHM_EXEC		0100000
#define LX_SHM_HUGETLB		04000
#define LX_SHM_NORESERVE	010000
#define LX_SHM_DEST		01000
#define LX_SHM_LOCKED		02000
#define LX_SHM_LOCK		11
#define LX_SHM_UNLOCK		12
#define LX_SHM_STAT		13
#define LX_SHM_INFO		14
#define LX_SHM_STAT_ANY		15
#define LX_SHMMIN		1
#define LX_SHMMNI		4096
struct lx_shmid_ds {
	struct lx_ipc_perm shm_perm;
	uint64_t shm_segsz;
	int64_t shm_atime;
	int64_t shm_dtime;
	int64_t shm_ctime;
	int32_t shm_cpid;
	int32_t shm_lpid;
	uint64_t shm_nattch;
	uint64_t unused[2];
};

struct lx_shminfo {
	uint64_t shmmax;
	uint64_t shmmin;
	uint64_t shmmni;
	uint64_t shmseg;
	uint64_t shmall;
	uint64_t unused[4];
};

struct lx_shm_info {
	int32_t used_ids;
	int32_t pad0;
	uint64_t shm_tot;
	uint64_t shm_rss;
	uint64_t shm_swp;
	uint64_t swap_attempts;
	uint64_t swap_successes;
};
