/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay over a gofer's tree: everything changes for the guest, nothing for the host. */
#include <abi/linux/mman.h>

#include "fstest.h"

static void cat_is(struct fstest *t, const char *path, const char *want)
{
	char buf[256];

	assert_int_equal(t_cat(t, path, buf, sizeof(buf)), 0);
	assert_string_equal(buf, want);
}

static void host_is(struct fstest *t, const char *path, const char *want)
{
	char buf[256];

	host_get(t, path, buf, sizeof(buf));
	assert_string_equal(buf, want);
}

static void writes_stay_above(void **state)
{
	struct fstest *t = fstest_dir();
	struct kstat before, after;
	struct file *f = NULL;
	struct t_names n;

	host_put(t, "a", "lower");
	mkdirat(t->dirfd, "d", 0755);
	host_put(t, "d/x", "x");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(t_stat(t, "/a", &before), 0);
	assert_int_equal(t_open(t, "/a", LX_O_RDWR, 0, &f), 0);
	assert_int_equal(t_pwrite(f, "LO", 0), 2);
	file_put(f);
	cat_is(t, "/a", "LOwer");
	host_is(t, "a", "lower");
	assert_int_equal(t_stat(t, "/a", &after), 0);
	assert_int_equal(before.ino, after.ino);
	assert_int_equal(t_put(t, "/new", "new"), 0);
	assert_int_equal(t_put(t, "/d/new", "new too"), 0);
	cat_is(t, "/d/new", "new too");
	assert_int_equal(faccessat(t->dirfd, "new", F_OK, 0), -1);
	assert_int_equal(t_ls(t, "/", &n), 3);
	assert_int_equal(t_ls(t, "/d", &n), 2);
	/* Truncation copies nothing that is cut off. */
	assert_int_equal(t_put(t, "/d/x", "truncated"), 0);
	cat_is(t, "/d/x", "truncated");
	host_is(t, "d/x", "x");
	fstest_free(t);
}

static void removed_names_stay_removed(void **state)
{
	struct fstest *t = fstest_dir();
	struct t_names n;
	struct kstat st;

	host_put(t, "a", "A");
	host_put(t, "b", "B");
	mkdirat(t->dirfd, "d", 0755);
	host_put(t, "d/x", "x");
	host_put(t, "d/y", "y");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a"), 0);
	assert_int_equal(t_stat(t, "/a", &st), -ENOENT);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a"), -ENOENT);
	assert_int_equal(t_ls(t, "/", &n), 2);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d"), -ENOTEMPTY);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/x"), 0);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d"), -ENOTEMPTY);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/y"), 0);
	assert_int_equal(t_ls(t, "/d", &n), 0);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d"), 0);
	assert_int_equal(t_stat(t, "/d", &st), -ENOENT);
	/* A directory made again does not show what was below. */
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), 0);
	assert_int_equal(t_ls(t, "/d", &n), 0);
	assert_int_equal(t_stat(t, "/d/x", &st), -ENOENT);
	assert_int_equal(t_put(t, "/d/x", "again"), 0);
	cat_is(t, "/d/x", "again");
	assert_int_equal(t_put(t, "/a", "again"), 0);
	cat_is(t, "/a", "again");
	assert_int_equal(t_ls(t, "/", &n), 3);
	host_is(t, "d/x", "x");
	host_is(t, "a", "A");
	fstest_free(t);
}

static void directories_from_below_are_renamed(void **state)
{
	struct fstest *t = fstest_dir();
	struct t_names n;
	struct kstat st;

	mkdirat(t->dirfd, "d", 0755);
	mkdirat(t->dirfd, "d/e", 0755);
	mkdirat(t->dirfd, "other", 0755);
	host_put(t, "d/e/x", "x");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d", NULL, "/other/moved", 0), 0);
	assert_int_equal(t_stat(t, "/d", &st), -ENOENT);
	cat_is(t, "/other/moved/e/x", "x");
	assert_int_equal(t_ls(t, "/other", &n), 1);
	assert_int_equal(t_ls(t, "/", &n), 1);
	assert_int_equal(t_put(t, "/other/moved/e/y", "y"), 0);
	assert_int_equal(t_ls(t, "/other/moved/e", &n), 2);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), 0);
	assert_int_equal(t_ls(t, "/d", &n), 0);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d", NULL, "/other/moved", LX_RENAME_EXCHANGE),
			 0);
	cat_is(t, "/d/e/y", "y");
	assert_int_equal(t_ls(t, "/other/moved", &n), 0);
	assert_int_equal(vfs_rename(&t->c, NULL, "/other/moved", NULL, "/d", 0), -ENOTEMPTY);
	assert_int_equal(vfs_rename(&t->c, NULL, "/d/e", NULL, "/other/moved", 0), 0);
	cat_is(t, "/other/moved/x", "x");
	assert_int_equal(t_ls(t, "/d", &n), 0);
	assert_int_equal(vfs_rename(&t->c, NULL, "/other", NULL, "/other/moved/in", 0), -EINVAL);
	host_is(t, "d/e/x", "x");
	fstest_free(t);
}

static void files_from_below_are_renamed_and_linked(void **state)
{
	struct fstest *t = fstest_dir();
	auto_path struct path p = { 0 };
	struct kstat a, b;

	host_put(t, "a", "A");
	host_put(t, "b", "B");
	assert_int_equal(linkat(t->dirfd, "a", t->dirfd, "a2", 0), 0);
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(vfs_rename(&t->c, NULL, "/a", NULL, "/b", 0), 0);
	cat_is(t, "/b", "A");
	assert_int_equal(t_stat(t, "/a", &a), -ENOENT);
	/* Both names of a file of the lower tree see what is written through one of them. */
	assert_int_equal(t_put(t, "/b", "changed"), 0);
	cat_is(t, "/a2", "changed");
	assert_int_equal(t_stat(t, "/b", &a), 0);
	assert_int_equal(t_stat(t, "/a2", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, 2);
	assert_int_equal(vfs_walk(&t->c, NULL, "/b", 0, &p), 0);
	assert_int_equal(vfs_link(&t->c, &p, NULL, "/c"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/b"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a2"), 0);
	assert_int_equal(t_stat(t, "/c", &a), 0);
	assert_int_equal(a.nlink, 1);
	cat_is(t, "/c", "changed");
	host_is(t, "a", "A");
	path_put(&p);
	fstest_free(t);
}

static void attributes_change_without_the_data(void **state)
{
	struct fstest *t = fstest_dir();
	auto_path struct path p = { 0 };
	struct kattr a = { .valid = SA_MODE | SA_UID, .mode = 0600, .uid = 7 };
	struct kstat st;
	char buf[16];

	host_put(t, "a", "A");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(vfs_walk(&t->c, NULL, "/a", 0, &p), 0);
	assert_int_equal(vfs_setattr(&t->c, &p, &a), 0);
	path_put(&p);
	dentry_forget_children(t->sb->root);
	assert_int_equal(t_stat(t, "/a", &st), 0);
	assert_int_equal(st.mode, LX_S_IFREG | 0600);
	assert_int_equal(st.uid, 7);
	assert_int_equal(st.size, 1);
	cat_is(t, "/a", "A");
	assert_int_equal(vfs_walk(&t->c, NULL, "/a", 0, &p), 0);
	assert_int_equal(vfs_setxattr(&t->c, &p, "user.x", "v", 1, 0), 0);
	assert_int_equal(vfs_getxattr(&t->c, p.dentry->inode, "user.x", buf, sizeof(buf)), 1);
	path_put(&p);
	fstest_free(t);
}

static void open_files_see_the_copy(void **state)
{
	struct fstest *t = fstest_dir();
	struct file *r = NULL, *w = NULL;
	char buf[8] = { 0 };

	host_put(t, "a", "one");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(t_open(t, "/a", LX_O_RDONLY, 0, &r), 0);
	assert_int_equal(t_pread(r, buf, 3, 0), 3);
	assert_int_equal(t_open(t, "/a", LX_O_WRONLY | LX_O_APPEND, 0, &w), 0);
	assert_int_equal(t_pwrite(w, "two", 0), 3);
	assert_int_equal(t_pread(r, buf, 6, 0), 6);
	assert_string_equal(buf, "onetwo");
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a"), 0);
	assert_int_equal(t_pread(r, buf, 6, 0), 6);
	file_put(r);
	file_put(w);
	fstest_free(t);
}

static void mappings_follow_the_copy(void **state)
{
	struct fstest *t = fstest_dir();
	struct mm_mmap_req req = { .prot = LX_PROT_READ, .flags = LX_MAP_SHARED };
	struct file *r = NULL, *w = NULL;
	struct backing lower, upper;
	struct mappable *m;

	host_put(t, "a", "one");
	fstest_mount(t, FST_OVERLAY);
	assert_int_equal(t_open(t, "/a", LX_O_RDONLY, 0, &r), 0);
	assert_int_equal(r->ops->mmap(r, &req), 0);
	m = mappable_get(req.mappable);
	assert_int_equal(m->ops->translate(m, 0, PAGE_SIZE, false, &lower), 0);
	assert_false(lower.writable);
	assert_int_equal(m->ops->translate(m, 0, PAGE_SIZE, true, &upper), -EACCES);
	assert_int_equal(m->ops->translate(m, PAGE_SIZE, PAGE_SIZE, false, &upper), -ENXIO);
	assert_int_equal(t_open(t, "/a", LX_O_RDWR, 0, &w), 0);
	assert_int_equal(t_pwrite(w, "two", 0), 3);
	assert_int_equal(m->ops->translate(m, 0, PAGE_SIZE, true, &upper), 0);
	assert_ptr_equal(upper.file, pagefile());
	pagefile_free(upper.off, upper.size);
	backing_file_put(upper.file);
	backing_file_put(lower.file);
	assert_int_equal(w->ops->mmap(w, &req), 0);
	assert_ptr_equal(req.mappable, m);
	mappable_put(m);
	file_put(r);
	file_put(w);
	fstest_free(t);
}

static void many_names_in_a_directory(void **state)
{
	struct fstest *t = fstest_dir();
	struct t_names n;
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		host_put(t, name, "");
	}
	fstest_mount(t, FST_OVERLAY);
	for (int i = 0; i < 300; i += 3) {
		snprintf(name, sizeof(name), "/l%d", i);
		assert_int_equal(vfs_unlink(&t->c, NULL, name), 0);
		snprintf(name, sizeof(name), "/l%d", i + 1);
		assert_int_equal(t_put(t, name, "changed"), 0);
		snprintf(name, sizeof(name), "/u%d", i);
		assert_int_equal(t_put(t, name, "new"), 0);
	}
	assert_int_equal(t_ls(t, "/", &n), 300);
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/l%d", i);
		assert_int_equal(vfs_unlink(&t->c, NULL, name), i % 3 ? 0 : -ENOENT);
	}
	assert_int_equal(t_ls(t, "/", &n), 100);
	fstest_free(t);
}

static void special_files_and_links(void **state)
{
	struct fstest *t = fstest_dir();
	struct kstat st;

	host_put(t, "a", "A");
	assert_int_equal(symlinkat("a", t->dirfd, "l"), 0);
	fstest_mount(t, FST_OVERLAY);
	cat_is(t, "/l", "A");
	assert_int_equal(vfs_symlink(&t->c, "l", NULL, "/l2"), 0);
	cat_is(t, "/l2", "A");
	assert_int_equal(vfs_mknod(&t->c, NULL, "/null", LX_S_IFCHR | 0666, 1, 3), 0);
	assert_int_equal(t_stat(t, "/null", &st), 0);
	assert_int_equal(st.rdev_major, 1);
	assert_int_equal(st.dev_minor, t->sb->dev_minor);
	assert_int_equal(vfs_mknod(&t->c, NULL, "/fifo", LX_S_IFIFO | 0666, 0, 0), 0);
	assert_int_equal(vfs_rename(&t->c, NULL, "/l", NULL, "/a", 0), 0);
	fstest_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_stay_above),
		cmocka_unit_test(removed_names_stay_removed),
		cmocka_unit_test(directories_from_below_are_renamed),
		cmocka_unit_test(files_from_below_are_renamed_and_linked),
		cmocka_unit_test(attributes_change_without_the_data),
		cmocka_unit_test(open_files_see_the_copy),
		cmocka_unit_test(mappings_follow_the_copy),
		cmocka_unit_test(many_names_in_a_directory),
		cmocka_unit_test(special_files_and_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
