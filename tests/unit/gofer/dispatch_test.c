/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of the gofer, asked for and answered through both decoders. */
#include <errno.h>
#include <dirent.h>
#include <sys/xattr.h>

#include "base/bits.h"
#include "peer.h"

static void walk_stops_where_it_must(void **state)
{
	struct gofer_walk_req q;
	const struct gofer_walk_rep *r;
	const struct gofer_node *nodes;
	struct peer *p = peer_new(false, 100);
	struct gofer_node n;

	mkdirat(p->dirfd, "d", 0755);
	peer_put_file(p, "d/f", "text");
	assert_int_equal(symlinkat("/etc", p->dirfd, "link"), 0);
	q = (struct gofer_walk_req){ .node = p->root };
	assert_int_equal(peer_call(p, GOFER_WALK, &q, "d", "f", NULL, 0), 0);
	r = p->rep.fixed;
	nodes = (const void *)p->rep.blob.p;
	assert_int_equal(r->nr_nodes, 2);
	assert_int_equal(r->stop, 0);
	assert_true(S_ISDIR(nodes[0].attr.mode));
	assert_int_equal(nodes[1].attr.size, 4);

	assert_int_equal(peer_call(p, GOFER_WALK, &q, "link", "passwd", NULL, 0), 0);
	r = p->rep.fixed;
	assert_int_equal(r->nr_nodes, 1);
	assert_int_equal(r->stop, -ELOOP);
	assert_int_equal(r->link_size, 4);
	assert_memory_equal(p->rep.blob.p + sizeof(struct gofer_node), "/etc", 4);

	assert_int_equal(peer_call(p, GOFER_WALK, &q, "d", "missing", NULL, 0), 0);
	r = p->rep.fixed;
	assert_int_equal(r->nr_nodes, 1);
	assert_int_equal(r->stop, -ENOENT);

	assert_int_equal(peer_walk(p, p->root, "link", &n), 0);
	assert_int_equal(peer_call(p, GOFER_READLINK, &n.node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(p->rep.blob.size, 4);
	q.node = n.node;
	assert_int_equal(peer_call(p, GOFER_WALK, &q, "passwd", NULL, NULL, 0), 0);
	r = p->rep.fixed;
	assert_int_equal(r->nr_nodes, 0);
	assert_int_equal(r->stop, -ELOOP);
	peer_free(p);
}

static void names_are_single_names(void **state)
{
	static const char *const bad[] = { "..", ".", "a/b", "/", "/etc", "../x" };
	struct peer *p = peer_new(false, 100);
	struct gofer_walk_req q = { .node = p->root };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(peer_call(p, GOFER_WALK, &q, bad[i], NULL, NULL, 0), -EINVAL);
	assert_int_equal(peer_call(p, GOFER_WALK, &q, "", NULL, NULL, 0), -EINVAL);
	peer_free(p);
}

static void open_donates_regular_files_only(void **state)
{
	struct peer *p = peer_new(false, 100);
	const struct gofer_open_rep *r;
	struct gofer_node n;
	char buf[8];

	peer_put_file(p, "f", "hello");
	mkfifoat(p->dirfd, "fifo", 0666);
	mkdirat(p->dirfd, "d", 0777);
	assert_int_equal(symlinkat("f", p->dirfd, "l"), 0);
	assert_int_equal(peer_open(p, p->root, "f", 0), 0);
	r = p->rep.fixed;
	assert_true(p->fd >= 0 && r->nr_fds == 1 && r->node.node != 0);
	assert_int_equal(pread(p->fd, buf, 8, 0), 5);
	assert_int_equal(fcntl(p->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(peer_open(p, p->root, "f", GOFER_OPEN_WRITE | GOFER_OPEN_TRUNC), 0);
	assert_int_equal(fcntl(p->fd, F_GETFL) & O_ACCMODE, O_RDWR);
	assert_int_equal(((const struct gofer_open_rep *)p->rep.fixed)->node.attr.size, 0);

	assert_int_equal(peer_open(p, p->root, "fifo", 0), 0);
	assert_int_equal(p->fd, -1);
	assert_int_equal(peer_open(p, p->root, "d", 0), 0);
	assert_int_equal(p->fd, -1);
	assert_int_equal(peer_open(p, p->root, "l", 0), 0);
	assert_int_equal(p->fd, -1);
	assert_int_equal(peer_walk(p, p->root, "fifo", &n), 0);
	assert_int_equal(peer_open(p, n.node, NULL, 0), -ENXIO);
	assert_int_equal(peer_walk(p, p->root, "l", &n), 0);
	assert_int_equal(peer_open(p, n.node, NULL, 0), -ELOOP);
	assert_int_equal(peer_open(p, p->root, NULL, 0), -EISDIR);
	assert_int_equal(peer_open(p, p->root, "f", GOFER_OPEN_TRUNC), -EINVAL);
	assert_int_equal(peer_open(p, p->root, "f", 64), -EINVAL);
	peer_free(p);
}

static void openmany_opens_what_is_a_file(void **state)
{
	static const char *const list[] = { "f", "gone", "fifo", "g", "d", "l" };
	struct peer *p = peer_new(true, 100);
	struct gofer_openmany_req q = { .node = p->root };
	const struct gofer_openmany_rep *r;
	const struct gofer_opened *o;
	struct gofer_str names[ARRAY_SIZE(list)];
	char buf[8];
	long size;

	peer_put_file(p, "f", "hello");
	peer_put_file(p, "g", "two");
	mkfifoat(p->dirfd, "fifo", 0666);
	mkdirat(p->dirfd, "d", 0777);
	assert_int_equal(symlinkat("f", p->dirfd, "l"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		names[i] = (struct gofer_str){ list[i], (uint32_t)strlen(list[i]) };
	size = gofer_req_encode(p->req_buf, GOFER_OPENMANY, 7, &q, names, ARRAY_SIZE(list), NULL,
				0);
	size = gofer_dispatch(&p->s, p->req_buf, (size_t)size, p->rep_buf, p->fds, &p->nr_fds);
	assert_int_equal(gofer_rep_decode(GOFER_OPENMANY, p->rep_buf, (size_t)size, (int)p->nr_fds,
					  &p->rep),
			 0);
	r = p->rep.fixed;
	o = (const void *)p->rep.blob.p;
	assert_int_equal(p->rep.error, 0);
	assert_int_equal(r->nr_files, ARRAY_SIZE(list));
	assert_int_equal(r->nr_fds, 2);
	assert_int_equal(p->nr_fds, 2);
	assert_int_equal(p->rep.blob.size, ARRAY_SIZE(list) * sizeof(*o));
	assert_true(o[0].has_fd && o[0].attr.size == 5 && o[3].has_fd && o[3].attr.size == 3);
	assert_true(!o[1].has_fd && o[1].error == -ENOENT);
	assert_true(!o[2].has_fd && o[2].error == 0 && S_ISFIFO(o[2].attr.mode));
	assert_true(!o[4].has_fd && S_ISDIR(o[4].attr.mode));
	assert_true(!o[5].has_fd && S_ISLNK(o[5].attr.mode));
	assert_int_equal(pread(p->fds[1], buf, 8, 0), 3);
	assert_memory_equal(buf, "two", 3);
	assert_int_equal(fcntl(p->fds[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	q.node = 77;
	assert_int_equal(peer_call(p, GOFER_OPENMANY, &q, "f", NULL, NULL, 0), -ESTALE);
	q.node = p->root;
	assert_int_equal(peer_call(p, GOFER_OPENMANY, &q, "..", NULL, NULL, 0), -EINVAL);
	peer_free(p);
}

static void new_entries_have_owner_and_mode(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_create_req c = {
		.node = p->root, .mode = 04751, .uid = getuid(), .gid = getgid()
	};
	struct gofer_mknod_req k = {
		.node = p->root, .mode = S_IFIFO | 0622, .uid = getuid(), .gid = getgid()
	};
	struct gofer_symlink_req l = { .node = p->root, .uid = getuid(), .gid = getgid() };
	const struct gofer_create_rep *r;

	assert_int_equal(peer_call(p, GOFER_CREATE, &c, "f", NULL, NULL, 0), 0);
	r = p->rep.fixed;
	assert_int_equal(r->node.attr.mode, S_IFREG | 04751);
	assert_true(p->fd >= 0);
	assert_int_equal(peer_call(p, GOFER_CREATE, &c, "f", NULL, NULL, 0), -EEXIST);
	c.mode = 01777;
	assert_int_equal(peer_call(p, GOFER_MKDIR, &c, "d", NULL, NULL, 0), 0);
	assert_int_equal(((const struct gofer_mkdir_rep *)p->rep.fixed)->node.attr.mode,
			 S_IFDIR | 01777);
	assert_int_equal(peer_call(p, GOFER_MKNOD, &k, "fifo", NULL, NULL, 0), 0);
	k.mode = S_IFCHR | 0666;
	assert_int_equal(peer_call(p, GOFER_MKNOD, &k, "null", NULL, NULL, 0), -EPERM);
	k.mode = S_IFBLK | 0666;
	assert_int_equal(peer_call(p, GOFER_MKNOD, &k, "sda", NULL, NULL, 0), -EPERM);
	assert_int_equal(peer_call(p, GOFER_SYMLINK, &l, "s", NULL, "../x", 4), 0);
	assert_int_equal(peer_call(p, GOFER_SYMLINK, &l, "s2", NULL, "a\0b", 3), -EINVAL);
	assert_int_equal(peer_call(p, GOFER_SYMLINK, &l, "s3", NULL, NULL, 0), -EINVAL);
	peer_free(p);
}

static void unlinked_and_renamed_nodes_stay_usable(void **state)
{
	struct peer *p = peer_new(false, 2); /* small: descriptors are closed and found again */
	struct gofer_node a, b, d, dirs[20];
	struct gofer_unlink_req u = { .node = p->root };
	struct gofer_rename_req m = { .node = p->root };
	uint64_t at;
	char name[8];

	mkdirat(p->dirfd, "d", 0777);
	peer_put_file(p, "a", "A");
	peer_put_file(p, "b", "BB");
	assert_int_equal(peer_walk(p, p->root, "d", &d), 0);
	assert_int_equal(peer_walk(p, p->root, "a", &a), 0);
	assert_int_equal(peer_walk(p, p->root, "b", &b), 0);
	at = d.node;
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		struct gofer_mkdir_req c = {
			.node = at, .mode = 0777, .uid = getuid(), .gid = getgid()
		};

		assert_int_equal(peer_call(p, GOFER_MKDIR, &c, name, NULL, NULL, 0), 0);
		dirs[i] = ((const struct gofer_mkdir_rep *)p->rep.fixed)->node;
		at = dirs[i].node;
	}
	assert_true(p->s.nodes.nr_fds <= 3);
	m.new_node = dirs[10].node;
	m.moved = a.node;
	assert_int_equal(peer_call(p, GOFER_RENAME, &m, "a", "aa", NULL, 0), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &dirs[19].node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &a.node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(((const struct gofer_getattr_rep *)p->rep.fixed)->attr.size, 1);
	u.victim = b.node;
	assert_int_equal(peer_call(p, GOFER_UNLINK, &u, "b", NULL, NULL, 0), 0);
	peer_put_file(p, "b", "other");
	assert_int_equal(peer_call(p, GOFER_GETATTR, &dirs[19].node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &b.node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(((const struct gofer_getattr_rep *)p->rep.fixed)->attr.size, 2);
	assert_int_equal(((const struct gofer_getattr_rep *)p->rep.fixed)->attr.nlink, 0);
	/* A directory cannot move below itself, and a lie about who moved makes no loop. */
	m = (struct gofer_rename_req){ .node = p->root, .new_node = dirs[3].node, .moved = d.node };
	assert_int_equal(peer_call(p, GOFER_RENAME, &m, "d", "loop", NULL, 0), -EINVAL);
	assert_int_equal(peer_call(p, GOFER_RENAME, &m, "b", "bb", NULL, 0), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &dirs[19].node, NULL, NULL, NULL, 0), 0);
	peer_free(p);
}

static void a_file_replaced_by_the_host_is_stale(void **state)
{
	struct peer *p = peer_new(false, 1);
	struct gofer_node a, b;

	peer_put_file(p, "a", "A");
	peer_put_file(p, "b", "B");
	assert_int_equal(peer_walk(p, p->root, "a", &a), 0);
	assert_int_equal(peer_walk(p, p->root, "b", &b), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &b.node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(renameat(p->dirfd, "b", p->dirfd, "a"), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &a.node, NULL, NULL, NULL, 0), -ESTALE);
	peer_free(p);
}

static void forgotten_ids_are_refused(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_forget_req q = { .nr = 1 };
	struct gofer_node a, b;

	peer_put_file(p, "a", "A");
	assert_int_equal(peer_walk(p, p->root, "a", &a), 0);
	assert_int_equal(peer_call(p, GOFER_FORGET, &q, NULL, NULL, &a.node, 8), 0);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &a.node, NULL, NULL, NULL, 0), -ESTALE);
	assert_int_equal(peer_call(p, GOFER_FORGET, &q, NULL, NULL, &a.node, 8), -ESTALE);
	assert_int_equal(peer_walk(p, p->root, "a", &b), 0);
	assert_true(a.node != b.node);
	assert_int_equal(peer_call(p, GOFER_GETATTR, &a.node, NULL, NULL, NULL, 0), -ESTALE);
	peer_free(p);
}

static void setattr_sets_what_is_asked(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_setattr_req q = {
		.mode = 0600, .size = 3, .atime = { .sec = 5 }, .mtime = { .sec = -7, .nsec = 9 }
	};
	const struct gofer_setattr_rep *r;
	struct gofer_node n;

	peer_put_file(p, "f", "hello");
	assert_int_equal(peer_walk(p, p->root, "f", &n), 0);
	q.node = n.node;
	q.valid = GOFER_SET_MODE | GOFER_SET_SIZE | GOFER_SET_ATIME | GOFER_SET_MTIME;
	assert_int_equal(peer_call(p, GOFER_SETATTR, &q, NULL, NULL, NULL, 0), 0);
	r = p->rep.fixed;
	assert_int_equal(r->attr.mode, S_IFREG | 0600);
	assert_int_equal(r->attr.size, 3);
	assert_int_equal(r->attr.atime.sec, 5);
	assert_int_equal(r->attr.mtime.sec, -7);
	assert_int_equal(r->attr.mtime.nsec, 9);
	q.valid = 1u << 20;
	assert_int_equal(peer_call(p, GOFER_SETATTR, &q, NULL, NULL, NULL, 0), -EINVAL);
	q.valid = GOFER_SET_ATIME_NOW;
	assert_int_equal(peer_call(p, GOFER_SETATTR, &q, NULL, NULL, NULL, 0), -EINVAL);
	q.valid = GOFER_SET_SIZE;
	q.node = p->root;
	assert_int_equal(peer_call(p, GOFER_SETATTR, &q, NULL, NULL, NULL, 0), -EISDIR);
	peer_free(p);
}

static void readdir_gives_everything_once(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_readdir_req q = { .node = p->root,
				       .max_bytes = 4096,
				       .flags = GOFER_READDIR_ATTRS };
	bool seen[500] = { 0 };
	int nr = 0, calls = 0;
	char name[16];

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		peer_put_file(p, name, name);
	}
	for (;;) {
		const struct gofer_readdir_rep *r;
		const struct gofer_dirent *de;
		const struct gofer_attr *at;
		const char *nm;
		size_t pos = 0;
		int ret, i;

		assert_int_equal(peer_call(p, GOFER_READDIR, &q, NULL, NULL, NULL, 0), 0);
		calls++;
		r = p->rep.fixed;
		while ((ret = gofer_dirent_next(&p->rep.blob, &pos, &de, &nm, &at)) == 1) {
			assert_non_null(at);
			assert_int_equal(de->type, DT_REG);
			snprintf(name, sizeof(name), "%.*s", (int)de->name_size, nm);
			i = atoi(name + 4);
			assert_false(seen[i]);
			seen[i] = true;
			assert_int_equal(at->size, strlen(name));
			nr++;
		}
		assert_int_equal(ret, 0);
		q.cookie = r->next_cookie;
		if (r->eof)
			break;
	}
	assert_int_equal(nr, 500);
	assert_true(calls > 10);
	peer_free(p);
}

static void read_only_mounts_refuse_changes(void **state)
{
	struct peer *p = peer_new(true, 100);
	struct gofer_create_req c = {
		.node = p->root, .mode = 0644, .uid = getuid(), .gid = getgid()
	};
	struct gofer_unlink_req u = { .node = p->root };
	struct gofer_rename_req m = { .node = p->root, .new_node = p->root };
	struct gofer_setattr_req a = { .node = p->root, .valid = GOFER_SET_MODE, .mode = 0700 };
	struct gofer_link_req l = { .node = p->root };
	struct gofer_setxattr_req x = { 0 };
	struct gofer_node n;

	peer_put_file(p, "f", "x");
	assert_int_equal(peer_walk(p, p->root, "f", &n), 0);
	l.target = x.node = n.node;
	assert_int_equal(peer_call(p, GOFER_CREATE, &c, "g", NULL, NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_MKDIR, &c, "g", NULL, NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_UNLINK, &u, "f", NULL, NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_RENAME, &m, "f", "g", NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_SETATTR, &a, NULL, NULL, NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_LINK, &l, "g", NULL, NULL, 0), -EROFS);
	assert_int_equal(peer_call(p, GOFER_SETXATTR, &x, "user.a", NULL, "v", 1), -EROFS);
	assert_int_equal(peer_open(p, p->root, "f", GOFER_OPEN_WRITE), -EROFS);
	assert_int_equal(peer_open(p, p->root, "f", 0), 0);
	peer_free(p);
}

static void xattrs_of_the_host_are_hidden(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_getxattr_req g = { .size = 100 };
	struct gofer_setxattr_req s = { 0 };
	struct gofer_node n;
	int ret;

	peer_put_file(p, "f", "x");
	assert_int_equal(peer_walk(p, p->root, "f", &n), 0);
	g.node = s.node = n.node;
	ret = peer_call(p, GOFER_SETXATTR, &s, "user.a", NULL, "val", 3);
	if (ret == -EOPNOTSUPP) {
		peer_free(p);
		skip();
	}
	assert_int_equal(ret, 0);
	s.flags = XATTR_CREATE;
	assert_int_equal(peer_call(p, GOFER_SETXATTR, &s, "user.a", NULL, "val", 3), -EEXIST);
	assert_int_equal(peer_call(p, GOFER_GETXATTR, &g, "user.a", NULL, NULL, 0), 0);
	assert_int_equal(p->rep.blob.size, 3);
	g.size = 0;
	assert_int_equal(peer_call(p, GOFER_GETXATTR, &g, "user.a", NULL, NULL, 0), 0);
	assert_int_equal(((const struct gofer_getxattr_rep *)p->rep.fixed)->size, 3);
	assert_int_equal(peer_call(p, GOFER_SETXATTR, &s, "trusted.a", NULL, "v", 1), -EPERM);
	assert_int_equal(peer_call(p, GOFER_GETXATTR, &g, "security.x", NULL, NULL, 0), -ENODATA);
	assert_int_equal(peer_call(p, GOFER_LISTXATTR, &n.node, NULL, NULL, NULL, 0), 0);
	assert_int_equal(p->rep.blob.size, 7);
	assert_int_equal(peer_call(p, GOFER_REMOVEXATTR, &n.node, "user.a", NULL, NULL, 0), 0);
	assert_int_equal(peer_call(p, GOFER_REMOVEXATTR, &n.node, "user.a", NULL, NULL, 0),
			 -ENODATA);
	peer_free(p);
}

static void hard_links_and_kernel_file_systems(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_link_req l = { .node = p->root };
	struct gofer_attach_req q = { .version = GOFER_PROTO_VERSION, .mount = 1 };
	struct gofer_readdir_req d = { .max_bytes = 4096 };
	struct gofer_node n;
	uint64_t proc;

	peer_put_file(p, "f", "x");
	assert_int_equal(peer_walk(p, p->root, "f", &n), 0);
	l.target = n.node;
	assert_int_equal(peer_call(p, GOFER_LINK, &l, "g", NULL, NULL, 0), 0);
	assert_int_equal(((const struct gofer_link_rep *)p->rep.fixed)->attr.nlink, 2);
	l.target = p->root;
	assert_int_equal(peer_call(p, GOFER_LINK, &l, "h", NULL, NULL, 0), -EPERM);
	assert_int_equal(peer_call(p, GOFER_ATTACH, &q, NULL, NULL, NULL, 0), -ENODEV);
	p->s.nr_mounts = 2;
	p->s.mounts[1].root_fd = open("/", O_PATH | O_CLOEXEC);
	p->s.mounts[1].ro = true;
	assert_int_equal(peer_call(p, GOFER_ATTACH, &q, NULL, NULL, NULL, 0), 0);
	assert_int_equal(peer_walk(p, ((const struct gofer_attach_rep *)p->rep.fixed)->root.node,
				   "proc", &n),
			 0);
	proc = n.node;
	assert_int_equal(peer_walk(p, proc, "self", &n), -ENOENT);
	assert_int_equal(peer_walk(p, proc, "version", &n), -ENOENT);
	assert_int_equal(peer_open(p, proc, "version", 0), -ENOENT);
	d.node = proc;
	assert_int_equal(peer_call(p, GOFER_READDIR, &d, NULL, NULL, NULL, 0), 0);
	assert_int_equal(p->rep.blob.size, 0);
	close(p->s.mounts[1].root_fd);
	peer_free(p);
}

static void malformed_messages_are_refused(void **state)
{
	struct peer *p = peer_new(false, 100);
	struct gofer_hdr *h = (struct gofer_hdr *)p->req_buf;
	struct gofer_req req;
	struct gofer_walk_req q = { .node = p->root };
	struct gofer_str name = { "abc", 3 };
	long size = gofer_req_encode(h, GOFER_WALK, 1, &q, &name, 1, NULL, 0);

	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), 0);
	for (long cut = 0; cut < size; cut++) {
		assert_int_equal(gofer_req_decode(h, (size_t)cut, &req), -EBADMSG);
		h->size = (uint32_t)cut;
		if (cut >= (long)sizeof(*h))
			assert_int_equal(gofer_req_decode(h, (size_t)cut, &req), -EINVAL);
		h->size = (uint32_t)size;
	}
	h->op = 999;
	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), -ENOSYS);
	h->op = 0;
	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), -ENOSYS);
	h->op = GOFER_WALK;
	h->nr_names = 2;
	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), -EINVAL);
	h->nr_names = 0;
	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), -EINVAL);
	h->nr_names = GOFER_WALK_MAX + 1;
	assert_int_equal(gofer_req_decode(h, (size_t)size, &req), -EINVAL);
	peer_free(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_stops_where_it_must),
		cmocka_unit_test(names_are_single_names),
		cmocka_unit_test(open_donates_regular_files_only),
		cmocka_unit_test(openmany_opens_what_is_a_file),
		cmocka_unit_test(new_entries_have_owner_and_mode),
		cmocka_unit_test(unlinked_and_renamed_nodes_stay_usable),
		cmocka_unit_test(a_file_replaced_by_the_host_is_stale),
		cmocka_unit_test(forgotten_ids_are_refused),
		cmocka_unit_test(setattr_sets_what_is_asked),
		cmocka_unit_test(readdir_gives_everything_once),
		cmocka_unit_test(read_only_mounts_refuse_changes),
		cmocka_unit_test(xattrs_of_the_host_are_hidden),
		cmocka_unit_test(hard_links_and_kernel_file_systems),
		cmocka_unit_test(malformed_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
