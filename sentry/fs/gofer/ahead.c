/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors asked for before they are wanted: whoever opens the files of a directory one after
 * the other (grep -r, tar, git, npm) pays a round trip to the gofer for many of them. The
 * descriptors wait in the directory's inode until the files are opened. What is open cannot be
 * another file than it was, so (dev, ino) says which file a descriptor is of, whatever happens to
 * names meanwhile; it is looked at like any other donated one when it is taken.
 *
 * Whether the first files of a directory are reason enough follows from how many of those asked for
 * in other directories were wanted.
 *
 * Locking: gofer_sb.lock guards everything here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/gofer/int.h"

#define WINDOW_MIN   2u
#define WINDOW_START 8u
#define WINDOW_SURE  16u  /* from here on the first file opened in a directory is reason enough */
#define WAITING_DIR  128u /* with so many waiting in a directory no more are asked for */
#define WAITING_MAX  512u /* the same in a mount */

struct ahead_file {
	uint64_t dev, ino;
	int fd; /* owned; -1: taken, or none yet */
};

struct ahead {
	struct list_head link; /* in gofer_sb.aheads, last made first */
	struct ginode *gd;
	unsigned int asked, used, waiting;
	struct ahead_file files[WAITING_DIR + GOFER_MANY_MAX];
};

/* Takes a directory's descriptors off, and learns from how they were used. */
static struct ahead *detach_locked(struct gofer_sb *gsb, struct ginode *gd)
{
	struct ahead *a = STEAL(gd->ahead);

	if (!a)
		return NULL;
	list_del_init(&a->link);
	gsb->nr_ahead -= a->waiting;
	if (a->used * 4 >= a->asked * 3)
		gsb->ahead_window = MIN(gsb->ahead_window * 2, GOFER_MANY_MAX - 1);
	else if (a->used * 4 <= a->asked)
		gsb->ahead_window = MAX(gsb->ahead_window / 4, WINDOW_MIN);
	return a;
}

static void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(a->files); i++) {
		if (a->files[i].fd >= 0)
			host_close(a->files[i].fd);
	}
	free(a);
}

void ahead_drop(struct ginode *gd)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct ahead *a;

	if (!READ_ONCE(gd->ahead))
		return;
	mutex_lock(&gsb->lock);
	a = detach_locked(gsb, gd);
	mutex_unlock(&gsb->lock);
	ahead_free(a);
}

static struct ahead_file *find_locked(struct ahead *a, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; a && i < ARRAY_SIZE(a->files); i++) {
		if (a->files[i].ino == ino && a->files[i].dev == dev && a->files[i].fd >= 0)
			return &a->files[i];
	}
	return NULL;
}

/* How many to ask for, when one has to be asked for anyway. */
static unsigned int window_locked(struct gofer_sb *gsb, struct ginode *gd)
{
	unsigned int at = ++gd->opens;

	if (gd->ahead)
		return gd->ahead->waiting < WAITING_DIR ? GOFER_MANY_MAX - 1 : 0;
	if (at == WINDOW_START && gsb->ahead_window < WINDOW_START)
		gsb->ahead_window = WINDOW_START; /* another try */
	return at >= 2 || gsb->ahead_window >= WINDOW_SURE ? gsb->ahead_window : 0;
}

/* The descriptor of gi, if it waits; else how many to ask for. */
static int take(struct gofer_sb *gsb, struct ginode *gd, struct ginode *gi, unsigned int *ret_want)
{
	struct ahead_file *f;
	int fd = -1;

	mutex_lock(&gsb->lock);
	f = find_locked(gd->ahead, gi->dev, gi->ino);
	if (f) {
		fd = f->fd;
		f->fd = -1;
		gd->ahead->used++;
		gd->ahead->waiting--;
		gsb->nr_ahead--;
	} else {
		*ret_want = window_locked(gsb, gd);
	}
	mutex_unlock(&gsb->lock);
	return fd;
}

static bool is_waiting(struct ginode *gd, uint64_t dev, uint64_t ino)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	bool found;

	mutex_lock(&gsb->lock);
	found = find_locked(gd->ahead, dev, ino) != NULL;
	mutex_unlock(&gsb->lock);
	return found;
}

/* Names worth asking for, behind the one that is wanted now. */
static unsigned int choose(struct ginode *gd, struct listing *l, unsigned int want,
			   struct gofer_str *names)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	uint32_t nr = listing_nr(l), first;
	unsigned int n = 1;

	if (!listing_index(l, names[0].p, names[0].size, &first))
		return 1;
	for (uint32_t step = 1; step < MIN(nr, 4 * GOFER_MANY_MAX) && n <= want; step++) {
		struct listing_entry e;

		listing_entry(gd, l, (first + step) % nr, &e);
		if (e.type != LX_S_IFREG >> 12 || !e.attr ||
		    ginode_was_opened(gsb, gofer_dev(e.attr), e.attr->ino) ||
		    is_waiting(gd, gofer_dev(e.attr), e.attr->ino))
			continue;
		names[n++] = (struct gofer_str){ e.name, (uint32_t)e.len };
	}
	return n;
}

static bool is_file(const struct gofer_opened *o, const struct ginode *gi)
{
	return o->attr.ino == gi->ino && gofer_dev(&o->attr) == gi->dev;
}

static int add_locked(struct ahead *a, const struct gofer_opened *o, int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(a->files); i++) {
		if (a->files[i].fd < 0) {
			a->files[i] = (struct ahead_file){ gofer_dev(&o->attr), o->attr.ino, fd };
			a->asked++;
			a->waiting++;
			return 0;
		}
	}
	return -ENOSPC;
}

/* Keeps what came besides the first. Consumes the descriptors. */
static void keep(struct gofer_sb *gsb, struct ginode *gd, const struct gofer_opened *o,
		 unsigned int nr, const int *fds)
{
	struct ahead *new = calloc(1, sizeof(*new)), *oldest = NULL;
	unsigned int nr_fds = 0, nr_close = 0;
	int to_close[GOFER_MANY_MAX];

	if (new) {
		for (size_t i = 0; i < ARRAY_SIZE(new->files); i++)
			new->files[i].fd = -1;
		new->gd = gd;
	}
	mutex_lock(&gsb->lock);
	if (!gd->ahead && new) {
		list_add(&new->link, &gsb->aheads);
		gd->ahead = STEAL(new);
	}
	for (unsigned int i = 0; i < nr; i++) {
		int fd;

		if (!o[i].has_fd)
			continue;
		fd = fds[nr_fds++];
		if (gd->ahead && !gofer_fd_scarce(fd) && add_locked(gd->ahead, &o[i], fd) == 0)
			gsb->nr_ahead++;
		else
			to_close[nr_close++] = fd;
	}
	if (gsb->nr_ahead > WAITING_MAX)
		oldest = detach_locked(gsb, list_last_entry(&gsb->aheads, struct ahead, link)->gd);
	mutex_unlock(&gsb->lock);
	for (unsigned int i = 0; i < nr_close; i++)
		host_close(to_close[i]);
	free(new);
	ahead_free(oldest);
}

/* What the gofer says it opened has to agree with itself and with what came. */
static bool reply_ok(const struct gofer_openmany_rep *r, const struct gofer_opened *o,
		     const struct gofer_call *call)
{
	unsigned int nr_fds = 0;

	if (r->nr_files == 0 || r->nr_files > call->nr_names ||
	    call->rep_blob_size != r->nr_files * sizeof(*o) || r->nr_fds != call->nr_fds)
		return false;
	for (unsigned int i = 0; i < r->nr_files; i++) {
		if (o[i].has_fd > 1 || o[i].error > 0 || o[i].error < -4095 ||
		    (o[i].has_fd && o[i].error))
			return false;
		nr_fds += o[i].has_fd;
	}
	return nr_fds == r->nr_fds;
}

static int ask(struct ginode *gd, uint64_t dir_nid, struct ginode *gi,
	       const struct gofer_str *names, unsigned int nr)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct gofer_openmany_req q = { .node = dir_nid };
	struct gofer_openmany_rep r;
	auto_free struct gofer_opened *o = malloc(GOFER_OPENMANY_BLOB_MAX);
	int fds[GOFER_MANY_MAX], fd = -1, ret;
	struct gofer_call call = {
		.op = GOFER_OPENMANY,
		.req = &q,
		.names = names,
		.nr_names = nr,
		.rep = &r,
		.rep_blob = o,
		.rep_blob_max = GOFER_OPENMANY_BLOB_MAX,
		.fds = fds,
	};

	if (!o)
		return -ENOMEM;
	ret = gofer_call(gsb->conn, &call);
	if (ret < 0)
		return ret;
	if (!reply_ok(&r, o, &call)) {
		for (unsigned int i = 0; i < call.nr_fds; i++)
			host_close(fds[i]);
		return -EIO;
	}
	if (o[0].has_fd && is_file(&o[0], gi))
		fd = fds[0];
	else if (o[0].has_fd)
		host_close(fds[0]);
	keep(gsb, gd, o + 1, r.nr_files - 1, fds + o[0].has_fd);
	return fd >= 0 ? fd : -EAGAIN;
}

int ahead_fd(struct ginode *gd, uint64_t dir_nid, struct ginode *gi)
{
	struct gofer_sb *gsb = gofer_sb_of(&gd->i);
	struct gofer_str names[GOFER_MANY_MAX];
	auto_free char *name = NULL;
	struct listing *l;
	unsigned int want = 0, nr;
	int fd;

	fd = take(gsb, gd, gi, &want);
	if (fd >= 0)
		return fd;
	if (want < WINDOW_MIN)
		return -EAGAIN;
	l = listing_cached(gd);
	if (!l)
		return -EAGAIN;
	mutex_lock(&gi->lock);
	if (gi->name)
		name = strdup(gi->name);
	mutex_unlock(&gi->lock);
	if (name) {
		names[0] = (struct gofer_str){ name, (uint32_t)strlen(name) };
		nr = choose(gd, l, MIN(want, GOFER_MANY_MAX - 1), names);
		fd = nr > 1 ? ask(gd, dir_nid, gi, names, nr) : -EAGAIN;
	} else {
		fd = -EAGAIN;
	}
	listing_put(l);
	return fd;
}
