/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identifiers and permissions of System V objects. An id is a slot's index and a sequence number,
 * so that a stale id of a slot that was used again is refused.
 */
#include "ipc/ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>

#include "ipc/sem.h"
#include "kernel/kernel_int.h"
#include "time/clock.h"

static int grow_locked(struct ipc_ids *ids)
{
	unsigned int size = ids->size ? ids->size * 2 : 16;
	struct ipc_obj **slot = calloc(size, sizeof(struct ipc_obj *));

	if (!slot)
		return -ENOMEM;
	if (ids->size)
		memcpy(slot, ids->slot, ids->size * sizeof(struct ipc_obj *));
	free(ids->slot);
	ids->slot = slot;
	ids->size = size;
	return 0;
}

int ipc_add_locked(struct ipc_ids *ids, struct ipc_obj *o, struct task *t, int key, int flags,
		   unsigned int max)
{
	unsigned int idx = 0;

	if (ids->nr >= max || ids->nr >= IPC_MAX_IDS)
		return -ENOSPC;
	while (idx < ids->size && ids->slot[idx])
		idx++;
	if (idx == ids->size && grow_locked(ids) < 0)
		return -ENOMEM;
	if ((int)idx <= ids->last_idx)
		ids->seq = (ids->seq + 1) & 0xffff;
	ids->last_idx = (int)idx;
	ids->slot[idx] = o;
	ids->nr++;
	o->id = (int)(ids->seq << IPC_INDEX_BITS | idx);
	o->perm = (struct lx_ipc_perm){
		.key = key,
		.uid = t->cred->euid,
		.gid = t->cred->egid,
		.cuid = t->cred->euid,
		.cgid = t->cred->egid,
		.mode = (uint32_t)flags & 0777,
		.seq = (uint16_t)ids->seq,
	};
	return 0;
}

void ipc_del_locked(struct ipc_ids *ids, struct ipc_obj *o)
{
	unsigned int idx = (unsigned int)o->id & (IPC_MAX_IDS - 1);

	if (idx < ids->size && ids->slot[idx] == o) {
		ids->slot[idx] = NULL;
		ids->nr--;
	}
	o->removed = true;
}

struct ipc_obj *ipc_find_index_locked(struct ipc_ids *ids, int index)
{
	return index >= 0 && (unsigned int)index < ids->size ? ids->slot[index] : NULL;
}

struct ipc_obj *ipc_find_locked(struct ipc_ids *ids, int id)
{
	struct ipc_obj *o = id < 0 ? NULL : ipc_find_index_locked(ids, id & (IPC_MAX_IDS - 1));

	return o && o->id == id ? o : NULL;
}

struct ipc_obj *ipc_find_key_locked(struct ipc_ids *ids, int key)
{
	for (unsigned int i = 0; i < ids->size; i++) {
		if (ids->slot[i] && ids->slot[i]->perm.key == key)
			return ids->slot[i];
	}
	return NULL;
}

int ipc_max_index_locked(struct ipc_ids *ids)
{
	for (unsigned int i = ids->size; i > 0; i--) {
		if (ids->slot[i - 1])
			return (int)i - 1;
	}
	return 0;
}

int ipc_access(struct task *t, const struct lx_ipc_perm *p, int flags)
{
	const struct cred *c = t->cred;
	unsigned int want = (unsigned int)(flags >> 6 | flags >> 3 | flags) & 7;
	unsigned int have = p->mode;

	if (c->euid == p->cuid || c->euid == p->uid)
		have >>= 6;
	else if (c->egid == p->cgid || c->egid == p->gid || cred_in_group(c, p->cgid) ||
		 cred_in_group(c, p->gid))
		have >>= 3;
	if ((want & ~have & 7) && !cred_capable(c, LX_CAP_IPC_OWNER))
		return -EACCES;
	return 0;
}

int ipc_owner(struct task *t, const struct lx_ipc_perm *p)
{
	if (t->cred->euid == p->cuid || t->cred->euid == p->uid ||
	    task_capable(t, LX_CAP_SYS_ADMIN))
		return 0;
	return -EPERM;
}

int ipc_set_perm(struct lx_ipc_perm *p, const struct lx_ipc_perm *from)
{
	if (from->uid == UINT32_MAX || from->gid == UINT32_MAX)
		return -EINVAL;
	p->uid = from->uid;
	p->gid = from->gid;
	p->mode = (p->mode & ~0777u) | (from->mode & 0777);
	return 0;
}

int64_t ipc_now(void)
{
	return clock_realtime_ns() / NS_PER_SEC;
}

int ipc_pid(void)
{
	struct task *t = task_current();

	return t ? t->tg->tgid : 0;
}

static const struct ipc_hooks hooks = {
	.exit = sem_undo_exit,
	.clone = sem_undo_clone,
};

void ipc_init(void)
{
	g_ipc_hooks = &hooks;
}
