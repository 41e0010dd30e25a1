/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify(7). A watch holds its inode and its instance's place; an instance owns its watches and
 * its queued events. Locking: g_lock guards everything here; it is a leaf but for wait queues.
 * Inodes are put after it is released. Differs from Linux: nothing known but the limits, which are
 * constants.
 */
#include "vfs/inotify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/inotify.h>
#include <abi/linux/poll.h>
#include <abi/linux/stat.h>
#include <base/list.h>

#include "lock_class.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define MAX_EVENTS  16384
#define MAX_WATCHES 524288

struct event {
	struct list_head link;
	int wd;
	uint32_t mask, cookie, len; /* len: of name with its padding */
	char name[];
};

struct instance {
	struct list_head events, watches;
	unsigned int nr_events;
	size_t bytes;
	int last_wd;
	struct file *file; /* borrowed: the instance lives as long */
};

struct watch {
	struct list_head of_instance, of_inode, all;
	struct instance *in;
	struct inode *inode; /* owned */
	int wd;
	uint32_t mask;
};

struct inotify_marks {
	struct list_head watches;
};

static struct mutex g_lock = MUTEX_INIT(LC_INOTIFY);
static LIST_HEAD(g_all);
static uint32_t g_cookie;
_Atomic int g_inotify_watches;

static const struct file_ops inotify_ops;

bool file_is_inotify(const struct file *f)
{
	return f->ops == &inotify_ops;
}

static void queue_locked(struct instance *in, int wd, uint32_t mask, uint32_t cookie,
			 const char *name)
{
	size_t n = name ? strlen(name) : 0, len = n ? (n + 1 + 15) & ~(size_t)15 : 0;
	struct event *e;

	if (!list_empty(&in->events)) {
		e = list_last_entry(&in->events, struct event, link);
		if (e->wd == wd && e->mask == mask && e->cookie == cookie && e->len == len &&
		    (!len || strcmp(e->name, name) == 0))
			return;
		if (in->nr_events >= MAX_EVENTS) {
			if (e->mask & LX_IN_Q_OVERFLOW)
				return;
			wd = -1;
			mask = LX_IN_Q_OVERFLOW;
			cookie = 0;
			n = len = 0;
		}
	}
	e = calloc(1, sizeof(*e) + len);
	if (!e)
		return;
	e->wd = wd;
	e->mask = mask;
	e->cookie = cookie;
	e->len = (uint32_t)len;
	if (n)
		memcpy(e->name, name, n);
	list_add_tail(&e->link, &in->events);
	in->nr_events++;
	in->bytes += sizeof(struct lx_inotify_event) + len;
	waitq_wake(&in->file->own_wq, LX_POLLIN | LX_POLLRDNORM);
}

/* Takes w off everything; the caller puts its inode and frees it after the lock. */
static void unhook_locked(struct watch *w)
{
	list_del(&w->of_instance);
	list_del(&w->of_inode);
	list_del(&w->all);
	atomic_fetch_sub(&g_inotify_watches, 1);
}

static void end_watches(struct list_head *dead)
{
	struct watch *w, *tmp;

	list_for_each_entry_safe(w, tmp, dead, all) {
		inode_put(w->inode);
		free(w);
	}
}

void inotify_post_slow(struct inode *i, uint32_t mask, uint32_t cookie, const char *name)
{
	struct watch *w, *tmp;
	LIST_HEAD(dead);

	if (!READ_ONCE(i->marks))
		return;
	mutex_lock(&g_lock);
	list_for_each_entry_safe(w, tmp, &i->marks->watches, of_inode) {
		if (!(w->mask & mask & LX_IN_ALL_EVENTS))
			continue;
		queue_locked(w->in, w->wd, mask, cookie, name);
		if (w->mask & LX_IN_ONESHOT) {
			queue_locked(w->in, w->wd, LX_IN_IGNORED, 0, NULL);
			unhook_locked(w);
			list_add(&w->all, &dead);
		}
	}
	mutex_unlock(&g_lock);
	end_watches(&dead);
}

void inotify_dentry_slow(struct dentry *d, uint32_t mask)
{
	struct inode *i = d->inode;
	struct dentry *parent;

	if (!i || (i->iflags & INODE_PRIVATE))
		return;
	if (LX_S_ISDIR(i->mode))
		mask |= LX_IN_ISDIR;
	parent = dentry_parent(d);
	if (parent != d && parent->inode && READ_ONCE(parent->inode->marks))
		inotify_post_slow(parent->inode, mask, 0, d->name);
	dentry_put(parent);
	inotify_post_slow(i, mask, 0, NULL);
}

uint32_t inotify_cookie(void)
{
	uint32_t c;

	mutex_lock(&g_lock);
	c = ++g_cookie;
	mutex_unlock(&g_lock);
	return c;
}

static void end_inode_locked(struct inode *i, uint32_t mask, struct list_head *dead)
{
	struct watch *w, *tmp;

	list_for_each_entry_safe(w, tmp, &i->marks->watches, of_inode) {
		if (mask == LX_IN_UNMOUNT || (w->mask & mask))
			queue_locked(w->in, w->wd, mask, 0, NULL);
		queue_locked(w->in, w->wd, LX_IN_IGNORED, 0, NULL);
		unhook_locked(w);
		list_add(&w->all, dead);
	}
}

void inotify_inode_gone(struct inode *i)
{
	LIST_HEAD(dead);

	if (!READ_ONCE(i->marks))
		return;
	mutex_lock(&g_lock);
	end_inode_locked(i, LX_IN_DELETE_SELF, &dead);
	mutex_unlock(&g_lock);
	end_watches(&dead);
}

void inotify_unmounted(struct super_block *sb)
{
	struct watch *w;
	LIST_HEAD(dead);
	bool again;

	if (!inotify_active())
		return;
	mutex_lock(&g_lock);
	do {
		again = false;
		list_for_each_entry(w, &g_all, all) {
			if (w->inode->sb == sb) {
				end_inode_locked(w->inode, LX_IN_UNMOUNT, &dead);
				again = true;
				break;
			}
		}
	} while (again);
	mutex_unlock(&g_lock);
	end_watches(&dead);
}

void inotify_marks_free(struct inode *i)
{
	free(i->marks); /* watches hold the inode: there are none */
	i->marks = NULL;
}

int inotify_add_watch(struct file *f, struct inode *i, uint32_t mask)
{
	struct instance *in = f->priv;
	struct watch *w, *n;
	int ret;

	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	mutex_lock(&g_lock);
	if (!i->marks) {
		i->marks = malloc(sizeof(*i->marks));
		if (!i->marks) {
			ret = -ENOMEM;
			goto out;
		}
		INIT_LIST_HEAD(&i->marks->watches);
	}
	list_for_each_entry(w, &i->marks->watches, of_inode) {
		if (w->in != in)
			continue;
		if (mask & LX_IN_MASK_CREATE) {
			ret = -EEXIST;
			goto out;
		}
		if (mask & LX_IN_MASK_ADD)
			w->mask |= mask & ~LX_IN_MASK_ADD;
		else
			w->mask = mask;
		ret = w->wd;
		goto out;
	}
	if (atomic_load(&g_inotify_watches) >= MAX_WATCHES || in->last_wd == INT32_MAX) {
		ret = -ENOSPC;
		goto out;
	}
	n->in = in;
	n->inode = inode_get(i);
	n->mask = mask;
	n->wd = ret = ++in->last_wd;
	list_add_tail(&n->of_instance, &in->watches);
	list_add_tail(&n->of_inode, &i->marks->watches);
	list_add_tail(&n->all, &g_all);
	atomic_fetch_add(&g_inotify_watches, 1);
	n = NULL;
out:
	mutex_unlock(&g_lock);
	free(n);
	return ret;
}

int inotify_rm_watch(struct file *f, int wd)
{
	struct instance *in = f->priv;
	struct watch *w;
	LIST_HEAD(dead);
	int ret = -EINVAL;

	mutex_lock(&g_lock);
	list_for_each_entry(w, &in->watches, of_instance) {
		if (w->wd != wd)
			continue;
		queue_locked(in, wd, LX_IN_IGNORED, 0, NULL);
		unhook_locked(w);
		list_add(&w->all, &dead);
		ret = 0;
		break;
	}
	mutex_unlock(&g_lock);
	end_watches(&dead);
	return ret;
}

static ssize_t inotify_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct instance *in = f->priv;
	ssize_t done = 0, ret = 0;

	for (;;) {
		struct lx_inotify_event head;
		struct event *e = NULL;
		size_t size;

		mutex_lock(&g_lock);
		if (!list_empty(&in->events)) {
			e = list_first_entry(&in->events, struct event, link);
			size = sizeof(head) + e->len;
			if (size > uio_left(dst)) {
				ret = -EINVAL;
				e = NULL;
			} else {
				list_del(&e->link);
				in->nr_events--;
				in->bytes -= size;
			}
		} else {
			ret = -EAGAIN;
		}
		mutex_unlock(&g_lock);
		if (!e)
			return done ? done : ret;
		head = (struct lx_inotify_event){ e->wd, e->mask, e->cookie, e->len };
		ret = uio_write(dst, &head, sizeof(head));
		if (ret == (ssize_t)sizeof(head) && e->len)
			ret = uio_write(dst, e->name, e->len);
		free(e);
		if (ret < 0)
			return done ? done : ret;
		done += (ssize_t)size;
	}
}

static uint32_t inotify_poll(struct file *f)
{
	struct instance *in = f->priv;
	bool some;

	mutex_lock(&g_lock);
	some = !list_empty(&in->events);
	mutex_unlock(&g_lock);
	return some ? LX_POLLIN | LX_POLLRDNORM : 0;
}

static int64_t inotify_nread(struct file *f)
{
	struct instance *in = f->priv;
	int64_t n;

	mutex_lock(&g_lock);
	n = (int64_t)in->bytes;
	mutex_unlock(&g_lock);
	return n;
}

static void inotify_release(struct file *f)
{
	struct instance *in = f->priv;
	struct event *e, *etmp;
	struct watch *w, *tmp;
	LIST_HEAD(dead);

	mutex_lock(&g_lock);
	list_for_each_entry_safe(w, tmp, &in->watches, of_instance) {
		unhook_locked(w);
		list_add(&w->all, &dead);
	}
	mutex_unlock(&g_lock);
	end_watches(&dead);
	list_for_each_entry_safe(e, etmp, &in->events, link)
		free(e);
	free(in);
}

static const struct file_ops inotify_ops = {
	.name = "inotify",
	.flags = FOP_STREAM,
	.seek = vfs_noop_seek,
	.read = inotify_read,
	.poll = inotify_poll,
	.nread = inotify_nread,
	.release = inotify_release,
};

int inotify_new(unsigned int flags, const struct cred *cred, struct file **ret_file)
{
	struct instance *in = calloc(1, sizeof(*in));
	int ret;

	if (!in)
		return -ENOMEM;
	INIT_LIST_HEAD(&in->events);
	INIT_LIST_HEAD(&in->watches);
	ret = file_new_anon(&inotify_ops, in, flags, cred, "inotify", ret_file);
	if (ret < 0) {
		free(in);
		return ret;
	}
	in->file = *ret_file;
	return 0;
}
