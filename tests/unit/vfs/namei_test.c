/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and names: walking, links, permissions, renames, and what the dentry cache remembers. */
#include "vfstest.h"
#include "vfs/dentry.h"

static void names_are_found_and_missing_ones_are_remembered(void **state)
{
	struct vt *t = *state;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/a/b", 0755), 0);
	vt_write(t, "/a/b/f", "x");
	for (int n = 0; n < 3; n++) {
		assert_int_equal(vt_exists(t, "/a/b/f"), 0);
		assert_int_equal(vt_exists(t, "//a///./b/../b/f"), 0);
		assert_int_equal(vt_exists(t, "/../../a"), 0);
		assert_int_equal(vt_exists(t, "/a/none"), -ENOENT);
		assert_int_equal(vt_exists(t, "/a/none/x"), -ENOENT);
		assert_int_equal(vt_exists(t, "/a/b/f/x"), -ENOTDIR);
		assert_int_equal(vt_exists(t, "/a/b/f/"), -ENOTDIR);
		assert_int_equal(vt_exists(t, "/a/b/"), 0);
	}
	vt_write(t, "/a/none", "y");
	assert_int_equal(vt_exists(t, "/a/none"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a/none"), 0);
	assert_int_equal(vt_exists(t, "/a/none"), -ENOENT);
}

static void links_are_followed_forty_times(void **state)
{
	struct vt *t = *state;
	char from[32], to[32];

	vt_write(t, "/l0", "x");
	for (int n = 1; n <= 41; n++) {
		snprintf(from, sizeof(from), "l%d", n - 1);
		snprintf(to, sizeof(to), "/l%d", n);
		assert_int_equal(vfs_symlink(&t->c, from, NULL, to), 0);
	}
	assert_int_equal(vt_exists(t, "/l40"), 0);
	assert_int_equal(vt_exists(t, "/l41"), -ELOOP);
	assert_int_equal(vfs_symlink(&t->c, "loop", NULL, "/loop"), 0);
	assert_int_equal(vt_exists(t, "/loop"), -ELOOP);
	assert_int_equal(vfs_symlink(&t->c, "/l0", NULL, "/abs"), 0);
	assert_int_equal(vt_exists(t, "/abs"), 0);
	assert_int_equal(vt_exists(t, "/abs/"), -ENOTDIR);
	assert_int_equal(vt_try(t, "/abs", LX_O_NOFOLLOW), -ELOOP);
	assert_int_equal(vt_try(t, "/abs", LX_O_NOFOLLOW | LX_O_PATH), 0);
	/* O_CREAT through a dangling link makes the target. */
	assert_int_equal(vfs_symlink(&t->c, "made", NULL, "/dangling"), 0);
	assert_int_equal(vt_try(t, "/dangling", LX_O_CREAT | LX_O_EXCL), -EEXIST);
	assert_int_equal(vt_try(t, "/dangling", LX_O_CREAT), 0);
	assert_int_equal(vt_exists(t, "/made"), 0);
}

static void users_meet_permissions(void **state)
{
	struct vt *t = *state;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/priv", 0700), 0);
	vt_write(t, "/priv/f", "x");
	vt_write(t, "/pub", "x");
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/tmp", 01777), 0);
	vt_write(t, "/tmp/rootfile", "x");
	vt_become(t, 1000);
	assert_int_equal(vt_exists(t, "/priv/f"), -EACCES);
	assert_int_equal(vt_try(t, "/priv", LX_O_RDONLY), -EACCES);
	assert_int_equal(vt_try(t, "/pub", LX_O_RDONLY), 0);
	assert_int_equal(vt_try(t, "/pub", LX_O_RDWR), -EACCES);
	assert_int_equal(vt_try(t, "/pub", LX_O_RDONLY | LX_O_TRUNC), -EACCES);
	assert_int_equal(vt_try(t, "/new", LX_O_CREAT), -EACCES);
	assert_int_equal(vt_try(t, "/tmp/mine", LX_O_CREAT | LX_O_RDWR), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/tmp/rootfile"), -EPERM);
	/* protected_regular: O_CREAT of somebody else's file in a sticky directory. */
	assert_int_equal(vt_try(t, "/tmp/rootfile", LX_O_CREAT), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/tmp/mine"), 0);
	assert_int_equal(vfs_mknod(&t->c, NULL, "/tmp/dev", LX_S_IFCHR | 0600, 1, 3), -EPERM);
}

static void renames_keep_their_promises(void **state)
{
	struct vt *t = *state;
	struct kstat a, b;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d1", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d2", 0755), 0);
	vt_write(t, "/d1/f", "one");
	vt_write(t, "/d2/g", "three");
	assert_int_equal(vt_stat(t, "/d1/f", &a), 0);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d1/f", NULL, "/d2/g", LX_RENAME_NOREPLACE),
			 -EEXIST);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d1/f", NULL, "/d2/g", LX_RENAME_EXCHANGE), 0);
	assert_int_equal(vt_stat(t, "/d2/g", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d2/g", NULL, "/d1/f", 0), 0);
	assert_int_equal(vt_exists(t, "/d2/g"), -ENOENT);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d1", NULL, "/d1/x", 0), -EINVAL);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d2", NULL, "/d1/f", 0), -ENOTDIR);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d1/f", NULL, "/d2", 0), -EISDIR);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d2", NULL, "/d1", 0), -ENOTEMPTY);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d1", NULL, "/d2", 0), 0);
	assert_int_equal(vt_exists(t, "/d2/f"), 0);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d2"), -ENOTEMPTY);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d2"), -EISDIR);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d2/f"), 0);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d2"), 0);
	assert_int_equal(vt_exists(t, "/d2"), -ENOENT);
}

static void open_files_outlive_their_names(void **state)
{
	struct vt *t = *state;
	auto_path struct path root = { 0 };
	struct file *f;
	char buf[64];

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/dir", 0755), 0);
	vt_write(t, "/dir/f", "text");
	assert_int_equal(vt_open(t, "/dir/f", LX_O_RDONLY, 0, &f), 0);
	fscontext_root(t->fs, &root);
	assert_int_equal(vfs_path_name(&f->path, &root, buf, sizeof(buf)), 6);
	assert_string_equal(buf, "/dir/f");
	assert_int_equal(vfs_rename(&t->c, NULL, "/dir", NULL, "/moved", 0), 0);
	vfs_path_name(&f->path, &root, buf, sizeof(buf));
	assert_string_equal(buf, "/moved/f");
	assert_int_equal(vfs_unlink(&t->c, NULL, "/moved/f"), 0);
	vfs_path_name(&f->path, &root, buf, sizeof(buf));
	assert_string_equal(buf, "/moved/f (deleted)");
	assert_int_equal(kread(f, buf, sizeof(buf)), 4);
	file_put(f);
}

static void the_cache_forgets_what_nobody_uses(void **state)
{
	struct vt *t = *state;
	char name[32];
	size_t before;

	for (int n = 0; n < 500; n++) {
		snprintf(name, sizeof(name), "/f%d", n);
		vt_write(t, name, "x");
	}
	before = dcache_nr();
	assert_true(before >= 500);
	dcache_shrink(SIZE_MAX);
	dcache_shrink(SIZE_MAX);
	assert_true(dcache_nr() < before - 400);
	for (int n = 0; n < 500; n++) {
		snprintf(name, sizeof(name), "/f%d", n);
		assert_int_equal(vt_exists(t, name), 0);
	}
}

static void a_running_program_is_not_written(void **state)
{
	struct vt *t = *state;
	struct file *f;

	vt_write(t, "/prog", "x");
	assert_int_equal(vt_open(t, "/prog", LX_O_RDONLY, 0, &f), 0);
	assert_int_equal(inode_deny_write(f->inode), 0);
	assert_int_equal(vt_try(t, "/prog", LX_O_RDWR), -ETXTBSY);
	inode_allow_write(f->inode);
	assert_int_equal(vt_try(t, "/prog", LX_O_RDWR), 0);
	file_put(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VT_TEST(names_are_found_and_missing_ones_are_remembered),
		VT_TEST(links_are_followed_forty_times),
		VT_TEST(users_meet_permissions),
		VT_TEST(renames_keep_their_promises),
		VT_TEST(open_files_outlive_their_names),
		VT_TEST(the_cache_forgets_what_nobody_uses),
		VT_TEST(a_running_program_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
