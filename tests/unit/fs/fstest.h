/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gofer in a child process over a fresh directory of the host, and its file system mounted in the
 * test: calls go through vfs, the connection and the gofer, and the test looks at the directory
 * from the other side.
 */
#pragma once

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <abi/linux/dirent.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <base/hash.h>
#include <host/usercopy.h>
#include <platform/fake.h>

#include "server.h"
#include "fs/gofer/gofer.h"
#include "fs/overlay/overlay.h"
#include "mm/mm.h"
#include "vfs/file.h"
#include "vfs/mount.h"
#include "vfs/xattr.h"

/*
 * Directories are locked parent before child, and a rename changes who is whose parent: the thread
 * sanitizer takes that for a cycle. The ranks of base/lock.h are checked all the same.
 */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "detect_deadlocks=0";
}

struct fstest {
	char dir[64];
	int dirfd;
	pid_t gofer;
	struct gofer_conn *conn;
	struct super_block *sb;
	struct mntns *ns;
	struct fscontext *fs;
	struct cred *cred;
	struct vfs_caller c;
};

/*
 * A gofer that lies: it answers like a good one, then this changes the reply. Set before
 * fstest_mount().
 */
static void (*t_lie)(struct gofer_hdr *rep, int *fds, unsigned int *nr_fds);

static void lie_all_day(struct gofer_server *s)
{
	static uint64_t req[GOFER_REQ_MAX / 8], rep[GOFER_REP_MAX / 8];
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(GOFER_MANY_MAX * sizeof(int))];
	} c;

	for (;;) {
		ssize_t n = recv(s->sock, req, sizeof(req), 0);
		int fds[GOFER_MANY_MAX];
		unsigned int nr_fds = 0;
		struct iovec iov = { .iov_base = rep };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		long size = n > 0 ? gofer_dispatch(s, req, (size_t)n, rep, fds, &nr_fds) : -1;

		if (size < 0)
			return;
		if (size == 0)
			continue;
		t_lie((struct gofer_hdr *)rep, fds, &nr_fds);
		iov.iov_len = ((struct gofer_hdr *)rep)->size;
		if (nr_fds) {
			memset(&c, 0, sizeof(c));
			c.align = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
						    .cmsg_type = SCM_RIGHTS,
						    .cmsg_len = CMSG_LEN(nr_fds * sizeof(int)) };
			memcpy(CMSG_DATA(&c.align), fds, nr_fds * sizeof(int));
			msg.msg_control = &c;
			msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		}
		if (sendmsg(s->sock, &msg, MSG_NOSIGNAL) < 0)
			return;
		for (unsigned int i = 0; i < nr_fds; i++)
			close(fds[i]);
	}
}

static void gofer_child(const char *dir, int sock, bool ro)
{
	static struct gofer_server s;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGSEGV, SIG_DFL);
	umask(0);
	node_table_init(&s.nodes, 64);
	s.sock = sock;
	s.nr_workers = 2;
	s.nr_mounts = 1;
	s.mounts[0].root_fd = open(dir, O_PATH | O_CLOEXEC);
	s.mounts[0].ro = ro;
	if (chdir("/proc/self/fd") < 0 || gofer_start_workers(&s) < 0)
		_exit(1);
	if (t_lie) {
		lie_all_day(&s);
		_exit(0);
	}
	_exit(gofer_serve(&s) < 0);
}

enum fstest_kind { FST_EXCLUSIVE, FST_SHARED, FST_SHARED_RO, FST_OVERLAY };

/* The directory exists already, filled by the test: fstest_dir(). */
static void fstest_mount(struct fstest *t, enum fstest_kind kind)
{
	struct gofer_mount gm = { .shared = kind == FST_SHARED || kind == FST_SHARED_RO };
	bool ro = kind == FST_SHARED_RO || kind == FST_OVERLAY;
	struct super_block *sb;
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	t->gofer = fork();
	assert_true(t->gofer >= 0);
	if (t->gofer == 0) {
		close(sv[0]);
		gofer_child(t->dir, sv[1], ro);
	}
	close(sv[1]);
	assert_int_equal(gofer_conn_new(sv[0], &t->conn), 0);
	gm.conn = t->conn;
	assert_int_equal(gofer_type.mount(&gofer_type, "test", NULL, &gm, &sb), 0);
	if (kind == FST_OVERLAY) {
		struct overlay_mount om = { .lower = sb };
		struct super_block *osb;

		assert_int_equal(overlay_type.mount(&overlay_type, "test", NULL, &om, &osb), 0);
		super_put(sb);
		sb = osb;
	}
	t->sb = sb;
	assert_int_equal(mntns_new(sb, "test", 0, &t->ns), 0);
	assert_int_equal(fscontext_new(t->ns, &t->fs), 0);
	t->fs->umask = 0;
	assert_int_equal(cred_new_root(&t->cred), 0);
	t->c = (struct vfs_caller){ .cred = t->cred, .fs = t->fs, .fsize_limit = UINT64_MAX };
}

static struct fstest *fstest_dir(void)
{
	static const struct hash_key key = { { 1, 2 } };
	static struct platform *fake;
	static bool once;
	struct fstest *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	if (!once) {
		assert_int_equal(vfs_init(&key), 0);
		assert_int_equal(fake_platform_new(&fake), 0);
		assert_int_equal(mm_system_init(fake), 0);
		once = true;
	}
	host_usercopy_init();
	strcpy(t->dir, "/tmp/husk-fs-test-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	t->dirfd = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->dirfd >= 0);
	return t;
}

static void fstest_free(struct fstest *t)
{
	char cmd[128];
	int status;

	fscontext_put(t->fs);
	mntns_put(t->ns);
	super_put(t->sb);
	cred_put(t->cred);
	gofer_conn_put(t->conn);
	kill(t->gofer, SIGKILL);
	assert_int_equal(waitpid(t->gofer, &status, 0), t->gofer);
	close(t->dirfd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", t->dir);
	assert_int_equal(system(cmd), 0);
	free(t);
}

/* --- on the host's side --- */

__maybe_unused static void host_put(struct fstest *t, const char *path, const char *text)
{
	int fd = openat(t->dirfd, path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

__maybe_unused static void host_get(struct fstest *t, const char *path, char *buf, size_t size)
{
	int fd = openat(t->dirfd, path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, buf, size - 1);
	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

/* --- through vfs --- */

__maybe_unused static int t_open(struct fstest *t, const char *path, unsigned int flags,
				 uint32_t mode, struct file **ret_f)
{
	struct vfs_open_how how = { .flags = flags, .mode = mode };

	return vfs_open(&t->c, NULL, path, &how, ret_f);
}

__maybe_unused static int t_stat(struct fstest *t, const char *path, struct kstat *ret_st)
{
	auto_path struct path p = { 0 };
	int ret = vfs_walk(&t->c, NULL, path, 0, &p);

	return ret < 0 ? ret : vfs_getattr(&p, LX_STATX_BASIC_STATS, ret_st);
}

__maybe_unused static ssize_t t_pread(struct file *f, char *buf, size_t n, int64_t pos)
{
	struct uio u;

	uio_init_kernel(&u, buf, n);
	return vfs_read(f, &u, &pos, 0);
}

__maybe_unused static ssize_t t_pwrite(struct file *f, const char *text, int64_t pos)
{
	struct uio u;

	uio_init_kernel(&u, (void *)text, strlen(text));
	return vfs_write(f, &u, &pos, 0);
}

/* The whole file as a string; the error of the open otherwise. */
__maybe_unused static int t_cat(struct fstest *t, const char *path, char *buf, size_t size)
{
	auto_put(file) struct file *f = NULL;
	int ret = t_open(t, path, LX_O_RDONLY, 0, &f);
	ssize_t n;

	if (ret < 0)
		return ret;
	n = t_pread(f, buf, size - 1, 0);
	assert_true(n >= 0);
	buf[n] = '\0';
	return 0;
}

__maybe_unused static int t_put(struct fstest *t, const char *path, const char *text)
{
	auto_put(file) struct file *f = NULL;
	int ret = t_open(t, path, LX_O_WRONLY | LX_O_CREAT | LX_O_TRUNC, 0644, &f);

	if (ret < 0)
		return ret;
	assert_int_equal(t_pwrite(f, text, 0), strlen(text));
	return 0;
}

struct t_names {
	struct dir_ctx ctx;
	char text[8192]; /* "a b c", sorted by nothing */
	unsigned int nr, max;
};

static bool t_emit(struct dir_ctx *ctx, const char *name, size_t len, int64_t next_pos,
		   uint64_t ino, unsigned int type)
{
	struct t_names *n = container_of(ctx, struct t_names, ctx);

	if (n->max == 0)
		return false;
	n->max--;
	if (name[0] != '.') {
		n->nr++;
		if (strlen(n->text) + len + 2 < sizeof(n->text)) {
			strcat(n->text, " ");
			strncat(n->text, name, len);
		}
	}
	return true;
}

/* The names of a directory, few at a time; their number. */
__maybe_unused static int t_ls(struct fstest *t, const char *path, struct t_names *n)
{
	auto_put(file) struct file *f = NULL;
	int ret = t_open(t, path, LX_O_RDONLY | LX_O_DIRECTORY, 0, &f);

	memset(n, 0, sizeof(*n));
	n->ctx.emit = t_emit;
	if (ret < 0)
		return ret;
	do {
		n->max = 3;
		ret = vfs_readdir(f, &n->ctx);
		assert_int_equal(ret, 0);
	} while (n->max < 3);
	return (int)n->nr;
}
