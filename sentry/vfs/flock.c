/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File locks: POSIX record locks (owner: the descriptor table), OFD locks (owner: the open file),
 * flock(2) (whole file, owner: the open file). Owns the locks of each inode and the notes about who
 * waits for whom. Locking: g_flock_lock guards all of it: locks are rare and deadlock detection
 * looks at many inodes at once. Differs from Linux: no leases.
 */
#include "vfs/flock.h"

#include <errno.h>
#include <stdlib.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <base/bits.h>
#include <base/list.h>

#include "lock_class.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/strbuf.h"
#include "vfs/waitq.h"

struct flock_item {
	struct list_head link; /* ctx->ranges in order of start, or ctx->whole */
	int type, pid;
	int64_t start, end;
	const void *owner;
};

struct flock_ctx {
	struct list_head ranges, whole;
	struct list_head all; /* g_all, for /proc/locks */
	struct inode *inode;
	struct waitq wq;
};

struct flock_wait {
	struct list_head link; /* g_waits */
	struct inode *inode;
	struct flock_req req;
};

static struct mutex g_flock_lock = MUTEX_INIT(LC_FLOCK);
static LIST_HEAD(g_all);
static LIST_HEAD(g_waits);

static struct flock_ctx *ctx_locked(struct inode *i, bool make)
{
	struct flock_ctx *ctx = i->flocks;

	if (ctx || !make)
		return ctx;
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return NULL;
	INIT_LIST_HEAD(&ctx->ranges);
	INIT_LIST_HEAD(&ctx->whole);
	waitq_init(&ctx->wq);
	ctx->inode = i;
	list_add_tail(&ctx->all, &g_all);
	i->flocks = ctx;
	return ctx;
}

void flock_ctx_free(struct inode *i)
{
	struct flock_ctx *ctx = i->flocks;
	struct flock_item *l, *tmp;

	if (!ctx)
		return;
	mutex_lock(&g_flock_lock);
	list_del(&ctx->all);
	i->flocks = NULL;
	mutex_unlock(&g_flock_lock);
	list_for_each_entry_safe(l, tmp, &ctx->ranges, link)
		free(l);
	list_for_each_entry_safe(l, tmp, &ctx->whole, link)
		free(l);
	waitq_fini(&ctx->wq);
	free(ctx);
}

static const struct flock_item *conflict(const struct flock_ctx *ctx, const struct flock_req *req)
{
	const struct flock_item *l;

	if (!ctx || req->type == LX_F_UNLCK)
		return NULL;
	list_for_each_entry(l, &ctx->ranges, link) {
		if (l->owner != req->owner && l->start <= req->end && req->start <= l->end &&
		    (l->type == LX_F_WRLCK || req->type == LX_F_WRLCK))
			return l;
	}
	return NULL;
}

/* F_OFD_GETLK with F_UNLCK asks for the owner's own locks. */
static const struct flock_item *own_range(const struct flock_ctx *ctx, const struct flock_req *req)
{
	const struct flock_item *l;

	if (!ctx)
		return NULL;
	list_for_each_entry(l, &ctx->ranges, link) {
		if (l->owner == req->owner && l->start <= req->end && req->start <= l->end)
			return l;
	}
	return NULL;
}

int flock_test(struct inode *i, struct flock_req *req)
{
	const struct flock_item *l;

	mutex_lock(&g_flock_lock);
	l = req->type == LX_F_UNLCK ? own_range(i->flocks, req) : conflict(i->flocks, req);
	if (l) {
		req->type = l->type;
		req->start = l->start;
		req->end = l->end;
		req->pid = l->pid;
	} else {
		req->type = LX_F_UNLCK;
	}
	mutex_unlock(&g_flock_lock);
	return 0;
}

static void insert_sorted(struct flock_ctx *ctx, struct flock_item *n)
{
	struct flock_item *l;

	list_for_each_entry(l, &ctx->ranges, link) {
		if (l->start > n->start)
			break;
	}
	list_add_tail(&n->link, &l->link);
}

/* Takes [start, end] out of what owner holds. spare is used for a split. True if something went. */
static bool carve(struct flock_ctx *ctx, const struct flock_req *req, struct flock_item **spare)
{
	struct flock_item *l, *tmp;
	bool less = false;

	list_for_each_entry_safe(l, tmp, &ctx->ranges, link) {
		if (l->owner != req->owner || l->start > req->end || l->end < req->start)
			continue;
		less = true;
		if (l->start < req->start && l->end > req->end) {
			struct flock_item *right = STEAL(*spare);

			*right = *l;
			right->start = req->end + 1;
			l->end = req->start - 1;
			insert_sorted(ctx, right);
			break;
		}
		if (l->start < req->start) {
			l->end = req->start - 1;
		} else if (l->end > req->end) {
			l->start = req->end + 1;
		} else {
			list_del(&l->link);
			free(l);
		}
	}
	return less;
}

/* n grows over its neighbours of the same owner and type. */
static void merge(struct flock_ctx *ctx, struct flock_item *n)
{
	struct flock_item *l, *tmp;

	list_for_each_entry_safe(l, tmp, &ctx->ranges, link) {
		if (l == n || l->owner != n->owner || l->type != n->type)
			continue;
		if ((l->end != INT64_MAX && l->end + 1 == n->start) ||
		    (n->end != INT64_MAX && n->end + 1 == l->start)) {
			n->start = MIN(n->start, l->start);
			n->end = MAX(n->end, l->end);
			list_del(&l->link);
			free(l);
		}
	}
	list_del(&n->link);
	insert_sorted(ctx, n);
}

int flock_set(struct inode *i, const struct flock_req *req)
{
	auto_free struct flock_item *spare = calloc(1, sizeof(*spare)), *n = calloc(1, sizeof(*n));
	struct flock_ctx *ctx;
	bool less = false;
	int ret = 0;

	if (!spare || !n)
		return -ENOLCK;
	mutex_lock(&g_flock_lock);
	ctx = ctx_locked(i, req->type != LX_F_UNLCK);
	if (!ctx) {
		ret = req->type == LX_F_UNLCK ? 0 : -ENOLCK;
	} else if (conflict(ctx, req)) {
		ret = -EAGAIN;
	} else {
		less = carve(ctx, req, &spare);
		if (req->type != LX_F_UNLCK) {
			struct flock_item *l = STEAL(n);

			*l = (struct flock_item){ .type = req->type,
						  .pid = req->pid,
						  .start = req->start,
						  .end = req->end,
						  .owner = req->owner };
			insert_sorted(ctx, l);
			merge(ctx, l);
		}
	}
	mutex_unlock(&g_flock_lock);
	if (less)
		waitq_wake(&ctx->wq, LX_POLLIN);
	return ret;
}

int flock_wait_begin(struct inode *i, const struct flock_req *req)
{
	struct flock_wait *w = malloc(sizeof(*w));
	const struct flock_item *l;
	const void *who;
	int ret = 0;

	if (!w)
		return -ENOLCK;
	mutex_lock(&g_flock_lock);
	l = conflict(i->flocks, req);
	who = l ? l->owner : NULL;
	/* Follow who waits for whom; a chain cannot be longer than the number of waiters. */
	for (size_t n = list_count(&g_waits) + 1; who && n > 0; n--) {
		const struct flock_wait *o, *found = NULL;

		if (who == req->owner) {
			ret = -EDEADLK;
			break;
		}
		list_for_each_entry(o, &g_waits, link) {
			if (o->req.owner == who) {
				found = o;
				break;
			}
		}
		if (!found)
			break;
		l = conflict(found->inode->flocks, &found->req);
		who = l ? l->owner : NULL;
	}
	if (ret == 0) {
		w->inode = i;
		w->req = *req;
		list_add_tail(&w->link, &g_waits);
		w = NULL;
	}
	mutex_unlock(&g_flock_lock);
	free(w);
	return ret;
}

void flock_wait_end(const void *owner)
{
	struct flock_wait *w, *found = NULL;

	mutex_lock(&g_flock_lock);
	list_for_each_entry(w, &g_waits, link) {
		if (w->req.owner == owner) {
			found = w;
			list_del(&w->link);
			break;
		}
	}
	mutex_unlock(&g_flock_lock);
	free(found);
}

int flock_waitq(struct inode *i, struct waitq **ret_q)
{
	struct flock_ctx *ctx;

	mutex_lock(&g_flock_lock);
	ctx = ctx_locked(i, true);
	mutex_unlock(&g_flock_lock);
	if (!ctx)
		return -ENOLCK;
	*ret_q = &ctx->wq;
	return 0;
}

int flock_whole(struct file *f, int type)
{
	auto_free struct flock_item *n = calloc(1, sizeof(*n));
	struct flock_item *l, *mine = NULL;
	struct flock_ctx *ctx;
	bool less = false;
	int ret = 0;

	if (!n)
		return -ENOLCK;
	mutex_lock(&g_flock_lock);
	ctx = ctx_locked(f->inode, type != LX_F_UNLCK);
	if (!ctx) {
		ret = type == LX_F_UNLCK ? 0 : -ENOLCK;
		goto out;
	}
	list_for_each_entry(l, &ctx->whole, link) {
		if (l->owner == f)
			mine = l;
	}
	if (mine && mine->type == type)
		goto out;
	/* A conversion gives up the old lock first, flock(2). */
	if (mine) {
		list_del(&mine->link);
		free(mine);
		less = true;
	}
	if (type == LX_F_UNLCK)
		goto out;
	list_for_each_entry(l, &ctx->whole, link) {
		if (l->type == LX_F_WRLCK || type == LX_F_WRLCK)
			ret = -EAGAIN;
	}
	if (ret == 0) {
		n->type = type;
		n->owner = f;
		n->end = INT64_MAX;
		list_add_tail(&n->link, &ctx->whole);
		n = NULL;
	}
out:
	mutex_unlock(&g_flock_lock);
	if (less)
		waitq_wake(&ctx->wq, LX_POLLIN);
	return ret;
}

void flock_release_owner(struct inode *i, const void *owner)
{
	struct flock_item *l, *tmp;
	struct flock_ctx *ctx;
	bool less = false;

	mutex_lock(&g_flock_lock);
	ctx = i->flocks;
	if (ctx) {
		list_for_each_entry_safe(l, tmp, &ctx->ranges, link) {
			if (l->owner == owner) {
				list_del(&l->link);
				free(l);
				less = true;
			}
		}
	}
	mutex_unlock(&g_flock_lock);
	if (less)
		waitq_wake(&ctx->wq, LX_POLLIN);
}

void flock_release_file(struct file *f)
{
	flock_release_owner(f->inode, f);
	flock_whole(f, LX_F_UNLCK);
}

static void show_item(struct strbuf *out, const struct flock_ctx *ctx, const struct flock_item *l,
		      const char *kind, unsigned int nr)
{
	strbuf_printf(out, "%u: %s  ADVISORY  %s %d %02x:%02x:%llu %lld ", nr, kind,
		      l->type == LX_F_WRLCK ? "WRITE" : "READ ", l->pid, ctx->inode->sb->dev_major,
		      ctx->inode->sb->dev_minor, (unsigned long long)ctx->inode->ino,
		      (long long)l->start);
	if (l->end == INT64_MAX)
		strbuf_puts(out, "EOF\n");
	else
		strbuf_printf(out, "%lld\n", (long long)l->end);
}

void flock_show_all(struct strbuf *out)
{
	const struct flock_item *l;
	struct flock_ctx *ctx;
	unsigned int nr = 1;

	mutex_lock(&g_flock_lock);
	list_for_each_entry(ctx, &g_all, all) {
		list_for_each_entry(l, &ctx->ranges, link)
			show_item(out, ctx, l, l->pid == -1 ? "OFDLCK" : "POSIX ", nr++);
		list_for_each_entry(l, &ctx->whole, link)
			show_item(out, ctx, l, "FLOCK ", nr++);
	}
	mutex_unlock(&g_flock_lock);
}
