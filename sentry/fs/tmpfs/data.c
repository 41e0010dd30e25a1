/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of tmpfs files. A file is cut into extents at fixed places: one page, one page, two, four
 * ... up to 4 MiB, then 4 MiB each; an extent that was touched has a range of the memory file,
 * whose own holes cost nothing. A bitmap says which pages were written, for limits, st_blocks and
 * SEEK_HOLE.
 *
 * Locking: i.io_lock: one writer, truncate or fallocate at a time, held over copies from guests.
 * i.lock: the extents; translate() takes it, so nothing that may fault is done under it. Differs
 * from Linux: pages written through a mapping are not counted in st_blocks nor against size=.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "fs/tmpfs/tmpfs_int.h"
#include "mm/mm.h"
#include "mm/uio.h"
#include "vfs/file.h"

#define EXT_MAX_PAGES 1024 /* 4 MiB */
#define BOUNCE        4096
#define CHUNK         (256u << 10)
#define MAX_SIZE      INT64_MAX

struct textent {
	struct rb_node node;
	uint64_t start;       /* first page in the file */
	uint64_t base;        /* offset in the memory file */
	uint32_t nr;          /* pages */
	bool mapped;          /* somebody may write to any page unseen */
	unsigned long used[]; /* bitmap */
};

/* The extent that page lies in: its first page and length. */
static void extent_place(uint64_t page, uint64_t *ret_start, uint32_t *ret_nr)
{
	if (page >= EXT_MAX_PAGES) {
		*ret_start = round_down(page, (uint64_t)EXT_MAX_PAGES);
		*ret_nr = EXT_MAX_PAGES;
	} else if (page == 0) {
		*ret_start = 0;
		*ret_nr = 1;
	} else {
		*ret_start = BIT64(fls64(page) - 1);
		*ret_nr = (uint32_t)*ret_start;
	}
}

static struct textent *extent_find(struct tnode *t, uint64_t page)
{
	struct rb_node *n = t->extents.rb_node;
	struct textent *e = READ_ONCE(t->hint);

	if (e && page >= e->start && page - e->start < e->nr)
		return e;
	while (n) {
		e = rb_entry(n, struct textent, node);
		if (page < e->start) {
			n = n->rb_left;
		} else if (page - e->start >= e->nr) {
			n = n->rb_right;
		} else {
			WRITE_ONCE(t->hint, e);
			return e;
		}
	}
	return NULL;
}

static int extent_make(struct tnode *t, uint64_t page, struct textent **ret_e)
{
	struct rb_node **link = &t->extents.rb_node, *parent = NULL;
	struct textent *e;
	uint64_t start;
	uint32_t nr;
	int ret;

	extent_place(page, &start, &nr);
	e = calloc(1, sizeof(*e) + BITMAP_LONGS(nr) * sizeof(unsigned long));
	if (!e)
		return -ENOMEM;
	ret = pagefile_alloc((uint64_t)nr << PAGE_SHIFT, PAGE_SIZE, PAGEFILE_SHMEM, &e->base);
	if (ret < 0) {
		free(e);
		return ret;
	}
	e->start = start;
	e->nr = nr;
	while (*link) {
		parent = *link;
		link = start < rb_entry(parent, struct textent, node)->start ? &parent->rb_left :
									       &parent->rb_right;
	}
	rb_link_node(&e->node, parent, link);
	rb_insert_color(&e->node, &t->extents);
	*ret_e = e;
	return 0;
}

static void extent_free(struct tnode *t, struct textent *e)
{
	t->hint = NULL;
	rb_erase(&e->node, &t->extents);
	pagefile_free(e->base, (uint64_t)e->nr << PAGE_SHIFT);
	free(e);
}

/* Counts a page against the limit of the file system. */
static int page_charge(struct tmpfs_sb *s)
{
	uint64_t max = READ_ONCE(s->max_pages);

	if (atomic_fetch_add(&s->pages, 1) >= max && max) {
		atomic_fetch_sub(&s->pages, 1);
		return -ENOSPC;
	}
	return 0;
}

static void page_uncharge(struct tmpfs_sb *s, uint64_t nr)
{
	atomic_fetch_sub(&s->pages, nr);
}

/* Marks page used, making its extent. i.lock held for writing. */
static int page_use(struct tnode *t, uint64_t page, struct textent **ret_e)
{
	struct textent *e = extent_find(t, page);
	int ret;

	if (e && bitmap_test(e->used, page - e->start)) {
		*ret_e = e;
		return 0;
	}
	ret = page_charge(tsb_of(t->i.sb));
	if (ret == 0 && !e) {
		ret = extent_make(t, page, &e);
		if (ret < 0)
			page_uncharge(tsb_of(t->i.sb), 1);
	}
	if (ret < 0)
		return ret;
	bitmap_set(e->used, page - e->start);
	t->nr_pages++;
	*ret_e = e;
	return 0;
}

/* Gives the pages [from, to) of e back. i.lock held for writing; e stays. */
static void extent_punch(struct tnode *t, struct textent *e, uint32_t from, uint32_t to)
{
	uint64_t freed = 0;

	for (uint32_t n = from; n < to; n++) {
		if (bitmap_test(e->used, n)) {
			bitmap_clear(e->used, n);
			freed++;
		}
	}
	if (freed || e->mapped)
		pagefile_punch(e->base + ((uint64_t)from << PAGE_SHIFT), (uint64_t)(to - from)
										 << PAGE_SHIFT);
	t->nr_pages -= freed;
	page_uncharge(tsb_of(t->i.sb), freed);
}

/* Zeroes bytes inside one page if it has contents. i.lock held. */
static int zero_part(struct tnode *t, uint64_t off, uint64_t size)
{
	static const char zeros[PAGE_SIZE];
	struct textent *e = extent_find(t, off >> PAGE_SHIFT);

	if (!size || !e)
		return 0;
	if (!e->mapped && !bitmap_test(e->used, (off >> PAGE_SHIFT) - e->start))
		return 0;
	return pagefile_write(e->base + off - (e->start << PAGE_SHIFT), zeros, size);
}

/* Drops the whole pages [from, to) of the file. i.lock held for writing. */
static void drop_pages(struct tnode *t, uint64_t from, uint64_t to)
{
	struct rb_node *n = rb_first(&t->extents), *next;

	for (; n; n = next) {
		struct textent *e = rb_entry(n, struct textent, node);
		uint64_t end = e->start + e->nr;

		next = rb_next(n);
		if (end <= from || e->start >= to)
			continue;
		if (from <= e->start && to >= end) {
			extent_punch(t, e, 0, e->nr);
			extent_free(t, e);
		} else {
			extent_punch(t, e, (uint32_t)(MAX(from, e->start) - e->start),
				     (uint32_t)(MIN(to, end) - e->start));
		}
	}
}

int tdata_truncate(struct tnode *t, uint64_t size)
{
	unsigned int seals = atomic_load(&t->seals);
	uint64_t old = t->i.size;

	if (size > MAX_SIZE)
		return -EFBIG;
	if ((size < old && (seals & LX_F_SEAL_SHRINK)) || (size > old && (seals & LX_F_SEAL_GROW)))
		return -EPERM;
	rwlock_wrlock(&t->i.lock);
	t->i.size = size;
	rwlock_unlock(&t->i.lock);
	if (size >= old)
		return 0;
	mappable_invalidate(&t->m, page_up(size), UINT64_MAX, true);
	rwlock_wrlock(&t->i.lock);
	drop_pages(t, page_up(size) >> PAGE_SHIFT, UINT64_MAX);
	zero_part(t, size, page_up(size) - size);
	rwlock_unlock(&t->i.lock);
	return 0;
}

void tdata_free(struct tnode *t)
{
	struct rb_node *n;

	while ((n = t->extents.rb_node) != NULL)
		extent_free(t, rb_entry(n, struct textent, node));
	page_uncharge(tsb_of(t->i.sb), t->nr_pages);
}

/* --- reading --- */

/* Is page (counted in e) used, and for how many of the *n bytes from off does that stay so? */
static bool used_run(const struct textent *e, uint64_t page, uint64_t off, uint64_t *n)
{
	bool used = bitmap_test(e->used, page);
	uint64_t last = page, end = off + *n;

	while (last + 1 < e->nr && (e->start + last + 1) << PAGE_SHIFT < end &&
	       bitmap_test(e->used, last + 1) == used)
		last++;
	*n = MIN(end, (e->start + last + 1) << PAGE_SHIFT) - off;
	return used;
}

/*
 * What is at off: up to *n bytes of one kind. True: contents at *ret_pf; false: a hole. i.lock
 * held.
 */
static bool run_at(struct tnode *t, uint64_t off, uint64_t *n, uint64_t *ret_pf)
{
	uint64_t page = off >> PAGE_SHIFT, start, end;
	struct textent *e = extent_find(t, page);
	uint32_t nr;

	if (!e) {
		extent_place(page, &start, &nr);
		end = (start + nr) << PAGE_SHIFT;
		*n = MIN(*n, end - off);
		return false;
	}
	end = (e->start + e->nr) << PAGE_SHIFT;
	*n = MIN(*n, end - off);
	*ret_pf = e->base + off - (e->start << PAGE_SHIFT);
	if (e->mapped)
		return true; /* who knows: the memory file's own holes read as zeros */
	return used_run(e, page - e->start, off, n);
}

/* [off, off + n) into buf; within the file's size. i.lock held. */
static int read_bytes(struct tnode *t, uint64_t off, char *buf, uint64_t n)
{
	while (n) {
		uint64_t len = n, pf;
		int ret = 0;

		if (run_at(t, off, &len, &pf))
			ret = pagefile_read(pf, buf, len);
		else
			memset(buf, 0, len);
		if (ret < 0)
			return ret;
		buf += len;
		off += len;
		n -= len;
	}
	return 0;
}

/* Through a buffer on the stack: for small reads, and what cannot be pinned. */
static ssize_t read_small(struct tnode *t, struct uio *dst, uint64_t off, size_t n)
{
	char buf[BOUNCE];
	int ret;

	n = MIN(n, sizeof(buf));
	rwlock_rdlock(&t->i.lock);
	if (off >= t->i.size)
		n = 0;
	else
		n = MIN(n, t->i.size - off);
	ret = read_bytes(t, off, buf, n);
	rwlock_unlock(&t->i.lock);
	if (ret < 0)
		return ret;
	return n ? uio_write(dst, buf, n) : 0;
}

/* Straight into guest memory. */
static ssize_t read_large(struct tnode *t, struct uio *dst, uint64_t off, size_t n)
{
	struct uio_pin pin;
	ssize_t got, done = 0;
	int ret = 0;

	got = uio_pin(dst, MIN(n, (size_t)CHUNK), true, &pin);
	if (got <= 0)
		return got;
	rwlock_rdlock(&t->i.lock);
	if (off >= t->i.size)
		got = 0;
	else
		got = (ssize_t)MIN((uint64_t)got, t->i.size - off);
	for (unsigned int k = 0; k < pin.nr && got > 0 && ret == 0; k++) {
		char *p = pin.iov[k].base;
		size_t left = MIN(pin.iov[k].len, (size_t)got);

		got -= (ssize_t)left;
		while (left && ret == 0) {
			uint64_t len = left, pf;

			/*
			 * A hole has no bytes to read from: any dead offset of the memory file
			 * reads as zeros.
			 */
			if (run_at(t, off, &len, &pf))
				ret = pagefile_read(pf, p, len);
			else
				ret = pagefile_read(PAGEFILE_ZEROS, p, len);
			if (ret == 0) {
				p += len;
				off += len;
				left -= len;
				done += (ssize_t)len;
			}
		}
	}
	rwlock_unlock(&t->i.lock);
	uio_unpin(&pin);
	uio_advance(dst, (size_t)done);
	return done ? done : ret;
}

static ssize_t tmpfs_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct tnode *t = tnode_of(f->inode);
	ssize_t done = 0, n;

	if (*pos < 0)
		return -EINVAL;
	while (uio_left(dst)) {
		uint64_t off = (uint64_t)*pos, size = READ_ONCE(t->i.size);
		size_t want = uio_left(dst);

		if (off >= size)
			break;
		want = MIN(want, size - off);
		if (want <= BOUNCE || !dst->mm)
			n = read_small(t, dst, off, want);
		else
			n = read_large(t, dst, off, want);
		if (n <= 0)
			return done ? done : n;
		*pos += n;
		done += n;
	}
	return done;
}

/* --- writing --- */

/* Makes room for [off, off + n): how many bytes from off have it. i.lock held for writing. */
static int reserve(struct tnode *t, uint64_t off, uint64_t n, uint64_t *ret_n)
{
	uint64_t end = off + n, page;
	struct textent *e;
	int ret;

	for (page = off >> PAGE_SHIFT; page << PAGE_SHIFT < end; page++) {
		ret = page_use(t, page, &e);
		if (ret < 0) {
			if (page << PAGE_SHIFT <= off)
				return ret;
			end = page << PAGE_SHIFT;
			break;
		}
	}
	*ret_n = end - off;
	return 0;
}

static int write_bytes(struct tnode *t, uint64_t off, const char *buf, uint64_t n)
{
	while (n) {
		uint64_t len = n, pf;
		int ret;

		if (!run_at(t, off, &len, &pf))
			return -EIO;
		ret = pagefile_write(pf, buf, len);
		if (ret < 0)
			return ret;
		buf += len;
		off += len;
		n -= len;
	}
	return 0;
}

static void grow_size(struct tnode *t, uint64_t end)
{
	rwlock_wrlock(&t->i.lock);
	if (end > t->i.size)
		t->i.size = end;
	inode_touch_locked(&t->i, SA_MTIME | SA_CTIME);
	rwlock_unlock(&t->i.lock);
}

static ssize_t write_small(struct tnode *t, struct uio *src, uint64_t off, size_t n)
{
	char buf[BOUNCE];
	uint64_t room;
	ssize_t got;
	int ret;

	got = uio_read(src, buf, MIN(n, sizeof(buf)));
	if (got <= 0)
		return got;
	rwlock_wrlock(&t->i.lock);
	ret = reserve(t, off, (uint64_t)got, &room);
	rwlock_unlock(&t->i.lock);
	/* The extents stay: io_lock keeps truncate away. */
	if (ret == 0)
		ret = write_bytes(t, off, buf, room);
	return ret < 0 ? ret : (ssize_t)room;
}

static ssize_t write_large(struct tnode *t, struct uio *src, uint64_t off, size_t n)
{
	struct uio_pin pin;
	uint64_t room = 0;
	ssize_t got, done = 0;
	int ret;

	got = uio_pin(src, MIN(n, (size_t)CHUNK), false, &pin);
	if (got <= 0)
		return got;
	rwlock_wrlock(&t->i.lock);
	ret = reserve(t, off, (uint64_t)got, &room);
	rwlock_unlock(&t->i.lock);
	for (unsigned int k = 0; k < pin.nr && ret == 0 && room; k++) {
		size_t len = MIN(pin.iov[k].len, room);

		ret = write_bytes(t, off, pin.iov[k].base, len);
		if (ret == 0) {
			off += len;
			room -= len;
			done += (ssize_t)len;
		}
	}
	uio_unpin(&pin);
	uio_advance(src, (size_t)done);
	return done ? done : ret;
}

static int write_allowed(struct tnode *t, uint64_t off, size_t n)
{
	unsigned int seals = atomic_load(&t->seals);

	if (seals & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return (seals & LX_F_SEAL_GROW) && off + n > t->i.size ? -EPERM : 0;
}

static ssize_t tmpfs_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct tnode *t = tnode_of(f->inode);
	bool append =
		((f->flags & LX_O_APPEND) || (rwf & LX_RWF_APPEND)) && !(rwf & LX_RWF_NOAPPEND);
	ssize_t done = 0, n = 0;
	int ret = 0;

	mutex_lock(&t->i.io_lock);
	if (append)
		*pos = (int64_t)t->i.size;
	if (*pos < 0) {
		ret = -EINVAL;
	} else if (uio_left(src) && *pos == MAX_SIZE) {
		ret = -EFBIG;
	} else if (uio_left(src)) {
		uio_truncate(src, MIN(uio_left(src), (size_t)(MAX_SIZE - *pos)));
		ret = write_allowed(t, (uint64_t)*pos, uio_left(src));
	}
	while (ret == 0 && uio_left(src)) {
		uint64_t off = (uint64_t)*pos;
		size_t want = uio_left(src);

		/* Up to the end of a page first, so that large pieces are whole pages. */
		n = want <= BOUNCE || !src->mm ? write_small(t, src, off, want) :
						 write_large(t, src, off, want);
		if (n <= 0)
			break;
		*pos += n;
		done += n;
		grow_size(t, (uint64_t)*pos);
	}
	mutex_unlock(&t->i.io_lock);
	return done ? done : ret < 0 ? ret : n;
}

/* --- holes --- */

static bool has_data(const struct textent *e, uint64_t page)
{
	return e->mapped || bitmap_test(e->used, page - e->start);
}

/*
 * The first page >= page that has data (or, with hole, has none); UINT64_MAX if there is none.
 * i.lock held.
 */
static uint64_t next_page(struct tnode *t, uint64_t page, bool hole, uint64_t end)
{
	while (page < end) {
		struct textent *e = extent_find(t, page);
		uint64_t start;
		uint32_t nr;

		if (!e) {
			if (hole)
				return page;
			extent_place(page, &start, &nr);
			page = start + nr;
			continue;
		}
		for (; page < e->start + e->nr && page < end; page++) {
			if (has_data(e, page) != hole)
				return page;
		}
	}
	return UINT64_MAX;
}

static int64_t tmpfs_seek(struct file *f, int64_t off, int whence)
{
	struct tnode *t = tnode_of(f->inode);
	uint64_t page, size;

	switch (whence) {
	case LX_SEEK_SET:
		break;
	case LX_SEEK_CUR:
		if (__builtin_add_overflow(off, f->pos, &off))
			return -EINVAL;
		break;
	case LX_SEEK_END:
		if (__builtin_add_overflow(off, (int64_t)t->i.size, &off))
			return -EINVAL;
		break;
	case LX_SEEK_DATA:
	case LX_SEEK_HOLE:
		rwlock_rdlock(&t->i.lock);
		size = t->i.size;
		if (off < 0 || (uint64_t)off >= size) {
			rwlock_unlock(&t->i.lock);
			return -ENXIO;
		}
		page = next_page(t, (uint64_t)off >> PAGE_SHIFT, whence == LX_SEEK_HOLE,
				 page_up(size) >> PAGE_SHIFT);
		rwlock_unlock(&t->i.lock);
		if (page == UINT64_MAX) {
			if (whence == LX_SEEK_DATA)
				return -ENXIO;
			off = (int64_t)size;
		} else {
			off = MAX(off, (int64_t)(page << PAGE_SHIFT));
		}
		break;
	default:
		return -EINVAL;
	}
	if (off < 0)
		return -EINVAL;
	f->pos = off;
	return off;
}

/* io_lock held */
static int punch(struct tnode *t, uint64_t off, uint64_t end)
{
	uint64_t from = page_up(off), to = page_down(end);

	rwlock_wrlock(&t->i.lock);
	if (from > to) {
		zero_part(t, off, end - off);
	} else {
		zero_part(t, off, from - off);
		zero_part(t, to, end - to);
		/* In place: extents stay, so mappings see zeros at once. */
		for (struct rb_node *n = rb_first(&t->extents); n; n = rb_next(n)) {
			struct textent *e = rb_entry(n, struct textent, node);
			uint64_t a = MAX(from >> PAGE_SHIFT, e->start),
				 b = MIN(to >> PAGE_SHIFT, e->start + e->nr);

			if (a < b)
				extent_punch(t, e, (uint32_t)(a - e->start),
					     (uint32_t)(b - e->start));
		}
	}
	rwlock_unlock(&t->i.lock);
	return 0;
}

static int preallocate(struct tnode *t, uint64_t off, uint64_t end, bool keep_size)
{
	uint64_t room = 0;
	int ret;

	if (!keep_size && end > t->i.size && (atomic_load(&t->seals) & LX_F_SEAL_GROW))
		return -EPERM;
	rwlock_wrlock(&t->i.lock);
	ret = reserve(t, off, end - off, &room);
	if (ret == 0 && room < end - off)
		ret = -ENOSPC;
	if (ret == 0 && !keep_size && end > t->i.size)
		t->i.size = end;
	rwlock_unlock(&t->i.lock);
	return ret;
}

static int tmpfs_fallocate(struct file *f, int mode, int64_t off, int64_t len)
{
	struct tnode *t = tnode_of(f->inode);
	uint64_t end = (uint64_t)off + (uint64_t)len;
	int ret;

	if (mode & ~(LX_FALLOC_FL_KEEP_SIZE | LX_FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (end > MAX_SIZE)
		return -EFBIG;
	mutex_lock(&t->i.io_lock);
	if (mode & LX_FALLOC_FL_PUNCH_HOLE) {
		if (atomic_load(&t->seals) & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE))
			ret = -EPERM;
		else
			ret = punch(t, (uint64_t)off, end);
	} else {
		uint64_t max = READ_ONCE(tsb_of(t->i.sb)->max_pages);

		/* Refuse at once what cannot fit, rather than after filling everything. */
		if (max && DIV_ROUND_UP((uint64_t)len, PAGE_SIZE) > max)
			ret = -ENOSPC;
		else
			ret = preallocate(t, (uint64_t)off, end, mode & LX_FALLOC_FL_KEEP_SIZE);
	}
	if (ret == 0)
		inode_touch(&t->i, SA_MTIME | SA_CTIME);
	mutex_unlock(&t->i.io_lock);
	return ret;
}

/* --- mapping --- */

static struct tnode *tnode_of_mappable(struct mappable *m)
{
	return container_of(m, struct tnode, m);
}

static void tmpfs_m_get(struct mappable *m)
{
	inode_get(&tnode_of_mappable(m)->i);
}

static void tmpfs_m_put(struct mappable *m)
{
	inode_put(&tnode_of_mappable(m)->i);
}

static int tmpfs_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			   struct backing *ret_b)
{
	struct tnode *t = tnode_of_mappable(m);
	uint64_t page = off >> PAGE_SHIFT, end;
	struct textent *e;
	int ret = 0;

	rwlock_wrlock(&t->i.lock);
	if (off >= t->i.size) {
		ret = -ENXIO;
		goto out;
	}
	e = extent_find(t, page);
	if (!e)
		ret = extent_make(t, page, &e);
	if (ret < 0)
		goto out;
	if (write)
		e->mapped = true;
	end = MIN((e->start + e->nr) << PAGE_SHIFT, page_up(t->i.size));
	size = MIN(size, end - off);
	ret = pagefile_backing(e->base + off - (e->start << PAGE_SHIFT), size, ret_b);
out:
	rwlock_unlock(&t->i.lock);
	return ret;
}

static int tmpfs_m_punch(struct mappable *m, uint64_t off, uint64_t size)
{
	struct tnode *t = tnode_of_mappable(m);

	if (atomic_load(&t->seals) & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return punch(t, off, off + size);
}

static void tmpfs_m_id(struct mappable *m, struct mappable_id *ret_id)
{
	const struct inode *i = &tnode_of_mappable(m)->i;

	*ret_id = (struct mappable_id){ i->sb->dev_major, i->sb->dev_minor, i->ino };
}

const struct mappable_ops tmpfs_mappable_ops = {
	.get = tmpfs_m_get,
	.put = tmpfs_m_put,
	.translate = tmpfs_translate,
	.punch = tmpfs_m_punch,
	.id = tmpfs_m_id,
};

static int tmpfs_mmap(struct file *f, struct mm_mmap_req *req)
{
	struct tnode *t = tnode_of(f->inode);
	unsigned int seals = atomic_load(&t->seals);

	if (req->flags & LX_MAP_SHARED && (seals & (LX_F_SEAL_WRITE | LX_F_SEAL_FUTURE_WRITE))) {
		if (req->prot & LX_PROT_WRITE)
			return -EPERM;
		req->max_prot &= ~LX_PROT_WRITE;
	}
	req->mappable = &t->m;
	return 0;
}

static int tmpfs_fsync(struct file *f, bool data_only)
{
	return 0;
}

const struct file_ops tmpfs_file_ops = {
	.name = "tmpfs file",
	.read = tmpfs_read,
	.write = tmpfs_write,
	.seek = tmpfs_seek,
	.mmap = tmpfs_mmap,
	.fsync = tmpfs_fsync,
	.fallocate = tmpfs_fallocate,
};
