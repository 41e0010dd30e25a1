/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files over descriptors of the host: see hostfd.h. The host's own offset is the truth for regular
 * files, because other processes share it (`(husk do a; b) > log` appends).
 *
 * Locking: none of its own; the host orders concurrent calls.
 * Differs from Linux: F_SETFL does not reach the host's description; F_GETOWN and O_ASYNC do not
 * work on it.
 */
#include <errno.h>
#include <stdlib.h>

#include "abi/linux/fcntl.h"
#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "abi/linux/stat.h"
#include "abi/linux/tty.h"
#include "base/auto.h"
#include "base/bits.h"
#include "fs/hostfd/hostfd.h"
#include "host/host.h"
#include "kernel/task.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define CHUNK         65536u
#define HOST_NONBLOCK 04000
#define PIPE_ATOMIC   4096u /* what a pipe that polls writable takes without blocking */

struct hostfd {
	struct inode inode; /* shared by nobody: one per descriptor */
	struct hostpoll poll;
	struct waitq wq;
	int fd;        /* owned */
	bool stream;   /* pipe, socket, terminal: may have to wait */
	bool nonblock; /* the host says EAGAIN by itself */
	bool tty;
	int64_t mirror; /* the host's offset as we knew it last; f->pos_lock */
};

static struct hostfd *hostfd_of(struct file *f)
{
	return f->priv;
}

static uint32_t ready(struct hostfd *h, uint32_t want)
{
	struct host_pollfd p = { .fd = h->fd, .events = (short)want };

	if (host_poll(&p, 1, 0) <= 0)
		return 0;
	return (uint16_t)p.revents & ~(uint32_t)LX_POLLNVAL;
}

/*
 * The position of the file and the host's offset are one thing. Somebody may have moved ours
 * (sendfile, copy_file_range): then the host's follows; after a call ours follows the host's.
 */
static void pos_to_host(struct hostfd *h, int64_t pos)
{
	if (pos != h->mirror)
		host_lseek(h->fd, pos, LX_SEEK_SET);
}

static void pos_from_host(struct hostfd *h, int64_t *pos)
{
	int64_t at = host_lseek(h->fd, 0, LX_SEEK_CUR);

	if (at >= 0)
		*pos = h->mirror = at;
}

static ssize_t hostfd_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct hostfd *h = hostfd_of(f);
	size_t n = MIN(uio_left(dst), (size_t)CHUNK);
	auto_free char *buf = malloc(n ? n : 1);
	ssize_t ret;

	if (!buf)
		return -ENOMEM;
	if (h->stream) {
		if (!h->nonblock && !ready(h, LX_POLLIN))
			ret = -EAGAIN;
		else
			ret = host_read(h->fd, buf, n);
		if (ret == -EAGAIN)
			hostpoll_arm(&h->poll, LX_POLLIN);
	} else if (pos == &f->pos) {
		pos_to_host(h, *pos);
		ret = host_read(h->fd, buf, n);
		pos_from_host(h, pos);
	} else {
		ret = host_pread(h->fd, buf, n, (uint64_t)*pos);
		if (ret > 0)
			*pos += ret;
	}
	return ret > 0 ? uio_write(dst, buf, (size_t)ret) : ret;
}

static ssize_t hostfd_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct hostfd *h = hostfd_of(f);
	size_t n = MIN(uio_left(src), (size_t)CHUNK);
	auto_free char *buf = NULL;
	struct uio saved = *src;
	ssize_t got, ret;

	if (h->stream && !h->nonblock) {
		if (!(ready(h, LX_POLLOUT) & (LX_POLLOUT | LX_POLLERR | LX_POLLHUP))) {
			hostpoll_arm(&h->poll, LX_POLLOUT);
			return -EAGAIN;
		}
		n = MIN(n, (size_t)PIPE_ATOMIC);
	}
	buf = malloc(n ? n : 1);
	if (!buf)
		return -ENOMEM;
	got = uio_read(src, buf, n);
	if (got < 0)
		return got;
	if (h->stream) {
		ret = host_write(h->fd, buf, (size_t)got);
	} else if (pos == &f->pos) {
		pos_to_host(h, *pos);
		ret = host_write(h->fd, buf, (size_t)got);
		pos_from_host(h, pos);
	} else {
		ret = host_pwrite(h->fd, buf, (size_t)got, (uint64_t)*pos);
		if (ret > 0)
			*pos += ret;
	}
	if (ret < got) {
		/* the guest's cursor stands where the host stopped */
		*src = saved;
		if (ret > 0)
			uio_advance(src, (size_t)ret);
	}
	if (ret == -EAGAIN)
		hostpoll_arm(&h->poll, LX_POLLOUT);
	return ret;
}

static uint32_t hostfd_poll(struct file *f)
{
	struct hostfd *h = hostfd_of(f);
	uint32_t want = LX_POLLIN | LX_POLLOUT | LX_POLLPRI | LX_POLLRDHUP, ev;

	if (!h->stream)
		return LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM;
	ev = ready(h, want);
	/* whoever waits does so for what is not there yet */
	hostpoll_arm(&h->poll, want & ~ev &
				       ((f->mode & FMODE_READ ? LX_POLLIN | LX_POLLRDHUP : 0) |
					(f->mode & FMODE_WRITE ? LX_POLLOUT : 0)));
	if (ev & LX_POLLIN)
		ev |= LX_POLLRDNORM;
	if (ev & LX_POLLOUT)
		ev |= LX_POLLWRNORM;
	return ev;
}

static int64_t hostfd_seek(struct file *f, int64_t off, int whence)
{
	struct hostfd *h = hostfd_of(f);

	int64_t ret;

	if (h->stream)
		return -ESPIPE;
	if (whence == LX_SEEK_CUR)
		pos_to_host(h, f->pos);
	ret = host_lseek(h->fd, off, whence);
	if (ret >= 0)
		f->pos = h->mirror = ret;
	return ret;
}

static long tty_ioctl_host(struct hostfd *h, struct task *t, unsigned int cmd, uaddr_t arg)
{
	uint8_t buf[36];
	int ret;

	switch (cmd) {
	case LX_TCGETS:
		ret = host_tty_getattr(h->fd, buf);
		return ret < 0 ? ret : copyout(t, arg, buf, 36);
	case LX_TCSETS:
	case LX_TCSETSW:
	case LX_TCSETSF:
		ret = copyin(t, buf, arg, 36);
		return ret < 0 ? ret : host_tty_setattr(h->fd, buf, (int)(cmd - LX_TCSETS));
	case LX_TIOCGWINSZ:
		ret = host_tty_getsize(h->fd, buf);
		return ret < 0 ? ret : copyout(t, arg, buf, 8);
	default:
		return -ENOTTY;
	}
}

static long hostfd_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct hostfd *h = hostfd_of(f);
	int32_t n;

	if (cmd == LX_FIONREAD) {
		n = host_fionread(h->fd);
		return n < 0 ? n : copyout(t, arg, &n, sizeof(n));
	}
	return h->tty ? tty_ioctl_host(h, t, cmd, arg) : -ENOTTY;
}

static int hostfd_fsync(struct file *f, bool data_only)
{
	return host_fsync(hostfd_of(f)->fd, data_only);
}

static const struct file_ops stream_ops = {
	.flags = FOP_STREAM,
	.read = hostfd_read,
	.write = hostfd_write,
	.poll = hostfd_poll,
	.ioctl = hostfd_ioctl,
	.fsync = hostfd_fsync,
};
static const struct file_ops regular_ops = {
	.flags = FOP_KILLABLE,
	.read = hostfd_read,
	.write = hostfd_write,
	.poll = hostfd_poll,
	.seek = hostfd_seek,
	.ioctl = hostfd_ioctl,
	.fsync = hostfd_fsync,
};

static int hostfd_getattr(struct inode *inode, uint32_t mask, struct kstat *ret_st)
{
	struct hostfd *h = container_of(inode, struct hostfd, inode);
	struct host_stat st;
	int ret = host_fstat(h->fd, &st);

	inode_fill_stat(inode, ret_st);
	if (ret < 0)
		return ret;
	ret_st->nlink = st.nlink;
	ret_st->size = st.size;
	ret_st->blocks = st.blocks;
	ret_st->blksize = st.blksize;
	ret_st->atime = (struct ktime){ st.atime_s, st.atime_ns };
	ret_st->mtime = (struct ktime){ st.mtime_s, st.mtime_ns };
	ret_st->ctime = (struct ktime){ st.ctime_s, st.ctime_ns };
	return 0;
}

static int hostfd_setattr(struct inode *inode, const struct kattr *a, const struct vfs_caller *c)
{
	struct hostfd *h = container_of(inode, struct hostfd, inode);

	if (!(a->valid & SA_SIZE))
		return 0;
	return h->stream ? -EINVAL : host_ftruncate(h->fd, a->size);
}

static void hostfd_destroy(struct inode *inode)
{
	struct hostfd *h = container_of(inode, struct hostfd, inode);

	hostpoll_del(&h->poll);
	waitq_fini(&h->wq);
	host_close(h->fd);
	inode_fini(inode);
	free(h);
}

static const struct inode_ops hostfd_inode_ops = {
	.getattr = hostfd_getattr,
	.setattr = hostfd_setattr,
	.destroy = hostfd_destroy,
};

static void hostfd_super_destroy(struct super_block *sb) {}

static const struct super_ops hostfd_super_ops = { .destroy = hostfd_super_destroy };

/* The name shows in /proc/pid/fd: pipe:[12] and so on. */
static const struct fstype host_types[] = {
	{ .name = "pipe", .flags = FS_NODEV },
	{ .name = "socket", .flags = FS_NODEV },
	{ .name = "host", .flags = FS_NODEV },
};

static int host_super(uint32_t mode, struct super_block **ret_sb)
{
	/* made by boot, single-threaded */
	static struct super_block *supers[ARRAY_SIZE(host_types)];
	unsigned int n = (mode & LX_S_IFMT) == LX_S_IFIFO  ? 0 :
			 (mode & LX_S_IFMT) == LX_S_IFSOCK ? 1 :
							     2;
	int ret;

	if (!supers[n]) {
		ret = super_new(&host_types[n], &hostfd_super_ops, 0, 0x50495045, &supers[n]);
		if (ret < 0)
			return ret;
	}
	*ret_sb = supers[n];
	return 0;
}

static unsigned int open_flags(int fd)
{
	int acc = host_fd_access(fd);
	unsigned int flags;

	if (acc < 0)
		acc = HOST_FD_READ | HOST_FD_WRITE;
	flags = (acc & HOST_FD_WRITE) ? (acc & HOST_FD_READ) ? LX_O_RDWR : LX_O_WRONLY :
					LX_O_RDONLY;
	return flags | (acc & HOST_FD_APPEND ? LX_O_APPEND : 0);
}

int hostfd_new(int fd, const struct cred *cred, struct file **ret_file)
{
	struct super_block *sb = NULL;
	uint8_t termios[36];
	struct host_stat st;
	struct hostfd *h;
	uint32_t type;
	int ret = host_fstat(fd, &st);

	if (ret < 0)
		return ret;
	ret = host_super(st.mode, &sb);
	if (ret < 0)
		return ret;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	type = st.mode & LX_S_IFMT;
	h->fd = fd;
	h->tty = type == LX_S_IFCHR && host_tty_getattr(fd, termios) == 0;
	h->stream = type == LX_S_IFIFO || type == LX_S_IFSOCK || type == LX_S_IFCHR;
	h->nonblock = (host_getfl(fd) & HOST_NONBLOCK) != 0;
	inode_init(&h->inode, sb, &hostfd_inode_ops, st.ino, st.mode);
	h->inode.uid = cred->fsuid;
	h->inode.gid = cred->fsgid;
	h->inode.iflags |= INODE_PRIVATE;
	h->inode.rdev_major = (uint32_t)(st.rdev >> 8 & 0xfff);
	h->inode.rdev_minor = (uint32_t)((st.rdev & 0xff) | (st.rdev >> 12 & 0xfff00));
	waitq_init(&h->wq);
	h->poll = (struct hostpoll){ .fd = fd, .wq = &h->wq };
	hostpoll_add(&h->poll);
	ret = file_new_inode(h->stream ? &stream_ops : &regular_ops, h, open_flags(fd), cred,
			     &h->inode, ret_file);
	if (ret < 0)
		/* the inode was consumed, and the descriptor with it */
		return ret;
	(*ret_file)->wq = &h->wq;
	if (!h->stream)
		pos_from_host(h, &(*ret_file)->pos);
	return 0;
}
