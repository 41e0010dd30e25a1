/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker behind base/lock.h in debug builds: a stack of held locks per thread, compared with
 * the rank of each lock that is about to be taken. A violation is our own bug, so it aborts.
 */
#include "base/lock.h"

#ifndef NDEBUG
#include <stdlib.h>

#define LOG_TAG "lockcheck"
#include "base/log.h"
#include "host/host.h"

#define HELD_MAX 24

struct held {
	const void *lock;
	unsigned int lc;
};

static _Thread_local struct {
	unsigned int nr;
	struct held h[HELD_MAX];
} t_held;

static const char *(*g_name)(unsigned int lc); /* const after start */

void lockcheck_set_names(const char *(*name)(unsigned int lc))
{
	g_name = name;
}

static const char *class_name(unsigned int lc)
{
	return g_name ? g_name(lc) : "";
}

__noreturn __cold static void violation(const char *what, const void *lock, unsigned int lc)
{
	log_err("%s: class %u %s at %p; held, outermost first:", what, lc, class_name(lc), lock);
	for (unsigned int i = 0; i < t_held.nr; i++)
		log_err("  class %u %s at %p", t_held.h[i].lc, class_name(t_held.h[i].lc),
			t_held.h[i].lock);
	host_backtrace(NULL);
	abort();
}

void lockcheck_take(const void *lock, unsigned int lc, bool nested)
{
	for (unsigned int i = 0; i < t_held.nr; i++) {
		const struct held *h = &t_held.h[i];

		if (h->lock == lock)
			violation("taken twice", lock, lc);
		if (lc == LC_UNRANKED || h->lc == LC_UNRANKED)
			continue;
		if (h->lc > lc)
			violation("against the order", lock, lc);
		if (h->lc == lc && !nested)
			violation("same class, not marked nested", lock, lc);
	}
}

void lockcheck_hold(const void *lock, unsigned int lc)
{
	if (t_held.nr == HELD_MAX)
		violation("too many held", lock, lc);
	t_held.h[t_held.nr++] = (struct held){ .lock = lock, .lc = lc };
}

void lockcheck_drop(const void *lock)
{
	unsigned int i = t_held.nr;

	while (i > 0 && t_held.h[i - 1].lock != lock)
		i--;
	if (i == 0)
		violation("released but not held", lock, 0);
	for (; i < t_held.nr; i++)
		t_held.h[i - 1] = t_held.h[i];
	t_held.nr--;
}

bool lockcheck_held(const void *lock)
{
	for (unsigned int i = 0; i < t_held.nr; i++) {
		if (t_held.h[i].lock == lock)
			return true;
	}
	return false;
}

void lockcheck_none_held(const char *where)
{
	for (unsigned int i = 0; i < t_held.nr; i++) {
		if (t_held.h[i].lc != LC_UNRANKED)
			violation(where, t_held.h[i].lock, t_held.h[i].lc);
	}
}
#endif
