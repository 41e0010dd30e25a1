/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uio: where the bytes of a read or a write go to or come from: guest iovecs or a kernel buffer.
 * Short copies tell how far one got; the cursor moves by what was copied. Task-private, no locking.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <host/host.h> /* struct host_iov */

#ifndef HUSK_UADDR_T
#define HUSK_UADDR_T
typedef uint64_t uaddr_t;
#endif

struct mm;

struct uio_seg {
	uaddr_t base;
	uint64_t len;
};

struct uio {
	struct mm *mm;             /* NULL: kernel buffer */
	char *kbuf;                /* mm == NULL: next byte */
	const struct uio_seg *seg; /* current segment */
	unsigned int nr_segs;      /* left, this one included */
	uint64_t seg_off;          /* done of the current segment */
	size_t left;               /* bytes left in all */
};

void uio_init_kernel(struct uio *u, void *buf, size_t size);
void uio_init_user(struct uio *u, struct mm *mm, const struct uio_seg *seg, unsigned int nr_segs);
/* Single buffer: seg is the caller's storage and must live as long as u. */
void uio_init_user1(struct uio *u, struct mm *mm, struct uio_seg *seg, uaddr_t base, size_t size);

static inline size_t uio_left(const struct uio *u)
{
	return u->left;
}

/* Copies up to n bytes out to (uio_write) or in from (uio_read) the uio; bytes copied, short on a
 * fault; -EFAULT when none could be. */
ssize_t uio_write(struct uio *u, const void *buf, size_t n);
ssize_t uio_read(struct uio *u, void *buf, size_t n);
ssize_t uio_zero(struct uio *u, size_t n);
/* Moves the cursor without copying (after host I/O through uio_pin). */
void uio_advance(struct uio *u, size_t n);
/* Cuts what is left to n bytes. */
void uio_truncate(struct uio *u, size_t n);

/*
 * Sentry addresses of the next up to n bytes, so that a host preadv/pwritev can move them without a
 * bounce buffer. to_guest: they will be written (breaks copy-on-write first). Returns the bytes
 * they cover (> 0), 0 if nothing is left, -EFAULT. The addresses stay valid until uio_unpin, before
 * which the caller may not copy to or from the same mm; bytes that the guest unmaps meanwhile go
 * nowhere. The host call itself gives EFAULT where a mapped file was cut.
 */
#define UIO_PIN_MAX 16
struct uio_pin {
	struct host_iov iov[UIO_PIN_MAX];
	unsigned int nr;
	struct uio_pin_ref { /* mm's */
		struct mm *mm;
		void *pin;
		unsigned int gen;
	} refs[UIO_PIN_MAX];
	unsigned int nr_refs;
};
ssize_t uio_pin(struct uio *u, size_t n, bool to_guest, struct uio_pin *ret_pin);
void uio_unpin(struct uio_pin *pin);
