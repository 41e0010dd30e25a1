/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments that many system calls take from guest memory: paths and iovecs.
 */
#include <abi/linux/limits.h>

#include "kernel/kernel_int.h"

#define IOV_MAX_     1024
#define MAX_RW_COUNT 0x7ffff000u /* what one call moves at most */
#define PATH_FIRST   256         /* most paths fit: one small allocation */

int copyin_path(struct task *t, uaddr_t src, char **ret_path)
{
	char buf[PATH_FIRST], *p;
	ssize_t n = copyin_str(t, buf, src, sizeof(buf));

	if (n >= 0) {
		p = malloc((size_t)n + 1);
		if (!p)
			return -ENOMEM;
		memcpy(p, buf, (size_t)n);
		p[n] = '\0';
		*ret_path = p;
		return 0;
	}
	if (n != -ENAMETOOLONG)
		return (int)n;
	p = malloc(LX_PATH_MAX);
	if (!p)
		return -ENOMEM;
	n = copyin_str(t, p, src, LX_PATH_MAX);
	if (n < 0) {
		free(p);
		return (int)n;
	}
	p[n] = '\0';
	*ret_path = p;
	return 0;
}

int copyin_iovec(struct task *t, uaddr_t iov, unsigned long nr, struct uio_seg *inline_seg,
		 struct uio_seg **ret_seg, struct uio *ret_uio)
{
	struct uio_seg *seg = inline_seg;
	uint64_t total = 0;

	BUILD_ASSERT(sizeof(struct uio_seg) == 16); /* struct iovec of the guest */
	if (nr > IOV_MAX_)
		return -EINVAL;
	if (nr > 8) {
		seg = malloc(nr * sizeof(*seg));
		if (!seg)
			return -ENOMEM;
	}
	if (nr && copyin(t, seg, iov, nr * sizeof(*seg)) < 0) {
		if (seg != inline_seg)
			free(seg);
		return -EFAULT;
	}
	for (unsigned long i = 0; i < nr; i++) {
		if ((int64_t)seg[i].len < 0) {
			if (seg != inline_seg)
				free(seg);
			return -EINVAL;
		}
		if (seg[i].len > mm_max_addr(t->mm) ||
		    seg[i].base > mm_max_addr(t->mm) - seg[i].len) {
			if (seg != inline_seg)
				free(seg);
			return -EFAULT;
		}
		if (seg[i].len > MAX_RW_COUNT - total)
			seg[i].len = MAX_RW_COUNT - total;
		total += seg[i].len;
	}
	uio_init_user(ret_uio, t->mm, seg, (unsigned int)nr);
	*ret_seg = seg;
	return 0;
}
