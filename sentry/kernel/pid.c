/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pid namespaces: each a bitmap of numbers in use and a hash from number to what it names. Numbers
 * are given in rising order and wrap at pid_max, as Linux does, so that a number is not reused
 * soon.
 */
#include "kernel/pid.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <base/bits.h>
#include <base/hash.h>

#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"

#define PID_HASH_BITS 8
#define PID_RESERVED                                                                               \
	300 /* after the first round the low numbers stay with the daemons, as on Linux */

struct pid_ns {
	struct ref ref;
	struct tgroup *init; /* tasklist */
	bool dead;           /* tasklist */
	int last;            /* LC_PID, as all that follows */
	struct hlist_head hash[1u << PID_HASH_BITS];
	DECLARE_BITMAP(used, PID_MAX_DEFAULT);
};

static struct mutex g_pid_lock = MUTEX_INIT(LC_PID);

int pid_ns_new(struct pid_ns **ret_ns)
{
	struct pid_ns *ns = calloc(1, sizeof(*ns));

	if (!ns)
		return -ENOMEM;
	ref_init(&ns->ref);
	*ret_ns = ns;
	return 0;
}

struct pid_ns *pid_ns_get(struct pid_ns *ns)
{
	ref_get(&ns->ref);
	return ns;
}

void pid_ns_put(struct pid_ns *ns)
{
	if (ns && ref_put(&ns->ref))
		free(ns);
}

struct pid_ns *pid_ns_current(void)
{
	return container_current()->pid_ns;
}

struct tgroup *pid_ns_init_locked(const struct pid_ns *ns)
{
	return ns->init;
}

void pid_ns_set_init_locked(struct pid_ns *ns, struct tgroup *tg)
{
	ns->init = tg;
}

bool pid_ns_dead_locked(const struct pid_ns *ns)
{
	return ns->dead;
}

void pid_ns_die_locked(struct pid_ns *ns)
{
	ns->dead = true;
}

static struct hlist_head *bucket(struct pid_ns *ns, int nr)
{
	return &ns->hash[hash_to_bits(hash_u64((uint64_t)nr), PID_HASH_BITS)];
}

int pid_max(void)
{
	return PID_MAX_DEFAULT;
}

int pid_last(void)
{
	int nr;

	mutex_lock(&g_pid_lock);
	nr = pid_ns_current()->last;
	mutex_unlock(&g_pid_lock);
	return nr;
}

static int pick_locked(struct pid_ns *ns, int want)
{
	size_t nr;

	if (want > 0)
		return want >= PID_MAX_DEFAULT             ? -EINVAL :
		       bitmap_test(ns->used, (size_t)want) ? -EEXIST :
							     want;
	nr = bitmap_next_clear(ns->used, PID_MAX_DEFAULT, (size_t)ns->last + 1);
	if (nr >= PID_MAX_DEFAULT)
		nr = bitmap_next_clear(ns->used, PID_MAX_DEFAULT, PID_RESERVED);
	return nr < PID_MAX_DEFAULT ? (int)nr : -EAGAIN;
}

int pid_alloc(struct pid_ns *ns, int want, struct pid **ret_pid)
{
	struct pid *p = calloc(1, sizeof(*p));
	int nr;

	if (!p)
		return -ENOMEM;
	mutex_lock(&g_pid_lock);
	nr = pick_locked(ns, want);
	if (nr > 0) {
		bitmap_set(ns->used, (size_t)nr);
		if (want == 0)
			ns->last = nr;
		p->nr = nr;
		p->ns = pid_ns_get(ns);
		p->refs = 1;
		hlist_add_head(&p->link, bucket(ns, nr));
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
		bitmap_clear(p->ns->used, (size_t)p->nr);
	}
	mutex_unlock(&g_pid_lock);
	if (last) {
		pid_ns_put(p->ns);
		free(p);
	}
}

static struct pid *find_locked(struct pid_ns *ns, int nr)
{
	struct pid *p;

	hlist_for_each_entry(p, bucket(ns, nr), link) {
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
	struct type *pid_ns_find_##name(struct pid_ns *ns, int nr)                                 \
	{                                                                                          \
		struct type *o = NULL;                                                             \
		struct pid *p;                                                                     \
                                                                                                   \
		mutex_lock(&g_pid_lock);                                                           \
		p = find_locked(ns, nr);                                                           \
		if (p && p->field && ref_get_unless_zero(&p->field->ref))                          \
			o = p->field;                                                              \
		mutex_unlock(&g_pid_lock);                                                         \
		return o;                                                                          \
	}                                                                                          \
	struct type *pid_find_##name(int nr)                                                       \
	{                                                                                          \
		return pid_ns_find_##name(pid_ns_current(), nr);                                   \
	}
DEFINE_PID_SLOT(task, task, task)
DEFINE_PID_SLOT(tgroup, tgroup, tg)
DEFINE_PID_SLOT(pgrp, pgroup, pgrp)
DEFINE_PID_SLOT(session, session, session)

struct task *pid_next_task(struct pid_ns *ns, int from, bool leaders_only)
{
	struct task *t = NULL;
	size_t nr = from > 0 ? (size_t)from : 1;

	mutex_lock(&g_pid_lock);
	for (; !t; nr++) {
		struct pid *p;

		nr = bitmap_next_set(ns->used, PID_MAX_DEFAULT, nr);
		if (nr >= PID_MAX_DEFAULT)
			break;
		p = find_locked(ns, (int)nr);
		if (p && p->task && (!leaders_only || p->tg) && ref_get_unless_zero(&p->task->ref))
			t = p->task;
	}
	mutex_unlock(&g_pid_lock);
	return t;
}
