/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every access of the sentry to guest memory. An address is looked up under mm->lock, which gives a
 * piece of one of our own windows; the copy runs without the lock, through routines that survive a
 * page that is gone. Guest threads may map, unmap and truncate meanwhile: the bytes are then
 * garbage, or go where nobody looks any more.
 */
#include <errno.h>
#include <string.h>

#include <host/host.h>
#include <host/usercopy.h>

#include "mm/mm_int.h"

/* --- pieces --- */

static int seg_access(const struct vma *v, unsigned int how)
{
	if (how & SEG_WRITE) {
		if (v->prot & LX_PROT_WRITE)
			return 0;
		/* a debugger may write what it could only read, into a copy */
		return (how & SEG_FORCE) && vma_private(v) && !(v->flags & VM_SPECIAL) ? 0 :
											 -EACCES;
	}
	if (v->prot & (LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC))
		return 0;
	return how & SEG_FORCE ? 0 : -EACCES;
}

static int seg_get_locked(struct mm *mm, uaddr_t addr, uint64_t n, unsigned int how,
			  struct mm_seg *ret_seg) REQUIRES(mm->lock)
{
	struct vma *v = vma_at(mm, addr);
	struct mm_seg s = { .len = n };
	struct pma *p;
	int ret;

	if (unlikely(!v)) {
		ret = how & SEG_FORCE ? -EFAULT : vma_grow_stack(mm, addr, &v);
		if (ret < 0)
			return ret;
	}
	ret = seg_access(v, how);
	if (ret < 0)
		return ret;
	ret = mm_get_page(mm, v, addr, how & SEG_WRITE, &p);
	if (ret < 0)
		return ret;
	s.len = MIN(s.len, MIN(p->end, v->end) - addr);
	ret = backing_pin(p->bf, p->off + (addr - p->start), &s.len, &s.p, &s.pin);
	if (ret < 0)
		return -EFAULT;
	/* a debugger's write to pages that the guest may not write */
	if ((how & SEG_WRITE) && !(v->prot & LX_PROT_WRITE))
		patch_restore(mm, page_down(addr), page_up(addr + s.len));
	s.gen = mm_active_begin(mm);
	*ret_seg = s;
	return 0;
}

int mm_seg_get(struct mm *mm, uaddr_t addr, uint64_t n, unsigned int how, struct mm_seg *ret_seg)
{
	int ret;

	mm_lock(mm);
	while (unlikely(mm->quiesced) && !(how & SEG_NESTED))
		cond_wait(&mm->quiesce_end, &mm->lock);
	ret = seg_get_locked(mm, addr, n, how, ret_seg);
	mm_unlock(mm);
	return ret;
}

void mm_seg_put(struct mm *mm, struct mm_seg *seg)
{
	mm_active_end(mm, seg->gen);
	backing_unpin(seg->pin);
}

/* --- copies --- */

enum copy_dir { COPY_IN, COPY_OUT, COPY_ZERO };

/* Bytes done before the first that could not be. */
static size_t copy_user(struct mm *mm, uaddr_t addr, void *kbuf, size_t n, enum copy_dir dir,
			bool force)
{
	unsigned int how = (dir == COPY_IN ? 0 : SEG_WRITE) | (force ? SEG_FORCE : 0);
	size_t done = 0;

	if (!mm_range_ok(mm, addr, n))
		n = addr < mm->max_addr ? mm->max_addr - addr : 0;
	while (done < n) {
		struct mm_seg s;
		size_t left;

		if (mm_seg_get(mm, addr + done, n - done, how, &s) < 0)
			break;
		if (dir == COPY_IN)
			left = host_copy((char *)kbuf + done, s.p, s.len);
		else if (dir == COPY_OUT)
			left = host_copy(s.p, (char *)kbuf + done, s.len);
		else
			left = host_clear(s.p, s.len);
		mm_seg_put(mm, &s);
		done += s.len - left;
		if (left)
			break;
	}
	return done;
}

int mm_copyin(struct mm *mm, void *dst, uaddr_t src, size_t n)
{
	return copy_user(mm, src, dst, n, COPY_IN, false) == n ? 0 : -EFAULT;
}

int mm_copyout(struct mm *mm, uaddr_t dst, const void *src, size_t n)
{
	return copy_user(mm, dst, (void *)(uintptr_t)src, n, COPY_OUT, false) == n ? 0 : -EFAULT;
}

int mm_zero(struct mm *mm, uaddr_t dst, size_t n)
{
	return copy_user(mm, dst, NULL, n, COPY_ZERO, false) == n ? 0 : -EFAULT;
}

ssize_t mm_read(struct mm *mm, void *dst, uaddr_t src, size_t n, bool force)
{
	size_t done = copy_user(mm, src, dst, n, COPY_IN, force);

	return done || !n ? (ssize_t)done : -EFAULT;
}

ssize_t mm_write(struct mm *mm, uaddr_t dst, const void *src, size_t n, bool force)
{
	size_t done = copy_user(mm, dst, (void *)(uintptr_t)src, n, COPY_OUT, force);

	return done || !n ? (ssize_t)done : -EFAULT;
}

ssize_t mm_zero_partial(struct mm *mm, uaddr_t dst, size_t n)
{
	size_t done = copy_user(mm, dst, NULL, n, COPY_ZERO, false);

	return done || !n ? (ssize_t)done : -EFAULT;
}

ssize_t mm_copyin_str(struct mm *mm, char *dst, uaddr_t src, size_t n)
{
	size_t done = 0, chunk = 128;

	while (done < n) {
		/* never further than the page in which the string may end */
		size_t want = MIN(MIN(n - done, chunk), PAGE_SIZE - page_offset(src + done));
		size_t got = copy_user(mm, src + done, dst + done, want, COPY_IN, false);
		char *nul = memchr(dst + done, 0, got);

		if (nul)
			return nul - dst;
		if (got < want)
			return -EFAULT;
		done += got;
		chunk = PAGE_SIZE;
	}
	return -ENAMETOOLONG;
}

/* --- words --- */

static int word_get(struct mm *mm, uaddr_t addr, bool write, struct mm_seg *ret_seg)
{
	if (addr & 3)
		return -EINVAL;
	if (!mm_range_ok(mm, addr, 4) ||
	    mm_seg_get(mm, addr, 4, write ? SEG_WRITE : 0, ret_seg) < 0)
		return -EFAULT;
	return 0;
}

int mm_load32(struct mm *mm, uaddr_t addr, uint32_t *ret_val)
{
	struct mm_seg s;
	int ret = word_get(mm, addr, false, &s);

	if (ret < 0)
		return ret;
	ret = host_load32(s.p, ret_val);
	mm_seg_put(mm, &s);
	return ret;
}

int mm_cmpxchg32(struct mm *mm, uaddr_t addr, uint32_t old, uint32_t newv, uint32_t *ret_prev)
{
	struct mm_seg s;
	int ret = word_get(mm, addr, true, &s);

	if (ret < 0)
		return ret;
	ret = host_cmpxchg32(s.p, old, newv, ret_prev);
	mm_seg_put(mm, &s);
	return ret;
}

int mm_atomic_op32(struct mm *mm, uaddr_t addr, int op, uint32_t arg, uint32_t *ret_old)
{
	struct mm_seg s;
	int ret;

	if (op < HOST_FETCH_SET || op > HOST_FETCH_XOR)
		return -ENOSYS;
	ret = word_get(mm, addr, true, &s);
	if (ret < 0)
		return ret;
	ret = host_fetch_op32(s.p, (enum host_fetch_op)op, arg, ret_old);
	mm_seg_put(mm, &s);
	return ret;
}

int mm_futex_key(struct mm *mm, uaddr_t addr, bool is_private, struct mm_futex_key *ret_key)
{
	struct mm_futex_key key = { .obj = mm, .off = addr };
	struct vma *v;
	struct pma *p;
	int ret = 0;

	if (addr & 3)
		return -EINVAL;
	if (!mm_range_ok(mm, addr, 4))
		return -EFAULT;
	if (!is_private) {
		mm_lock(mm);
		v = vma_at(mm, addr);
		if (!v || v->prot == LX_PROT_NONE) {
			ret = -EFAULT;
		} else if (v->flags & VM_SHARED) {
			ret = mm_get_page(mm, v, addr, false, &p) < 0 ? -EFAULT : 0;
			key.obj = v->m;
			key.off = v->off + (addr - v->start);
		}
		mm_unlock(mm);
	}
	if (ret == 0)
		*ret_key = key;
	return ret;
}
