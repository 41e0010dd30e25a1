/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve(2), execveat(2): finds the file, copies the arguments in, has the loader build the
 * program, and hands it to the kernel (kernel/exec.h). Also builds the first program of a process
 * that boot starts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mount.h>
#include <abi/linux/resource.h>
#include <abi/linux/stat.h>
#include <base/auto.h>

#include "kernel/exec.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "loader/loader.h"
#include "syscalls/exec.h"
#include "syscalls/handlers.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

/* Executable by the caller, regular, not on a noexec mount. */
static int check_exec(const struct vfs_caller *c, const struct path *p)
{
	struct inode *i = p->dentry->inode;

	if (!i)
		return -ENOENT;
	if ((i->mode & LX_S_IFMT) != LX_S_IFREG || (p->mnt->flags & LX_MS_NOEXEC))
		return -EACCES;
	return inode_permission(i, c, VFS_MAY_EXEC);
}

/* Execution needs no permission to read: the kernel reads the file, not the caller. */
static int open_exec(const struct vfs_caller *c, const struct path *start, const char *name,
		     unsigned int walk, struct file **ret_file)
{
	struct vfs_caller kc = *c;
	auto_put(cred) struct cred *root = NULL;
	auto_path struct path p = { 0 };
	int ret;

	ret = vfs_walk(c, start, name, walk, &p);
	if (ret < 0)
		return ret;
	if (!(walk & WALK_FOLLOW) && p.dentry->inode &&
	    (p.dentry->inode->mode & LX_S_IFMT) == LX_S_IFLNK)
		return -ELOOP;
	ret = check_exec(c, &p);
	if (ret < 0)
		return ret;
	ret = cred_new_root(&root);
	if (ret < 0)
		return ret;
	kc.cred = root;
	return vfs_open_path(&kc, &p, LX_O_RDONLY, ret_file);
}

/* Files of fs shared with another process would let it change cwd or root under a set-id program.
 */
static bool shares_fs(struct task *t)
{
	return ref_read(&t->fs->ref) > t->tg->nr_live;
}

static int load(struct task *t, struct file *f, const char *filename, bool fd_cloexec,
		struct loader_args *args, struct exec_image *ret_img, bool *ret_fatal)
{
	struct vfs_caller c = task_vfs_caller(t);
	struct mm_limits lim = task_mm_limits(t);
	struct loader_request req = {
		.caller = &c,
		.exe = f,
		.filename = filename,
		.fd_cloexec = fd_cloexec,
		.args = args,
		.lim = &lim,
		.personality = t->personality,
		.no_priv_gain = t->no_new_privs || shares_fs(t),
	};
	struct loader_result res = { 0 };
	int ret;

	ret = loader_load(&req, &res);
	if (ret < 0) {
		*ret_fatal = res.fatal;
		return ret;
	}
	ret_img->mm = STEAL(res.mm);
	ret_img->cred = STEAL(res.cred);
	ret_img->entry = res.entry;
	ret_img->sp = res.sp;
	ret_img->secureexec = res.secureexec;
	ret_img->not_dumpable = res.not_dumpable;
	memcpy(ret_img->comm, res.comm, sizeof(ret_img->comm));
	loader_result_fini(&res);
	return 0;
}

int exec_load_request(struct task *t, const struct exec_request *req, struct exec_image *ret_img)
{
	struct vfs_caller c = task_vfs_caller(t);
	auto_put(file) struct file *f = NULL;
	struct loader_args args = { 0 };
	bool fatal;
	int ret;

	ret = open_exec(&c, NULL, req->path, WALK_FOLLOW, &f);
	if (ret < 0)
		return ret;
	ret = loader_args_from_kernel(req->argv, req->envp, task_rlimit(t, LX_RLIMIT_STACK), &args);
	if (ret < 0)
		return ret;
	ret = load(t, f, req->path, false, &args, ret_img, &fatal);
	loader_args_fini(&args);
	return ret;
}

static long do_exec(struct task *t, struct file *f, const char *filename, bool fd_cloexec,
		    uaddr_t argv, uaddr_t envp)
{
	struct loader_args args = { 0 };
	struct exec_image img = { 0 };
	bool fatal = false;
	long ret;

	ret = loader_args_from_guest(t->mm, argv, envp, task_rlimit(t, LX_RLIMIT_STACK), &args);
	if (ret < 0)
		return ret;
	ret = load(t, f, filename, fd_cloexec, &args, &img, &fatal);
	loader_args_fini(&args);
	if (ret < 0) {
		if (fatal)
			tgroup_exit(t->tg, LX_SIGSEGV);
		return ret;
	}
	ret = exec_commit(t, &img);
	exec_image_fini(&img);
	return ret;
}

static long exec_at(struct task *t, int dirfd, uaddr_t path, uaddr_t argv, uaddr_t envp, int flags)
{
	struct vfs_caller c = task_vfs_caller(t);
	auto_put(file) struct file *f = NULL, *dir = NULL;
	auto_free char *name = NULL, *shown = NULL;
	unsigned int walk = flags & LX_AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW;
	bool relative, cloexec = false;
	long ret;

	if (flags & ~(LX_AT_SYMLINK_NOFOLLOW | LX_AT_EMPTY_PATH))
		return -EINVAL;
	ret = copyin_path(t, path, &name);
	if (ret < 0)
		return ret;
	if (name[0] == '\0') {
		if (!(flags & LX_AT_EMPTY_PATH))
			return -ENOENT;
		walk |= WALK_EMPTY;
	}
	relative = name[0] != '/' && dirfd != LX_AT_FDCWD;
	if (relative) {
		dir = fd_get_any(t->fds, dirfd);
		if (!dir)
			return -EBADF;
		cloexec = fd_get_flags(t->fds, dirfd) & LX_FD_CLOEXEC_FLAG;
		if (asprintf(&shown, "/dev/fd/%d%s%s", dirfd, name[0] ? "/" : "", name) < 0) {
			shown = NULL;
			return -ENOMEM;
		}
	}
	ret = open_exec(&c, dir ? &dir->path : NULL, name, walk, &f);
	if (ret < 0)
		return ret;
	return do_exec(t, f, relative ? shown : name, cloexec, argv, envp);
}

long sys_execve(struct task *t, const struct sysargs *a)
{
	return exec_at(t, LX_AT_FDCWD, arg_addr(a, 0), arg_addr(a, 1), arg_addr(a, 2), 0);
}

long sys_execveat(struct task *t, const struct sysargs *a)
{
	return exec_at(t, arg_int(a, 0), arg_addr(a, 1), arg_addr(a, 2), arg_addr(a, 3),
		       arg_int(a, 4));
}
