/* SPDX-License-Identifier: Apache-2.0 */
/* Containers: see container.h. */
#include "kernel/container.h"

#include <stdlib.h>

#include <base/bits.h>
#include <host/host.h>

#include "kernel/kernel_int.h"
#include "kernel/pid.h"
#include "mm/mm.h"

#define MAX_GROUPS  4096
#define END_LOOK_NS 2000000u

int container_new(struct kernel *k, uint32_t nr, struct pid_ns *pid_ns, struct uts_ns *uts,
		  const char *hostname, const struct container_limits *limits,
		  struct container **ret_ct)
{
	struct container *ct = calloc(1, sizeof(*ct));
	int ret = 0;

	if (!ct)
		return -ENOMEM;
	ref_init(&ct->ref);
	INIT_LIST_HEAD(&ct->link);
	ct->nr = nr;
	ct->limits = *limits;
	if (pid_ns)
		ct->pid_ns = pid_ns_get(pid_ns);
	else
		ret = pid_ns_new(&ct->pid_ns);
	if (ret == 0 && uts) {
		ref_get(&uts->ref);
		ct->uts = uts;
	} else if (ret == 0) {
		ret = uts_ns_new(hostname, &ct->uts);
	}
	if (ret < 0) {
		container_put(ct);
		return ret;
	}
	mutex_lock(&k->tasklist_lock);
	list_add_tail(&ct->link, &k->containers);
	mutex_unlock(&k->tasklist_lock);
	*ret_ct = ct;
	return 0;
}

struct container *container_get(struct container *ct)
{
	ref_get(&ct->ref);
	return ct;
}

void container_put(struct container *ct)
{
	if (!ct || !ref_put(&ct->ref))
		return;
	uts_ns_put(ct->uts);
	pid_ns_put(ct->pid_ns);
	free(ct);
}

void container_set_limits(struct container *ct, const struct container_limits *limits)
{
	struct container_limits *l = &ct->limits;

	__atomic_store_n(&l->memory_max, limits->memory_max, __ATOMIC_RELAXED);
	__atomic_store_n(&l->pids_max, limits->pids_max, __ATOMIC_RELAXED);
	__atomic_store_n(&l->cpu_quota, limits->cpu_quota, __ATOMIC_RELAXED);
	__atomic_store_n(&l->cpu_period, limits->cpu_period, __ATOMIC_RELAXED);
	__atomic_store_n(&l->max_tasks, limits->max_tasks, __ATOMIC_RELAXED);
}

struct container *container_current(void)
{
	struct task *t = task_current();

	return t ? t->tg->container : g_kernel->container;
}

void container_kill_locked(struct kernel *k, struct container *ct)
{
	struct tgroup *tg;

	ct->ended = true;
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container == ct)
			tgroup_exit(tg, LX_SIGKILL);
	}
}

void container_end(struct kernel *k, struct container *ct)
{
	const uint32_t word = 0;
	unsigned int left;

	mutex_lock(&k->tasklist_lock);
	container_kill_locked(k, ct);
	left = ct->nr_tasks;
	mutex_unlock(&k->tasklist_lock);
	while (left) {
		(void)host_futex_wait(&word, 0, host_now_ns() + END_LOOK_NS);
		mutex_lock(&k->tasklist_lock);
		left = ct->nr_tasks;
		mutex_unlock(&k->tasklist_lock);
	}
	mutex_lock(&k->tasklist_lock);
	list_del_init(&ct->link);
	mutex_unlock(&k->tasklist_lock);
}

struct container *container_next(struct kernel *k, struct container *prev)
{
	struct container *ct, *found = NULL;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(ct, &k->containers, link) {
		/* numbers rise along the list */
		if (!prev || ct->nr > prev->nr) {
			found = container_get(ct);
			break;
		}
	}
	mutex_unlock(&k->tasklist_lock);
	container_put(prev);
	return found;
}

static bool alone(struct kernel *k)
{
	bool ret;

	mutex_lock(&k->tasklist_lock);
	ret = k->containers.next == k->containers.prev;
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

void container_meminfo(uint64_t *ret_total, uint64_t *ret_used)
{
	const struct container *ct = container_current();
	uint64_t total = g_kernel->config.total_memory;

	*ret_total = ct->limits.memory_max ? MIN(total, ct->limits.memory_max) : total;
	*ret_used = container_memory(g_kernel, ct);
}

static uint64_t held_by(struct kernel *k, const struct container *ct)
{
	auto_free struct task **leaders = calloc(MAX_GROUPS, sizeof(struct task *));
	uint64_t bytes = 0;
	unsigned int nr = 0;
	struct tgroup *tg;

	if (!leaders)
		return 0;
	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container == ct && tg->leader && nr < MAX_GROUPS)
			leaders[nr++] = task_get(tg->leader);
	}
	mutex_unlock(&k->tasklist_lock);
	for (unsigned int i = 0; i < nr; i++) {
		struct mm *mm = task_mm_get(leaders[i]);
		struct mm_stats st;

		if (mm) {
			mm_stats_get(mm, &st);
			bytes += st.rss_anon + st.rss_shmem;
			mm_put(mm);
		}
		task_put(leaders[i]);
	}
	return bytes;
}

uint64_t container_memory(struct kernel *k, const struct container *ct)
{
	return alone(k) ? mm_system_usage() : held_by(k, ct);
}

void container_fold_locked(struct tgroup *tg)
{
	tg->container->dead_user_ns += tg->dead_usage.utime_ns;
	tg->container->dead_sys_ns += tg->dead_usage.stime_ns;
}

void container_cpu(struct kernel *k, const struct container *ct, uint64_t *ret_user_ns,
		   uint64_t *ret_sys_ns)
{
	uint64_t user, sys;
	struct tgroup *tg;
	struct task *t;

	mutex_lock(&k->tasklist_lock);
	user = ct->dead_user_ns;
	sys = ct->dead_sys_ns;
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (tg->container != ct)
			continue;
		user += tg->dead_usage.utime_ns;
		sys += tg->dead_usage.stime_ns;
		list_for_each_entry(t, &tg->threads, tg_link) {
			user += t->usage.utime_ns;
			sys += t->usage.stime_ns;
		}
	}
	mutex_unlock(&k->tasklist_lock);
	*ret_user_ns = user;
	*ret_sys_ns = sys;
}
