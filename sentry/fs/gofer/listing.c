/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories as a whole: what one or a few requests brought, kept as the gofer sent it with an
 * index by name. Lookups are answered from it without making anything for the entries nobody asks
 * for, and getdents reads it. A listing never changes; a directory that changes gets another one.
 *
 * Locking: ginode.lock guards ginode.list; gofer_sb.lock the list of those that have one and their
 * bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>
#include <host/host.h>

#include "fs/gofer/int.h"
#include "vfs/dentry.h"

#define CHUNKS_MAX 4096u /* replies that one directory may take: half a gigabyte of names */

struct chunk {
	struct chunk *next;
	size_t size;
	uint64_t data[];
};

struct listing {
	struct ref ref;
	bool complete; /* const, as all below */
	uint64_t valid_until;
	uint32_t attr_epoch;
	struct chunk *chunks;                /* owned */
	const struct gofer_dirent **entries; /* owned; point into chunks */
	uint32_t nr, room;
	uint32_t *index; /* owned; entry number + 1 by name, open addressing */
	uint32_t index_bits;
	size_t bytes;
};

static void listing_free(struct listing *l)
{
	while (l->chunks) {
		struct chunk *next = l->chunks->next;

		free(l->chunks);
		l->chunks = next;
	}
	free(l->entries);
	free(l->index);
	free(l);
}

void listing_put(struct listing *l)
{
	if (l && ref_put(&l->ref))
		listing_free(l);
}

bool listing_complete(const struct listing *l)
{
	return l->complete;
}

static uint64_t name_hash(const char *name, size_t len)
{
	uint64_t h = len;

	/*
	 * Not keyed: names in a host's directory are not chosen to collide here, and the table is
	 * bounded.
	 */
	for (size_t n = 0; n < len; n++)
		h = (h ^ (unsigned char)name[n]) * UINT64_C(0x100000001b3);
	return hash_u64(h);
}

static int add_entry(struct listing *l, const struct gofer_dirent *de)
{
	if (l->nr == l->room) {
		uint32_t room = l->room ? l->room * 2 : 64;
		const struct gofer_dirent **e = realloc(l->entries, room * sizeof(*e));

		if (!e)
			return -ENOMEM;
		l->entries = e;
		l->room = room;
	}
	l->entries[l->nr++] = de;
	return 0;
}

static const struct gofer_attr *attr_of(const struct gofer_dirent *de)
{
	if (!de->has_attr)
		return NULL;
	return (const void *)((const char *)de + gofer_dirent_size(de->name_size, true) -
			      sizeof(struct gofer_attr));
}

static const char *name_of(const struct gofer_dirent *de)
{
	return (const char *)(de + 1);
}

static int make_index(struct listing *l)
{
	uint32_t mask;

	l->index_bits = (uint32_t)ilog2_up((uint64_t)l->nr * 2 + 8);
	l->index = calloc((size_t)1 << l->index_bits, sizeof(*l->index));
	if (!l->index)
		return -ENOMEM;
	mask = (1u << l->index_bits) - 1;
	for (uint32_t n = 0; n < l->nr; n++) {
		uint32_t at =
			(uint32_t)name_hash(name_of(l->entries[n]), l->entries[n]->name_size) &
			mask;

		while (l->index[at])
			at = (at + 1) & mask;
		l->index[at] = n + 1;
	}
	l->bytes += (sizeof(*l->index) << l->index_bits) + l->room * sizeof(*l->entries);
	return 0;
}

/* Adds the blob of a reply. The copy is private, so that it can be checked once. */
static int add_chunk(struct listing *l, const void *blob, size_t size, uint32_t nr_entries)
{
	struct chunk *c = malloc(sizeof(*c) + size);
	const struct gofer_attr *attr;
	const struct gofer_dirent *de;
	struct gofer_str b;
	const char *name;
	uint32_t nr = 0;
	size_t pos = 0;
	int ret;

	if (!c)
		return -ENOMEM;
	c->size = size;
	memcpy(c->data, blob, size);
	c->next = l->chunks;
	l->chunks = c;
	l->bytes += size;
	b = (struct gofer_str){ (const char *)c->data, (uint32_t)size };
	while ((ret = gofer_dirent_next(&b, &pos, &de, &name, &attr)) == 1) {
		ret = add_entry(l, de);
		if (ret < 0)
			return ret;
		nr++;
	}
	return ret == 0 && nr != nr_entries ? -EPROTO : ret;
}

/*
 * One request, by id, or by name where there is no id yet (then the reply brings one). gd->lock is
 * held while a name is used, so that it stays what it is.
 */
static int ask(struct ginode *gd, struct gofer_call *call, struct gofer_readdir_req *q)
{
	struct gofer_readdir_rep *r = call->rep;
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct ginode *dir = NULL;
	struct gofer_str str;
	char *name = NULL;
	int ret;

	ret = ginode_start(gd, &q->node, &dir);
	if (ret < 0)
		return ret;
	if (!dir)
		return gofer_call(gsb->conn, call);
	ret = ginode_nid(dir, &q->node);
	inode_put(&dir->i);
	dir = NULL;
	if (ret < 0)
		return ret;
	mutex_lock(&gd->lock);
	if (gd->nid || !gd->name) {
		mutex_unlock(&gd->lock);
		ret = ginode_nid(gd, &q->node);
		return ret < 0 ? ret : gofer_call(gsb->conn, call);
	}
	str = (struct gofer_str){ gd->name, (uint32_t)strlen(gd->name) };
	call->names = &str;
	call->nr_names = 1;
	ret = gofer_call(gsb->conn, call);
	call->nr_names = 0;
	if (ret == 0)
		ret = ginode_take_nid_locked(gd, &r->node, &dir, &name);
	mutex_unlock(&gd->lock);
	ginode_put_dir(dir, name);
	return ret;
}

static int fetch(struct ginode *gd, unsigned int max_chunks, struct listing *l)
{
	struct gofer_readdir_req q = { .max_bytes = GOFER_READDIR_MAX,
				       .flags = GOFER_READDIR_ATTRS };
	struct gofer_readdir_rep r;
	auto_free void *buf = malloc(GOFER_READDIR_MAX);
	struct gofer_call call = {
		.op = GOFER_READDIR,
		.req = &q,
		.rep = &r,
		.rep_blob = buf,
		.rep_blob_max = GOFER_READDIR_MAX,
	};
	int ret;

	if (!buf)
		return -ENOMEM;
	for (unsigned int n = 0; n < max_chunks; n++) {
		ret = ask(gd, &call, &q);
		if (ret < 0)
			return ret;
		ret = add_chunk(l, buf, call.rep_blob_size, r.nr_entries);
		if (ret < 0)
			return ret == -EPROTO ? -EIO : ret;
		if (r.eof) {
			l->complete = true;
			break;
		}
		if (r.nr_entries == 0)
			return -EIO;
		q.cookie = r.next_cookie;
	}
	return make_index(l);
}

/* Takes a directory's listing away. Its reference goes to the caller. */
static struct listing *detach(struct ginode *gd)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct listing *l;

	mutex_lock(&gd->lock);
	l = STEAL(gd->list);
	if (l) {
		mutex_lock(&gsb->lock);
		list_del_init(&gd->list_link);
		gsb->listing_bytes -= l->bytes;
		mutex_unlock(&gsb->lock);
	}
	mutex_unlock(&gd->lock);
	return l;
}

void listing_drop(struct ginode *gd)
{
	listing_put(detach(gd));
}

/* Gives the oldest listings up while there is too much of them. */
static void trim(struct gofer_sb *gsb)
{
	for (;;) {
		struct ginode *gd, *old = NULL;

		mutex_lock(&gsb->lock);
		if (gsb->listing_bytes > GOFER_LISTING_MAX) {
			list_for_each_entry_reverse(gd, &gsb->listings, list_link) {
				if (ref_get_unless_zero(&gd->i.ref)) {
					old = gd;
					break;
				}
			}
		}
		mutex_unlock(&gsb->lock);
		if (!old)
			return;
		listing_drop(old);
		inode_put(&old->i);
	}
}

int listing_fetch(struct ginode *gd, unsigned int max_chunks, struct listing **ret_l)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct listing *l = calloc(1, sizeof(*l)), *old;
	int ret;

	if (!l)
		return -ENOMEM;
	ref_init(&l->ref);
	l->attr_epoch = atomic_load(&gsb->attr_epoch);
	l->valid_until =
		gsb->ttl_ns == GOFER_TTL_FOREVER ? UINT64_MAX : host_now_ns() + gsb->ttl_ns;
	ret = fetch(gd, MIN(max_chunks, CHUNKS_MAX), l);
	if (ret < 0) {
		listing_free(l);
		return ret;
	}
	if (gsb->ttl_ns && l->bytes <= GOFER_LISTING_MAX / 2) {
		ref_get(&l->ref);
		mutex_lock(&gd->lock);
		old = gd->list;
		gd->list = l;
		mutex_lock(&gsb->lock);
		if (old)
			gsb->listing_bytes -= old->bytes;
		gsb->listing_bytes += l->bytes;
		list_move(&gd->list_link, &gsb->listings);
		mutex_unlock(&gsb->lock);
		mutex_unlock(&gd->lock);
		listing_put(old);
		trim(gsb);
	}
	*ret_l = l;
	return 0;
}

struct listing *listing_cached(struct ginode *gd)
{
	struct listing *l;

	mutex_lock(&gd->lock);
	l = gd->list;
	if (l && l->valid_until != UINT64_MAX && l->valid_until < host_now_ns())
		l = NULL;
	if (l)
		ref_get(&l->ref);
	mutex_unlock(&gd->lock);
	return l;
}

static void fill_entry(struct ginode *gd, struct listing *l, uint32_t n,
		       struct listing_entry *ret_e)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	const struct gofer_dirent *de = l->entries[n];
	const struct gofer_attr *attr = attr_of(de);

	*ret_e = (struct listing_entry){
		.name = name_of(de),
		.len = de->name_size,
		.ino = gofer_guest_ino(gsb, attr ? gofer_dev(attr) : gd->dev,
				       attr ? attr->ino : de->ino),
		.type = attr ? (attr->mode & LX_S_IFMT) >> 12 : de->type & 15,
		.attr = l->attr_epoch == atomic_load(&gsb->attr_epoch) ? attr : NULL,
	};
}

bool listing_index(struct listing *l, const char *name, size_t len, uint32_t *ret_nr)
{
	uint32_t mask = (1u << l->index_bits) - 1;
	uint32_t at = (uint32_t)name_hash(name, len) & mask;

	while (l->index[at]) {
		const struct gofer_dirent *de = l->entries[l->index[at] - 1];

		if (de->name_size == len && memcmp(name_of(de), name, len) == 0) {
			*ret_nr = l->index[at] - 1;
			return true;
		}
		at = (at + 1) & mask;
	}
	return false;
}

int listing_find(struct ginode *gd, struct listing *l, const char *name, size_t len,
		 struct listing_entry *ret_e)
{
	uint32_t nr;

	if (!listing_index(l, name, len, &nr))
		return l->complete ? 0 : -EAGAIN;
	fill_entry(gd, l, nr, ret_e);
	return 1;
}

uint32_t listing_nr(const struct listing *l)
{
	return l->nr;
}

void listing_entry(struct ginode *gd, struct listing *l, uint32_t nr, struct listing_entry *ret_e)
{
	fill_entry(gd, l, nr, ret_e);
}

/* --- getdents --- */

static uint64_t parent_ino(struct file *f)
{
	struct dentry *up;
	uint64_t ino;

	if (!f->path.dentry)
		return f->inode->ino; /* the inner file of an overlay, which knows better */
	up = dentry_parent(f->path.dentry);
	ino = up->inode ? up->inode->ino : f->inode->ino;
	dentry_put(up);
	return ino;
}

static int dir_readdir(struct file *f, struct dir_ctx *ctx)
{
	struct ginode *gd = ginode_of(f->inode);
	struct listing *l = f->dir_state;
	int ret;

	if (ctx->pos == 0 || !l) {
		/* Read anew at the start, as rewinddir(3) promises. */
		struct listing *new = listing_cached(gd);

		if (new && !listing_complete(new)) {
			listing_put(new);
			new = NULL;
		}
		if (!new) {
			ret = listing_fetch(gd, CHUNKS_MAX, &new);
			if (ret < 0)
				return ret == -ESTALE ? -ENOENT : ret;
		}
		listing_put(l);
		f->dir_state = l = new;
	}
	while (ctx->pos < 2) {
		uint64_t ino = ctx->pos == 0 ? f->inode->ino : parent_ino(f);

		if (!ctx->emit(ctx, "..", ctx->pos == 0 ? 1 : 2, ctx->pos + 1, ino, LX_DT_DIR))
			return 0;
		ctx->pos++;
	}
	while (ctx->pos - 2 < l->nr) {
		struct listing_entry e;

		fill_entry(gd, l, (uint32_t)(ctx->pos - 2), &e);
		if (!ctx->emit(ctx, e.name, e.len, ctx->pos + 1, e.ino, e.type))
			return 0;
		ctx->pos++;
	}
	return 0;
}

static void dir_release(struct file *f)
{
	listing_put(f->dir_state);
	f->dir_state = NULL;
}

static int dir_fsync(struct file *f, bool data_only)
{
	struct ginode *gd = ginode_of(f->inode);
	struct gofer_fsync_req q = { .datasync = data_only };
	struct gofer_fsync_rep r;
	struct gofer_call call = { .op = GOFER_FSYNC, .req = &q, .rep = &r };
	int ret = ginode_nid(gd, &q.node);

	return ret < 0 ? ret : gofer_call(gofer_sb_of(&gd->i)->conn, &call);
}

const struct file_ops gofer_dir_ops = {
	.name = "gofer dir",
	.flags = FOP_KILLABLE | FOP_SEEK_DIR,
	.readdir = dir_readdir,
	.release = dir_release,
	.fsync = dir_fsync,
};
