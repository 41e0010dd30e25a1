/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll(7). An instance owns its items; an item borrows the watched file, whose last put removes it
 * first.
 *
 * Locking: g_ctl_lock: changes of any interest list, and the graph of epolls that watch epolls.
 * ep->lock: collecting, and against items going away while they are polled. ep->ready_lock: the
 * ready list; wake functions take it under the watched file's waitq.lock and then wake the
 * instance's own queue. Cycles are refused at EPOLL_CTL_ADD.
 */
#include "vfs/epoll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <abi/linux/poll.h>
#include <base/bits.h>
#include <base/list.h>
#include <base/rbtree.h>

#include "lock_class.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define PRIVATE_BITS (LX_EPOLLET | LX_EPOLLONESHOT | LX_EPOLLEXCLUSIVE | LX_EPOLLWAKEUP)
#define EXCLUSIVE_OK                                                                               \
	(LX_EPOLLIN | LX_EPOLLOUT | LX_EPOLLERR | LX_EPOLLHUP | LX_EPOLLRDNORM | LX_EPOLLWRNORM |  \
	 LX_EPOLLWAKEUP | LX_EPOLLET | LX_EPOLLEXCLUSIVE)
#define MAX_WATCHES 1000000

struct epoll {
	struct file *file;       /* borrowed: the instance lives as long */
	struct mutex lock;       /* LC_EPOLL */
	struct rb_root items;    /* by (file, fd); g_ctl_lock */
	struct mutex ready_lock; /* LC_EPOLL_READY */
	struct list_head ready;  /* GUARDED_BY(ready_lock) */
	unsigned int nr_ready;
};

struct epitem {
	struct waiter w; /* on file->wq */
	struct rb_node node;
	struct list_head ready;   /* ep->ready_lock; empty: not on the list */
	struct list_head of_file; /* g_ctl_lock */
	struct epoll *ep;
	struct file *file; /* borrowed */
	int fd;
	struct lx_epoll_event ev; /* GUARDED_BY(ep->lock); events is read racily in wakes */
};

static struct mutex g_ctl_lock = MUTEX_INIT(LC_EPOLL_CTL);
static _Atomic int g_watches;
static const struct file_ops epoll_ops;

bool file_is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

static void mark_ready(struct epitem *it)
{
	struct epoll *ep = it->ep;

	mutex_lock(&ep->ready_lock);
	if (list_empty(&it->ready)) {
		list_add_tail(&it->ready, &ep->ready);
		ep->nr_ready++;
	}
	mutex_unlock(&ep->ready_lock);
}

/* Runs under the lock of the watched file's queue. */
static void on_wake(struct waiter *w, uint32_t events)
{
	struct epitem *it = container_of(w, struct epitem, w);

	if (!(READ_ONCE(it->ev.events) & ~PRIVATE_BITS))
		return; /* one shot, spent */
	mark_ready(it);
	waitq_wake_one(&it->ep->file->own_wq, LX_POLLIN | LX_POLLRDNORM);
}

static uint32_t item_events(struct epitem *it)
{
	return vfs_poll(it->file) & it->ev.events & ~PRIVATE_BITS;
}

static struct epitem *pop_ready(struct epoll *ep)
{
	struct epitem *it = NULL;

	mutex_lock(&ep->ready_lock);
	if (!list_empty(&ep->ready)) {
		it = list_first_entry(&ep->ready, struct epitem, ready);
		list_del_init(&it->ready);
		ep->nr_ready--;
	}
	mutex_unlock(&ep->ready_lock);
	return it;
}

int epoll_collect(struct file *f, struct lx_epoll_event *events, int max)
{
	struct epoll *ep = f->priv;
	struct epitem *it;
	int nr = 0;

	if (READ_ONCE(ep->nr_ready) == 0)
		return 0;
	mutex_lock(&ep->lock);
	/* Level-triggered items go back to the end: one round sees each item once. */
	for (unsigned int round = READ_ONCE(ep->nr_ready); round > 0 && nr < max; round--) {
		uint32_t ready;

		it = pop_ready(ep);
		if (!it)
			break;
		ready = item_events(it);
		if (!ready)
			continue;
		events[nr].events = ready;
		events[nr].data = it->ev.data;
		nr++;
		if (it->ev.events & LX_EPOLLONESHOT)
			WRITE_ONCE(it->ev.events, it->ev.events & PRIVATE_BITS);
		else if (!(it->ev.events & LX_EPOLLET))
			mark_ready(it);
	}
	mutex_unlock(&ep->lock);
	return nr;
}

static uint32_t epoll_poll(struct file *f)
{
	struct epoll *ep = f->priv;
	uint32_t ret = 0;

	if (READ_ONCE(ep->nr_ready) == 0)
		return 0;
	mutex_lock_nested(&ep->lock);
	for (unsigned int round = READ_ONCE(ep->nr_ready); round > 0; round--) {
		struct epitem *it = pop_ready(ep);

		if (!it)
			break;
		if (item_events(it)) {
			mark_ready(it);
			ret = LX_POLLIN | LX_POLLRDNORM;
			break;
		}
	}
	mutex_unlock(&ep->lock);
	return ret;
}

static int item_cmp(const struct epitem *it, const struct file *file, int fd)
{
	if (it->file != file)
		return (uintptr_t)it->file < (uintptr_t)file ? -1 : 1;
	return it->fd < fd ? -1 : it->fd > fd;
}

static struct epitem *item_find(struct epoll *ep, const struct file *file, int fd)
{
	struct rb_node *n = ep->items.rb_node;

	while (n) {
		struct epitem *it = rb_entry(n, struct epitem, node);
		int c = item_cmp(it, file, fd);

		if (c == 0)
			return it;
		n = c < 0 ? n->rb_right : n->rb_left;
	}
	return NULL;
}

static void item_insert(struct epoll *ep, struct epitem *it)
{
	struct rb_node **link = &ep->items.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item_cmp(rb_entry(parent, struct epitem, node), it->file, it->fd) < 0 ?
			       &parent->rb_right :
			       &parent->rb_left;
	}
	rb_link_node(&it->node, parent, link);
	rb_insert_color(&it->node, &ep->items);
}

/* g_ctl_lock held. After it nothing points to it. */
static void item_remove(struct epitem *it)
{
	struct epoll *ep = it->ep;

	if (it->file->wq)
		waitq_del(it->file->wq, &it->w);
	mutex_lock(&ep->lock);
	mutex_lock(&ep->ready_lock);
	if (!list_empty(&it->ready)) {
		list_del_init(&it->ready);
		ep->nr_ready--;
	}
	mutex_unlock(&ep->ready_lock);
	mutex_unlock(&ep->lock);
	list_del(&it->of_file);
	rb_erase(&it->node, &ep->items);
	atomic_fetch_sub(&g_watches, 1);
	free(it);
}

/* Is target reachable from f through epolls that watch epolls? depth counts the levels below. */
static bool reaches(struct file *f, const struct file *target, int level, int *max_level)
{
	struct epoll *ep;

	if (f == target)
		return true;
	if (level > *max_level)
		*max_level = level;
	if (!file_is_epoll(f) || level > LX_EP_MAX_NESTS + 1)
		return false;
	ep = f->priv;
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epitem *it = rb_entry(n, struct epitem, node);

		if (file_is_epoll(it->file) && reaches(it->file, target, level + 1, max_level))
			return true;
	}
	return false;
}

/* How many epolls watch f, one above the other. */
static int levels_above(struct file *f, int level)
{
	struct list_head *links = f->epoll_links;
	struct epitem *it;
	int max = level;

	if (!links || level > LX_EP_MAX_NESTS + 1)
		return level;
	list_for_each_entry(it, links, of_file)
		max = MAX(max, levels_above(it->ep->file, level + 1));
	return max;
}

static int check_nesting(struct file *epf, struct file *target)
{
	int below = 0;

	if (!file_is_epoll(target))
		return 0;
	if (reaches(target, epf, 0, &below))
		return -ELOOP;
	return below + 1 + levels_above(epf, 0) > LX_EP_MAX_NESTS ? -ELOOP : 0;
}

static void check_now(struct epitem *it)
{
	bool ready;

	mutex_lock(&it->ep->lock);
	ready = item_events(it) != 0;
	mutex_unlock(&it->ep->lock);
	if (ready) {
		mark_ready(it);
		waitq_wake_one(&it->ep->file->own_wq, LX_POLLIN | LX_POLLRDNORM);
	}
}

static int item_add(struct epoll *ep, int fd, struct file *target, const struct lx_epoll_event *ev)
{
	struct epitem *it;
	int ret = check_nesting(ep->file, target);

	if (ret < 0)
		return ret;
	if (atomic_load(&g_watches) >= MAX_WATCHES)
		return -ENOSPC;
	if (!target->epoll_links) {
		struct list_head *links = malloc(sizeof(*links));

		if (!links)
			return -ENOMEM;
		INIT_LIST_HEAD(links);
		target->epoll_links = links;
	}
	it = calloc(1, sizeof(*it));
	if (!it)
		return -ENOMEM;
	it->ep = ep;
	it->file = target;
	it->fd = fd;
	it->ev = *ev;
	it->ev.events |= LX_EPOLLERR | LX_EPOLLHUP;
	INIT_LIST_HEAD(&it->ready);
	it->w.fn = on_wake;
	it->w.mask = it->ev.events & ~PRIVATE_BITS;
	it->w.exclusive = ev->events & LX_EPOLLEXCLUSIVE;
	item_insert(ep, it);
	list_add_tail(&it->of_file, target->epoll_links);
	atomic_fetch_add(&g_watches, 1);
	if (target->wq)
		waitq_add(target->wq, &it->w);
	check_now(it);
	return 0;
}

static void item_modify(struct epitem *it, const struct lx_epoll_event *ev)
{
	if (it->file->wq)
		waitq_del(it->file->wq, &it->w);
	mutex_lock(&it->ep->lock);
	it->ev = *ev;
	it->ev.events |= LX_EPOLLERR | LX_EPOLLHUP;
	mutex_unlock(&it->ep->lock);
	it->w.mask = it->ev.events & ~PRIVATE_BITS;
	if (it->file->wq)
		waitq_add(it->file->wq, &it->w);
	check_now(it);
}

int epoll_ctl(struct file *epf, int op, int fd, struct file *target,
	      const struct lx_epoll_event *ev)
{
	struct epoll *ep = epf->priv;
	struct epitem *it;
	int ret = 0;

	if (!target->ops->poll)
		return -EPERM;
	if (target == epf || !file_is_epoll(epf))
		return -EINVAL;
	if (op != LX_EPOLL_CTL_DEL && (ev->events & LX_EPOLLEXCLUSIVE)) {
		if (op == LX_EPOLL_CTL_MOD)
			return -EINVAL;
		if (op == LX_EPOLL_CTL_ADD &&
		    (file_is_epoll(target) || (ev->events & ~EXCLUSIVE_OK)))
			return -EINVAL;
	}
	mutex_lock(&g_ctl_lock);
	it = item_find(ep, target, fd);
	switch (op) {
	case LX_EPOLL_CTL_ADD:
		ret = it ? -EEXIST : item_add(ep, fd, target, ev);
		break;
	case LX_EPOLL_CTL_DEL:
		if (it)
			item_remove(it);
		else
			ret = -ENOENT;
		break;
	case LX_EPOLL_CTL_MOD:
		if (!it)
			ret = -ENOENT;
		else if (it->ev.events & LX_EPOLLEXCLUSIVE)
			ret = -EINVAL;
		else
			item_modify(it, ev);
		break;
	default:
		ret = -EINVAL;
		break;
	}
	mutex_unlock(&g_ctl_lock);
	return ret;
}

void epoll_file_gone(struct file *f)
{
	struct list_head *links;

	mutex_lock(&g_ctl_lock);
	links = f->epoll_links;
	while (!list_empty(links))
		item_remove(list_first_entry(links, struct epitem, of_file));
	f->epoll_links = NULL;
	mutex_unlock(&g_ctl_lock);
	free(links);
}

static void epoll_release(struct file *f)
{
	struct epoll *ep = f->priv;
	struct rb_node *n;

	mutex_lock(&g_ctl_lock);
	while ((n = rb_first(&ep->items)) != NULL)
		item_remove(rb_entry(n, struct epitem, node));
	mutex_unlock(&g_ctl_lock);
	mutex_fini(&ep->lock);
	mutex_fini(&ep->ready_lock);
	free(ep);
}

static int epoll_fdinfo(struct file *f, char *buf, size_t size)
{
	struct epoll *ep = f->priv;
	size_t len = 0;

	mutex_lock(&g_ctl_lock);
	for (struct rb_node *n = rb_first(&ep->items); n && len < size; n = rb_next(n)) {
		struct epitem *it = rb_entry(n, struct epitem, node);

		len += (size_t)snprintf(
			buf + len, size - len,
			"tfd: %8d events: %8x data: %16llx  pos:%lli ino:%llx sdev:%x\n", it->fd,
			it->ev.events, (unsigned long long)it->ev.data, (long long)it->file->pos,
			(unsigned long long)it->file->inode->ino, it->file->inode->sb->dev_minor);
	}
	mutex_unlock(&g_ctl_lock);
	return (int)MIN(len, size);
}

static const struct file_ops epoll_ops = {
	.name = "[eventpoll]",
	.flags = FOP_STREAM,
	.seek = vfs_noop_seek,
	.poll = epoll_poll,
	.release = epoll_release,
	.fdinfo = epoll_fdinfo,
};

int epoll_new(unsigned int flags, const struct cred *cred, struct file **ret_file)
{
	struct epoll *ep = calloc(1, sizeof(*ep));
	int ret;

	if (!ep)
		return -ENOMEM;
	mutex_init(&ep->lock, LC_EPOLL);
	mutex_init(&ep->ready_lock, LC_EPOLL_READY);
	INIT_LIST_HEAD(&ep->ready);
	ret = file_new_anon(&epoll_ops, ep, flags, cred, "[eventpoll]", ret_file);
	if (ret < 0) {
		free(ep);
		return ret;
	}
	ep->file = *ret_file;
	return 0;
}
