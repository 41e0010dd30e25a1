/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader_load: from an open file to an address space. Resolves scripts, reads the headers of
 * program and interpreter, works out credentials, and only then builds the new address space.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <abi/linux/mount.h>
#include <abi/linux/personality.h>
#include <abi/linux/stat.h>
#include <base/auto.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/cred.h"
#include "loader/loader_int.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

#define MAX_SCRIPTS 5

/* --- files --- */

static ssize_t read_file(void *ctx, void *buf, size_t n, uint64_t off)
{
	return vfs_read_kernel(ctx, buf, n, (int64_t)off);
}

static int check_exec(const struct vfs_caller *c, const struct path *p)
{
	struct inode *i = p->dentry->inode;

	if (!i)
		return -ENOENT;
	if ((i->mode & LX_S_IFMT) != LX_S_IFREG || (p->mnt->flags & LX_MS_NOEXEC))
		return -EACCES;
	return inode_permission(i, c, VFS_MAY_EXEC);
}

int loader_open(const struct vfs_caller *c, const struct path *start, const char *name,
		unsigned int walk, struct file **ret_file)
{
	auto_put(cred) struct cred *root = NULL;
	auto_path struct path p = { 0 };
	struct vfs_caller kc = *c;
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
	/* execution needs no permission to read: the kernel reads the file, not the caller */
	ret = cred_new_root(&root);
	if (ret < 0)
		return ret;
	kc.cred = root;
	return vfs_open_path(&kc, &p, LX_O_RDONLY, ret_file);
}

/* Nobody may write to a file while it is executed: ETXTBSY, here or there. */
static int exec_file_get(struct file *f, struct file **ret_file)
{
	int ret = inode_deny_write(f->inode);

	if (ret < 0)
		return ret;
	*ret_file = file_get(f);
	return 0;
}

static void exec_file_put(void *f)
{
	inode_allow_write(((struct file *)f)->inode);
	file_put(f);
}

static int open_exec(const struct vfs_caller *c, const char *name, struct file **ret_file)
{
	auto_put(file) struct file *f = NULL;
	int ret = loader_open(c, NULL, name, WALK_FOLLOW, &f);

	return ret < 0 ? ret : exec_file_get(f, ret_file);
}

/* --- one load --- */

struct load {
	const struct loader_request *req;
	struct file *exe, *interp; /* owned, from exec_file_get */
	struct elf_image exe_img, interp_img;
	struct exec_privs privs;
	struct mm *mm; /* owned */
	bool not_dumpable;
};

static void load_fini(struct load *l)
{
	if (l->exe)
		exec_file_put(l->exe);
	if (l->interp)
		exec_file_put(l->interp);
	elf_image_fini(&l->exe_img);
	elf_image_fini(&l->interp_img);
	if (l->privs.cred)
		cred_put(l->privs.cred);
	if (l->mm)
		mm_put(l->mm);
}

/* A program its user may not read must not show itself in a core or to a debugger. */
static void note_readable(struct load *l, struct file *f)
{
	if (inode_permission(f->inode, l->req->caller, VFS_MAY_READ) < 0)
		l->not_dumpable = true;
}

/* Follows "#!" lines until there is a file to run. */
static int resolve_scripts(struct load *l)
{
	const char *name = l->req->filename;
	char owned[SCRIPT_HEAD + 1];

	for (int depth = 0;; depth++) {
		char head[SCRIPT_HEAD];
		const char *by[3];
		unsigned int n = 0;
		struct script s;
		struct file *next = NULL;
		ssize_t got = vfs_read_kernel(l->exe, head, sizeof(head), 0);
		int ret;

		if (got < 0)
			return (int)got;
		note_readable(l, l->exe);
		if (got < 2 || head[0] != '#' || head[1] != '!')
			return 0;
		if (depth >= MAX_SCRIPTS)
			return -ELOOP;
		ret = script_parse(head, (size_t)got, &s);
		if (ret < 0)
			return ret;
		/* the interpreter could not open what exec is about to close */
		if (depth == 0 && l->req->fd_cloexec)
			return -ENOENT;
		by[n++] = s.interp;
		if (s.arg)
			by[n++] = s.arg;
		by[n++] = name;
		ret = loader_args_replace_first(l->req->args, by, n);
		if (ret < 0)
			return ret;
		ret = open_exec(l->req->caller, s.interp, &next);
		if (ret < 0)
			return ret;
		exec_file_put(l->exe);
		l->exe = next;
		memcpy(owned, s.interp, strlen(s.interp) + 1);
		name = owned;
	}
}

static int read_headers(struct load *l, uint64_t max_addr)
{
	struct elf_reader r = { .read = read_file, .ctx = l->exe };
	int ret;

	if (!l->exe->ops->mmap)
		return -ENOEXEC;
	ret = elf_parse(&r, max_addr, ENOEXEC, &l->exe_img);
	if (ret < 0)
		return ret;
	if (!l->exe_img.interp)
		return 0;
	ret = open_exec(l->req->caller, l->exe_img.interp, &l->interp);
	if (ret < 0)
		return ret;
	note_readable(l, l->interp);
	r.ctx = l->interp;
	return elf_parse(&r, max_addr, ELIBBAD, &l->interp_img);
}

static int new_mm(struct load *l)
{
	uint64_t seed = 0;
	int ret;

	if (!(l->req->personality & LX_ADDR_NO_RANDOMIZE)) {
		ret = host_getrandom(&seed, sizeof(seed));
		if (ret < 0)
			return ret;
		seed |= 1; /* 0 would mean: none */
	}
	ret = mm_new_detached(seed, &l->mm);
	if (ret == 0 && l->req->lim)
		mm_set_stack_limit(l->mm, l->req->lim->stack);
	return ret;
}

static int build(struct load *l, struct loader_result *ret_res)
{
	const struct loader_request *req = l->req;
	bool rie = req->personality & LX_READ_IMPLIES_EXEC, has_interp = l->interp;
	struct stack_info info = {
		.args = req->args,
		.filename = req->filename,
		.cred = l->privs.cred,
		.secure = l->privs.secure,
		.exec_stack = l->exe_img.exec_stack || rie,
		.nr_phdrs = l->exe_img.nr_phdrs,
		.lim = req->lim,
	};
	struct elf_mapped exe, interp = { 0 };
	struct mm_layout layout = { 0 };
	int ret;

	/* what has no interpreter may be one: it goes where libraries go, and leaves room for a
	 * program */
	ret = elf_map(l->mm, l->exe, &l->exe_img, has_interp ? mm_pie_base(l->mm) : 0, rie,
		      req->lim, &exe);
	if (ret < 0)
		return ret;
	if (has_interp) {
		ret = elf_map(l->mm, l->interp, &l->interp_img, 0, rie, req->lim, &interp);
		if (ret < 0)
			return ret;
		info.interp_base = interp.bias;
	}
	layout.start_brk = mm_brk_base(l->mm, !has_interp && l->exe_img.dyn ? 0 : exe.end);
	mm_set_brk_start(l->mm, layout.start_brk);
	ret = vdso_map(l->mm, &info.vdso);
	if (ret < 0)
		return ret;
	layout.vdso = info.vdso;
	info.exe = &exe;
	ret = stack_build(l->mm, &info, &layout, &ret_res->sp);
	if (ret < 0)
		return ret;
	layout.start_code = exe.start_code;
	layout.end_code = exe.end_code;
	layout.start_data = exe.start_data;
	layout.end_data = exe.end_data;
	mm_layout_set(l->mm, &layout);
	ret_res->entry = has_interp ? interp.entry : exe.entry;
	return 0;
}

static void set_comm(char comm[16], const char *filename)
{
	const char *base = strrchr(filename, '/');

	base = base ? base + 1 : filename;
	strncpy(comm, base, 15);
	comm[15] = '\0';
}

int loader_load(const struct loader_request *req, struct loader_result *ret_res)
{
	struct load l = { .req = req };
	struct loader_result res = { 0 };
	bool fatal = false;
	int ret;

	ret = exec_file_get(req->exe, &l.exe);
	if (ret == 0)
		ret = resolve_scripts(&l);
	if (ret == 0)
		ret = read_headers(&l, mm_system_max_addr());
	fatal = ret == -EINVAL; /* segments that cannot be: found by those who map them */
	if (ret == 0)
		ret = exec_privs(req->caller->cred, l.exe, req->no_priv_gain, &l.privs);
	if (ret == 0)
		ret = new_mm(&l);
	if (ret == 0) {
		ret = build(&l, &res);
		fatal = ret < 0;
	}
	if (ret < 0) {
		ret_res->fatal = fatal;
		load_fini(&l);
		return ret;
	}
	res.exe = file_get(l.exe);
	mm_exe_set(l.mm, STEAL(l.exe), exec_file_put);
	res.mm = STEAL(l.mm);
	res.cred = STEAL(l.privs.cred);
	res.secureexec = l.privs.secure;
	res.not_dumpable = l.not_dumpable;
	set_comm(res.comm, req->filename);
	load_fini(&l);
	*ret_res = res;
	return 0;
}

void loader_result_fini(struct loader_result *res)
{
	if (res->mm)
		mm_put(STEAL(res->mm));
	if (res->exe)
		file_put(STEAL(res->exe));
	if (res->cred)
		cred_put(STEAL(res->cred));
}
