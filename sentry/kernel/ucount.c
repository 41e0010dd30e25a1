/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of per-user counters.
 */
#include "kernel/ucount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <base/hash.h>

#include "lock_class.h"

#define UC_HASH_BITS 6

static struct mutex g_uc_lock = MUTEX_INIT(LC_PID);
static struct hlist_head g_hash[1u << UC_HASH_BITS];

int ucount_find(uint32_t uid, struct ucount **ret_uc)
{
	struct hlist_head *h = &g_hash[hash_to_bits(hash_u64(uid), UC_HASH_BITS)];
	struct ucount *uc;

	mutex_lock(&g_uc_lock);
	hlist_for_each_entry(uc, h, link) {
		if (uc->uid == uid)
			break;
	}
	if (!uc) {
		uc = calloc(1, sizeof(*uc));
		if (uc) {
			uc->uid = uid;
			hlist_add_head(&uc->link, h);
		}
	}
	if (uc)
		uc->refs++;
	mutex_unlock(&g_uc_lock);
	if (!uc)
		return -ENOMEM;
	*ret_uc = uc;
	return 0;
}

struct ucount *ucount_get(struct ucount *uc)
{
	mutex_lock(&g_uc_lock);
	uc->refs++;
	mutex_unlock(&g_uc_lock);
	return uc;
}

void ucount_put(struct ucount *uc)
{
	bool last;

	if (!uc)
		return;
	mutex_lock(&g_uc_lock);
	last = --uc->refs == 0;
	if (last)
		hlist_del(&uc->link);
	mutex_unlock(&g_uc_lock);
	if (last)
		free(uc);
}
