/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory file: one memfd that holds all anonymous memory, tmpfs and page cache of the sandbox.
 * Owns who counts which of its ranges, the windows through which the sentry sees it, and when
 * memory goes back to the host.
 *
 * Offsets only ever grow: a range that was freed is never handed out again, so a mapping that
 * somebody forgot reaches dead space and not somebody else's memory. Live ranges are kept with
 * their counts in a tree of disjoint nodes; neighbours of equal count are one node. Windows are 64
 * MiB pieces of the file, mapped when first looked at and unmapped when nothing live is left in
 * them.
 *
 * Locking: g_pf.lock (LC_PAGEFILE) guards the tree and the making of windows; looking one up takes
 * no lock, since the caller has counted what it looks at and so keeps the window alive.
 */
#define LOG_TAG "mm"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/log.h>
#include <host/host.h>
#include <host/usercopy.h>

#include "mm/mm_int.h"

#define PAGEFILE_SIZE (1ull << 62)
#define WINDOW_SHIFT  26
#define WINDOW_SIZE   (1ull << WINDOW_SHIFT)
#define RADIX_BITS    9
#define RADIX_LEVELS  4
#define RADIX_SIZE    (1u << RADIX_BITS)
#define NR_SPARES     8
#define BOUNCE_SIZE   (64ul << 10)

struct prange {
	struct rb_node node;
	uint64_t off, end;
	unsigned int count;
	struct prange *next; /* spare and dead lists */
};

struct radix_node {
	_Atomic(void *) slot[RADIX_SIZE]; /* nodes; at the last level windows */
};

static struct {
	struct backing_file bf;
	struct mutex lock;
	struct rb_root ranges;
	uint64_t next; /* first offset never handed out */
	struct prange *spares;
	unsigned int nr_spares;
	struct radix_node root;
} g_pf = { .lock = MUTEX_INIT(LC_PAGEFILE) };

static struct prange *prange_of(struct rb_node *n)
{
	return rb_entry_safe(n, struct prange, node);
}

/* --- the tree --- */

/* The first that ends above off. */
static struct prange *prange_find(uint64_t off)
{
	struct rb_node *n = g_pf.ranges.rb_node;
	struct prange *best = NULL;

	while (n) {
		struct prange *r = prange_of(n);

		if (r->end > off) {
			best = r;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

static void prange_insert(struct prange *r)
{
	struct rb_node **link = &g_pf.ranges.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &parent->child[r->off >= prange_of(parent)->off];
	}
	rb_link_node(&r->node, parent, link);
	rb_insert_color(&r->node, &g_pf.ranges);
}

static int spares_fill(void)
{
	while (g_pf.nr_spares < NR_SPARES) {
		struct prange *r = malloc(sizeof(*r));

		if (!r)
			return -ENOMEM;
		r->next = g_pf.spares;
		g_pf.spares = r;
		g_pf.nr_spares++;
	}
	return 0;
}

static struct prange *spare_take(void)
{
	struct prange *r = g_pf.spares;

	if (!r)
		return malloc(sizeof(*r));
	g_pf.spares = r->next;
	g_pf.nr_spares--;
	return r;
}

static void spare_give(struct prange *r)
{
	if (g_pf.nr_spares >= NR_SPARES) {
		free(r);
		return;
	}
	r->next = g_pf.spares;
	g_pf.spares = r;
	g_pf.nr_spares++;
}

/* Makes off a border between nodes. -ENOMEM. */
static int prange_cut(uint64_t off)
{
	struct prange *r = prange_find(off), *upper;

	if (!r || r->off >= off)
		return 0;
	upper = spare_take();
	if (!upper)
		return -ENOMEM;
	upper->off = off;
	upper->end = r->end;
	upper->count = r->count;
	r->end = off;
	prange_insert(upper);
	return 0;
}

/* Merges r with the next one if they are alike. */
static void prange_join(struct prange *r)
{
	struct prange *n = r ? prange_of(rb_next(&r->node)) : NULL;

	if (!n || n->off != r->end || n->count != r->count)
		return;
	r->end = n->end;
	rb_erase(&n->node, &g_pf.ranges);
	spare_give(n);
}

static void prange_join_around(uint64_t off, uint64_t end)
{
	struct prange *r = prange_find(off ? off - 1 : 0);

	while (r && r->off <= end) {
		struct prange *n = prange_of(rb_next(&r->node));

		if (n && n->off == r->end && n->count == r->count)
			prange_join(r);
		else
			r = n;
	}
}

/* --- windows --- */

static _Atomic(void *) *radix_slot(uint64_t index, bool create)
{
	struct radix_node *n = &g_pf.root;

	for (int level = RADIX_LEVELS - 1; level > 0; level--) {
		_Atomic(void *) *s = &n->slot[index >> (level * RADIX_BITS) & (RADIX_SIZE - 1)];
		struct radix_node *c = atomic_load_explicit(s, memory_order_acquire);

		if (!c) {
			if (!create)
				return NULL;
			c = calloc(1, sizeof(*c));
			if (!c)
				return NULL;
			atomic_store_explicit(s, c, memory_order_release);
		}
		n = c;
	}
	return &n->slot[index & (RADIX_SIZE - 1)];
}

static int window_make(uint64_t index, void **ret_addr)
{
	_Atomic(void *) *s;
	void *addr = NULL;
	int ret;

	mutex_lock(&g_pf.lock);
	s = radix_slot(index, true);
	if (!s) {
		ret = -ENOMEM;
		goto out;
	}
	addr = atomic_load_explicit(s, memory_order_acquire);
	ret = 0;
	if (addr)
		goto out;
	ret = host_mmap(NULL, WINDOW_SIZE, HOST_PROT_READ | HOST_PROT_WRITE, HOST_MAP_SHARED,
			g_pf.bf.fd, index << WINDOW_SHIFT, &addr);
	if (ret < 0)
		goto out;
	(void)host_madvise(addr, WINDOW_SIZE, HOST_ADV_DONTDUMP);
	atomic_store_explicit(s, addr, memory_order_release);
out:
	mutex_unlock(&g_pf.lock);
	if (ret < 0)
		return ret;
	*ret_addr = addr;
	return 0;
}

int pagefile_window(uint64_t off, uint64_t *size, void **ret_addr)
{
	uint64_t index = off >> WINDOW_SHIFT, in = off & (WINDOW_SIZE - 1);
	_Atomic(void *) *s = radix_slot(index, false);
	void *addr = s ? atomic_load_explicit(s, memory_order_acquire) : NULL;

	if (unlikely(!addr)) {
		int ret = window_make(index, &addr);

		if (ret < 0)
			return ret;
	}
	if (*size > WINDOW_SIZE - in)
		*size = WINDOW_SIZE - in;
	*ret_addr = (char *)addr + in;
	return 0;
}

/* Unmaps the windows of [off, end) in which nothing lives any more. Lock held. */
static void windows_trim(uint64_t off, uint64_t end)
{
	for (uint64_t i = off >> WINDOW_SHIFT; i <= (end - 1) >> WINDOW_SHIFT; i++) {
		_Atomic(void *) *s = radix_slot(i, false);
		struct prange *r;
		void *addr;

		if (!s) {
			/* nothing of this leaf was ever looked at */
			i |= RADIX_SIZE - 1;
			continue;
		}
		addr = atomic_load_explicit(s, memory_order_relaxed);
		if (!addr)
			continue;
		r = prange_find(i << WINDOW_SHIFT);
		if (r && r->off < (i + 1) << WINDOW_SHIFT)
			continue;
		atomic_store_explicit(s, NULL, memory_order_relaxed);
		(void)host_munmap(addr, WINDOW_SIZE);
	}
}

/* --- counting --- */

int pagefile_reserve(uint64_t size, uint64_t align, uint64_t congruent, uint64_t *ret_off)
{
	uint64_t off, end;

	mutex_lock(&g_pf.lock);
	off = g_pf.next + ((congruent - g_pf.next) & (align - 1));
	if (__builtin_add_overflow(off, size, &end) || end > PAGEFILE_SIZE) {
		mutex_unlock(&g_pf.lock);
		return -ENOMEM;
	}
	g_pf.next = end;
	mutex_unlock(&g_pf.lock);
	*ret_off = off;
	return 0;
}

int pagefile_commit(uint64_t off, uint64_t size)
{
	struct prange *r, *prev;
	int ret;

	mutex_lock(&g_pf.lock);
	ret = spares_fill();
	if (ret < 0)
		goto out;
	r = prange_find(off ? off - 1 : 0);
	prev = r && r->end == off && r->count == 1 ? r : NULL;
	if (prev) {
		prev->end = off + size;
	} else {
		prev = spare_take();
		prev->off = off;
		prev->end = off + size;
		prev->count = 1;
		prange_insert(prev);
	}
	prange_join(prev);
out:
	mutex_unlock(&g_pf.lock);
	return ret;
}

int pagefile_alloc(uint64_t size, uint64_t align, enum pagefile_kind kind, uint64_t *ret_off)
{
	uint64_t off;
	int ret;

	if (!round_up_ok(size, PAGE_SIZE, &size) || !size)
		return -EINVAL;
	ret = pagefile_reserve(size, MAX(align, (uint64_t)PAGE_SIZE), 0, &off);
	if (ret < 0)
		return ret;
	ret = pagefile_commit(off, size);
	if (ret < 0)
		return ret;
	*ret_off = off;
	return 0;
}

int pagefile_get(uint64_t off, uint64_t size)
{
	uint64_t end = off + size;
	int ret;

	mutex_lock(&g_pf.lock);
	ret = spares_fill();
	if (ret < 0)
		goto out;
	/* two spares are enough for both cuts */
	(void)prange_cut(off);
	(void)prange_cut(end);
	for (struct prange *r = prange_find(off); r && r->off < end;
	     r = prange_of(rb_next(&r->node)))
		r->count++;
	prange_join_around(off, end);
out:
	mutex_unlock(&g_pf.lock);
	return ret;
}

void pagefile_free(uint64_t off, uint64_t size)
{
	struct prange *r, *next, *dead = NULL, **tail = &dead;
	uint64_t end = off + size;

	if (!size)
		return;
	mutex_lock(&g_pf.lock);
	(void)spares_fill();
	if (prange_cut(off) < 0 || prange_cut(end) < 0) {
		/* no memory for a node: the range stays counted until the sandbox ends */
		mutex_unlock(&g_pf.lock);
		log_ratelimited(LOG_LEVEL_WARN,
				"out of memory: a range of the memory file is lost");
		return;
	}
	for (r = prange_find(off); r && r->off < end; r = next) {
		next = prange_of(rb_next(&r->node));
		if (--r->count)
			continue;
		rb_erase(&r->node, &g_pf.ranges);
		r->next = NULL;
		*tail = r;
		tail = &r->next;
	}
	prange_join_around(off, end);
	for (r = dead; r; r = r->next)
		windows_trim(r->off, r->end);
	mutex_unlock(&g_pf.lock);
	while ((r = dead) != NULL) {
		dead = r->next;
		while (dead && dead->off == r->end) {
			r->end = dead->end;
			next = dead->next;
			free(dead);
			dead = next;
		}
		(void)host_punch(g_pf.bf.fd, r->off, r->end - r->off);
		free(r);
	}
}

unsigned int pagefile_count(uint64_t off, uint64_t size, uint64_t *ret_run)
{
	struct prange *r;
	unsigned int count;
	uint64_t end = off + size, run_end;

	mutex_lock(&g_pf.lock);
	r = prange_find(off);
	ASSERT(r && r->off <= off);
	count = r->count;
	run_end = r->end;
	while (run_end < end) {
		r = prange_of(rb_next(&r->node));
		if (!r || r->off != run_end || (r->count == 1) != (count == 1))
			break;
		run_end = r->end;
	}
	mutex_unlock(&g_pf.lock);
	*ret_run = MIN(run_end, end) - off;
	return count;
}

int pagefile_backing(uint64_t off, uint64_t size, struct backing *ret_b)
{
	int ret = pagefile_get(off, size);

	if (ret < 0)
		return ret;
	*ret_b = (struct backing){
		.file = backing_file_get(&g_pf.bf),
		.off = off,
		.size = size,
		.writable = true,
	};
	return 0;
}

/* --- contents --- */

/* What is copied through the windows rather than by a host call; writes of whole pages often touch
 * fresh ones. */
#define SMALL_READ  4096u
#define SMALL_WRITE 2048u

/* A few bytes through the window, which costs no host call once the page was seen. */
static int copy_small(uint64_t off, void *buf, size_t n, bool write)
{
	char *p = buf;

	while (n) {
		uint64_t len = n;
		void *win;
		int ret = pagefile_window(off, &len, &win);

		if (ret < 0)
			return ret;
		if (write ? host_copy(win, p, len) : host_copy(p, win, len))
			return -EFAULT;
		p += len;
		off += len;
		n -= len;
	}
	return 0;
}

int pagefile_read(uint64_t off, void *dst, size_t n)
{
	char *p = dst;

	if (n <= SMALL_READ && off < PAGEFILE_ZEROS)
		return copy_small(off, dst, n, false);
	while (n) {
		ssize_t got = host_pread(g_pf.bf.fd, p, n, off);

		if (got <= 0)
			return got < 0 ? (int)got : -EIO;
		p += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int pagefile_write(uint64_t off, const void *src, size_t n)
{
	const char *p = src;

	if (n < SMALL_WRITE)
		return copy_small(off, (void *)(uintptr_t)src, n, true);
	while (n) {
		ssize_t got = host_pwrite(g_pf.bf.fd, p, n, off);

		if (got <= 0)
			return got < 0 ? (int)got : -ENOSPC;
		p += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

/* Present pages only: [off, off + size) of the file without holes. */
static int copy_data(uint64_t dst, uint64_t src, uint64_t size)
{
	while (size) {
		uint64_t n = size;
		ssize_t got;
		void *p;
		int ret = pagefile_window(src, &n, &p);

		if (ret < 0)
			return ret;
		got = host_pwrite(g_pf.bf.fd, p, n, dst);
		if (got <= 0)
			return got < 0 ? (int)got : -ENOSPC;
		src += (uint64_t)got;
		dst += (uint64_t)got;
		size -= (uint64_t)got;
	}
	return 0;
}

int pagefile_copy(uint64_t dst, uint64_t src, uint64_t size)
{
	uint64_t end = src + size, pos = src;

	while (pos < end) {
		int64_t data = host_lseek(g_pf.bf.fd, (int64_t)pos, HOST_SEEK_DATA), hole;
		int ret;

		if (data == -ENXIO || (data >= 0 && (uint64_t)data >= end))
			return 0;
		if (data < 0)
			return (int)data;
		hole = end - (uint64_t)data <= PAGE_SIZE ?
			       (int64_t)end :
			       host_lseek(g_pf.bf.fd, data, HOST_SEEK_HOLE);
		if (hole < 0)
			return (int)hole;
		if ((uint64_t)hole > end)
			hole = (int64_t)end;
		ret = copy_data(dst + ((uint64_t)data - src), (uint64_t)data,
				(uint64_t)(hole - data));
		if (ret < 0)
			return ret;
		pos = (uint64_t)hole;
	}
	return 0;
}

void pagefile_punch(uint64_t off, uint64_t size)
{
	(void)host_punch(g_pf.bf.fd, off, size);
}

int pagefile_populate(uint64_t off, uint64_t size)
{
	while (size) {
		uint64_t n = size;
		void *addr;
		int ret = pagefile_window(off, &n, &addr);

		if (ret < 0)
			return ret;
		/* fallocate's pages would not count as present before they are touched */
		ret = host_madvise(addr, n, HOST_ADV_POPULATE_WRITE);
		if (ret == -EINVAL)
			ret = host_fallocate(g_pf.bf.fd, off, n, true);
		if (ret < 0)
			return ret;
		off += n;
		size -= n;
	}
	return 0;
}

uint64_t pagefile_resident(uint64_t off, uint64_t size)
{
	uint64_t end = off + size, pos = off, sum = 0;

	if (host_cachestat(g_pf.bf.fd, off, size, &sum) == 0)
		return sum << PAGE_SHIFT;
	sum = 0;
	while (pos < end) {
		int64_t data = host_lseek(g_pf.bf.fd, (int64_t)pos, HOST_SEEK_DATA), hole;

		if (data < 0 || (uint64_t)data >= end)
			break;
		hole = host_lseek(g_pf.bf.fd, data, HOST_SEEK_HOLE);
		if (hole < 0)
			break;
		pos = MIN((uint64_t)hole, end);
		sum += pos - (uint64_t)data;
	}
	return sum;
}

uint64_t mm_system_usage(void)
{
	struct host_stat st;

	return host_fstat(g_pf.bf.fd, &st) < 0 ? 0 : st.blocks * 512;
}

struct backing_file *pagefile(void)
{
	return &g_pf.bf;
}

int pagefile_init(void)
{
	int fd = host_memfd_create("husk-memory", 0), ret;

	if (fd < 0)
		return fd;
	ret = host_ftruncate(fd, PAGEFILE_SIZE);
	if (ret < 0) {
		host_close(fd);
		return ret;
	}
	ref_init(&g_pf.bf.ref);
	g_pf.bf.fd = fd;
	g_pf.bf.writable = true;
	g_pf.bf.is_pagefile = true;
	mutex_init(&g_pf.bf.lock, LC_BACKING);
	g_pf.next = WINDOW_SIZE; /* offset 0 stays unused, so that a wild one shows */
	return 0;
}

static void radix_free(struct radix_node *n, int level)
{
	for (unsigned int i = 0; i < RADIX_SIZE; i++) {
		void *p = atomic_load(&n->slot[i]);

		if (!p)
			continue;
		atomic_store(&n->slot[i], NULL);
		if (level == 0) {
			(void)host_munmap(p, WINDOW_SIZE);
		} else {
			radix_free(p, level - 1);
			free(p);
		}
	}
}

void pagefile_fini(void)
{
	struct prange *r;

	radix_free(&g_pf.root, RADIX_LEVELS - 1);
	while ((r = prange_of(rb_first(&g_pf.ranges))) != NULL) {
		rb_erase(&r->node, &g_pf.ranges);
		free(r);
	}
	while ((r = g_pf.spares) != NULL) {
		g_pf.spares = r->next;
		free(r);
	}
	g_pf.nr_spares = 0;
	if (g_pf.bf.pf)
		g_mm.platform->ops->file_put(STEAL(g_pf.bf.pf));
	host_close(g_pf.bf.fd);
	g_pf.bf.fd = -1;
}
