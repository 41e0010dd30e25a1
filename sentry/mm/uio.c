/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cursor over a list of guest buffers or one kernel buffer.
 */
#include <errno.h>
#include <string.h>

#include "mm/mm_int.h"

void uio_init_kernel(struct uio *u, void *buf, size_t size)
{
	*u = (struct uio){ .kbuf = buf, .left = size };
}

void uio_init_user(struct uio *u, struct mm *mm, const struct uio_seg *seg, unsigned int nr_segs)
{
	*u = (struct uio){ .mm = mm, .seg = seg, .nr_segs = nr_segs };
	for (unsigned int i = 0; i < nr_segs; i++)
		u->left += seg[i].len;
}

void uio_init_user1(struct uio *u, struct mm *mm, struct uio_seg *seg, uaddr_t base, size_t size)
{
	seg->base = base;
	seg->len = size;
	uio_init_user(u, mm, seg, 1);
}

void uio_truncate(struct uio *u, size_t n)
{
	if (u->left > n)
		u->left = n;
}

/* Next piece of a guest uio: 0 bytes when nothing is left. */
static size_t uio_piece(struct uio *u, size_t n, uaddr_t *ret_addr)
{
	n = MIN(n, u->left);
	if (!n)
		return 0;
	while (u->nr_segs && u->seg_off == u->seg->len) {
		u->seg++;
		u->nr_segs--;
		u->seg_off = 0;
	}
	if (!u->nr_segs)
		return 0;
	*ret_addr = u->seg->base + u->seg_off;
	return MIN(n, u->seg->len - u->seg_off);
}

void uio_advance(struct uio *u, size_t n)
{
	n = MIN(n, u->left);
	if (!u->mm) {
		u->kbuf += n;
		u->left -= n;
		return;
	}
	while (n) {
		uaddr_t addr;
		size_t step = uio_piece(u, n, &addr);

		if (!step)
			return;
		u->seg_off += step;
		u->left -= step;
		n -= step;
	}
}

enum uio_op { UIO_WRITE, UIO_READ, UIO_ZERO };

static ssize_t uio_kernel(struct uio *u, void *buf, size_t n, enum uio_op op)
{
	n = MIN(n, u->left);
	if (op == UIO_WRITE)
		memcpy(u->kbuf, buf, n);
	else if (op == UIO_READ)
		memcpy(buf, u->kbuf, n);
	else
		memset(u->kbuf, 0, n);
	uio_advance(u, n);
	return (ssize_t)n;
}

static ssize_t uio_move(struct uio *u, void *buf, size_t n, enum uio_op op)
{
	size_t done = 0;

	if (!u->mm)
		return uio_kernel(u, buf, n, op);
	while (done < n) {
		uaddr_t addr;
		size_t step = uio_piece(u, n - done, &addr);
		ssize_t got;

		if (!step)
			break;
		if (op == UIO_WRITE)
			got = mm_write(u->mm, addr, (char *)buf + done, step, false);
		else if (op == UIO_READ)
			got = mm_read(u->mm, (char *)buf + done, addr, step, false);
		else
			got = mm_zero_partial(u->mm, addr, step);
		if (got < 0)
			return done ? (ssize_t)done : got;
		u->seg_off += (size_t)got;
		u->left -= (size_t)got;
		done += (size_t)got;
		if ((size_t)got < step)
			break;
	}
	return (ssize_t)done;
}

ssize_t uio_write(struct uio *u, const void *buf, size_t n)
{
	return uio_move(u, (void *)(uintptr_t)buf, n, UIO_WRITE);
}

ssize_t uio_read(struct uio *u, void *buf, size_t n)
{
	return uio_move(u, buf, n, UIO_READ);
}

ssize_t uio_zero(struct uio *u, size_t n)
{
	return uio_move(u, NULL, n, UIO_ZERO);
}

ssize_t uio_pin(struct uio *u, size_t n, bool to_guest, struct uio_pin *ret_pin)
{
	struct uio look = *u; /* the cursor itself stays */
	size_t done = 0;

	ret_pin->nr = 0;
	ret_pin->nr_refs = 0;
	n = MIN(n, u->left);
	if (!n)
		return 0;
	if (!u->mm) {
		ret_pin->iov[0].base = u->kbuf;
		ret_pin->iov[0].len = n;
		ret_pin->nr = 1;
		return (ssize_t)n;
	}
	while (done < n && ret_pin->nr < UIO_PIN_MAX) {
		struct uio_pin_ref *r = &ret_pin->refs[ret_pin->nr_refs];
		struct mm_seg s;
		uaddr_t addr;
		size_t step = uio_piece(&look, n - done, &addr);

		if (!step || !mm_range_ok(u->mm, addr, step) ||
		    mm_seg_get(u->mm, addr, step,
			       (to_guest ? SEG_WRITE : 0) | (done ? SEG_NESTED : 0), &s) < 0)
			break;
		r->mm = u->mm;
		r->pin = s.pin;
		r->gen = s.gen;
		ret_pin->nr_refs++;
		ret_pin->iov[ret_pin->nr].base = s.p;
		ret_pin->iov[ret_pin->nr].len = s.len;
		ret_pin->nr++;
		uio_advance(&look, s.len);
		done += s.len;
	}
	return done ? (ssize_t)done : -EFAULT;
}

void uio_unpin(struct uio_pin *pin)
{
	for (unsigned int i = 0; i < pin->nr_refs; i++) {
		struct mm_seg s = { .pin = pin->refs[i].pin, .gen = pin->refs[i].gen };

		mm_seg_put(pin->refs[i].mm, &s);
	}
	pin->nr_refs = 0;
	pin->nr = 0;
}
