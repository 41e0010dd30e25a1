/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct semid64_ds of x86-64, which pads each time.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/ipc.h>

struct lx_semid_ds {
	struct lx_ipc_perm sem_perm;
	int64_t sem_otime;
	uint64_t unused1;
	int64_t sem_ctime;
	uint64_t unused2;
	uint64_t sem_nsems;
	uint64_t unused3[2];
};
