/* SPDX-License-Identifier: Apache-2.0 */
/* The gofer's file system in the sentry, over a real gofer. */
#include <dirent.h>
#include <pthread.h>

#include "fstest.h"

static void files_are_read_written_and_seen_by_the_host(void **state)
{
	struct fstest *t = fstest_dir();
	char buf[64];

	host_put(t, "a", "from the host");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_cat(t, "/a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "from the host");
	assert_int_equal(t_put(t, "/b", "from the guest"), 0);
	host_get(t, "b", buf, sizeof(buf));
	assert_string_equal(buf, "from the guest");
	assert_int_equal(t_put(t, "/b", "short"), 0);
	host_get(t, "b", buf, sizeof(buf));
	assert_string_equal(buf, "short");
	assert_int_equal(t_cat(t, "/nothing", buf, sizeof(buf)), -ENOENT);
	assert_int_equal(t_cat(t, "/a/b", buf, sizeof(buf)), -ENOTDIR);
	fstest_free(t);
}

static void append_goes_to_the_end(void **state)
{
	struct fstest *t = fstest_dir();
	auto_put(file) struct file *f = NULL;
	char buf[64];

	host_put(t, "a", "one");
	fstest_mount(t, FST_SHARED);
	assert_int_equal(t_open(t, "/a", LX_O_RDWR | LX_O_APPEND, 0, &f), 0);
	assert_int_equal(t_pwrite(f, " two", 0), 4);
	host_put(t, "a", "another");
	assert_int_equal(t_pwrite(f, "!", 0), 1);
	host_get(t, "a", buf, sizeof(buf));
	assert_string_equal(buf, "another!");
	file_put(f);
	f = NULL;
	fstest_free(t);
}

static void missing_names_cost_nothing_after_a_while(void **state)
{
	struct fstest *t = fstest_dir();
	struct kstat st;
	uint64_t before;
	char name[32];

	mkdirat(t->dirfd, "d", 0755);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		host_put(t, name, name);
	}
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_stat(t, "/d/x1", &st), -ENOENT);
	assert_int_equal(t_stat(t, "/d/x2", &st), -ENOENT);
	assert_int_equal(t_stat(t, "/d/x3", &st), -ENOENT);
	before = gofer_conn_count(t->conn);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "/d/file%d", i);
		assert_int_equal(t_stat(t, name, &st), 0);
		assert_int_equal(st.size, strlen(name) - 1);
		snprintf(name, sizeof(name), "/d/none%d", i);
		assert_int_equal(t_stat(t, name, &st), -ENOENT);
	}
	assert_int_equal(gofer_conn_count(t->conn), before);
	/* Fewer requests than files to read them: what is next on the host is opened along. */
	for (int i = 0; i < 200; i++) {
		char buf[64];

		snprintf(name, sizeof(name), "/d/file%d", i);
		assert_int_equal(t_cat(t, name, buf, sizeof(buf)), 0);
		assert_string_equal(buf, name + 1);
	}
	assert_in_range(gofer_conn_count(t->conn), before + 1, before + 150);
	fstest_free(t);
}

static int g_lie;

/* Lies about files opened along, one kind for each g_lie. */
static void lie_openmany(struct gofer_hdr *h, int *fds, unsigned int *nr_fds)
{
	struct gofer_openmany_rep *r = (void *)(h + 1);
	struct gofer_opened *o = (void *)(r + 1);
	int fd;

	if (h->op != GOFER_OPENMANY || h->error || *nr_fds < 3)
		return;
	switch (g_lie) {
	case 0:
		r->nr_files++;
		break;
	case 1:
		o[1].has_fd = 2;
		break;
	case 2:
		fd = fds[0];
		fds[0] = fds[1];
		fds[1] = fds[2];
		fds[2] = fd;
		break;
	case 3:
		close(fds[--*nr_fds]);
		break;
	case 4:
		for (unsigned int i = 0; i < r->nr_files; i++)
			o[i].attr.ino++;
		break;
	case 5:
		for (unsigned int i = 0; i < *nr_fds; i++) {
			fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			dup2(fd, fds[i]);
			close(fd);
		}
		break;
	case 6:
		for (unsigned int i = 0; i < *nr_fds; i++) {
			char name[32];

			snprintf(name, sizeof(name), "/proc/self/fd/%d", fds[i]);
			fd = open(name, O_RDWR | O_CLOEXEC);
			dup2(fd, fds[i]);
			close(fd);
		}
		break;
	case 7:
		r->nr_files = r->nr_fds = 0;
		h->size = sizeof(*h) + sizeof(*r);
		break;
	case 8:
		o[0].error = -EACCES;
		break;
	default:
		h->error = -12345;
		break;
	}
}

static unsigned int open_fds(void)
{
	unsigned int nr = 0;
	DIR *d = opendir("/proc/self/fd");

	assert_non_null(d);
	while (readdir(d))
		nr++;
	closedir(d);
	return nr;
}

static void lies_about_files_opened_along_do_no_harm(void **state)
{
	unsigned int before = open_fds();

	for (g_lie = 0; g_lie < 10; g_lie++) {
		struct fstest *t = fstest_dir();
		char name[32], buf[64];
		unsigned int good = 0;
		struct kstat st;

		mkdirat(t->dirfd, "d", 0755);
		for (int i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "d/file%d", i);
			host_put(t, name, name);
		}
		t_lie = lie_openmany;
		fstest_mount(t, FST_EXCLUSIVE);
		t_lie = NULL;
		t_stat(t, "/d/x1", &st);
		t_stat(t, "/d/x2", &st);
		for (int i = 0; i < 40; i++) {
			snprintf(name, sizeof(name), "/d/file%d", i);
			if (t_cat(t, name, buf, sizeof(buf)) == 0) {
				assert_string_equal(buf, name + 1);
				good++;
			}
		}
		assert_int_equal(good, 40);
		fstest_free(t);
		assert_int_equal(open_fds(), before);
	}
}

static void names_are_made_moved_and_removed(void **state)
{
	struct fstest *t = fstest_dir();
	struct t_names n;
	struct kstat st;
	char buf[64];

	host_put(t, "a", "A");
	host_put(t, "b", "B");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), -EEXIST);
	assert_int_equal(vfs_rename(&t->c, NULL, "/a", NULL, "/d/a", 0), 0);
	assert_int_equal(t_stat(t, "/a", &st), -ENOENT);
	assert_int_equal(t_cat(t, "/d/a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "A");
	assert_int_equal(vfs_rename(&t->c, NULL, "/b", NULL, "/d/a", LX_RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(vfs_rename(&t->c, NULL, "/b", NULL, "/d/a", LX_RENAME_EXCHANGE), 0);
	assert_int_equal(t_cat(t, "/b", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "A");
	assert_int_equal(vfs_rename(&t->c, NULL, "/b", NULL, "/d/a", 0), 0);
	assert_int_equal(t_cat(t, "/d/a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "A");
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d"), -ENOTEMPTY);
	assert_int_equal(vfs_symlink(&t->c, "a", NULL, "/d/l"), 0);
	assert_int_equal(t_cat(t, "/d/l", buf, sizeof(buf)), 0);
	assert_int_equal(t_stat(t, "/d/l", &st), 0);
	assert_true(LX_S_ISLNK(st.mode));
	assert_int_equal(t_ls(t, "/d", &n), 2);
	assert_int_equal(vfs_mknod(&t->c, NULL, "/d/fifo", LX_S_IFIFO | 0600, 0, 0), 0);
	assert_int_equal(vfs_mknod(&t->c, NULL, "/d/null", LX_S_IFCHR | 0600, 1, 3), -EPERM);
	assert_int_equal(t_ls(t, "/d", &n), 3);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/l"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/a"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/fifo"), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d"), -EISDIR);
	assert_int_equal(vfs_rmdir(&t->c, NULL, "/d"), 0);
	assert_int_equal(t_ls(t, "/", &n), 0);
	fstest_free(t);
}

static void unlinked_files_stay_readable(void **state)
{
	struct fstest *t = fstest_dir();
	auto_put(file) struct file *f = NULL;
	struct kstat st;
	char buf[8] = { 0 };

	host_put(t, "a", "A");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_open(t, "/a", LX_O_RDWR, 0, &f), 0);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a"), 0);
	assert_int_equal(t_pwrite(f, "BC", 0), 2);
	assert_int_equal(t_pread(f, buf, sizeof(buf), 0), 2);
	assert_string_equal(buf, "BC");
	assert_int_equal(vfs_fstat(f, LX_STATX_BASIC_STATS, &st), 0);
	assert_int_equal(st.nlink, 0);
	assert_int_equal(st.size, 2);
	file_put(f);
	f = NULL;
	fstest_free(t);
}

static void hard_links_share_an_inode(void **state)
{
	struct fstest *t = fstest_dir();
	auto_path struct path p = { 0 };
	struct kstat a, b;

	host_put(t, "a", "A");
	assert_int_equal(linkat(t->dirfd, "a", t->dirfd, "b", 0), 0);
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_stat(t, "/a", &a), 0);
	assert_int_equal(t_stat(t, "/b", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, 2);
	assert_int_equal(vfs_walk(&t->c, NULL, "/a", 0, &p), 0);
	assert_int_equal(vfs_link(&t->c, &p, NULL, "/c"), 0);
	assert_int_equal(t_stat(t, "/b", &b), 0);
	assert_int_equal(b.nlink, 3);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/a"), 0);
	assert_int_equal(t_stat(t, "/b", &b), 0);
	assert_int_equal(b.nlink, 2);
	path_put(&p);
	fstest_free(t);
}

static void attributes_are_set(void **state)
{
	struct fstest *t = fstest_dir();
	auto_path struct path p = { 0 };
	struct kattr a = { .valid = SA_MODE | SA_ATIME | SA_MTIME,
			   .mode = 0640,
			   .atime = { 100, 1 },
			   .mtime = { 200, 2 } };
	struct kstat st;
	struct stat hst;

	host_put(t, "a", "hello");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(vfs_walk(&t->c, NULL, "/a", 0, &p), 0);
	assert_int_equal(vfs_setattr(&t->c, &p, &a), 0);
	assert_int_equal(vfs_truncate(&t->c, &p, 2), 0);
	a = (struct kattr){ .valid = SA_MTIME, .mtime = { 300, 3 } };
	assert_int_equal(vfs_setattr(&t->c, &p, &a), 0);
	assert_int_equal(t_stat(t, "/a", &st), 0);
	assert_int_equal(st.mode, LX_S_IFREG | 0640);
	assert_int_equal(st.size, 2);
	assert_int_equal(st.atime.sec, 100);
	assert_int_equal(st.mtime.sec, 300);
	assert_int_equal(fstatat(t->dirfd, "a", &hst, 0), 0);
	assert_int_equal(hst.st_mtim.tv_sec, 300);
	assert_int_equal(hst.st_mtim.tv_nsec, 3);
	assert_int_equal(hst.st_ctim.tv_sec, st.ctime.sec);
	assert_int_equal(hst.st_ctim.tv_nsec, st.ctime.nsec);
	path_put(&p);
	fstest_free(t);
}

static void large_directories_come_whole(void **state)
{
	struct fstest *t = fstest_dir();
	struct t_names n;
	char name[64];

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "a-rather-long-name-for-a-file-%d", i);
		host_put(t, name, "");
	}
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_ls(t, "/", &n), 3000);
	assert_true(gofer_conn_count(t->conn) < 10);
	fstest_free(t);
}

static void shared_trees_show_what_the_host_does(void **state)
{
	struct fstest *t = fstest_dir();
	struct kstat st;
	char buf[16];

	host_put(t, "a", "1");
	fstest_mount(t, FST_SHARED);
	assert_int_equal(t_stat(t, "/a", &st), 0);
	assert_int_equal(t_stat(t, "/b", &st), -ENOENT);
	host_put(t, "b", "2");
	host_put(t, "c", "333");
	assert_int_equal(t_stat(t, "/b", &st), 0);
	assert_int_equal(renameat(t->dirfd, "c", t->dirfd, "a"), 0);
	assert_int_equal(t_stat(t, "/a", &st), 0);
	assert_int_equal(st.size, 3);
	assert_int_equal(t_cat(t, "/a", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "333");
	unlinkat(t->dirfd, "a", 0);
	assert_int_equal(t_stat(t, "/a", &st), -ENOENT);
	fstest_free(t);
}

static void read_only_trees_are_believed_for_a_second(void **state)
{
	struct fstest *t = fstest_dir();
	struct kstat st;
	uint64_t before;

	mkdirat(t->dirfd, "d", 0755);
	host_put(t, "d/a", "1");
	fstest_mount(t, FST_SHARED_RO);
	assert_int_equal(t_stat(t, "/d/a", &st), 0);
	assert_int_equal(t_stat(t, "/d/b", &st), -ENOENT);
	assert_int_equal(t_stat(t, "/d/c", &st), -ENOENT);
	before = gofer_conn_count(t->conn);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(t_stat(t, "/d/a", &st), 0);
		assert_int_equal(t_stat(t, "/d/b", &st), -ENOENT);
	}
	assert_true(gofer_conn_count(t->conn) < before + 20);
	host_put(t, "d/b", "22");
	host_put(t, "d/x", "333");
	assert_int_equal(renameat(t->dirfd, "d/x", t->dirfd, "d/a"), 0);
	usleep(1100 * 1000);
	assert_int_equal(t_stat(t, "/d/b", &st), 0);
	assert_int_equal(st.size, 2);
	assert_int_equal(t_stat(t, "/d/c", &st), -ENOENT);
	assert_int_equal(t_stat(t, "/d/a", &st), 0);
	assert_int_equal(st.size, 3);
	/* The host works there: from now on everything is seen at once. */
	host_put(t, "d/c", "4444");
	assert_int_equal(t_stat(t, "/d/c", &st), 0);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d/no", 0755), -EROFS);
	fstest_free(t);
}

static void the_death_of_the_gofer_is_eio(void **state)
{
	struct fstest *t = fstest_dir();
	auto_put(file) struct file *f = NULL;
	struct kstat st;
	char buf[8] = { 0 };

	host_put(t, "a", "A");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(t_open(t, "/a", LX_O_RDONLY, 0, &f), 0);
	kill(t->gofer, SIGKILL);
	assert_int_equal(t_stat(t, "/b", &st), -EIO);
	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), -EIO);
	assert_int_equal(t_pread(f, buf, sizeof(buf), 0), 1);
	assert_true(gofer_conn_dead(t->conn));
	file_put(f);
	f = NULL;
	fstest_free(t);
}

static void xattrs_pass(void **state)
{
	struct fstest *t = fstest_dir();
	auto_path struct path p = { 0 };
	char buf[64];
	int ret;

	host_put(t, "a", "A");
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(vfs_walk(&t->c, NULL, "/a", 0, &p), 0);
	ret = vfs_setxattr(&t->c, &p, "user.x", "value", 5, 0);
	if (ret != -EOPNOTSUPP) {
		assert_int_equal(ret, 0);
		assert_int_equal(vfs_getxattr(&t->c, p.dentry->inode, "user.x", buf, sizeof(buf)),
				 5);
		assert_int_equal(vfs_getxattr(&t->c, p.dentry->inode, "user.x", buf, 2), -ERANGE);
		assert_int_equal(vfs_listxattr(&t->c, p.dentry->inode, buf, sizeof(buf)), 7);
		assert_int_equal(vfs_removexattr(&t->c, &p, "user.x"), 0);
		assert_int_equal(vfs_getxattr(&t->c, p.dentry->inode, "user.x", buf, sizeof(buf)),
				 -ENODATA);
	}
	path_put(&p);
	fstest_free(t);
}

static void descriptors_are_given_back(void **state)
{
	struct fstest *t = fstest_dir();
	char name[32], buf[32];

	for (int i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		host_put(t, name, name);
	}
	fstest_mount(t, FST_EXCLUSIVE);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 600; i++) {
			snprintf(name, sizeof(name), "/file%d", i);
			assert_int_equal(t_cat(t, name, buf, sizeof(buf)), 0);
			assert_string_equal(buf, name + 1);
		}
	}
	fstest_free(t);
}

struct worker {
	struct fstest *t;
	struct gofer_conn *conn;
	uint64_t root;
	int nr, bad;
	pthread_t thread;
};

/* Asks for its own file over and over: an answer meant for another thread has another size. */
static void *ask_much(void *arg)
{
	struct worker *w = arg;
	char name[16];
	struct gofer_open_req q = { .node = w->root };

	snprintf(name, sizeof(name), "file%d", w->nr);
	for (int i = 0; i < 2000; i++) {
		struct gofer_str n = { name, (uint32_t)strlen(name) };
		struct gofer_open_rep r;
		struct gofer_call call = {
			.op = GOFER_OPEN,
			.req = &q,
			.names = &n,
			.nr_names = 1,
			.rep = &r,
		};

		if (gofer_call(w->conn, &call) < 0 || call.fd < 0) {
			w->bad++;
			continue;
		}
		close(call.fd);
		w->bad += r.node.attr.size != (uint64_t)w->nr;
		gofer_forget(w->conn, r.node.node);
	}
	return NULL;
}

static void many_threads_share_a_connection(void **state)
{
	struct fstest *t = fstest_dir();
	struct gofer_attach_req q = { .version = GOFER_PROTO_VERSION };
	struct gofer_attach_rep r;
	struct gofer_call call = { .op = GOFER_ATTACH, .req = &q, .rep = &r };
	struct worker w[8];
	char name[16];

	for (int i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		host_put(t, name, &"xxxxxxx"[7 - i]);
	}
	fstest_mount(t, FST_EXCLUSIVE);
	assert_int_equal(gofer_call(t->conn, &call), 0);
	for (int i = 0; i < 8; i++) {
		w[i] = (struct worker){ .t = t, .conn = t->conn, .root = r.root.node, .nr = i };
		assert_int_equal(pthread_create(&w[i].thread, NULL, ask_much, &w[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		pthread_join(w[i].thread, NULL);
		assert_int_equal(w[i].bad, 0);
	}
	gofer_forget(t->conn, r.root.node);
	fstest_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_written_and_seen_by_the_host),
		cmocka_unit_test(append_goes_to_the_end),
		cmocka_unit_test(missing_names_cost_nothing_after_a_while),
		cmocka_unit_test(lies_about_files_opened_along_do_no_harm),
		cmocka_unit_test(names_are_made_moved_and_removed),
		cmocka_unit_test(unlinked_files_stay_readable),
		cmocka_unit_test(hard_links_share_an_inode),
		cmocka_unit_test(attributes_are_set),
		cmocka_unit_test(large_directories_come_whole),
		cmocka_unit_test(shared_trees_show_what_the_host_does),
		cmocka_unit_test(read_only_trees_are_believed_for_a_second),
		cmocka_unit_test(the_death_of_the_gofer_is_eio),
		cmocka_unit_test(xattrs_pass),
		cmocka_unit_test(descriptors_are_given_back),
		cmocka_unit_test(many_threads_share_a_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
