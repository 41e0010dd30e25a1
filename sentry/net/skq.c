/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket queues: bytes or messages from one writer side to one reader. Memory is taken as data
 * comes and given back as it is read. Locking: skq.lock; wait queues are woken under it (they are
 * leaves).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/poll.h>
#include <base/bits.h>

#include "lock_class.h"
#include "net/socket.h"

/* A datagram sender to be woken when there is room. */
struct skq_wait {
	struct list_head link;
	struct socket *s; /* owned */
};

#define CHUNK 16384u /* of a stream */

static _Atomic unsigned int g_files_in_flight;

int scm_charge(unsigned int nr, uint64_t limit)
{
	unsigned int now = atomic_fetch_add(&g_files_in_flight, nr) + nr;

	if (now <= limit)
		return 0;
	atomic_fetch_sub(&g_files_in_flight, nr);
	return -ETOOMANYREFS;
}

void scm_uncharge(unsigned int nr)
{
	atomic_fetch_sub(&g_files_in_flight, nr);
}

void scm_free(struct scm *scm)
{
	if (!scm)
		return;
	for (unsigned int i = 0; i < scm->nr_files; i++)
		file_put(scm->files[i]);
	scm_uncharge(scm->nr_files);
	free(scm);
}

struct skb *skb_new(size_t cap)
{
	struct skb *b = malloc(sizeof(*b) + cap);

	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b));
	INIT_LIST_HEAD(&b->link);
	b->cap = (uint32_t)cap;
	return b;
}

void skb_free(struct skb *b)
{
	if (!b)
		return;
	scm_free(b->scm);
	free(b->from);
	free(b);
}

int skq_new(size_t limit, struct skq **ret_q)
{
	struct skq *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	ref_init(&q->ref);
	mutex_init(&q->lock, LC_SKQ);
	INIT_LIST_HEAD(&q->skbs);
	INIT_LIST_HEAD(&q->waiting);
	q->limit = limit;
	*ret_q = q;
	return 0;
}

struct skq *skq_get(struct skq *q)
{
	ref_get(&q->ref);
	return q;
}

/* Takes everything out; the caller frees it without the lock. */
static void steal_all_locked(struct skq *q, struct list_head *to)
{
	while (!list_empty(&q->skbs)) {
		struct skb *b = list_first_entry(&q->skbs, struct skb, link);

		list_del(&b->link);
		list_add_tail(&b->link, to);
	}
	q->bytes = 0;
	q->nr_msgs = 0;
}

static void free_list(struct list_head *l)
{
	while (!list_empty(l)) {
		struct skb *b = list_first_entry(l, struct skb, link);

		list_del(&b->link);
		skb_free(b);
	}
}

static void wake_waiting(struct list_head *l)
{
	while (!list_empty(l)) {
		struct skq_wait *w = list_first_entry(l, struct skq_wait, link);

		list_del(&w->link);
		waitq_wake(&w->s->wq, LX_POLLOUT);
		socket_put(w->s);
		free(w);
	}
}

static void steal_waiting_locked(struct skq *q, struct list_head *to)
{
	while (!list_empty(&q->waiting)) {
		struct skq_wait *w = list_first_entry(&q->waiting, struct skq_wait, link);

		list_del(&w->link);
		list_add_tail(&w->link, to);
	}
}

void skq_put(struct skq *q)
{
	LIST_HEAD(gone);
	LIST_HEAD(woken);

	if (!q || !ref_put(&q->ref))
		return;
	steal_all_locked(q, &gone);
	steal_waiting_locked(q, &woken);
	mutex_fini(&q->lock);
	free(q);
	free_list(&gone);
	wake_waiting(&woken);
}

static void wake_reader_locked(struct skq *q, uint32_t ev)
{
	if (q->reader)
		waitq_wake(&q->reader->wq, ev);
}

static void wake_writer_locked(struct skq *q, uint32_t ev)
{
	if (q->writer)
		waitq_wake(&q->writer->wq, ev);
}

static bool same_cred(const struct lx_ucred *a, const struct lx_ucred *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

/*
 * Guest memory is copied into a block of its own before the lock is taken: no usercopy happens
 * under it. A block joins the queue's last one when it is small and fits there.
 */
ssize_t skq_write(struct skq *q, struct uio *src, const struct lx_ucred *cred, struct scm **scm)
{
	ssize_t total = 0;

	while (uio_left(src) > 0 || (total == 0 && scm && *scm)) {
		struct uio peek = *src;
		struct skb *b, *last;
		size_t room, n;
		ssize_t got;

		mutex_lock(&q->lock);
		if (q->dead || q->eof) {
			mutex_unlock(&q->lock);
			return total ? total : -EPIPE;
		}
		room = q->bytes < q->limit ? q->limit - q->bytes : 0;
		mutex_unlock(&q->lock);
		if (room == 0)
			return total ? total : -EAGAIN;
		n = MIN(MIN(uio_left(src), room), (size_t)CHUNK);
		b = skb_new(n < 1024 ? 2048 : n);
		if (!b)
			return total ? total : -ENOMEM;
		got = n ? uio_read(&peek, b->data, n) : 0;
		if (got < (ssize_t)n) { /* all of a piece or nothing */
			skb_free(b);
			return total ? total : got < 0 ? got : -EFAULT;
		}
		b->len = (uint32_t)got;
		b->cred = *cred;
		if (scm && *scm && total == 0) {
			b->scm = *scm;
			*scm = NULL;
		}
		mutex_lock(&q->lock);
		if (q->dead || q->eof) {
			mutex_unlock(&q->lock);
			skb_free(b);
			return total ? total : -EPIPE;
		}
		last = list_empty(&q->skbs) ? NULL : list_last_entry(&q->skbs, struct skb, link);
		q->bytes += b->len;
		if (last && !b->scm && !last->scm && same_cred(&last->cred, cred) &&
		    last->cap - last->len >= b->len) {
			memcpy(last->data + last->len, b->data, b->len);
			last->len += b->len;
		} else {
			list_add_tail(&b->link, &q->skbs);
			b = NULL;
		}
		wake_reader_locked(q, LX_POLLIN | LX_POLLRDNORM);
		mutex_unlock(&q->lock);
		skb_free(b);
		uio_advance(src, (size_t)got);
		total += got;
		if ((size_t)got < n)
			break;
	}
	return total;
}

/* Copies go through a buffer so that no usercopy happens under the lock. */
/* Gives the last n bytes of b back to the front of the queue; done is b if it was taken off. */
static void unread(struct skq *q, struct skb *b, struct skb *done, size_t n)
{
	mutex_lock(&q->lock);
	if (done) {
		list_add(&done->link, &q->skbs);
	} else if (list_empty(&q->skbs) || list_first_entry(&q->skbs, struct skb, link) != b ||
		   b->off < n) {
		mutex_unlock(&q->lock); /* another reader has taken the rest meanwhile */
		return;
	}
	b->off -= (uint32_t)n;
	q->bytes += n;
	mutex_unlock(&q->lock);
}

ssize_t skq_read(struct skq *q, struct uio *dst, struct skq_read *rd)
{
	uint8_t buf[CHUNK];
	ssize_t total = 0;
	size_t skip = rd->peek_off;
	bool first = true;

	while (uio_left(dst) > 0 || first) {
		struct skb *b, *done = NULL;
		size_t n = 0, want = MIN(uio_left(dst), sizeof(buf));
		bool stop = false;
		ssize_t put;

		mutex_lock(&q->lock);
		b = NULL;
		if (rd->peek) {
			struct skb *i;
			size_t at = 0;

			list_for_each_entry(i, &q->skbs, link) {
				if (skip + (size_t)total < at + (i->len - i->off)) {
					b = i;
					break;
				}
				at += i->len - i->off;
			}
			if (b) {
				size_t in = skip + (size_t)total - at;

				n = MIN(want, (size_t)(b->len - b->off) - in);
				memcpy(buf, b->data + b->off + in, n);
			}
		} else if (!list_empty(&q->skbs)) {
			b = list_first_entry(&q->skbs, struct skb, link);
			n = MIN(want, (size_t)(b->len - b->off));
			memcpy(buf, b->data + b->off, n);
		}
		if (!b) {
			bool eof = q->eof;

			mutex_unlock(&q->lock);
			return total ? total : eof ? 0 : -EAGAIN;
		}
		if (!first && rd->same_cred && !same_cred(&rd->cred, &b->cred)) {
			mutex_unlock(&q->lock);
			return total;
		}
		if (first)
			rd->cred = b->cred;
		first = false;
		if (!rd->peek) {
			if (b->scm) {
				rd->scm = b->scm;
				b->scm = NULL;
				stop = true;
			}
			b->off += (uint32_t)n;
			q->bytes -= n;
			if (b->off == b->len) {
				list_del(&b->link);
				done = b;
			}
			if (q->bytes <= q->limit * 2 / 3)
				wake_writer_locked(q, LX_POLLOUT | LX_POLLWRNORM);
		}
		mutex_unlock(&q->lock);
		put = n ? uio_write(dst, buf, n) : 0;
		if (put < (ssize_t)n && !rd->peek) {
			/*
			 * The reader's memory ended in the middle: the bytes wait for another try.
			 */
			unread(q, b, done, n);
			return total ? total : put < 0 ? put : -EFAULT;
		}
		skb_free(done);
		if (put < 0)
			return total ? total : put;
		total += put;
		if ((size_t)put < n || stop || n == 0)
			break;
	}
	return total;
}

static void add_waiter_locked(struct skq *q, struct socket *s)
{
	struct skq_wait *w;

	list_for_each_entry(w, &q->waiting, link) {
		if (w->s == s)
			return;
	}
	w = malloc(sizeof(*w));
	if (!w)
		return; /* the sender's poll falls back to its next event */
	w->s = socket_get(s);
	list_add_tail(&w->link, &q->waiting);
}

void skq_wait_add(struct skq *q, struct socket *s)
{
	mutex_lock(&q->lock);
	add_waiter_locked(q, s);
	mutex_unlock(&q->lock);
}

void skq_wait_wake(struct skq *q)
{
	LIST_HEAD(woken);

	mutex_lock(&q->lock);
	steal_waiting_locked(q, &woken);
	mutex_unlock(&q->lock);
	wake_waiting(&woken);
}

int skq_push(struct skq *q, struct skb *b, struct socket *wait)
{
	int ret = 0;

	mutex_lock(&q->lock);
	if (q->dead) {
		ret = -ECONNREFUSED;
	} else if (q->eof) {
		ret = -EPIPE;
	} else if ((q->max_msgs && q->nr_msgs >= q->max_msgs) ||
		   (q->bytes > 0 && q->bytes + b->len > q->limit)) {
		ret = -EAGAIN;
		if (wait)
			add_waiter_locked(q, wait);
	} else {
		list_add_tail(&b->link, &q->skbs);
		q->bytes += b->len;
		q->nr_msgs++;
		wake_reader_locked(q, LX_POLLIN | LX_POLLRDNORM);
	}
	mutex_unlock(&q->lock);
	return ret;
}

int skq_pop(struct skq *q, struct skb **ret_b)
{
	LIST_HEAD(woken);
	struct skb *b;

	mutex_lock(&q->lock);
	if (list_empty(&q->skbs)) {
		bool eof = q->eof;

		mutex_unlock(&q->lock);
		if (!eof)
			return -EAGAIN;
		*ret_b = NULL;
		return 0;
	}
	b = list_first_entry(&q->skbs, struct skb, link);
	list_del(&b->link);
	q->bytes -= b->len;
	q->nr_msgs--;
	steal_waiting_locked(q, &woken);
	wake_writer_locked(q, LX_POLLOUT | LX_POLLWRNORM);
	mutex_unlock(&q->lock);
	wake_waiting(&woken);
	*ret_b = b;
	return 0;
}

void skq_shut_writer(struct skq *q)
{
	mutex_lock(&q->lock);
	q->eof = true;
	wake_reader_locked(q, LX_POLLIN | LX_POLLRDHUP | LX_POLLHUP);
	mutex_unlock(&q->lock);
}

void skq_shut_reader(struct skq *q, bool drop)
{
	LIST_HEAD(gone);
	LIST_HEAD(woken);

	mutex_lock(&q->lock);
	q->dead = true;
	if (drop)
		steal_all_locked(q, &gone);
	steal_waiting_locked(q, &woken);
	wake_writer_locked(q, LX_POLLOUT | LX_POLLERR | LX_POLLHUP);
	wake_reader_locked(q, LX_POLLIN | LX_POLLRDHUP | LX_POLLHUP);
	mutex_unlock(&q->lock);
	free_list(&gone);
	wake_waiting(&woken);
}

size_t skq_bytes(struct skq *q)
{
	size_t n;

	mutex_lock(&q->lock);
	n = q->bytes;
	mutex_unlock(&q->lock);
	return n;
}

bool skq_is_closed(struct skq *q)
{
	bool closed;

	mutex_lock(&q->lock);
	closed = q->dead || q->eof;
	mutex_unlock(&q->lock);
	return closed;
}

bool skq_has_room(struct skq *q)
{
	bool room;

	mutex_lock(&q->lock);
	room = q->dead || q->eof ||
	       (q->bytes <= q->limit * 2 / 3 && (!q->max_msgs || q->nr_msgs < q->max_msgs));
	mutex_unlock(&q->lock);
	return room;
}

/* A copy of the first message, for MSG_PEEK; control data is shared by reference. */
int skq_peek(struct skq *q, struct skb **ret_b)
{
	struct skb *b, *c;
	size_t cap = 2048;

	for (;;) {
		c = skb_new(cap);
		if (!c)
			return -ENOMEM;
		mutex_lock(&q->lock);
		if (list_empty(&q->skbs)) {
			bool eof = q->eof;

			mutex_unlock(&q->lock);
			skb_free(c);
			*ret_b = NULL;
			return eof ? 0 : -EAGAIN;
		}
		b = list_first_entry(&q->skbs, struct skb, link);
		if (b->len <= cap)
			break;
		cap = b->len;
		mutex_unlock(&q->lock);
		skb_free(c);
	}
	memcpy(c->data, b->data, b->len);
	c->len = b->len;
	c->cred = b->cred;
	c->stamp_ns = b->stamp_ns;
	if (b->from) {
		c->from = malloc(sizeof(*c->from));
		if (c->from)
			*c->from = *b->from;
	}
	if (b->scm) {
		c->scm = calloc(1, sizeof(*c->scm));
		if (c->scm) {
			c->scm->nr_files = b->scm->nr_files;
			for (unsigned int i = 0; i < b->scm->nr_files; i++)
				c->scm->files[i] = file_get(b->scm->files[i]);
			scm_charge(c->scm->nr_files, UINT32_MAX);
		}
	}
	mutex_unlock(&q->lock);
	*ret_b = c;
	return 0;
}
