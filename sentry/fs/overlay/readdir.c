/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading merged directories: "." and "..", then the names of the delta in the order they were
 * made, then the lower directory without what the delta says otherwise. A directory without a delta
 * is read from below as it is.
 *
 * Positions: 0 and 1; 2 + born for names of the delta; LOWER_BASE + the lower position after that.
 * What is made in the delta after the reader started from the beginning is shown only where it
 * stands for a lower name, so nothing that was there all the time is missed or shown twice.
 *
 * Locking: the directory's i.lock for each look at the delta; entries are given away without it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/dirent.h>
#include <abi/linux/limits.h>
#include <abi/linux/stat.h>

#include "fs/overlay/int.h"
#include "vfs/dentry.h"

#define LOWER_BASE (INT64_C(1) << 48)
#define BATCH      16 /* entries taken under one hold of the lock */

struct odir {
	struct file real; /* the lower directory, if has_real */
	bool has_real;
	bool started;
	uint64_t limit; /* names born before this are shown from the delta */
};

struct merge {
	struct dir_ctx ctx; /* what the lower directory's readdir sees */
	struct dir_ctx *outer;
	struct onode *on;
	struct odir *od;
	bool full;
};

/* Bits 12 to 15 of a mode are the type of a directory entry. */
static unsigned int dt_of(const struct inode *i)
{
	return (i->mode & LX_S_IFMT) >> 12;
}

static bool emit_lower(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos,
		       uint64_t ino, unsigned int type)
{
	struct merge *m = container_of(ctx, struct merge, ctx);
	struct dentry_delta *e;
	bool skip;

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	rwlock_rdlock(&m->on->i.lock);
	e = delta_find(m->on->delta, name, len);
	skip = e && (!e->inode || e->born < m->od->limit);
	if (e && e->inode) {
		ino = e->inode->ino;
		type = dt_of(e->inode);
	}
	rwlock_unlock(&m->on->i.lock);
	if (skip)
		return true;
	if (!m->outer->emit(m->outer, name, len, LOWER_BASE + next_pos, ino, type)) {
		m->full = true;
		return false;
	}
	m->outer->pos = LOWER_BASE + next_pos;
	return true;
}

struct batch_entry {
	uint64_t born, ino;
	unsigned int type;
	uint32_t len;
	char name[LX_NAME_MAX];
};

/* Names of the delta from position at on; the number taken. */
static unsigned int take_batch(struct onode *on, struct odir *od, uint64_t at,
			       struct batch_entry *b)
{
	struct dentry_delta *e;
	unsigned int nr = 0;

	rwlock_rdlock(&on->i.lock);
	e = on->delta ? delta_at(on->delta, at) : NULL;
	while (e && nr < BATCH && e->born < od->limit) {
		if (e->inode) {
			b[nr].born = e->born;
			b[nr].ino = e->inode->ino;
			b[nr].type = dt_of(e->inode);
			b[nr].len = e->len;
			memcpy(b[nr].name, e->name, e->len);
			nr++;
		}
		e = e->link.next == &on->delta->order ? NULL : list_next_entry(e, link);
	}
	rwlock_unlock(&on->i.lock);
	return nr;
}

/* 1 when all names of the delta were given, 0 when the receiver is full. */
static int emit_delta(struct onode *on, struct odir *od, struct dir_ctx *ctx)
{
	auto_free struct batch_entry *b = malloc(BATCH * sizeof(*b));

	if (!b)
		return -ENOMEM;
	for (;;) {
		unsigned int nr = take_batch(on, od, (uint64_t)ctx->pos - 2, b);

		if (nr == 0)
			return 1;
		for (unsigned int n = 0; n < nr; n++) {
			int64_t next = (int64_t)b[n].born + 3;

			if (!ctx->emit(ctx, b[n].name, b[n].len, next, b[n].ino, b[n].type))
				return 0;
			ctx->pos = next;
		}
	}
}

static uint64_t parent_ino(struct file *f)
{
	struct dentry *up = dentry_parent(f->path.dentry);
	uint64_t ino = up->inode ? up->inode->ino : f->inode->ino;

	dentry_put(up);
	return ino;
}

static int dir_readdir(struct file *f, struct dir_ctx *ctx)
{
	struct onode *on = onode_of(f->inode);
	struct odir *od = f->priv;
	struct merge m = { .ctx.emit = emit_lower, .outer = ctx, .on = on, .od = od };
	int ret;

	if (ctx->pos == 0 || !od->started) {
		od->started = true;
		rwlock_rdlock(&on->i.lock);
		od->limit = on->delta ? on->delta->next_born : 0;
		rwlock_unlock(&on->i.lock);
	}
	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, 1, f->inode->ino, LX_DT_DIR))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->emit(ctx, "..", 2, 2, parent_ino(f), LX_DT_DIR))
			return 0;
		ctx->pos = 2;
	}
	if (ctx->pos < LOWER_BASE) {
		ret = od->limit ? emit_delta(on, od, ctx) : 1;
		if (ret != 1)
			return ret;
		ctx->pos = LOWER_BASE;
	}
	if (!od->has_real)
		return 0;
	m.ctx.pos = ctx->pos - LOWER_BASE;
	ret = od->real.ops->readdir(&od->real, &m.ctx);
	if (ret == 0 && !m.full)
		ctx->pos = LOWER_BASE + m.ctx.pos;
	return ret;
}

static void dir_release(struct file *f)
{
	struct odir *od = f->priv;

	if (od->has_real)
		real_close(&od->real);
	free(od);
}

static int dir_fsync(struct file *f, bool data_only)
{
	return 0; /* nothing here outlives the sandbox */
}

const struct file_ops overlay_dir_ops = {
	.name = "overlay dir",
	.flags = FOP_KILLABLE | FOP_SEEK_DIR,
	.readdir = dir_readdir,
	.release = dir_release,
	.fsync = dir_fsync,
};

int overlay_open_dir(struct onode *on, struct file *f, const struct vfs_caller *c)
{
	struct odir *od = calloc(1, sizeof(*od));
	int ret;

	if (!od)
		return -ENOMEM;
	if (on->lower) {
		ret = real_open(&od->real, on->lower, 0, f->cred, c);
		if (ret < 0) {
			free(od);
			return ret;
		}
		od->has_real = true;
	}
	f->priv = od;
	f->ops = &overlay_dir_ops;
	return 0;
}

/* --- is it empty? --- */

struct probe {
	struct dir_ctx ctx;
	struct onode *on;
	bool found;
};

static bool emit_probe(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos,
		       uint64_t ino, unsigned int type)
{
	struct probe *p = container_of(ctx, struct probe, ctx);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	p->found = !delta_find(p->on->delta, name, len);
	return !p->found;
}

int overlay_dir_empty(struct onode *on)
{
	struct probe p = { .ctx.emit = emit_probe, .on = on };
	struct file *real;
	int ret;

	if (on->delta && on->delta->nr_names > 0)
		return -ENOTEMPTY;
	if (!on->lower)
		return 0;
	real = calloc(1, sizeof(*real));
	if (!real)
		return -ENOMEM;
	ret = real_open(real, on->lower, 0, NULL, NULL);
	if (ret == 0) {
		ret = real->ops->readdir(real, &p.ctx);
		if (ret == 0 && p.found)
			ret = -ENOTEMPTY;
		real_close(real);
	}
	free(real);
	return ret;
}
