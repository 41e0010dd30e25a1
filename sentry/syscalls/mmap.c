/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap(2), munmap(2), mremap(2), mprotect(2), brk(2), msync(2), remap_file_pages(2), mseal(2),
 * pkeys(7).
 */
#include <errno.h>

#include <abi/linux/mman.h>
#include <abi/linux/mount.h>
#include <abi/linux/personality.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "mm/mm.h"
#include "syscalls/handlers.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define HUGE_2M 21
#define HUGE_1G 30

static bool noexec(const struct file *f)
{
	return f->path.mnt && (f->path.mnt->flags & LX_MS_NOEXEC);
}

/* What the open mode and the mount allow; fills max_prot and the mappable. */
static int mmap_file(struct task *t, struct file *f, struct mm_mmap_req *req)
{
	int type = req->flags & LX_MAP_TYPE, max = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC;

	if (req->flags & LX_MAP_HUGETLB)
		return -EINVAL;
	if (type == LX_MAP_SHARED || type == LX_MAP_SHARED_VALIDATE) {
		if (!(f->mode & FMODE_WRITE)) {
			if (req->prot & LX_PROT_WRITE)
				return -EACCES;
			max &= ~LX_PROT_WRITE;
		}
	} else if (type != LX_MAP_PRIVATE) {
		return -EINVAL;
	}
	if (!(f->mode & FMODE_READ))
		return -EACCES;
	if (noexec(f)) {
		if (req->prot & LX_PROT_EXEC)
			return -EPERM;
		max &= ~LX_PROT_EXEC;
	} else if ((t->personality & LX_READ_IMPLIES_EXEC) && (req->prot & LX_PROT_READ)) {
		req->prot |= LX_PROT_EXEC;
	}
	if (!f->ops->mmap)
		return -ENODEV;
	req->max_prot = max;
	req->file = vfs_map_file(f);
	return f->ops->mmap(f, req);
}

static int mmap_anon(struct task *t, struct mm_mmap_req *req)
{
	req->max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC;
	if ((t->personality & LX_READ_IMPLIES_EXEC) && (req->prot & LX_PROT_READ))
		req->prot |= LX_PROT_EXEC;
	if (req->flags & LX_MAP_HUGETLB) {
		unsigned int shift =
			(unsigned int)req->flags >> LX_MAP_HUGE_SHIFT & LX_MAP_HUGE_MASK;

		/* a machine without reserved huge pages */
		return shift == 0 || shift == HUGE_2M || shift == HUGE_1G ? -ENOMEM : -EINVAL;
	}
	return 0;
}

long sys_mmap(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);
	auto_put(file) struct file *f = NULL;
	struct mm_mmap_req req = {
		.addr = arg_addr(a, 0),
		.size = arg_ulong(a, 1),
		.prot = arg_int(a, 2),
		.flags = arg_int(a, 3),
		.off = arg_ulong(a, 5),
		.grows_down = arg_int(a, 3) & LX_MAP_GROWSDOWN,
	};
	int ret;

	if (!page_aligned(req.off))
		return -EINVAL;
	if (!(req.flags & LX_MAP_ANONYMOUS)) {
		f = fd_get(t->fds, arg_int(a, 4));
		if (!f)
			return -EBADF;
	}
	if (!req.size)
		return -EINVAL;
	ret = f ? mmap_file(t, f, &req) : mmap_anon(t, &req);
	if (ret < 0)
		return ret;
	return mm_mmap(t->mm, &req, &lim);
}

long sys_munmap(struct task *t, const struct sysargs *a)
{
	return mm_munmap(t->mm, arg_addr(a, 0), arg_ulong(a, 1));
}

long sys_mremap(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);

	return mm_mremap(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_ulong(a, 2), arg_int(a, 3),
			 arg_addr(a, 4), &lim);
}

static long do_mprotect(struct task *t, uaddr_t addr, uint64_t size, int prot)
{
	struct mm_limits lim = task_mm_limits(t);

	if ((t->personality & LX_READ_IMPLIES_EXEC) && (prot & LX_PROT_READ))
		prot |= LX_PROT_EXEC;
	return mm_mprotect(t->mm, addr, size, prot, &lim);
}

long sys_mprotect(struct task *t, const struct sysargs *a)
{
	return do_mprotect(t, arg_addr(a, 0), arg_ulong(a, 1), arg_int(a, 2));
}

/* No key was ever handed out: -1 is mprotect, anything else is a mistake. */
long sys_pkey_mprotect(struct task *t, const struct sysargs *a)
{
	if (arg_int(a, 3) != -1)
		return -EINVAL;
	return do_mprotect(t, arg_addr(a, 0), arg_ulong(a, 1), arg_int(a, 2));
}

long sys_pkey_alloc(struct task *t, const struct sysargs *a)
{
	if (arg_ulong(a, 0) ||
	    (arg_ulong(a, 1) & ~(unsigned long)(LX_PKEY_DISABLE_ACCESS | LX_PKEY_DISABLE_WRITE)))
		return -EINVAL;
	return -ENOSPC;
}

long sys_pkey_free(struct task *t, const struct sysargs *a)
{
	return -EINVAL;
}

long sys_brk(struct task *t, const struct sysargs *a)
{
	struct mm_limits lim = task_mm_limits(t);

	return (long)mm_brk(t->mm, arg_addr(a, 0), &lim);
}

long sys_msync(struct task *t, const struct sysargs *a)
{
	return mm_msync(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_int(a, 2));
}

long sys_mseal(struct task *t, const struct sysargs *a)
{
	return mm_mseal(t->mm, arg_addr(a, 0), arg_ulong(a, 1), arg_ulong(a, 2));
}

/* As Linux since 4.0: a new mapping of the same file over the old one. */
long sys_remap_file_pages(struct task *t, const struct sysargs *a)
{
	uaddr_t start = page_down(arg_addr(a, 0));
	uint64_t size = page_down(arg_ulong(a, 1)), pgoff = arg_ulong(a, 3), off;
	struct mm_limits lim = task_mm_limits(t);
	struct mm_vma_info info;
	struct mm_mmap_req req;
	int64_t ret;

	if (arg_int(a, 2) || !size || start + size < start)
		return -EINVAL;
	if (__builtin_mul_overflow(pgoff, (uint64_t)PAGE_SIZE, &off) || off + size < off)
		return -EINVAL;
	if (mm_vma_next(t->mm, start, &info) < 0)
		return -EINVAL;
	req = (struct mm_mmap_req){
		.addr = start,
		.size = size,
		.prot = info.prot,
		.max_prot = info.max_prot,
		.flags = LX_MAP_SHARED | LX_MAP_FIXED | (arg_int(a, 4) & LX_MAP_NONBLOCK) |
			 (info.flags & LX_MAP_LOCKED),
		.off = off,
		.mappable = info.mappable,
		.file = info.file,
	};
	if (!info.mappable || !(info.flags & LX_MAP_SHARED) || info.start > start ||
	    info.end - start < size)
		ret = -EINVAL;
	else
		ret = mm_mmap(t->mm, &req, &lim);
	mm_vma_info_fini(&info);
	return ret < 0 ? (long)ret : 0;
}
