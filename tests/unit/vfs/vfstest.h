/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A namespace with a tmpfs root for the tests of vfs and of file systems in memory, and short forms
 * of its calls.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <abi/linux/capability.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/inotify.h>
#include <abi/linux/mount.h>
#include <abi/linux/poll.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>
#include <platform/fake.h>

#include "fs/memfd/memfd.h"
#include "fs/pipe/pipe.h"
#include "mm/mm.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mount.h"

struct vt {
	struct mntns *ns;
	struct fscontext *fs;
	struct cred *cred;
	struct vfs_caller c;
};

__maybe_unused static struct super_block *vt_tmpfs(const char *options)
{
	struct super_block *sb;

	assert_int_equal(tmpfs_type.mount(&tmpfs_type, "t", options, NULL, &sb), 0);
	return sb;
}

__maybe_unused static int vt_setup(void **state)
{
	static const struct hash_key key = { { 1, 2 } };
	static struct platform *fake;
	struct vt *t = calloc(1, sizeof(*t));
	struct super_block *sb;

	assert_non_null(t);
	if (!fake) {
		assert_int_equal(fake_platform_new(&fake), 0);
		assert_int_equal(mm_system_init(fake), 0);
		assert_int_equal(vfs_init(&key), 0);
		assert_int_equal(memfd_init(), 0);
		pipe_init();
	}
	sb = vt_tmpfs("mode=755");
	assert_int_equal(mntns_new(sb, "root", 0, &t->ns), 0);
	super_put(sb);
	assert_int_equal(fscontext_new(t->ns, &t->fs), 0);
	t->fs->umask = 0;
	assert_int_equal(cred_new_root(&t->cred), 0);
	t->c = (struct vfs_caller){ .cred = t->cred, .fs = t->fs, .fsize_limit = UINT64_MAX };
	*state = t;
	return 0;
}

__maybe_unused static int vt_teardown(void **state)
{
	struct vt *t = *state;

	fscontext_put(t->fs);
	mntns_put(t->ns);
	cred_put(t->cred);
	free(t);
	return 0;
}

/* An ordinary user from here on. */
__maybe_unused static void vt_become(struct vt *t, uint32_t uid)
{
	struct cred *c;

	assert_int_equal(cred_copy(t->cred, &c), 0);
	c->uid = c->euid = c->suid = c->fsuid = uid;
	c->gid = c->egid = c->sgid = c->fsgid = uid;
	c->cap_effective = c->cap_permitted = 0;
	cred_put(t->cred);
	t->cred = c;
	t->c.cred = c;
}

__maybe_unused static int vt_open(struct vt *t, const char *name, uint64_t flags, uint32_t mode,
				  struct file **ret_f)
{
	struct vfs_open_how how = { .flags = flags, .mode = mode };

	return vfs_open(&t->c, NULL, name, &how, ret_f);
}

/* The errno of an open; the file is closed again. */
__maybe_unused static int vt_try(struct vt *t, const char *name, uint64_t flags)
{
	struct file *f;
	int ret = vt_open(t, name, flags, 0644, &f);

	if (ret == 0) {
		vfs_close_fd(f, t);
		file_put(f);
	}
	return ret;
}

__maybe_unused static void vt_write(struct vt *t, const char *name, const char *text)
{
	struct file *f;
	struct uio u;

	assert_int_equal(vt_open(t, name, LX_O_CREAT | LX_O_WRONLY | LX_O_TRUNC, 0644, &f), 0);
	uio_init_kernel(&u, (void *)(uintptr_t)text, strlen(text));
	assert_int_equal(vfs_write(f, &u, NULL, 0), (ssize_t)strlen(text));
	file_put(f);
}

__maybe_unused static int vt_stat(struct vt *t, const char *name, struct kstat *st)
{
	auto_path struct path p = { 0 };
	int ret = vfs_walk(&t->c, NULL, name, WALK_FOLLOW, &p);

	return ret < 0 ? ret : vfs_getattr(&p, 0, st);
}

__maybe_unused static int vt_exists(struct vt *t, const char *name)
{
	struct kstat st;

	return vt_stat(t, name, &st);
}

__maybe_unused static ssize_t kread(struct file *f, void *buf, size_t n)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return vfs_read(f, &u, NULL, 0);
}

__maybe_unused static ssize_t kwrite(struct file *f, const void *buf, size_t n)
{
	struct uio u;

	uio_init_kernel(&u, (void *)(uintptr_t)buf, n);
	return vfs_write(f, &u, NULL, 0);
}

#define VT_TEST(fn) cmocka_unit_test_setup_teardown(fn, vt_setup, vt_teardown)
