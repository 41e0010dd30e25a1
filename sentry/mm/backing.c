/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backing files: host descriptors whose ranges back guest memory. Owns their registration with the
 * platform and the windows through which the sentry reads donated files without copying them first.
 *
 * A window is a 64 MiB piece of one file, mapped when first needed and kept in an LRU; it may reach
 * past the end of the file (touching that gives EFAULT in usercopy). The memory file has windows of
 * its own (pagefile.c).
 *
 * Locking: g_win.lock (LC_WINDOW) guards the table, LRU and pins; backing_file.lock guards pf.
 */
#include <errno.h>
#include <stdlib.h>

#include <base/hash.h>
#include <base/list.h>
#include <host/host.h>

#include "mm/mm_int.h"

#define WIN_SHIFT    26
#define WIN_SIZE     (1ull << WIN_SHIFT)
#define WIN_BITS     8
#define WIN_MAX_IDLE 256

struct backing_pin {
	struct hlist_node hash;
	struct list_head lru;    /* in g_win.idle while pins == 0 */
	struct backing_file *bf; /* borrowed: windows go before the file does */
	uint64_t index;
	void *addr;
	unsigned int pins;
};

static struct {
	struct mutex lock;
	struct hlist_head table[1 << WIN_BITS];
	struct list_head idle;
	unsigned int nr_idle;
} g_win = { .lock = MUTEX_INIT(LC_WINDOW), .idle = LIST_HEAD_INIT(g_win.idle) };

int backing_file_new_fd(int fd, bool writable, struct backing_file **ret_bf)
{
	struct backing_file *bf = calloc(1, sizeof(*bf));

	if (!bf) {
		host_close(fd);
		return -ENOMEM;
	}
	ref_init(&bf->ref);
	bf->fd = fd;
	bf->writable = writable;
	mutex_init(&bf->lock, LC_BACKING);
	*ret_bf = bf;
	return 0;
}

struct backing_file *backing_file_get(struct backing_file *bf)
{
	if (!bf->is_pagefile)
		ref_get(&bf->ref);
	return bf;
}

static struct hlist_head *win_bucket(const struct backing_file *bf, uint64_t index)
{
	return &g_win.table[hash_to_bits(hash_u64((uintptr_t)bf ^ index * 0x9e3779b97f4a7c15ull),
					 WIN_BITS)];
}

static void win_destroy(struct backing_pin *w)
{
	(void)host_munmap(w->addr, WIN_SIZE);
	free(w);
}

void backing_file_put(struct backing_file *bf)
{
	struct backing_pin *w, *tmp;
	LIST_HEAD(gone);

	if (bf->is_pagefile || !ref_put(&bf->ref))
		return;
	/* pins hold a reference, so all windows of bf are idle */
	mutex_lock(&g_win.lock);
	list_for_each_entry_safe(w, tmp, &g_win.idle, lru) {
		if (w->bf != bf)
			continue;
		hlist_del(&w->hash);
		list_move(&w->lru, &gone);
		g_win.nr_idle--;
	}
	mutex_unlock(&g_win.lock);
	list_for_each_entry_safe(w, tmp, &gone, lru)
		win_destroy(w);
	if (bf->pf)
		g_mm.platform->ops->file_put(bf->pf);
	host_close(bf->fd);
	mutex_fini(&bf->lock);
	free(bf);
}

int backing_file_fd(struct backing_file *bf)
{
	return bf->fd;
}

int backing_platform_file(struct backing_file *bf, struct platform_file **ret_pf)
{
	int ret = 0;

	mutex_lock(&bf->lock);
	if (!bf->pf)
		ret = g_mm.platform->ops->file_new(g_mm.platform, bf->fd, &bf->pf);
	if (ret == 0)
		*ret_pf = bf->pf;
	mutex_unlock(&bf->lock);
	return ret;
}

static struct backing_pin *win_find(struct backing_file *bf, uint64_t index)
{
	struct backing_pin *w;

	hlist_for_each_entry(w, win_bucket(bf, index), hash) {
		if (w->bf != bf || w->index != index)
			continue;
		if (w->pins++ == 0) {
			list_del_init(&w->lru);
			g_win.nr_idle--;
		}
		return w;
	}
	return NULL;
}

int backing_pin(struct backing_file *bf, uint64_t off, uint64_t *size, void **ret_addr,
		struct backing_pin **ret_pin)
{
	uint64_t index = off >> WIN_SHIFT, in = off & (WIN_SIZE - 1);
	struct backing_pin *w, *mine = NULL, *old = NULL;
	int ret;

	if (bf->is_pagefile) {
		*ret_pin = NULL;
		return pagefile_window(off, size, ret_addr);
	}
	mutex_lock(&g_win.lock);
	w = win_find(bf, index);
	mutex_unlock(&g_win.lock);
	if (!w) {
		mine = calloc(1, sizeof(*mine));
		if (!mine)
			return -ENOMEM;
		ret = host_mmap(NULL, WIN_SIZE,
				HOST_PROT_READ | (bf->writable ? HOST_PROT_WRITE : 0),
				HOST_MAP_SHARED, bf->fd, index << WIN_SHIFT, &mine->addr);
		if (ret < 0) {
			free(mine);
			return ret;
		}
		mine->bf = bf;
		mine->index = index;
		mine->pins = 1;
		INIT_LIST_HEAD(&mine->lru);
		mutex_lock(&g_win.lock);
		w = win_find(bf, index);
		if (!w) {
			w = STEAL(mine);
			hlist_add_head(&w->hash, win_bucket(bf, index));
			if (g_win.nr_idle > WIN_MAX_IDLE) {
				old = list_last_entry(&g_win.idle, struct backing_pin, lru);
				hlist_del(&old->hash);
				list_del(&old->lru);
				g_win.nr_idle--;
			}
		}
		mutex_unlock(&g_win.lock);
		if (mine)
			win_destroy(mine);
		if (old)
			win_destroy(old);
	}
	backing_file_get(bf);
	if (*size > WIN_SIZE - in)
		*size = WIN_SIZE - in;
	*ret_addr = (char *)w->addr + in;
	*ret_pin = w;
	return 0;
}

void backing_unpin(struct backing_pin *w)
{
	struct backing_file *bf;

	if (!w)
		return;
	bf = w->bf;
	mutex_lock(&g_win.lock);
	if (--w->pins == 0) {
		list_add(&w->lru, &g_win.idle);
		g_win.nr_idle++;
	}
	mutex_unlock(&g_win.lock);
	backing_file_put(bf);
}
