/* SPDX-License-Identifier: Apache-2.0 */
/* Locks, epoll, inotify and pipes without tasks: what is ready, what is told, who is in the way. */
#include "vfstest.h"
#include "fs/eventfd/eventfd.h"
#include "vfs/epoll.h"
#include "vfs/flock.h"
#include "vfs/inotify.h"

static void ranges_split_and_merge(void **state)
{
	struct vt *t = *state;
	struct flock_req req = { .type = LX_F_WRLCK, .start = 0, .end = 99, .owner = "a", .pid = 1 },
			 q;
	struct file *f;

	vt_write(t, "/f", "x");
	assert_int_equal(vt_open(t, "/f", LX_O_RDWR, 0, &f), 0);
	assert_int_equal(flock_set(f->inode, &req), 0);
	req = (struct flock_req){ .type = LX_F_UNLCK, .start = 40, .end = 59, .owner = req.owner };
	assert_int_equal(flock_set(f->inode, &req), 0);
	q = (struct flock_req){ .type = LX_F_RDLCK, .start = 40, .end = 59, .owner = "b", .pid = 2 };
	flock_test(f->inode, &q);
	assert_int_equal(q.type, LX_F_UNLCK);
	q = (struct flock_req){ .type = LX_F_RDLCK, .start = 30, .end = 70, .owner = "b", .pid = 2 };
	assert_int_equal(flock_set(f->inode, &q), -EAGAIN);
	flock_test(f->inode, &q);
	assert_int_equal(q.type, LX_F_WRLCK);
	assert_int_equal(q.end, 39);
	assert_int_equal(q.pid, 1);
	flock_release_owner(f->inode, req.owner);
	q = (struct flock_req){
		.type = LX_F_WRLCK, .start = 0, .end = INT64_MAX, .owner = "b", .pid = 2
	};
	assert_int_equal(flock_set(f->inode, &q), 0);
	flock_release_owner(f->inode, q.owner);
	file_put(f);
}

static void circles_of_waiters_are_refused(void **state)
{
	struct vt *t = *state;
	static const char a[] = "a", b[] = "b";
	struct flock_req ra = { .type = LX_F_WRLCK, .start = 0, .end = 0, .owner = a };
	struct flock_req rb = { .type = LX_F_WRLCK, .start = 1, .end = 1, .owner = b };
	struct file *f;

	vt_write(t, "/f", "x");
	assert_int_equal(vt_open(t, "/f", LX_O_RDWR, 0, &f), 0);
	assert_int_equal(flock_set(f->inode, &ra), 0);
	assert_int_equal(flock_set(f->inode, &rb), 0);
	ra.start = ra.end = 1;
	assert_int_equal(flock_wait_begin(f->inode, &ra), 0);
	rb.start = rb.end = 0;
	assert_int_equal(flock_wait_begin(f->inode, &rb), -EDEADLK);
	flock_wait_end(a);
	assert_int_equal(flock_wait_begin(f->inode, &rb), 0);
	flock_wait_end(b);
	flock_release_owner(f->inode, a);
	flock_release_owner(f->inode, b);
	file_put(f);
}

static int collect(struct file *ep)
{
	struct lx_epoll_event ev[4];

	return epoll_collect(ep, ev, 4);
}

static void epoll_levels_and_edges(void **state)
{
	struct vt *t = *state;
	struct lx_epoll_event ev = { .events = LX_EPOLLIN, .data = 7 };
	struct file *ep, *e;
	uint64_t one = 1;

	assert_int_equal(epoll_new(LX_O_RDWR, t->cred, &ep), 0);
	assert_int_equal(eventfd_new(0, 0, t->cred, &e), 0);
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_ADD, 3, e, &ev), 0);
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_ADD, 3, e, &ev), -EEXIST);
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_ADD, 4, ep, &ev), -EINVAL);
	assert_int_equal(collect(ep), 0);
	assert_int_equal(kwrite(e, &one, 8), 8);
	assert_int_equal(collect(ep), 1);
	assert_int_equal(collect(ep), 1);
	ev.events |= LX_EPOLLET;
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_MOD, 3, e, &ev), 0);
	assert_int_equal(collect(ep), 1);
	assert_int_equal(collect(ep), 0);
	assert_int_equal(kwrite(e, &one, 8), 8);
	assert_int_equal(collect(ep), 1);
	assert_int_equal(collect(ep), 0);
	ev.events = LX_EPOLLIN | LX_EPOLLONESHOT;
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_MOD, 3, e, &ev), 0);
	assert_int_equal(collect(ep), 1);
	assert_int_equal(kwrite(e, &one, 8), 8);
	assert_int_equal(collect(ep), 0);
	ev.events = LX_EPOLLIN;
	assert_int_equal(epoll_ctl(ep, LX_EPOLL_CTL_MOD, 3, e, &ev), 0);
	assert_int_equal(collect(ep), 1);
	/* the last close takes it out */
	file_put(e);
	assert_int_equal(collect(ep), 0);
	file_put(ep);
}

static void epolls_nest_but_not_in_circles(void **state)
{
	struct vt *t = *state;
	struct lx_epoll_event ev = { .events = LX_EPOLLIN };
	struct file *ep[7], *e;
	uint64_t one = 1;

	for (int n = 0; n < 7; n++)
		assert_int_equal(epoll_new(LX_O_RDWR, t->cred, &ep[n]), 0);
	for (int n = 0; n < 4; n++)
		assert_int_equal(epoll_ctl(ep[n], LX_EPOLL_CTL_ADD, n, ep[n + 1], &ev), 0);
	assert_int_equal(epoll_ctl(ep[4], LX_EPOLL_CTL_ADD, 9, ep[0], &ev), -ELOOP);
	assert_int_equal(epoll_ctl(ep[4], LX_EPOLL_CTL_ADD, 9, ep[5], &ev), -ELOOP);
	assert_int_equal(eventfd_new(0, 0, t->cred, &e), 0);
	assert_int_equal(epoll_ctl(ep[4], LX_EPOLL_CTL_ADD, 9, e, &ev), 0);
	assert_int_equal(collect(ep[0]), 0);
	assert_int_equal(kwrite(e, &one, 8), 8);
	assert_int_equal(collect(ep[0]), 1);
	file_put(e);
	for (int n = 0; n < 7; n++)
		file_put(ep[n]);
}

/* Masks of all queued events, in order. */
static int events(struct file *in, uint32_t *masks, int max)
{
	char buf[4096];
	ssize_t len = kread(in, buf, sizeof(buf));
	int nr = 0;

	for (ssize_t off = 0; off < len && nr < max;) {
		struct lx_inotify_event *e = (void *)(buf + off);

		masks[nr++] = e->mask;
		off += (ssize_t)(sizeof(*e) + e->len);
	}
	return nr;
}

static void watches_hear_of_changes(void **state)
{
	struct vt *t = *state;
	auto_path struct path d = { 0 };
	auto_path struct path p = { 0 };
	struct file *in;
	uint32_t m[32];
	int n;

	assert_int_equal(vfs_mkdir(&t->c, NULL, "/d", 0755), 0);
	vt_write(t, "/d/f", "x");
	assert_int_equal(inotify_new(LX_O_RDONLY | LX_O_NONBLOCK, t->cred, &in), 0);
	assert_int_equal(vfs_walk(&t->c, NULL, "/d", 0, &d), 0);
	assert_int_equal(vfs_walk(&t->c, NULL, "/d/f", 0, &p), 0);
	assert_int_equal(inotify_add_watch(in, d.dentry->inode, LX_IN_ALL_EVENTS), 1);
	assert_int_equal(inotify_add_watch(in, d.dentry->inode, LX_IN_ALL_EVENTS), 1);
	assert_int_equal(vt_try(t, "/d/f", LX_O_RDONLY), 0);
	n = events(in, m, 32);
	assert_int_equal(n, 2);
	assert_int_equal(m[0], LX_IN_OPEN);
	assert_int_equal(m[1], LX_IN_CLOSE_NOWRITE);
	assert_int_equal(inotify_add_watch(in, p.dentry->inode, LX_IN_DELETE_SELF | LX_IN_ATTRIB),
			 2);
	path_put(&p);
	assert_int_equal(vfs_unlink(&t->c, NULL, "/d/f"), 0);
	n = events(in, m, 32);
	assert_int_equal(n, 4);
	assert_int_equal(m[0], LX_IN_ATTRIB);
	assert_int_equal(m[1], LX_IN_DELETE_SELF);
	assert_int_equal(m[2], LX_IN_IGNORED);
	assert_int_equal(m[3], LX_IN_DELETE);
	assert_int_equal(inotify_rm_watch(in, 1), 0);
	assert_int_equal(inotify_rm_watch(in, 1), -EINVAL);
	file_put(in);
	assert_false(inotify_active());
}

static void pipes_keep_small_writes_whole(void **state)
{
	struct vt *t = *state;
	struct file *p[2];
	static char buf[70000];
	int total = 0;

	assert_int_equal(pipe_new(0, t->cred, p), 0);
	assert_int_equal(kread(p[0], buf, 10), -EAGAIN);
	assert_int_equal(kwrite(p[1], buf, sizeof(buf)), 65536);
	assert_int_equal(kwrite(p[1], buf, 1), -EAGAIN);
	assert_int_equal(kread(p[0], buf, 100), 100);
	/* one page must be free for a small write, as Linux has it */
	assert_int_equal(kwrite(p[1], buf, 4096), -EAGAIN);
	assert_int_equal(kread(p[0], buf, 3996), 3996);
	assert_int_equal(kwrite(p[1], buf, 4096), 4096);
	for (ssize_t n; (n = kread(p[0], buf, 7777)) > 0;)
		total += (int)n;
	assert_int_equal(total, 65536);
	file_put(p[1]);
	assert_int_equal(kread(p[0], buf, 10), 0);
	assert_int_equal(vfs_poll(p[0]), LX_POLLHUP);
	file_put(p[0]);
	assert_int_equal(pipe_new(LX_O_DIRECT, t->cred, p), 0);
	assert_int_equal(kwrite(p[1], "abc", 3), 3);
	assert_int_equal(kwrite(p[1], "defg", 4), 4);
	assert_int_equal(kread(p[0], buf, 2), 2);
	assert_int_equal(kread(p[0], buf, 100), 4);
	file_put(p[0]);
	assert_int_equal(kwrite(p[1], "x", 1), -EPIPE);
	file_put(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VT_TEST(ranges_split_and_merge),  VT_TEST(circles_of_waiters_are_refused),
		VT_TEST(epoll_levels_and_edges),  VT_TEST(epolls_nest_but_not_in_circles),
		VT_TEST(watches_hear_of_changes), VT_TEST(pipes_keep_small_writes_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
