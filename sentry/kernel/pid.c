/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pid table: a bitmap of numbers in use and a hash from number to what it names. Numbers are
 * given in rising order and wrap at pid_max, as Linux does, so that a number is not reused soon.
 */
#include "kernel/pid.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <base/bits.h>
#include <base/hash.h>

#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"

#define PID_HASH_BITS 10
#define PID_RESERVED                                                                               \
	300 /* after the first round the low numbers stay with the daemons, as on Linux */

static struct mutex g_pid_lock = MUTEX_INIT(LC_PID);
static struct hlist_head g_hash[1u << PID_HASH_BITS];
static DECLARE_BITMAP(g_used, PID_MAX_DEFAULT);
static int g_last;

static struct hlist_head *bucket(int nr)
{
	return &g_hash[hash_to_bits(hash_u64((uint64_t)nr), PID_HASH_BITS)];
}

int pid_max(void)
{
	return PID_MAX_DEFAULT;
}

int pid_last(void)
{
	int nr;

	mutex_lock(&g_pid_lock);
	nr = g_last;
	mutex_unlock(&g_pid_lock);
	return nr;
}

static int pick_locked(int want)
{
	size_t nr;

	if (want > 0)
		return want >= PID_MAX_DEFAULT           ? -EINVAL :
		       bitmap_test(g_used, (size_t)want) ? -EEXIST :
							   want;
	nr = bitmap_next_clear(g_used, PID_MAX_DEFAULT, (size_t)g_last + 1);
	if (nr >= PID_MAX_DEFAULT)
		nr = bitmap_next_clear(g_used, PID_MAX_DEFAULT, PID_RESERVED);
	return nr < PID_MAX_DEFAULT ? (int)nr : -EAGAIN;
}

int pid_alloc(int want, struct pid **ret_pid)
{
	struct pid *p = calloc(1, sizeof(*p));
	int nr;

	if (!p)
		return -ENOMEM;
	mutex_lock(&g_pid_lock);
	nr = pick_locked(want);
	if (nr > 0) {
		bitmap_set(g_used, (size_t)nr);
		if (want == 0)
			g_last = nr;
		p->nr = nr;
		p->refs = 1;
		hlist_add_head(&p->link, bucket(nr));
	}
	mutex_unlock(&g_pid_lock);
	if (nr < 0) {
		free(p);
		return nr;
	}
	*ret_pid = p;
	return 0;
}

struct pid *pid_get(struct pid *p)
{
	mutex_lock(&g_pid_lock);
	p->refs++;
	mutex_unlock(&g_pid_lock);
	return p;
}

void pid_put(struct pid *p)
{
	bool last;

	if (!p)
		return;
	mutex_lock(&g_pid_lock);
	last = --p->refs == 0;
	if (last) {
		hlist_del(&p->link);
		bitmap_clear(g_used, (size_t)p->nr);
	}
	mutex_unlock(&g_pid_lock);
	if (last)
		free(p);
}

static struct pid *find_locked(int nr)
{
	struct pid *p;

	hlist_for_each_entry(p, bucket(nr), link) {
		if (p->nr == nr)
			return p;
	}
	return NULL;
}

#define DEFINE_PID_SLOT(name, type, field)                                                         \
	void pid_set_##name(struct pid *p, struct type *o)                                         \
	{                                                                                          \
		mutex_lock(&g_pid_lock);                                                           \
		p->field = o;                                                                      \
		mutex_unlock(&g_pid_lock);                                                         \
	}                                                                                          \
	void pid_clear_##name(struct pid *p, struct type *o)                                       \
	{                                                                                          \
		mutex_lock(&g_pid_lock);                                                           \
		if (p->field == o)                                                                 \
			p->field = NULL;                                                           \
		mutex_unlock(&g_pid_lock);                                                         \
	}                                                                                          \
	struct type *pid_find_##name(int nr)                                                       \
	{                                                                                          \
		struct type *o = NULL;                                                             \
		struct pid *p;                                                                     \
                                                                                                   \
		mutex_lock(&g_pid_lock);                                                           \
		p = find_locked(nr);                                                               \
		if (p && p->field && ref_get_unless_zero(&p->field->ref))                          \
			o = p->field;                                                              \
		mutex_unlock(&g_pid_lock);                                                         \
		return o;                                                                          \
	}
DEFINE_PID_SLOT(task, task, task)
DEFINE_PID_SLOT(tgroup, tgroup, tg)
DEFINE_PID_SLOT(pgrp, pgroup, pgrp)
DEFINE_PID_SLOT(session, session, session)

struct task *pid_next_task(int from, bool leaders_only)
{
	struct task *t = NULL;
	size_t nr = from > 0 ? (size_t)from : 1;

	mutex_lock(&g_pid_lock);
	for (; !t; nr++) {
		struct pid *p;

		nr = bitmap_next_set(g_used, PID_MAX_DEFAULT, nr);
		if (nr >= PID_MAX_DEFAULT)
			break;
		p = find_locked((int)nr);
		if (p && p->task && (!leaders_only || p->tg) && ref_get_unless_zero(&p->task->ref))
			t = p->task;
	}
	mutex_unlock(&g_pid_lock);
	return t;
}
