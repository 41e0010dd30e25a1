/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V semaphores. struct lx_semid_ds is in arch/sem.h.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/ipc.h>
#include <abi/linux/arch/sem.h>

#define LX_SEM_UNDO	4096
#define LX_GETPID	11
#define LX_GETVAL	12
#define LX_GETALL	13
#define LX_GETNCNT	14
#define LX_GETZCNT	15
#define LX_SETVAL	16
#define LX_SETALL	17
#define LX_SEM_STAT	18
#define LX_SEM_INFO	19
#define LX_SEM_STAT_ANY	20
#define LX_SEMMNI	32000
#define LX_SEMMSL	32000
#define LX_SEMOPM	500
#define LX_SEMVMX	32767
#define LX_SEMAEM	32767
struct lx_sembuf {
	uint16_t sem_num;
	int16_t sem_op;
	int16_t sem_flg;
};

struct lx_seminfo {
	int32_t semmap;
	int32_t semmni;
	int32_t semmns;
	int32_t semmnu;
	int32_t semmsl;
	int32_t semopm;
	int32_t semume;
	int32_t semusz;
	int32_t semvmx;
	int32_t semaem;
};
