/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared memory segments: ranges of the memory file that address spaces map. References: the table
 * holds one until IPC_RMID, every mapping one; the last one frees the memory. Locking: g_shm.lock;
 * mapping is done without it. Differs from Linux: no huge pages; SHM_LOCK is recorded only.
 */
#include "ipc/shm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/mman.h>
#include <abi/linux/resource.h>
#include <base/bits.h>

#include "ipc/ipc.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "mm/mappable.h"

#define SHM_MAX (UINT64_MAX - (1ull << 24))

struct shm {
	struct ipc_obj o;
	struct ref ref;
	struct mappable map;
	uint64_t size, off; /* const after init; off in the memory file */
	int64_t atime, dtime, ctime;
	int cpid, lpid;
};

static struct ipc_ids g_shm = IPC_IDS_INIT;
static uint64_t g_total; /* pages; g_shm.lock */

static struct shm *shm_of(struct ipc_obj *o)
{
	return o ? container_of(o, struct shm, o) : NULL;
}

static struct shm *shm_of_map(struct mappable *m)
{
	return container_of(m, struct shm, map);
}

/* Drops a reference that was no attachment. */
static void shm_put_quiet(struct shm *s)
{
	bool last;

	mutex_lock(&g_shm.lock);
	last = ref_put(&s->ref);
	if (last) {
		ipc_del_locked(&g_shm, &s->o);
		g_total -= page_up(s->size) / PAGE_SIZE;
	}
	mutex_unlock(&g_shm.lock);
	if (!last)
		return;
	pagefile_free(s->off, page_up(s->size));
	mappable_fini(&s->map);
	free(s);
}

/* --- the mapped side --- */

static void map_get(struct mappable *m)
{
	ref_get(&shm_of_map(m)->ref);
}

static void map_put(struct mappable *m)
{
	struct shm *s = shm_of_map(m);

	mutex_lock(&g_shm.lock);
	s->dtime = ipc_now();
	if (ipc_pid())
		s->lpid = ipc_pid();
	mutex_unlock(&g_shm.lock);
	shm_put_quiet(s);
}

static int map_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			 struct backing *ret_b)
{
	struct shm *s = shm_of_map(m);
	uint64_t all = page_up(s->size);

	if (off >= all)
		return -ENXIO;
	return pagefile_backing(s->off + off, MIN(size, all - off), ret_b);
}

static void map_id(struct mappable *m, struct mappable_id *ret_id)
{
	*ret_id = (struct mappable_id){ .dev_major = 0,
					.dev_minor = 1,
					.ino = (uint64_t)shm_of_map(m)->o.id };
}

static int map_name(struct mappable *m, char *buf, size_t size)
{
	return snprintf(buf, size, "/SYSV%08x (deleted)", (unsigned int)shm_of_map(m)->o.perm.key);
}

static const struct mappable_ops shm_ops = {
	.get = map_get,
	.put = map_put,
	.translate = map_translate,
	.id = map_id,
	.name = map_name,
};

/* --- segments --- */

static int shm_new_locked(struct task *t, int key, uint64_t size, int flags)
{
	struct shm *s;
	int ret;

	if (size < LX_SHMMIN || size > SHM_MAX || page_up(size) < size)
		return -EINVAL;
	if (flags & LX_SHM_HUGETLB)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	ref_init(&s->ref);
	mappable_init(&s->map, &shm_ops);
	s->size = size;
	s->ctime = ipc_now();
	s->cpid = t->tg->tgid;
	ret = ipc_add_locked(&g_shm, &s->o, t, key, flags, LX_SHMMNI);
	if (ret == 0) {
		ret = pagefile_alloc(page_up(size), PAGE_SIZE, PAGEFILE_SHMEM, &s->off);
		if (ret < 0)
			ipc_del_locked(&g_shm, &s->o);
	}
	if (ret < 0) {
		mappable_fini(&s->map);
		free(s);
		return ret;
	}
	g_total += page_up(size) / PAGE_SIZE;
	return s->o.id;
}

int shm_get(struct task *t, int key, uint64_t size, int flags)
{
	struct shm *s = NULL;
	int ret;

	mutex_lock(&g_shm.lock);
	if (key != LX_IPC_PRIVATE)
		s = shm_of(ipc_find_key_locked(&g_shm, key));
	if (!s)
		ret = key == LX_IPC_PRIVATE || (flags & LX_IPC_CREAT) ?
			      shm_new_locked(t, key, size, flags) :
			      -ENOENT;
	else if ((flags & LX_IPC_CREAT) && (flags & LX_IPC_EXCL))
		ret = -EEXIST;
	else if (s->size < size)
		ret = -EINVAL;
	else
		ret = ipc_access(t, &s->o.perm, flags);
	if (ret == 0 && s)
		ret = s->o.id;
	mutex_unlock(&g_shm.lock);
	return ret;
}

int64_t shm_attach(struct task *t, int id, uaddr_t addr, int flags)
{
	struct mm_mmap_req req = {
		.prot = LX_PROT_READ,
		.flags = LX_MAP_SHARED,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC,
	};
	struct mm_limits lim = task_mm_limits(t);
	int64_t ret = -EINVAL;
	int want = 0444;
	struct shm *s;

	if (addr) {
		if (addr & (PAGE_SIZE - 1)) {
			if (!(flags & LX_SHM_RND))
				return -EINVAL;
			addr &= PAGE_MASK;
			if (!addr && (flags & LX_SHM_REMAP))
				return -EINVAL;
		}
		req.flags |= flags & LX_SHM_REMAP ? LX_MAP_FIXED : LX_MAP_FIXED_NOREPLACE;
	} else if (flags & LX_SHM_REMAP) {
		return -EINVAL;
	}
	if (!(flags & LX_SHM_RDONLY)) {
		req.prot |= LX_PROT_WRITE;
		want |= 0222;
	} else {
		req.max_prot &= ~LX_PROT_WRITE;
	}
	if (flags & LX_SHM_EXEC) {
		req.prot |= LX_PROT_EXEC;
		want |= 0111;
	}
	mutex_lock(&g_shm.lock);
	s = shm_of(ipc_find_locked(&g_shm, id));
	if (s) {
		ret = ipc_access(t, &s->o.perm, want);
		if (ret == 0)
			ref_get(&s->ref);
	}
	mutex_unlock(&g_shm.lock);
	if (ret < 0)
		return ret;
	req.addr = addr;
	req.size = page_up(s->size);
	req.mappable = &s->map;
	ret = mm_mmap(t->mm, &req, &lim);
	if (ret == -EEXIST)
		ret = -EINVAL;
	if (ret >= 0) {
		mutex_lock(&g_shm.lock);
		s->atime = ipc_now();
		s->lpid = t->tg->tgid;
		mutex_unlock(&g_shm.lock);
	}
	shm_put_quiet(s);
	return ret;
}

int shm_detach(struct task *t, uaddr_t addr)
{
	struct mm_vma_info v;
	struct shm *s = NULL;
	uint64_t end = 0;
	uaddr_t at = addr;
	int ret = -EINVAL;

	if (addr & (PAGE_SIZE - 1))
		return -EINVAL;
	/* the pieces that are left of the mapping that began at addr */
	while (mm_vma_next(t->mm, at, &v) == 0) {
		bool past = s ? v.start >= end : v.start > addr;
		bool ours = !past && v.mappable && v.mappable->ops == &shm_ops && v.start >= addr &&
			    v.off == v.start - addr && (!s || shm_of_map(v.mappable) == s);

		if (ours && !s) {
			s = shm_of_map(v.mappable);
			end = addr + page_up(s->size);
		}
		if (ours)
			ret = mm_munmap(t->mm, v.start, MIN(v.end, end) - v.start);
		if (v.mappable)
			mappable_put(v.mappable);
		map_file_put(v.file);
		if (past || (ours && ret < 0))
			break;
		at = v.end;
	}
	return s && ret > 0 ? 0 : ret;
}

static void fill_locked(struct shm *s, struct lx_shmid_ds *ds)
{
	unsigned int refs = ref_read(&s->ref);

	*ds = (struct lx_shmid_ds){
		.shm_perm = s->o.perm,
		.shm_segsz = s->size,
		.shm_atime = s->atime,
		.shm_dtime = s->dtime,
		.shm_ctime = s->ctime,
		.shm_cpid = s->cpid,
		.shm_lpid = s->lpid,
		.shm_nattch = refs - (s->o.perm.mode & LX_SHM_DEST ? 0 : 1),
	};
}

int shm_stat(struct task *t, int id, int cmd, struct lx_shmid_ds *ret_ds)
{
	struct shm *s;
	int ret = -EINVAL;

	mutex_lock(&g_shm.lock);
	s = shm_of(cmd == LX_IPC_STAT ? ipc_find_locked(&g_shm, id) :
					ipc_find_index_locked(&g_shm, id));
	if (s) {
		ret = cmd == LX_SHM_STAT_ANY ? 0 : ipc_access(t, &s->o.perm, 0444);
		if (ret == 0) {
			fill_locked(s, ret_ds);
			ret = cmd == LX_IPC_STAT ? 0 : s->o.id;
		}
	}
	mutex_unlock(&g_shm.lock);
	return ret;
}

int shm_set(struct task *t, int id, const struct lx_shmid_ds *ds)
{
	struct shm *s;
	int ret = -EINVAL;

	mutex_lock(&g_shm.lock);
	s = shm_of(ipc_find_locked(&g_shm, id));
	if (s) {
		ret = ipc_owner(t, &s->o.perm);
		if (ret == 0)
			ret = ipc_set_perm(&s->o.perm, &ds->shm_perm);
		if (ret == 0)
			s->ctime = ipc_now();
	}
	mutex_unlock(&g_shm.lock);
	return ret;
}

int shm_remove(struct task *t, int id)
{
	bool drop = false;
	int ret = -EINVAL;
	struct shm *s;

	mutex_lock(&g_shm.lock);
	s = shm_of(ipc_find_locked(&g_shm, id));
	if (s) {
		ret = ipc_owner(t, &s->o.perm);
		/* attached ones live on, under no key */
		drop = ret == 0 && !(s->o.perm.mode & LX_SHM_DEST);
		if (drop) {
			s->o.perm.mode |= LX_SHM_DEST;
			s->o.perm.key = LX_IPC_PRIVATE;
		}
	}
	mutex_unlock(&g_shm.lock);
	if (drop)
		shm_put_quiet(s);
	return ret;
}

int shm_lock(struct task *t, int id, bool lock)
{
	struct shm *s;
	int ret = -EINVAL;

	mutex_lock(&g_shm.lock);
	s = shm_of(ipc_find_locked(&g_shm, id));
	if (s) {
		ret = 0;
		if (!task_capable(t, LX_CAP_IPC_LOCK)) {
			if (t->cred->euid != s->o.perm.uid && t->cred->euid != s->o.perm.cuid)
				ret = -EPERM;
			else if (lock && task_rlimit(t, LX_RLIMIT_MEMLOCK) == 0)
				ret = -EPERM;
		}
		if (ret == 0 && lock)
			s->o.perm.mode |= LX_SHM_LOCKED;
		else if (ret == 0)
			s->o.perm.mode &= ~(uint32_t)LX_SHM_LOCKED;
	}
	mutex_unlock(&g_shm.lock);
	return ret;
}

int shm_limits(struct lx_shminfo *ret_info)
{
	int ret;

	*ret_info = (struct lx_shminfo){
		.shmmax = SHM_MAX,
		.shmmin = LX_SHMMIN,
		.shmmni = LX_SHMMNI,
		.shmseg = LX_SHMMNI,
		.shmall = SHM_MAX,
	};
	mutex_lock(&g_shm.lock);
	ret = ipc_max_index_locked(&g_shm);
	mutex_unlock(&g_shm.lock);
	return ret;
}

int shm_usage(struct lx_shm_info *ret_info)
{
	int ret;

	mutex_lock(&g_shm.lock);
	*ret_info = (struct lx_shm_info){ .used_ids = (int)g_shm.nr,
					  .shm_tot = g_total,
					  .shm_rss = g_total };
	ret = ipc_max_index_locked(&g_shm);
	mutex_unlock(&g_shm.lock);
	return ret;
}
