/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding of arguments that file system calls share; see fs_args.h. */
#include "syscalls/fs_args.h"

#include <errno.h>

#include <abi/linux/errno.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>

#include "time/clock.h"

static int start_of(struct task *t, int dirfd, struct path *ret_start)
{
	struct file *f;

	if (dirfd == LX_AT_FDCWD)
		return 0;
	f = fd_get_any(t->fds, dirfd);
	if (!f)
		return -EBADF;
	*ret_start = f->path;
	path_get(ret_start);
	file_put(f);
	return 0;
}

int name_arg_get_scoped(struct task *t, int dirfd, uaddr_t uname, bool always_start,
			struct name_arg *ret_n)
{
	int ret = copyin_path(t, uname, &ret_n->name);

	if (ret < 0)
		return ret;
	if (ret_n->name[0] == '/' && !always_start)
		return 0;
	ret = start_of(t, dirfd, &ret_n->start);
	return ret == -EBADF && !ret_n->name[0] ? -ENOENT : ret; /* an empty name fails first */
}

int task_walk(struct task *t, int dirfd, uaddr_t uname, unsigned int walk, struct path *ret_path)
{
	auto_name struct name_arg n = { 0 };
	struct vfs_caller c;
	int ret;

	if (!uname && (walk & WALK_EMPTY)) {
		ret = start_of(t, dirfd, &n.start);
		if (ret == 0 && n.start.dentry) {
			*ret_path = n.start;
			n.start = (struct path){ NULL, NULL };
			return 0;
		}
		if (ret == 0)
			fscontext_cwd(t->fs, ret_path);
		return ret;
	}
	ret = name_arg_get(t, dirfd, uname, &n);
	if (ret == -ENOENT && (walk & WALK_EMPTY))
		return -EBADF;
	if (ret < 0)
		return ret;
	if (!n.name[0] && (walk & WALK_EMPTY)) {
		if (n.start.dentry) {
			*ret_path = n.start;
			n.start = (struct path){ NULL, NULL };
		} else {
			fscontext_cwd(t->fs, ret_path);
		}
		return 0;
	}
	c = task_vfs_caller(t);
	return vfs_walk(&c, &n.start, n.name, walk, ret_path);
}

int64_t deadline_after(int64_t ns)
{
	int64_t d;

	if (ns < 0 || __builtin_add_overflow(now_monotonic(), ns, &d))
		return TASK_NO_DEADLINE;
	return d;
}

int deadline_from_timespec(struct task *t, uaddr_t uts, int64_t *ret_deadline)
{
	struct lx_timespec ts;
	int64_t ns;

	if (!uts) {
		*ret_deadline = TASK_NO_DEADLINE;
		return 0;
	}
	if (copyin(t, &ts, uts, sizeof(ts)) < 0)
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= 1000000000)
		return -EINVAL;
	if (__builtin_mul_overflow(ts.tv_sec, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, ts.tv_nsec, &ns))
		*ret_deadline = TASK_NO_DEADLINE;
	else
		*ret_deadline = deadline_after(ns);
	return 0;
}

void deadline_left(struct task *t, uaddr_t uts, int64_t deadline)
{
	struct lx_timespec ts = { 0, 0 };
	int64_t left;

	if (!uts || deadline == TASK_NO_DEADLINE)
		return;
	left = deadline - now_monotonic();
	if (left > 0) {
		ts.tv_sec = left / 1000000000;
		ts.tv_nsec = left % 1000000000;
	}
	(void)!copyout(t, uts, &ts, sizeof(ts));
}

int sigmask_begin(struct task *t, uaddr_t uset, uint64_t size)
{
	ksigset_t set;

	if (!uset)
		return 0;
	if (size != sizeof(set))
		return -EINVAL;
	if (copyin(t, &set, uset, sizeof(set)) < 0)
		return -EFAULT;
	t->saved_blocked = t->blocked;
	t->restore_blocked = true;
	signal_set_blocked(t, set);
	return 0;
}

long sigmask_end(struct task *t, uaddr_t uset, long ret)
{
	if (!uset || !t->restore_blocked)
		return ret;
	if (ret == -EINTR || ret == -LX_ERESTARTNOHAND || ret == -LX_ERESTARTSYS)
		return ret; /* delivery puts the saved mask into the frame, or back */
	t->restore_blocked = false;
	signal_set_blocked(t, t->saved_blocked);
	return ret;
}

struct file *fd_get_readable(struct task *t, int fd)
{
	struct file *f = fd_get(t->fds, fd);

	if (f && !(f->mode & FMODE_READ)) {
		file_put(f);
		return NULL;
	}
	return f;
}

struct file *fd_get_writable(struct task *t, int fd)
{
	struct file *f = fd_get(t->fds, fd);

	if (f && !(f->mode & FMODE_WRITE)) {
		file_put(f);
		return NULL;
	}
	return f;
}

long fd_install_put(struct task *t, struct file *f, int fd_flags)
{
	long ret = fd_install(t->fds, f, fd_flags);

	file_put(f);
	return ret;
}

ssize_t file_write_begin(struct task *t, struct file *f, int64_t pos, size_t n)
{
	struct vfs_caller c;
	uint64_t limit;
	int ret;

	if (!LX_S_ISREG(f->inode->mode) || !(f->mode & FMODE_WRITE))
		return (ssize_t)n;
	limit = task_rlimit(t, LX_RLIMIT_FSIZE);
	if (unlikely(limit != LX_RLIM_INFINITY) && n) {
		if (f->flags & LX_O_APPEND)
			pos = (int64_t)f->inode->size;
		if (pos < 0 || (uint64_t)pos >= limit) {
			signal_send_task(t, LX_SIGXFSZ, NULL);
			return -EFBIG;
		}
		if (n > limit - (uint64_t)pos)
			n = limit - (uint64_t)pos;
	}
	if (unlikely(f->inode->mode & (LX_S_ISUID | LX_S_ISGID)) && n) {
		c = task_vfs_caller(t);
		ret = inode_drop_privileges(f->inode, &c);
		if (ret < 0)
			return ret;
	}
	return (ssize_t)n;
}

int wait_for(struct task *t, struct waitq *q, uint32_t mask, int64_t deadline,
	     bool (*ready)(void *arg), void *arg)
{
	struct task_waiter w;
	int ret = 0;

	task_waiter_init(&w, t, mask);
	waitq_add(q, &w.w);
	if (!ready(arg))
		ret = task_block(t, deadline);
	waitq_del(q, &w.w);
	return ret;
}
