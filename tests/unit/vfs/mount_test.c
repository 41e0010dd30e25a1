/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount tree: crossing, binding, moving, unmounting, pivoting, propagation, and how it is
 * shown.
 */
#include "vfstest.h"
#include "vfs/strbuf.h"

static void walk(struct vt *t, const char *name, struct path *p)
{
	assert_int_equal(vfs_walk(&t->c, NULL, name, WALK_FOLLOW, p), 0);
}

static int mount_at(struct vt *t, const char *name, const char *options)
{
	auto_path struct path p = { 0 };
	struct super_block *sb = vt_tmpfs(options);
	int ret;

	walk(t, name, &p);
	ret = vfs_mount(t->ns, &p, sb, "t", 0);
	super_put(sb);
	return ret;
}

static int umount_at(struct vt *t, const char *name, int flags)
{
	auto_path struct path p = { 0 };

	walk(t, name, &p);
	return vfs_umount(t->ns, &p, flags);
}

static int bind_at(struct vt *t, const char *from, const char *to, unsigned int flags)
{
	auto_path struct path f = { 0 };
	auto_path struct path p = { 0 };

	walk(t, from, &f);
	walk(t, to, &p);
	return vfs_bind_mount(t->ns, &f, &p, flags);
}

static void mounts_cover_and_uncover(void **state)
{
	struct vt *t = *state;
	struct file *f;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/m", 0755), 0);
	vt_write(t, "/m/below", "x");
	assert_int_equal(mount_at(t, "/m", NULL), 0);
	assert_int_equal(vt_exists(t, "/m/below"), -ENOENT);
	vt_write(t, "/m/above", "x");
	assert_int_equal(vt_exists(t, "/m/../m/above"), 0);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/m"), -EBUSY);
	assert_int_equal(vfs_rename(&t->c, NULL, "/m", NULL, "/n", 0), -EBUSY);
	assert_int_equal(vt_open(t, "/m/above", LX_O_RDONLY, 0, &f), 0);
	assert_int_equal(umount_at(t, "/m", 0), -EBUSY);
	file_put(f);
	assert_int_equal(umount_at(t, "/m", LX_MNT_EXPIRE), -EAGAIN);
	assert_int_equal(umount_at(t, "/m", LX_MNT_EXPIRE), 0);
	assert_int_equal(vt_exists(t, "/m/below"), 0);
	assert_int_equal(umount_at(t, "/m", 0), -EINVAL);
}

static void binds_show_the_same_tree(void **state)
{
	struct vt *t = *state;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a/sub", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/b", 0755), 0);
	assert_int_equal(mount_at(t, "/a/sub", NULL), 0);
	vt_write(t, "/a/sub/deep", "x");
	assert_int_equal(bind_at(t, "/a", "/b", 0), 0);
	assert_int_equal(vt_exists(t, "/b/sub"), 0);
	assert_int_equal(vt_exists(t, "/b/sub/deep"), -ENOENT);
	assert_int_equal(umount_at(t, "/b", 0), 0);
	assert_int_equal(bind_at(t, "/a", "/b", LX_MS_REC), 0);
	assert_int_equal(vt_exists(t, "/b/sub/deep"), 0);
	vt_write(t, "/b/both", "x");
	assert_int_equal(vt_exists(t, "/a/both"), 0);
	assert_int_equal(umount_at(t, "/b", 0), -EBUSY);
	assert_int_equal(umount_at(t, "/b", LX_MNT_DETACH), 0);
	assert_int_equal(vt_exists(t, "/b/both"), -ENOENT);
	assert_int_equal(umount_at(t, "/a/sub", 0), 0);
}

static void read_only_mounts_refuse_writes(void **state)
{
	struct vt *t = *state;
	auto_path struct path p = { 0 };
	struct file *f;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/m", 0755), 0);
	assert_int_equal(mount_at(t, "/m", NULL), 0);
	vt_write(t, "/m/f", "x");
	walk(t, "/m", &p);
	assert_int_equal(vt_open(t, "/m/f", LX_O_RDWR, 0, &f), 0);
	assert_int_equal(vfs_remount(t->ns, &p, LX_MS_RDONLY, MNT_FLAG_MASK, false), -EBUSY);
	file_put(f);
	assert_int_equal(vfs_remount(t->ns, &p, LX_MS_RDONLY, MNT_FLAG_MASK, false), 0);
	assert_int_equal(vt_try(t, "/m/f", LX_O_RDWR), -EROFS);
	assert_int_equal(vt_try(t, "/m/f", LX_O_RDONLY), 0);
	assert_int_equal(vt_try(t, "/m/new", LX_O_CREAT), -EROFS);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/m/f"), -EROFS);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/m/f", 0), -EEXIST);
	path_put(&p);
	assert_int_equal(umount_at(t, "/m", 0), 0);
}

static void pivot_root_swaps_the_roots(void **state)
{
	struct vt *t = *state;
	auto_path struct path root = { 0 };
	auto_path struct path new = { 0 };
	auto_path struct path old = { 0 };

	vt_write(t, "/old_file", "x");
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/new", 0755), 0);
	assert_int_equal(mount_at(t, "/new", NULL), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/new/old", 0755), 0);
	fscontext_root(t->fs, &root);
	walk(t, "/new", &new);
	walk(t, "/new/old", &old);
	assert_int_equal(vfs_pivot_root(t->ns, &new, &old, &root), 0);
	fscontext_pivot(t->fs, &root, &new);
	assert_int_equal(vt_exists(t, "/old/old_file"), 0);
	assert_int_equal(vt_exists(t, "/old_file"), -ENOENT);
	assert_int_equal(vt_exists(t, "/old/../old/new"), 0);
	path_put(&root);
	path_put(&old);
	assert_int_equal(umount_at(t, "/old", LX_MNT_DETACH), 0);
	assert_int_equal(vt_exists(t, "/old/old_file"), -ENOENT);
}

static void shared_mounts_pass_mounts_on(void **state)
{
	struct vt *t = *state;
	auto_path struct path p = { 0 };

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/b", 0755), 0);
	assert_int_equal(mount_at(t, "/a", NULL), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a/x", 0755), 0);
	walk(t, "/a", &p);
	assert_int_equal(vfs_set_propagation(t->ns, &p, LX_MS_SHARED, false), 0);
	assert_int_equal(bind_at(t, "/a", "/b", 0), 0);
	assert_int_equal(mount_at(t, "/a/x", NULL), 0);
	vt_write(t, "/a/x/f", "x");
	assert_int_equal(vt_exists(t, "/b/x/f"), 0);
	assert_int_equal(umount_at(t, "/b/x", 0), 0);
	assert_int_equal(vt_exists(t, "/a/x/f"), -ENOENT);
}

static void the_table_reads_as_linux_writes_it(void **state)
{
	struct vt *t = *state;
	auto_path struct path root = { 0 };
	struct strbuf b;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a b", 0755), 0);
	assert_int_equal(mount_at(t, "/a b", "size=1m"), 0);
	fscontext_root(t->fs, &root);
	strbuf_init(&b);
	assert_int_equal(mntns_show(t->ns, &root, 0, &b), 0);
	assert_string_equal(b.s,
			    "root / tmpfs rw,mode=755 0 0\nt /a\\040b tmpfs rw,size=1024k 0 0\n");
	strbuf_fini(&b);
	assert_int_equal(mntns_show(t->ns, &root, 1, &b), 0);
	assert_non_null(strstr(b.s, " / /a\\040b rw - tmpfs t rw,size=1024k\n"));
	strbuf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VT_TEST(mounts_cover_and_uncover),
		VT_TEST(binds_show_the_same_tree),
		VT_TEST(read_only_mounts_refuse_writes),
		VT_TEST(pivot_root_swaps_the_roots),
		VT_TEST(shared_mounts_pass_mounts_on),
		VT_TEST(the_table_reads_as_linux_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
