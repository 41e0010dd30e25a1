/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each real user id has in use, for the limits that count per user: processes, queued signals,
 * message queue bytes, locked SysV memory. Locking: the table under LC_PID, the counters are
 * atomic.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include <base/list.h>

struct ucount {
	struct hlist_node link;
	unsigned int refs; /* LC_PID class lock of ucount.c */
	uint32_t uid;
	_Atomic uint64_t processes, sigpending, mq_bytes, shm_locked;
};

int ucount_find(uint32_t uid, struct ucount **ret_uc); /* referenced; made if needed */
struct ucount *ucount_get(struct ucount *uc);
void ucount_put(struct ucount *uc);
