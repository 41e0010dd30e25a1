/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a gofer. There is no receiving thread: of the threads that wait for replies,
 * one (the leader) receives for all of them, hands the others what is theirs, and passes the role
 * on when it has its own reply. The usual case, one request under way, costs one send and one
 * receive.
 *
 * The socket has a receive timeout, so that a leader notices that its task was killed, and the
 * others wait in slices of the same length.
 *
 * The gofer may lie: replies are decoded here, a tag nobody waits for (a killed task's) has its
 * descriptor closed and its node ids forgotten.
 *
 * Locking: conn.lock guards the list of waiting calls, the leader flag and the list of ids to
 * forget. The receive buffer belongs to the leader.
 */
#include "conn.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LOG_TAG "gofer"
#include <base/list.h>
#include <base/lock.h>
#include <base/log.h>
#include <base/ref.h>
#include <host/host.h>

#include "kernel/task.h"
#include "lock_class.h"

#define WAIT_SLICE_MS 100u
#define FORGET_BATCH  256u
#define NAMES_MAX     2u /* in most requests */

enum { WAITING, DONE, LEAD };

struct pending {
	struct list_head link; /* in conn.waiting */
	struct gofer_call *call;
	uint32_t tag;
	int error; /* when DONE */
	/* futex: WAITING, DONE, LEAD; GUARDED_BY(conn.lock) for writing */
	uint32_t word;
};

struct gofer_conn {
	struct ref ref;
	int sock; /* owned */
	_Atomic bool dead;
	_Atomic uint64_t nr_sent;
	void *rx;                      /* owned: GOFER_REP_MAX bytes, the leader's */
	struct mutex lock;             /* LC_GOFER_CONN */
	struct list_head waiting;      /* GUARDED_BY(lock), in the order of sending */
	bool leader;                   /* GUARDED_BY(lock): somebody receives */
	uint32_t last_tag;             /* GUARDED_BY(lock) */
	unsigned int nr_forget;        /* GUARDED_BY(lock) */
	uint64_t forget[FORGET_BATCH]; /* GUARDED_BY(lock) */
};

int gofer_conn_new(int sock, struct gofer_conn **ret_conn)
{
	struct gofer_conn *c = calloc(1, sizeof(*c));
	int ret;

	if (c)
		c->rx = aligned_alloc(64, GOFER_REP_MAX);
	ret = c && c->rx ? host_set_recv_timeout(sock, WAIT_SLICE_MS) : -ENOMEM;
	if (ret < 0) {
		host_close(sock);
		if (c)
			free(c->rx);
		free(c);
		return ret;
	}
	ref_init(&c->ref);
	c->sock = sock;
	mutex_init(&c->lock, LC_GOFER_CONN);
	INIT_LIST_HEAD(&c->waiting);
	*ret_conn = c;
	return 0;
}

struct gofer_conn *gofer_conn_get(struct gofer_conn *c)
{
	ref_get(&c->ref);
	return c;
}

void gofer_conn_put(struct gofer_conn *c)
{
	if (!ref_put(&c->ref))
		return;
	host_close(c->sock);
	mutex_fini(&c->lock);
	free(c->rx);
	free(c);
}

bool gofer_conn_dead(struct gofer_conn *c)
{
	return atomic_load(&c->dead);
}

uint64_t gofer_conn_count(struct gofer_conn *c)
{
	return atomic_load(&c->nr_sent);
}

static void wake_locked(struct pending *p, uint32_t why)
{
	__atomic_store_n(&p->word, why, __ATOMIC_RELEASE);
	host_futex_wake(&p->word, 1);
}

/* Makes somebody else receive, if nobody does and somebody waits. */
static void pass_lead_locked(struct gofer_conn *c)
{
	if (!c->leader && !list_empty(&c->waiting))
		wake_locked(list_first_entry(&c->waiting, struct pending, link), LEAD);
}

static void die_locked(struct gofer_conn *c, int err)
{
	struct pending *p, *tmp;

	if (!atomic_exchange(&c->dead, true))
		log_err("the gofer is gone (%d): its files answer EIO from now on", err);
	list_for_each_entry_safe(p, tmp, &c->waiting, link) {
		list_del_init(&p->link);
		p->error = -EIO;
		wake_locked(p, DONE);
	}
}

static void conn_die(struct gofer_conn *c, int err)
{
	mutex_lock(&c->lock);
	die_locked(c, err);
	mutex_unlock(&c->lock);
}

static void close_all(const int *fds, unsigned int nr_fds)
{
	for (unsigned int i = 0; i < nr_fds; i++)
		host_close(fds[i]);
}

/* Releases what a reply brought that nobody waits for any more. */
static void drop_reply(struct gofer_conn *c, size_t size, unsigned int nr_fds, const int *fds)
{
	const struct gofer_hdr *h = c->rx;
	const struct gofer_node *node = NULL;
	struct gofer_rep rep;
	unsigned int nr = 1;

	close_all(fds, nr_fds);
	if (size < sizeof(*h) || gofer_rep_decode(h->op, c->rx, size, 0, &rep) < 0 || rep.error)
		return;
	switch (h->op) {
	case GOFER_ATTACH:
	case GOFER_OPEN:
	case GOFER_CREATE:
	case GOFER_MKDIR:
	case GOFER_SYMLINK:
	case GOFER_MKNOD:
	case GOFER_READDIR:
		node = rep.fixed; /* all of these begin with it */
		break;
	case GOFER_WALK:
		node = (const void *)rep.blob.p;
		nr = rep.blob.size / sizeof(*node);
		break;
	default:
		return;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (node[i].node)
			gofer_forget(c, node[i].node);
	}
}

/* Hands a received packet to whom it belongs. */
static int deliver_locked(struct gofer_conn *c, size_t size, unsigned int nr_fds, const int *fds)
{
	uint32_t tag = gofer_rep_tag(c->rx, size);
	struct pending *p, *found = NULL;
	struct gofer_call *call;
	struct gofer_rep rep;
	int ret;

	list_for_each_entry(p, &c->waiting, link) {
		if (p->tag == tag) {
			found = p;
			break;
		}
	}
	if (!found)
		return -ENOENT;
	call = found->call;
	ret = gofer_rep_decode(call->op, c->rx, size, (int)nr_fds, &rep);
	if (ret == 0)
		ret = rep.error;
	if (ret == 0 && (rep.blob.size > call->rep_blob_max || (nr_fds > 1 && !call->fds)))
		ret = -EPROTO;
	if (ret == 0) {
		if (call->rep)
			memcpy(call->rep, rep.fixed, gofer_op_info(call->op)->rep_size);
		if (rep.blob.size)
			memcpy(call->rep_blob, rep.blob.p, rep.blob.size);
		call->rep_blob_size = rep.blob.size;
		if (call->fds) {
			memcpy(call->fds, fds, nr_fds * sizeof(*fds));
			call->nr_fds = nr_fds;
		} else if (nr_fds) {
			call->fd = fds[0];
		}
	} else {
		close_all(fds, nr_fds);
	}
	found->error = ret;
	list_del_init(&found->link);
	wake_locked(found, DONE);
	return 0;
}

/*
 * The descriptor of a reply got lost: our table is full. Its call fails; what else it brought is
 * given back.
 */
static void deliver_loss(struct gofer_conn *c, size_t size)
{
	uint32_t tag = gofer_rep_tag(c->rx, size);
	struct pending *p;

	mutex_lock(&c->lock);
	list_for_each_entry(p, &c->waiting, link) {
		if (p->tag != tag)
			continue;
		p->error = -ENFILE;
		list_del_init(&p->link);
		wake_locked(p, DONE);
		break;
	}
	mutex_unlock(&c->lock);
	drop_reply(c, size, 0, NULL);
}

/* One receive as the leader. True if the connection is still good. */
static bool receive_one(struct gofer_conn *c)
{
	unsigned int nr_fds = GOFER_MANY_MAX;
	int fds[GOFER_MANY_MAX], ret;
	ssize_t n = host_recv(c->sock, c->rx, GOFER_REP_MAX, fds, &nr_fds, HOST_MSG_FDS_LOSSY);

	if (n == -EAGAIN)
		return true;
	if (n <= 0) {
		conn_die(c, (int)n);
		return false;
	}
	if (nr_fds == HOST_FDS_LOST) {
		deliver_loss(c, (size_t)n);
		return true;
	}
	mutex_lock(&c->lock);
	ret = deliver_locked(c, (size_t)n, nr_fds, fds);
	mutex_unlock(&c->lock);
	if (ret < 0)
		drop_reply(c, (size_t)n, nr_fds, fds);
	return true;
}

/* Waits until p is DONE. -EINTR if the task was killed first; then p is off the list. */
static int wait_reply(struct gofer_conn *c, struct pending *p)
{
	struct task *t = task_current();
	int ret = 0;

	mutex_lock(&c->lock);
	while (p->word != DONE) {
		if (t && task_killed(t)) {
			list_del_init(&p->link);
			ret = -EINTR;
			break;
		}
		if (c->leader) {
			p->word = WAITING;
			mutex_unlock(&c->lock);
			host_futex_wait(&p->word, WAITING,
					host_now_ns() + WAIT_SLICE_MS * UINT64_C(1000000));
			mutex_lock(&c->lock);
			continue;
		}
		c->leader = true;
		mutex_unlock(&c->lock);
		receive_one(c);
		mutex_lock(&c->lock);
		c->leader = false;
	}
	pass_lead_locked(c);
	mutex_unlock(&c->lock);
	return ret;
}

int gofer_call(struct gofer_conn *c, struct gofer_call *call)
{
	uint64_t small[GOFER_HEAD_MAX(NAMES_MAX) / 8 + 1]; /* task stacks are small */
	auto_free uint64_t *large =
		call->nr_names > NAMES_MAX ? malloc(GOFER_HEAD_MAX(call->nr_names)) : NULL;
	uint64_t *head = large ? large : small;
	struct host_iov iov[2] = { { .base = head }, { (void *)call->blob, call->blob_size } };
	struct pending p = { .call = call, .word = WAITING };
	long size;
	ssize_t n;
	int ret;

	call->fd = -1;
	call->rep_blob_size = 0;
	call->nr_fds = 0;
	if (call->nr_names > NAMES_MAX && !large)
		return -ENOMEM;
	mutex_lock(&c->lock);
	do {
		p.tag = ++c->last_tag;
	} while (p.tag == GOFER_TAG_NONE);
	mutex_unlock(&c->lock);
	size = gofer_req_head(head, call->op, p.tag, call->req, call->names, call->nr_names,
			      call->blob_size);
	if (size < 0)
		return (int)size;
	iov[0].len = (size_t)size;

	mutex_lock(&c->lock);
	if (atomic_load(&c->dead)) {
		mutex_unlock(&c->lock);
		return -EIO;
	}
	list_add_tail(&p.link, &c->waiting);
	mutex_unlock(&c->lock);
	atomic_fetch_add_explicit(&c->nr_sent, 1, memory_order_relaxed);
	n = host_sendv(c->sock, iov, call->blob_size ? 2 : 1, NULL, 0, 0);
	if (n < 0)
		conn_die(c, (int)n);
	ret = wait_reply(c, &p);
	return ret < 0 ? ret : p.error;
}

/* Sends nr ids; no reply comes. */
static void send_forget(struct gofer_conn *c, const uint64_t *ids, unsigned int nr)
{
	struct gofer_forget_req req = { .nr = nr };
	uint64_t head[GOFER_HEAD_MAX(0) / 8 + 1];
	struct host_iov iov[2] = { { .base = head }, { (void *)ids, nr * sizeof(*ids) } };
	long size = gofer_req_head(head, GOFER_FORGET, GOFER_TAG_NONE, &req, NULL, 0,
				   nr * sizeof(*ids));
	ssize_t n;

	if (size < 0 || atomic_load(&c->dead))
		return;
	iov[0].len = (size_t)size;
	n = host_sendv(c->sock, iov, 2, NULL, 0, 0);
	if (n < 0)
		conn_die(c, (int)n);
}

void gofer_forget(struct gofer_conn *c, uint64_t node)
{
	uint64_t ids[FORGET_BATCH];
	unsigned int nr = 0;

	mutex_lock(&c->lock);
	c->forget[c->nr_forget++] = node;
	if (c->nr_forget == FORGET_BATCH) {
		memcpy(ids, c->forget, sizeof(ids));
		nr = FORGET_BATCH;
		c->nr_forget = 0;
	}
	mutex_unlock(&c->lock);
	if (nr)
		send_forget(c, ids, nr);
}

void gofer_forget_flush(struct gofer_conn *c)
{
	uint64_t ids[FORGET_BATCH];
	unsigned int nr;

	mutex_lock(&c->lock);
	nr = c->nr_forget;
	memcpy(ids, c->forget, nr * sizeof(*ids));
	c->nr_forget = 0;
	mutex_unlock(&c->lock);
	if (nr)
		send_forget(c, ids, nr);
}
