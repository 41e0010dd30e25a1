/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpts: the directory of pseudo-terminals and the open files of both ends. See pts(4), pty(7).
 * Locking: devpts.lock (LC_DEVPTS) guards the table of terminals; tty.lock their state.
 * Differs from Linux: a ptmx node outside a devpts mount leads to the instance mounted last, not to
 * a sibling named pts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/dirent.h>
#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>
#include <base/bits.h>

#include "fs/devpts/devpts.h"
#include "fs/devpts/tty.h"
#include "kernel/kernel.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/mount.h"

#define DEVPTS_MAGIC    0x1cd1u
#define DEVPTS_MAX      4096u
#define DEVPTS_INO_ROOT 1u
#define DEVPTS_INO_PTMX 2u
#define DEVPTS_INO_PTS  3u /* + index */

struct devpts {
	struct ref ref;
	struct mutex lock; /* LC_DEVPTS */
	struct tty **ttys; /* owned references; GUARDED_BY(lock) */
	unsigned int nr_slots, nr_used, max;
	uint32_t uid, gid, mode, ptmxmode; /* const after mount */
	bool uid_set, gid_set;
	struct super_block *sb; /* borrowed; NULL once unmounted; g_instances_lock */
	struct list_head link;
};

static struct mutex g_instances_lock = MUTEX_INIT(LC_DEVPTS);
static LIST_HEAD(g_instances);

static void devpts_put(struct devpts *d)
{
	if (!ref_put(&d->ref))
		return;
	mutex_fini(&d->lock);
	free(d->ttys);
	free(d);
}

/* --- common to both ends --- */

static ssize_t fill(struct uio *dst, const uint8_t *buf, size_t n)
{
	return n ? uio_write(dst, buf, n) : 0;
}

/* --- master --- */

static ssize_t master_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct tty *tty = f->priv;
	struct tty_after after = { 0 };
	uint8_t buf[4096];
	size_t n = 0, want = MIN(uio_left(dst), sizeof(buf));
	bool gone;

	if (want == 0)
		return 0;
	mutex_lock(&tty->lock);
	if (tty->packet) {
		buf[n++] = tty->packet_events;
		if (tty->packet_events) {
			tty->packet_events = 0;
			mutex_unlock(&tty->lock);
			return fill(dst, buf, 1);
		}
	}
	while (n < want && tty->out_tail != tty->out_head)
		buf[n++] = tty->out[tty->out_tail++ & (TTY_OUT_SIZE - 1)];
	gone = tty->slave_opened && tty->nr_slave == 0;
	if (n > 0)
		after.wake_slave = LX_POLLOUT;
	if (tty->packet && n == 1)
		n = 0;
	mutex_unlock(&tty->lock);
	if (n == 0)
		return gone ? -EIO : -EAGAIN;
	tty_after_run(tty, &after);
	return fill(dst, buf, n);
}

static ssize_t master_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct tty *tty = f->priv;
	struct tty_after after = { 0 };
	struct uio peek = *src;
	uint8_t buf[1024];
	size_t done = 0;
	ssize_t n;

	if (uio_left(src) == 0)
		return 0;
	n = uio_read(&peek, buf, MIN(uio_left(&peek), sizeof(buf)));
	if (n < 0)
		return n;
	mutex_lock(&tty->lock);
	/* A signal key ends the piece: its group must hear of it before what follows is read. */
	while (done < (size_t)n && ldisc_can_take_locked(tty) && after.nr_sig == 0)
		ldisc_input_locked(tty, buf[done++], &after);
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	uio_advance(src, done);
	return done ? (ssize_t)done : -EAGAIN;
}

static uint32_t master_poll(struct file *f)
{
	struct tty *tty = f->priv;
	uint32_t ev = 0;

	mutex_lock(&tty->lock);
	if (tty->out_head != tty->out_tail)
		ev |= LX_POLLIN | LX_POLLRDNORM;
	if (tty->packet && tty->packet_events)
		ev |= LX_POLLIN | LX_POLLPRI | LX_POLLRDNORM;
	if (ldisc_can_take_locked(tty))
		ev |= LX_POLLOUT | LX_POLLWRNORM;
	if (tty->slave_opened && tty->nr_slave == 0)
		ev |= LX_POLLHUP;
	mutex_unlock(&tty->lock);
	return ev;
}

static long master_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	return tty_ioctl(f->priv, true, f, t, cmd, arg);
}

static void master_release(struct file *f)
{
	struct tty *tty = f->priv;
	struct devpts *d = tty->fs;
	struct inode *node = NULL;
	bool last;

	mutex_lock(&tty->lock);
	last = --tty->nr_master == 0;
	mutex_unlock(&tty->lock);
	if (last) {
		tty_hangup(tty);
		mutex_lock(&d->lock);
		if (d->ttys[tty->index] == tty) {
			d->ttys[tty->index] = NULL;
			d->nr_used--;
			node = tty->slave_inode;
			tty->slave_inode = NULL;
		}
		mutex_unlock(&d->lock);
		if (node) {
			tty_put(tty); /* the table's */
			inode_put(node);
		}
	}
	devpts_put(d); /* the open master's */
	tty_put(tty);
}

static int master_fdinfo(struct file *f, char *buf, size_t size)
{
	struct tty *tty = f->priv;

	return snprintf(buf, size, "tty-index:\t%u\n", tty->index);
}

static const struct file_ops master_ops = {
	.name = "ptmx",
	.flags = FOP_STREAM,
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = master_ioctl,
	.release = master_release,
	.fdinfo = master_fdinfo,
};

/* --- slave --- */

static void vtime_expired(struct ktimer *kt, void *arg)
{
	struct tty *tty = arg;

	waitq_wake(&tty->slave_wq, LX_POLLIN);
}

/* MIN = 0, TIME > 0: wait for a byte at most TIME tenths of a second; 0 when that is over. */
static ssize_t vtime_wait_locked(struct tty *tty)
{
	int64_t now = clock_monotonic_ns();

	if (tty->read_deadline && now >= tty->read_deadline) {
		tty->read_deadline = 0;
		return 0;
	}
	if (!tty->read_deadline) {
		if (!tty->vtimer && ktimer_new(vtime_expired, tty, &tty->vtimer) < 0)
			return -ENOMEM;
		tty->read_deadline = now + tty->tio.c_cc[LX_VTIME] * 100000000ll;
		ktimer_set(tty->vtimer, tty->read_deadline, 0);
	}
	return -EAGAIN;
}

static ssize_t slave_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct tty *tty = f->priv;
	struct tty_after after = { 0 };
	uint8_t buf[TTY_IN_SIZE];
	size_t avail, need = 1, n = 0;
	ssize_t ret;
	bool eof, canon;

	if (uio_left(dst) == 0)
		return 0;
	ret = tty_check_background(tty, task_current(), LX_SIGTTIN);
	if (ret < 0)
		return ret;
	mutex_lock(&tty->lock);
	if (tty->hung_up) {
		mutex_unlock(&tty->lock);
		return 0;
	}
	canon = tty->tio.c_lflag & LX_ICANON;
	avail = ldisc_readable_locked(tty, &eof);
	if (!canon && !(f->flags & LX_O_NONBLOCK))
		need = MIN((size_t)tty->tio.c_cc[LX_VMIN], uio_left(dst));
	if (avail == 0 || avail < need) {
		ret = -EAGAIN;
		if (tty->nr_master == 0)
			ret = 0;
		else if (!canon && tty->tio.c_cc[LX_VMIN] == 0)
			ret = tty->tio.c_cc[LX_VTIME] ? vtime_wait_locked(tty) : 0;
		mutex_unlock(&tty->lock);
		return ret;
	}
	tty->read_deadline = 0;
	n = ldisc_read_locked(tty, buf, MIN(uio_left(dst), sizeof(buf)));
	after.wake_master = LX_POLLOUT;
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	return fill(dst, buf, n);
}

static ssize_t slave_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct tty *tty = f->priv;
	struct tty_after after = { 0 };
	struct uio peek = *src;
	uint8_t buf[1024];
	size_t done = 0;
	ssize_t n;
	int ret;

	if (tty->tio.c_lflag & LX_TOSTOP) {
		ret = tty_check_background(tty, task_current(), LX_SIGTTOU);
		if (ret < 0)
			return ret;
	}
	if (uio_left(src) == 0)
		return 0;
	n = uio_read(&peek, buf, MIN(uio_left(&peek), sizeof(buf)));
	if (n < 0)
		return n;
	mutex_lock(&tty->lock);
	if (tty->hung_up || tty->nr_master == 0) {
		mutex_unlock(&tty->lock);
		return -EIO;
	}
	done = ldisc_output_locked(tty, buf, (size_t)n, &after);
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	uio_advance(src, done);
	return done ? (ssize_t)done : -EAGAIN;
}

static uint32_t slave_poll(struct file *f)
{
	struct tty *tty = f->priv;
	size_t avail, need = 1;
	uint32_t ev = 0;
	bool eof;

	mutex_lock(&tty->lock);
	avail = ldisc_readable_locked(tty, &eof);
	if (!(tty->tio.c_lflag & LX_ICANON) && tty->tio.c_cc[LX_VTIME] == 0 &&
	    tty->tio.c_cc[LX_VMIN])
		need = tty->tio.c_cc[LX_VMIN];
	if (avail >= need)
		ev |= LX_POLLIN | LX_POLLRDNORM;
	if (!tty->stopped && TTY_OUT_SIZE - (tty->out_head - tty->out_tail) >= 256)
		ev |= LX_POLLOUT | LX_POLLWRNORM;
	if (tty->hung_up || tty->nr_master == 0)
		ev |= LX_POLLHUP | LX_POLLIN | LX_POLLRDNORM | LX_POLLOUT | LX_POLLERR;
	mutex_unlock(&tty->lock);
	return ev;
}

static long slave_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct tty *tty = f->priv;

	if (tty->hung_up)
		return -EIO;
	return tty_ioctl(tty, false, f, t, cmd, arg);
}

static void slave_release(struct file *f)
{
	struct tty *tty = f->priv;
	bool last;

	mutex_lock(&tty->lock);
	last = --tty->nr_slave == 0;
	mutex_unlock(&tty->lock);
	if (last)
		waitq_wake(&tty->master_wq, LX_POLLIN | LX_POLLHUP);
	tty_put(tty);
}

static const struct file_ops slave_ops = {
	.name = "pts",
	.flags = FOP_STREAM,
	.read = slave_read,
	.write = slave_write,
	.poll = slave_poll,
	.ioctl = slave_ioctl,
	.release = slave_release,
};

static void attach_slave(struct tty *tty, struct file *f)
{
	mutex_lock(&tty->lock);
	tty->nr_slave++;
	tty->slave_opened = true;
	mutex_unlock(&tty->lock);
	f->ops = &slave_ops;
	f->priv = tty_get(tty);
	f->wq = &tty->slave_wq;
}

static int open_slave(struct tty *tty, struct file *f, const struct vfs_caller *c)
{
	bool locked, excl, hung;

	mutex_lock(&tty->lock);
	locked = tty->locked;
	excl = tty->exclusive;
	hung = tty->hung_up;
	mutex_unlock(&tty->lock);
	if (locked || hung)
		return -EIO;
	if (excl && !cred_capable(c->cred, LX_CAP_SYS_ADMIN))
		return -EBUSY;
	attach_slave(tty, f);
	if (!(f->flags & LX_O_NOCTTY) && c->task && (f->flags & LX_O_ACCMODE) != LX_O_WRONLY)
		tty_open_ctty(tty, c->task);
	return 0;
}

/* --- the directory --- */

static const struct inode_ops devpts_dir_ops;
static const struct inode_ops devpts_node_ops;

static struct devpts *devpts_of(const struct inode *i)
{
	return i->sb->priv;
}

static void node_destroy(struct inode *i)
{
	if (i->priv)
		tty_put(i->priv);
	inode_fini(i);
	free(i);
}

static int node_new(struct super_block *sb, const struct inode_ops *ops, uint64_t ino,
		    uint32_t mode, struct inode **ret_inode)
{
	struct inode *i = calloc(1, sizeof(*i));

	if (!i)
		return -ENOMEM;
	inode_init(i, sb, ops, ino, mode);
	*ret_inode = i;
	return 0;
}

/* The instance a ptmx node leads to: referenced, or NULL. */
static struct devpts *find_instance(const struct inode *inode)
{
	struct devpts *d = NULL;

	if (inode->sb->type == &devpts_type) {
		d = devpts_of(inode);
		ref_get(&d->ref);
		return d;
	}
	mutex_lock(&g_instances_lock);
	if (!list_empty(&g_instances)) {
		d = list_first_entry(&g_instances, struct devpts, link);
		ref_get(&d->ref);
	}
	mutex_unlock(&g_instances_lock);
	return d;
}

static int take_slot(struct devpts *d, struct tty *tty)
{
	unsigned int i;
	int ret = 0;

	mutex_lock(&d->lock);
	for (i = 0; i < d->nr_slots && d->ttys[i]; i++)
		;
	if (i >= d->max) {
		ret = -ENOSPC;
	} else if (i == d->nr_slots) {
		unsigned int n = d->nr_slots ? d->nr_slots * 2 : 16;
		struct tty **grown = realloc(d->ttys, n * sizeof(struct tty *));

		if (!grown) {
			ret = -ENOMEM;
		} else {
			memset(grown + d->nr_slots, 0, (n - d->nr_slots) * sizeof(*grown));
			d->ttys = grown;
			d->nr_slots = n;
		}
	}
	if (ret == 0) {
		tty->index = i;
		d->ttys[i] = tty_get(tty);
		d->nr_used++;
	}
	mutex_unlock(&d->lock);
	return ret;
}

static int master_open_in(struct devpts *d, struct file *f, const struct cred *cred)
{
	struct inode *node = NULL;
	struct super_block *sb = NULL;
	struct tty *tty = NULL;
	int ret;

	mutex_lock(&g_instances_lock);
	if (d->sb)
		sb = super_get(d->sb);
	mutex_unlock(&g_instances_lock);
	if (!sb)
		return -ENODEV;
	ret = tty_new(0, &tty);
	if (ret < 0)
		goto out;
	ret = take_slot(d, tty);
	if (ret < 0)
		goto out;
	ret = node_new(sb, &devpts_node_ops, DEVPTS_INO_PTS + tty->index, LX_S_IFCHR | d->mode,
		       &node);
	if (ret < 0) {
		mutex_lock(&d->lock);
		d->ttys[tty->index] = NULL;
		d->nr_used--;
		mutex_unlock(&d->lock);
		tty_put(tty);
		goto out;
	}
	node->rdev_major = 136;
	node->rdev_minor = tty->index;
	node->uid = d->uid_set ? d->uid : cred->fsuid;
	node->gid = d->gid_set ? d->gid : cred->fsgid;
	node->priv = tty_get(tty);
	mutex_lock(&d->lock);
	tty->fs = d;
	tty->slave_inode = node;
	tty->nr_master = 1;
	mutex_unlock(&d->lock);
	ref_get(&d->ref);
	f->ops = &master_ops;
	f->priv = tty; /* hands over our reference */
	f->wq = &tty->master_wq;
	tty = NULL;
out:
	if (tty)
		tty_put(tty);
	super_put(sb);
	return ret;
}

int ptmx_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	struct devpts *d = find_instance(inode);
	int ret;

	if (!d)
		return -ENODEV;
	ret = master_open_in(d, f, c->cred);
	devpts_put(d);
	return ret;
}

/* Referenced terminal number n, or NULL. */
static struct tty *tty_at(struct devpts *d, unsigned int n)
{
	struct tty *tty = NULL;

	mutex_lock(&d->lock);
	if (n < d->nr_slots && d->ttys[n])
		tty = tty_get(d->ttys[n]);
	mutex_unlock(&d->lock);
	return tty;
}

int pts_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	struct devpts *d;
	struct tty *tty;
	int ret;

	if (inode->ops == &devpts_node_ops && inode->priv)
		return open_slave(inode->priv, f, c);
	d = find_instance(inode);
	if (!d)
		return -ENXIO;
	tty = tty_at(d, inode->rdev_minor);
	devpts_put(d);
	if (!tty)
		return -EIO;
	ret = open_slave(tty, f, c);
	tty_put(tty);
	return ret;
}

int devtty_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	struct tty *tty = c->task ? tty_of_task(c->task) : NULL;
	bool hung;

	if (!tty)
		return -ENXIO;
	mutex_lock(&tty->lock);
	hung = tty->hung_up;
	mutex_unlock(&tty->lock);
	if (hung) {
		tty_put(tty);
		return -EIO;
	}
	attach_slave(tty, f);
	tty_put(tty);
	return 0;
}

/* Made at each lookup: a node kept by the instance would keep its super block alive for ever. */
static int ptmx_node_new(struct super_block *sb, struct inode **ret_inode)
{
	struct devpts *d = sb->priv;
	struct inode *i;
	int ret = node_new(sb, &devpts_node_ops, DEVPTS_INO_PTMX, LX_S_IFCHR | d->ptmxmode, &i);

	if (ret < 0)
		return ret;
	i->rdev_major = 5;
	i->rdev_minor = 2;
	*ret_inode = i;
	return 0;
}

static int dir_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode)
{
	struct devpts *d = devpts_of(dir);
	struct inode *found = NULL;
	unsigned int n = 0;

	if (len == 4 && memcmp(name, "ptmx", 4) == 0)
		return ptmx_node_new(dir->sb, ret_inode);
	if (len == 0 || len > 7 || (name[0] == '0' && len > 1))
		return -ENOENT;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -ENOENT;
		n = n * 10 + (unsigned int)(name[i] - '0');
	}
	mutex_lock(&d->lock);
	if (n < d->nr_slots && d->ttys[n] && d->ttys[n]->slave_inode)
		found = inode_get(d->ttys[n]->slave_inode);
	mutex_unlock(&d->lock);
	if (!found)
		return -ENOENT;
	*ret_inode = found;
	return 0;
}

static int dir_readdir(struct file *f, struct dir_ctx *ctx)
{
	struct devpts *d = devpts_of(f->inode);
	char name[16];

	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, 1, DEVPTS_INO_ROOT, LX_DT_DIR))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->emit(ctx, "..", 2, 2, DEVPTS_INO_ROOT, LX_DT_DIR))
			return 0;
		ctx->pos = 2;
	}
	if (ctx->pos == 2) {
		if (!ctx->emit(ctx, "ptmx", 4, 3, DEVPTS_INO_PTMX, LX_DT_CHR))
			return 0;
		ctx->pos = 3;
	}
	for (unsigned int i = (unsigned int)ctx->pos - 3; i < DEVPTS_MAX; i++) {
		struct tty *tty = tty_at(d, i);
		bool more = true;

		if (!tty)
			continue;
		tty_put(tty);
		snprintf(name, sizeof(name), "%u", i);
		more = ctx->emit(ctx, name, strlen(name), (int64_t)i + 4, DEVPTS_INO_PTS + i,
				 LX_DT_CHR);
		if (!more)
			return 0;
		ctx->pos = (int64_t)i + 4;
	}
	return 0;
}

static const struct file_ops dir_file_ops = {
	.name = "devpts",
	.readdir = dir_readdir,
};

static int dir_open(struct inode *inode, struct file *f, const struct vfs_caller *c)
{
	f->ops = &dir_file_ops;
	return 0;
}

static const struct inode_ops devpts_dir_ops = {
	.lookup = dir_lookup,
	.open = dir_open,
	.destroy = node_destroy,
};

static const struct inode_ops devpts_node_ops = {
	.destroy = node_destroy,
};

/* --- mounting --- */

static void devpts_sb_destroy(struct super_block *sb)
{
	struct devpts *d = sb->priv;

	if (!d)
		return;
	mutex_lock(&g_instances_lock);
	d->sb = NULL;
	list_del_init(&d->link);
	mutex_unlock(&g_instances_lock);
	devpts_put(d);
}

static int devpts_statfs(struct super_block *sb, struct lx_statfs *ret_st)
{
	memset(ret_st, 0, sizeof(*ret_st));
	ret_st->f_type = DEVPTS_MAGIC;
	ret_st->f_bsize = 4096;
	ret_st->f_frsize = 4096;
	ret_st->f_namelen = 255;
	return 0;
}

static int devpts_show(struct super_block *sb, char *buf, size_t size)
{
	struct devpts *d = sb->priv;
	int n = 0;

	if (d->uid_set)
		n += snprintf(buf, size, ",uid=%u", d->uid);
	if (d->gid_set)
		n += snprintf(buf + n, size - (size_t)n, ",gid=%u", d->gid);
	n += snprintf(buf + n, size - (size_t)n, ",mode=%03o,ptmxmode=%03o", d->mode, d->ptmxmode);
	return n;
}

static const struct super_ops devpts_super_ops = {
	.statfs = devpts_statfs,
	.destroy = devpts_sb_destroy,
	.show_options = devpts_show,
};

static int parse_options(struct devpts *d, const char *options)
{
	static const char sep[] = ",";
	char *copy, *save = NULL, *end;
	int ret = 0;

	if (!options || !*options)
		return 0;
	copy = strdup(options);
	if (!copy)
		return -ENOMEM;
	for (char *o = strtok_r(copy, sep, &save); o && ret == 0; o = strtok_r(NULL, sep, &save)) {
		char *val = strchr(o, '=');
		unsigned long v = 0;

		if (val) {
			*val++ = 0;
			v = strtoul(val, &end,
				    strcmp(o, "mode") == 0 || strcmp(o, "ptmxmode") == 0 ? 8 : 10);
			if (*end || end == val)
				ret = -EINVAL;
		}
		if (strcmp(o, "uid") == 0 && val) {
			d->uid = (uint32_t)v;
			d->uid_set = true;
		} else if (strcmp(o, "gid") == 0 && val) {
			d->gid = (uint32_t)v;
			d->gid_set = true;
		} else if (strcmp(o, "mode") == 0 && val) {
			d->mode = v & 07777;
		} else if (strcmp(o, "ptmxmode") == 0 && val) {
			d->ptmxmode = v & 07777;
		} else if (strcmp(o, "max") == 0 && val) {
			d->max = MIN((unsigned int)v, DEVPTS_MAX);
		} else if (strcmp(o, "newinstance") != 0) {
			ret = -EINVAL;
		}
	}
	free(copy);
	return ret;
}

static int devpts_mount(const struct fstype *t, const char *source, const char *options,
			void *boot_data, struct super_block **ret_sb)
{
	struct super_block *sb = NULL;
	struct inode *root = NULL;
	struct devpts *d = calloc(1, sizeof(*d));
	int ret;

	if (!d)
		return -ENOMEM;
	ref_init(&d->ref);
	mutex_init(&d->lock, LC_DEVPTS);
	INIT_LIST_HEAD(&d->link);
	d->mode = 0600;
	d->ptmxmode = 0;
	d->max = DEVPTS_MAX;
	ret = parse_options(d, options);
	if (ret == 0)
		ret = super_new(t, &devpts_super_ops, SB_NO_NEGATIVE | SB_NO_DCACHE, DEVPTS_MAGIC,
				&sb);
	if (ret < 0) {
		devpts_put(d);
		return ret;
	}
	sb->priv = d;
	d->sb = sb;
	ret = node_new(sb, &devpts_dir_ops, DEVPTS_INO_ROOT, LX_S_IFDIR | 0755, &root);
	if (ret == 0) {
		root->nlink = 2;
		ret = super_set_root(sb, root);
	}
	if (ret < 0) {
		super_put(sb);
		return ret;
	}
	mutex_lock(&g_instances_lock);
	list_add(&d->link, &g_instances);
	mutex_unlock(&g_instances_lock);
	*ret_sb = sb;
	return 0;
}

const struct fstype devpts_type = {
	.name = "devpts",
	.flags = FS_NODEV,
	.mount = devpts_mount,
};

/* --- both ends at once --- */

/* The slave's name for the given mount root; c->task may be NULL. */
static int open_node(struct tty *tty, const struct cred *cred, unsigned int flags,
		     struct file **ret_file)
{
	struct inode *node;
	struct file *f;
	int ret;

	mutex_lock(&tty->fs->lock);
	node = tty->slave_inode ? inode_get(tty->slave_inode) : NULL;
	mutex_unlock(&tty->fs->lock);
	if (!node)
		return -EIO;
	ret = file_new_inode(&slave_ops, NULL, flags, cred, node, &f);
	if (ret < 0)
		return ret;
	attach_slave(tty, f);
	*ret_file = f;
	return 0;
}

long devpts_open_peer(struct tty *tty, struct task *t, unsigned int flags)
{
	struct file *f;
	long ret;

	if (flags & ~(LX_O_ACCMODE | LX_O_NOCTTY | LX_O_NONBLOCK | LX_O_CLOEXEC))
		return -EINVAL;
	ret = open_node(tty, t->cred, flags & ~(unsigned int)LX_O_CLOEXEC, &f);
	if (ret < 0)
		return ret;
	ret = fd_install(t->fds, f, flags & LX_O_CLOEXEC ? LX_FD_CLOEXEC_FLAG : 0);
	file_put(f);
	return ret;
}

int devpts_open_pair(struct super_block *sb, struct file **ret_master, struct file **ret_slave)
{
	struct devpts *d = sb->priv;
	struct file *m = NULL;
	struct cred *root = NULL;
	struct tty *tty;
	int ret;

	ret = cred_new_root(&root);
	if (ret < 0)
		return ret;
	ret = file_new_anon(&master_ops, NULL, LX_O_RDWR, root, "ptmx", &m);
	if (ret == 0) {
		ret = master_open_in(d, m, root);
		if (ret == 0) {
			tty = m->priv;
			tty->locked = false;
			ret = open_node(tty, root, LX_O_RDWR, ret_slave);
			if (ret < 0)
				file_put(m);
			else
				*ret_master = m;
		}
	}
	cred_put(root);
	return ret;
}

/* --- what the kernel asks of terminals --- */

static void hook_session_gone(struct tty *tty, struct session *s)
{
	tty_session_gone(tty, s, true);
}

static unsigned int hook_dev(const struct tty *tty)
{
	return tty_dev(tty);
}

static int hook_fg(struct tty *tty)
{
	int pgid;

	mutex_lock(&tty->lock);
	pgid = tty->fg ? tty->fg->pgid : -1;
	mutex_unlock(&tty->lock);
	return pgid;
}

const struct tty_kernel_ops devpts_kernel_ops = {
	.get = tty_get,
	.put = tty_put,
	.session_gone = hook_session_gone,
	.dev = hook_dev,
	.fg_pgid = hook_fg,
};
