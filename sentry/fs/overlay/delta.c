/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delta of a directory: the names in it that are not as the lower directory has them. A hash
 * table that grows, and a list in the order in which names were made, which is the order getdents
 * shows.
 *
 * Locking: the directory's i.lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <base/hash.h>

#include "fs/overlay/int.h"

#define FIRST_BITS 4u

/* Names are the guest's own choice, and so is what it costs it to find them. */
static uint64_t name_hash(const char *name, size_t len)
{
	uint64_t h = len;

	for (size_t n = 0; n < len; n++)
		h = (h ^ (unsigned char)name[n]) * UINT64_C(0x100000001b3);
	return hash_u64(h);
}

static struct hlist_head *bucket(const struct delta *d, const char *name, size_t len)
{
	return &d->table[hash_to_bits(name_hash(name, len), d->table_bits)];
}

struct dentry_delta *delta_find(const struct delta *d, const char *name, size_t len)
{
	struct dentry_delta *e;

	if (!d)
		return NULL;
	hlist_for_each_entry(e, bucket(d, name, len), hash) {
		if (e->len == len && memcmp(e->name, name, len) == 0)
			return e;
	}
	return NULL;
}

static int delta_new(struct delta **ret_d)
{
	struct delta *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->table_bits = FIRST_BITS;
	d->table = calloc((size_t)1 << FIRST_BITS, sizeof(*d->table));
	if (!d->table) {
		free(d);
		return -ENOMEM;
	}
	INIT_LIST_HEAD(&d->order);
	*ret_d = d;
	return 0;
}

static void grow(struct delta *d)
{
	struct hlist_head *old = d->table, *new;
	size_t nr_old = (size_t)1 << d->table_bits;

	new = calloc(nr_old * 2, sizeof(*new));
	if (!new)
		return; /* longer chains, that is all */
	d->table = new;
	d->table_bits++;
	for (size_t n = 0; n < nr_old; n++) {
		struct dentry_delta *e;
		struct hlist_node *tmp;

		hlist_for_each_entry_safe(e, tmp, &old[n], hash) {
			hlist_del(&e->hash);
			hlist_add_head(&e->hash, bucket(d, e->name, e->len));
		}
	}
	free(old);
}

static void unhint(struct delta *d, struct dentry_delta *e)
{
	if (d->hint == e)
		d->hint = NULL;
}

static void entry_free(struct delta *d, struct dentry_delta *e)
{
	unhint(d, e);
	hlist_del(&e->hash);
	list_del(&e->link);
	d->nr--;
	if (e->inode) {
		d->nr_names--;
		inode_put(e->inode);
	}
	free(e);
}

void delta_free(struct delta *d)
{
	struct dentry_delta *e, *tmp;

	if (!d)
		return;
	list_for_each_entry_safe(e, tmp, &d->order, link)
		entry_free(d, e);
	free(d->table);
	free(d);
}

/* The entry of name, made as a whiteout (or as nothing at all) if there is none. */
static int entry_get(struct onode *dir, const char *name, size_t len, bool in_lower,
		     struct dentry_delta **ret_e)
{
	struct dentry_delta *e;
	struct delta *d;
	int ret;

	if (!dir->delta) {
		ret = delta_new(&dir->delta);
		if (ret < 0)
			return ret;
	}
	d = dir->delta;
	e = delta_find(d, name, len);
	if (!e) {
		e = calloc(1, sizeof(*e) + len + 1);
		if (!e)
			return -ENOMEM;
		memcpy(e->name, name, len);
		e->len = (uint32_t)len;
		e->lower_absent = !in_lower || !dir->lower;
		e->born = d->next_born++;
		list_add_tail(&e->link, &d->order);
		hlist_add_head(&e->hash, bucket(d, name, len));
		if (++d->nr > (size_t)2 << d->table_bits)
			grow(d);
	}
	*ret_e = e;
	return 0;
}

int delta_set(struct onode *dir, const char *name, size_t len, struct inode *inode, bool in_lower)
{
	struct dentry_delta *e;
	int ret = entry_get(dir, name, len, in_lower, &e);

	if (ret < 0) {
		inode_put(inode);
		return ret;
	}
	if (e->inode) {
		inode_put(e->inode);
	} else {
		/* A new name has a new place, behind what readers of the directory have seen. */
		unhint(dir->delta, e);
		e->born = dir->delta->next_born++;
		list_move_tail(&e->link, &dir->delta->order);
		dir->delta->nr_names++;
	}
	e->inode = inode;
	return 0;
}

int delta_remove(struct onode *dir, const char *name, size_t len)
{
	struct dentry_delta *e;
	int ret = entry_get(dir, name, len, true, &e);

	if (ret < 0)
		return ret;
	if (e->lower_absent) {
		entry_free(dir->delta, e);
	} else if (e->inode) {
		dir->delta->nr_names--;
		inode_put(STEAL(e->inode));
	}
	return 0;
}

struct dentry_delta *delta_at(struct delta *d, uint64_t at)
{
	struct dentry_delta *e = d->hint;

	if (!e || e->born > at)
		e = list_first_entry_or_null(&d->order, struct dentry_delta, link);
	while (e && e->born < at)
		e = e->link.next == &d->order ? NULL : list_next_entry(e, link);
	return e;
}
