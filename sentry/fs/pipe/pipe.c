/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipes and FIFOs, pipe(7), fifo(7): a ring of pages, filled by one writer and drained by one
 * reader at a time.
 *
 * A page is allocated when it is written and freed when it was read. References: each open end
 * holds the pipe; a FIFO's inode points to it while any end is open. Locking: rlock and wlock are
 * held over copies from and to guests; lock guards the ring and the counts and is short. Differs
 * from Linux: no per-user limit on the pages of pipes (pipe-user-pages-soft).
 */
#include "fs/pipe/pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/poll.h>
#include <base/bits.h>

#include "lock_class.h"
#include "vfs/anonfs.h"
#include "vfs/file.h"
#include "vfs/inode.h"

#define DEFAULT_SLOTS 16
#define MAX_SIZE      (1u << 20) /* /proc/sys/fs/pipe-max-size */

struct pslot {
	char *data;        /* owned; PAGE_SIZE bytes */
	uint32_t off, len; /* what is unread: [off, off + len) */
	bool packet;
};

struct pipe {
	struct ref ref;      /* one per open end */
	struct mutex rlock;  /* LC_PIPE_READ */
	struct mutex wlock;  /* LC_PIPE_WRITE */
	struct mutex lock;   /* LC_PIPE */
	struct pslot *slots; /* owned; GUARDED_BY(lock), as all below */
	uint32_t nr_slots, tail, used;
	uint32_t readers, writers, r_count, w_count; /* *_count: opens ever */
	uint64_t bytes;
	struct waitq wq;
	struct inode *fifo; /* borrowed: whose opens share this ring */
	/* of pipe(2): opened again through /proc/pid/fd only, which never waits */
	bool anon;
};

static struct mutex g_fifo_lock = MUTEX_INIT(LC_PIPE); /* inode->pipe */
static const struct file_ops pipe_ops;

bool file_is_pipe(const struct file *f)
{
	return f->ops == &pipe_ops;
}

bool pipe_same(const struct file *a, const struct file *b)
{
	return a->priv == b->priv;
}

static int ring_new(struct pipe **ret_p)
{
	struct pipe *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->slots = calloc(DEFAULT_SLOTS, sizeof(*p->slots));
	if (!p->slots) {
		free(p);
		return -ENOMEM;
	}
	p->nr_slots = DEFAULT_SLOTS;
	ref_init(&p->ref);
	mutex_init(&p->rlock, LC_PIPE_READ);
	mutex_init(&p->wlock, LC_PIPE_WRITE);
	mutex_init(&p->lock, LC_PIPE);
	waitq_init(&p->wq);
	*ret_p = p;
	return 0;
}

static void ring_put(struct pipe *p)
{
	if (!ref_put(&p->ref))
		return;
	for (uint32_t n = 0; n < p->nr_slots; n++)
		free(p->slots[n].data);
	free(p->slots);
	mutex_fini(&p->rlock);
	mutex_fini(&p->wlock);
	mutex_fini(&p->lock);
	waitq_fini(&p->wq);
	free(p);
}

static struct pslot *slot_at(struct pipe *p, uint32_t n)
{
	return &p->slots[(p->tail + n) & (p->nr_slots - 1)];
}

/* --- reading --- */

/* The oldest slot, as it is now; the data stays as long as rlock is held. False: empty. */
static bool peek(struct pipe *p, uint32_t n, struct pslot *ret_s, bool *ret_eof)
{
	bool some;

	mutex_lock(&p->lock);
	some = n < p->used;
	if (some)
		*ret_s = *slot_at(p, n);
	*ret_eof = p->writers == 0;
	mutex_unlock(&p->lock);
	return some;
}

/* The first n bytes of the oldest slot were read. */
static void consume(struct pipe *p, uint32_t n)
{
	char *done = NULL;
	struct pslot *s;
	bool was_full;

	mutex_lock(&p->lock);
	s = slot_at(p, 0);
	was_full = p->used == p->nr_slots;
	p->bytes -= n;
	if (s->packet) {
		p->bytes -= s->len - n; /* the rest of a packet is lost */
		s->len = n;
	}
	s->off += n;
	s->len -= n;
	if (s->len == 0) {
		done = STEAL(s->data);
		p->tail = (p->tail + 1) & (p->nr_slots - 1);
		p->used--;
	}
	mutex_unlock(&p->lock);
	free(done);
	if (done && was_full)
		waitq_wake(&p->wq, LX_POLLOUT | LX_POLLWRNORM);
}

static ssize_t pipe_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct pipe *p = f->priv;
	ssize_t done = 0, n = 0;
	struct pslot s;
	size_t want;
	bool eof;

	if (!uio_left(dst))
		return 0;
	mutex_lock(&p->rlock);
	while (uio_left(dst)) {
		if (!peek(p, 0, &s, &eof)) {
			n = eof ? 0 : -EAGAIN;
			break;
		}
		want = MIN((size_t)s.len, uio_left(dst));
		n = uio_write(dst, s.data + s.off, want);
		if (n >= 0 && n < (ssize_t)want)
			n = -EFAULT; /* a part of a page does not count */
		if (n <= 0)
			break;
		consume(p, (uint32_t)n);
		done += n;
		if (s.packet || (uint32_t)n < s.len)
			break;
	}
	mutex_unlock(&p->rlock);
	return done ? done : n;
}

ssize_t pipe_drain(struct file *f, size_t n, bool keep,
		   ssize_t (*drain)(void *arg, const void *buf, size_t n), void *arg)
{
	struct pipe *p = f->priv;
	ssize_t done = 0, got = 0;
	struct pslot s;
	bool eof;

	mutex_lock(&p->rlock);
	for (uint32_t k = 0; (size_t)done < n;) {
		size_t want;

		if (!peek(p, k, &s, &eof)) {
			got = eof || done ? 0 : -EAGAIN;
			break;
		}
		want = MIN((size_t)s.len, n - (size_t)done);
		got = drain(arg, s.data + s.off, want);
		if (got <= 0)
			break;
		done += got;
		if (keep)
			k++;
		else
			consume(p, (uint32_t)got);
		if ((size_t)got < want)
			break;
	}
	mutex_unlock(&p->rlock);
	return done ? done : got;
}

/* --- writing --- */

/* Appends to the newest page what fits whole: bytes that ends a message, as Linux merges them. */
static bool try_merge(struct pipe *p, const char *buf, uint32_t n, bool *ret_was_empty)
{
	struct pslot *s;
	bool ok = false;

	mutex_lock(&p->lock);
	*ret_was_empty = p->used == 0;
	if (p->used) {
		s = slot_at(p, p->used - 1);
		if (!s->packet && s->off + s->len + n <= PAGE_SIZE) {
			memcpy(s->data + s->off + s->len, buf, n);
			s->len += n;
			p->bytes += n;
			ok = true;
		}
	}
	mutex_unlock(&p->lock);
	return ok;
}

/* 0 when a page may be added. */
static int may_write(struct pipe *p)
{
	int ret = 0;

	mutex_lock(&p->lock);
	if (p->readers == 0)
		ret = -EPIPE;
	else if (p->used == p->nr_slots)
		ret = -EAGAIN;
	mutex_unlock(&p->lock);
	return ret;
}

/*
 * Could n bytes be appended to the newest page? A hint: only readers run meanwhile, who make more
 * room.
 */
static bool may_merge(struct pipe *p, uint32_t n)
{
	bool ok = false;
	struct pslot *s;

	mutex_lock(&p->lock);
	if (p->used) {
		s = slot_at(p, p->used - 1);
		ok = !s->packet && s->off + s->len + n <= PAGE_SIZE;
	}
	mutex_unlock(&p->lock);
	return ok;
}

/* data is consumed. wlock is held and there was room. */
static bool push(struct pipe *p, char *data, uint32_t n, bool packet)
{
	bool was_empty;

	mutex_lock(&p->lock);
	was_empty = p->used == 0;
	*slot_at(p, p->used) = (struct pslot){ .data = data, .len = n, .packet = packet };
	p->used++;
	p->bytes += n;
	mutex_unlock(&p->lock);
	return was_empty;
}

static void wake_readers(struct pipe *p)
{
	waitq_wake(&p->wq, LX_POLLIN | LX_POLLRDNORM);
}

/* The odd bytes of a message go to the newest page if they fit. Bytes moved, 0 if not so. */
static ssize_t merge_tail(struct pipe *p, struct uio *src, uint32_t n)
{
	char *buf, *fresh;
	bool was_empty;
	ssize_t got;

	if (!n || !may_merge(p, n))
		return 0;
	buf = malloc(PAGE_SIZE);
	if (!buf)
		return -ENOMEM;
	got = uio_read(src, buf, n);
	if (got >= 0 && got < (ssize_t)n)
		got = -EFAULT;
	if (got <= 0 || try_merge(p, buf, (uint32_t)got, &was_empty)) {
		free(buf);
		return got;
	}
	/* The page was read meanwhile: then there is room for one of our own. */
	fresh = buf;
	push(p, fresh, (uint32_t)got, false);
	return got;
}

static ssize_t pipe_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct pipe *p = f->priv;
	bool packet = f->flags & LX_O_DIRECT;
	ssize_t done = 0, n = 0;
	size_t want;
	char *page;
	int ret;

	if (!uio_left(src))
		return 0;
	mutex_lock(&p->wlock);
	ret = may_write(p);
	if (ret == -EPIPE) {
		mutex_unlock(&p->wlock);
		return ret;
	}
	if (!packet) {
		n = merge_tail(p, src, (uint32_t)(uio_left(src) & (PAGE_SIZE - 1)));
		if (n > 0)
			done = n;
	}
	while (n >= 0 && uio_left(src)) {
		ret = may_write(p);
		if (ret < 0) {
			n = ret;
			break;
		}
		page = malloc(PAGE_SIZE);
		if (!page) {
			n = -ENOMEM;
			break;
		}
		want = MIN(uio_left(src), (size_t)PAGE_SIZE);
		n = uio_read(src, page, want);
		if (n < (ssize_t)want) { /* a page that cannot be filled does not count */
			free(page);
			n = n < 0 ? n : -EFAULT;
			break;
		}
		push(p, page, (uint32_t)n, packet);
		done += n;
	}
	mutex_unlock(&p->wlock);
	if (done)
		wake_readers(p);
	return done ? done : n;
}

ssize_t pipe_fill(struct file *f, size_t n, ssize_t (*fill)(void *arg, void *buf, size_t n),
		  void *arg)
{
	struct pipe *p = f->priv;
	ssize_t done = 0, got = 0;

	mutex_lock(&p->wlock);
	while ((size_t)done < n) {
		size_t want = MIN(n - (size_t)done, (size_t)PAGE_SIZE);
		char *page;

		got = may_write(p);
		if (got < 0)
			break;
		page = malloc(PAGE_SIZE);
		if (!page) {
			got = -ENOMEM;
			break;
		}
		got = fill(arg, page, want);
		if (got <= 0) {
			free(page);
			break;
		}
		push(p, page, (uint32_t)got, false);
		done += got;
		if ((size_t)got < want)
			break;
	}
	mutex_unlock(&p->wlock);
	if (done)
		wake_readers(p);
	return done ? done : got;
}

/* --- the rest --- */

static uint32_t pipe_poll(struct file *f)
{
	struct pipe *p = f->priv;
	uint32_t ev = 0;

	mutex_lock(&p->lock);
	if (f->mode & FMODE_READ) {
		if (p->used)
			ev |= LX_POLLIN | LX_POLLRDNORM;
		/* A FIFO nobody has opened for writing since is not hung up. */
		if (p->writers == 0 && (p->anon || p->w_count != (uint32_t)f->pos))
			ev |= LX_POLLHUP;
	}
	if (f->mode & FMODE_WRITE) {
		if (p->used < p->nr_slots)
			ev |= LX_POLLOUT | LX_POLLWRNORM;
		if (p->readers == 0)
			ev |= LX_POLLERR;
	}
	mutex_unlock(&p->lock);
	return ev;
}

static int64_t pipe_nread(struct file *f)
{
	struct pipe *p = f->priv;
	int64_t n;

	mutex_lock(&p->lock);
	n = (int64_t)p->bytes;
	mutex_unlock(&p->lock);
	return n;
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->priv;
	bool last;

	mutex_lock(&p->lock);
	if (f->mode & FMODE_READ)
		p->readers--;
	if (f->mode & FMODE_WRITE)
		p->writers--;
	mutex_unlock(&p->lock);
	waitq_wake(&p->wq, LX_POLLIN | LX_POLLOUT | LX_POLLRDNORM | LX_POLLWRNORM | LX_POLLHUP |
				   LX_POLLERR);
	if (p->fifo) {
		mutex_lock(&g_fifo_lock);
		last = ref_read(&p->ref) == 1;
		if (last)
			f->inode->pipe = NULL;
		else
			(void)!ref_put(&p->ref);
		mutex_unlock(&g_fifo_lock);
		if (!last)
			return;
	}
	ring_put(p);
}

static const struct file_ops pipe_ops = {
	.name = "pipe",
	.flags = FOP_STREAM,
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.nread = pipe_nread,
	.release = pipe_release,
};

int pipe_get_size(struct file *f)
{
	struct pipe *p = f->priv;

	return (int)(READ_ONCE(p->nr_slots) * PAGE_SIZE);
}

int pipe_set_size(struct file *f, uint64_t size, bool privileged)
{
	struct pipe *p = f->priv;
	struct pslot *slots;
	uint32_t nr = 1;
	int ret = 0;

	if (size > (1u << 31))
		return -EINVAL;
	while (nr * PAGE_SIZE < size)
		nr *= 2;
	if (nr * PAGE_SIZE > MAX_SIZE && nr > p->nr_slots && !privileged)
		return -EPERM;
	slots = calloc(nr, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	mutex_lock(&p->lock);
	if (p->used > nr) {
		ret = -EBUSY;
	} else {
		struct pslot *old = p->slots;

		for (uint32_t n = 0; n < p->used; n++)
			slots[n] = *slot_at(p, n);
		p->slots = slots;
		p->nr_slots = nr;
		p->tail = 0;
		slots = old;
	}
	mutex_unlock(&p->lock);
	free(slots);
	if (ret == 0)
		waitq_wake(&p->wq, LX_POLLOUT | LX_POLLWRNORM);
	return ret < 0 ? ret : (int)(nr * PAGE_SIZE);
}

static void count_open(struct pipe *p, const struct file *f)
{
	if (f->mode & FMODE_READ) {
		p->readers++;
		p->r_count++;
	}
	if (f->mode & FMODE_WRITE) {
		p->writers++;
		p->w_count++;
	}
}

int pipe_new(unsigned int flags, const struct cred *cred, struct file *ret_files[2])
{
	struct file *r = NULL, *w = NULL;
	struct inode *i;
	struct pipe *p;
	int ret = ring_new(&p);

	if (ret < 0)
		return ret;
	ret = pipefs_new_inode(cred, &i);
	if (ret < 0)
		goto out;
	ret = file_new_inode(&pipe_ops, p, LX_O_RDONLY | (flags & ~LX_O_DIRECT), cred, inode_get(i),
			     &r);
	if (ret == 0)
		ret = file_new_inode(&pipe_ops, p, LX_O_WRONLY | flags, cred, inode_get(i), &w);
	inode_put(i);
	if (ret < 0) {
		if (r) {
			r->ops = NULL; /* nothing was counted: no release */
			file_put(r);
		}
		goto out;
	}
	ref_get(&p->ref);
	count_open(p, r);
	count_open(p, w);
	r->wq = w->wq = &p->wq;
	p->anon = true;
	p->fifo = i; /* the files hold it */
	i->pipe = p;
	ret_files[0] = r;
	ret_files[1] = w;
	return 0;
out:
	ring_put(p);
	return ret;
}

/* The ring of a FIFO's inode, referenced; made on the first open. */
static int fifo_ring(struct inode *i, struct pipe **ret_p)
{
	struct pipe *fresh = NULL;
	int ret = 0;

	mutex_lock(&g_fifo_lock);
	if (!i->pipe) {
		ret = ring_new(&fresh);
		if (ret == 0) {
			fresh->fifo = i;
			i->pipe = fresh;
		}
	} else {
		ref_get(&((struct pipe *)i->pipe)->ref);
	}
	if (ret == 0)
		*ret_p = i->pipe;
	mutex_unlock(&g_fifo_lock);
	return ret;
}

static int fifo_open(struct inode *i, struct file *f, const struct vfs_caller *c)
{
	struct pipe *p = NULL;
	int ret;

	if (!(f->mode & (FMODE_READ | FMODE_WRITE)))
		return -EINVAL;
	ret = fifo_ring(i, &p);
	if (ret < 0)
		return ret;
	f->ops = &pipe_ops;
	f->priv = p;
	f->wq = &p->wq;
	mutex_lock(&p->lock);
	if ((f->flags & LX_O_NONBLOCK) && f->mode == FMODE_WRITE && p->readers == 0 && !p->anon)
		ret = -ENXIO;
	/* What was there when we came: the position of a stream is free for it. */
	f->pos = f->mode & FMODE_READ ? p->w_count : p->r_count;
	count_open(p, f);
	mutex_unlock(&p->lock);
	if (ret < 0) {
		pipe_release(f);
		return ret;
	}
	waitq_wake(&p->wq, LX_POLLIN | LX_POLLOUT);
	return 0;
}

long fifo_open_check(struct file *f)
{
	struct pipe *p = f->priv;
	long ret = 0;

	if (p->anon || (f->flags & LX_O_NONBLOCK) ||
	    (f->mode & (FMODE_READ | FMODE_WRITE)) == (FMODE_READ | FMODE_WRITE))
		return 0;
	mutex_lock(&p->lock);
	if (f->mode & FMODE_READ) {
		if (p->writers == 0 && p->w_count == (uint32_t)f->pos)
			ret = -EAGAIN;
		else
			/* from now on: no writers means hung up */
			f->pos = (int64_t)UINT32_MAX + 1;
	} else if (p->readers == 0 && p->r_count == (uint32_t)f->pos) {
		ret = -EAGAIN;
	}
	mutex_unlock(&p->lock);
	return ret;
}

void pipe_init(void)
{
	vfs_fifo_open = fifo_open;
}
