/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's memory limit. Guests fill the memory file by touching pages, which no call of ours
 * sees: a thread looks at its size, the more often the less is left, and ends the process that
 * holds most before the host would end whatever it likes. Nobody looks while all tasks sleep.
 * Differs from Linux: the limit may be passed by what is written between two looks.
 */
#define LOG_TAG "oom"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <base/log.h>
#include <host/host.h>

#include "kernel/container.h"
#include "kernel/kernel.h"
#include "kernel/oom.h"
#include "kernel/task.h"
#include "mm/mm.h"

#define FILL_RATE    (4ull << 30) /* bytes a second that one CPU can fill at most */
#define MS           1000000ull
#define LOOK_MIN_NS  (2 * MS)
#define LOOK_MAX_NS  (5000 * MS)
#define LOOK_IDLE_NS (100 * MS) /* with so much time left it need not look when all sleep */
#define GRACE_NS     (500 * MS) /* for a victim to go before the next one */
#define RESERVE_MIN  (UINT64_C(12) << 20)
#define MAX_GROUPS   4096
#define STACK_SIZE   (64u << 10)

/* Private memory of a leader's group in pages, weighed by oom_score_adj (proc(5)); 0: not to be
 * chosen. */
static uint64_t badness(struct task *t, uint64_t total)
{
	int64_t adj = atomic_load(&t->tg->oom_score_adj), points;
	auto_put(mm) struct mm *mm = NULL;
	struct mm_stats st;

	if (adj == -1000)
		return 0;
	mm = task_mm_get(t);
	if (!mm)
		return 0;
	mm_stats_get(mm, &st);
	points = (int64_t)((st.rss_anon + st.rss_shmem) / PAGE_SIZE) +
		 adj * (int64_t)(total / PAGE_SIZE) / 1000;
	return points > 1 ? (uint64_t)points : 1;
}

/* Every group's leader, referenced: mm locks may not be taken under the list's. */
static unsigned int all_leaders(struct kernel *k, const struct container *ct, struct task **leaders)
{
	unsigned int nr = 0;
	struct tgroup *tg;

	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		if (nr < MAX_GROUPS && tg->leader && (!ct || tg->container == ct))
			leaders[nr++] = task_get(tg->leader);
	}
	mutex_unlock(&k->tasklist_lock);
	return nr;
}

/* ct: in that container only; NULL: in any. */
static void kill_worst(struct kernel *k, const struct container *ct)
{
	struct task **leaders = calloc(MAX_GROUPS, sizeof(*leaders)), *worst = NULL;
	uint64_t most = 0;
	unsigned int nr;

	if (!leaders)
		return;
	nr = all_leaders(k, ct, leaders);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t b = badness(leaders[i], k->config.total_memory);

		if (b > most) {
			most = b;
			worst = leaders[i];
		}
	}
	if (worst) {
		log_ratelimited(LOG_LEVEL_INFO, "out of memory: process %d is killed",
				worst->tg->tgid);
		(void)signal_send_tgroup(worst->tg, LX_SIGKILL, NULL);
		atomic_fetch_add(&worst->tg->container->oom_kills, 1);
	}
	for (unsigned int i = 0; i < nr; i++)
		task_put(leaders[i]);
	free(leaders);
}

/*
 * What the guest may not fill: the host's limit counts the sandbox's own processes and page tables
 * too, and a guest can fill some megabytes between two looks.
 */
static uint64_t reserve(uint64_t total)
{
	return MAX(total / 20, MIN(RESERVE_MIN, total / 3));
}

/* How long one that uses so much can be left alone. */
static uint64_t until_next_look(const struct kernel *k, uint64_t usage, uint64_t limit)
{
	return (limit - usage) / (FILL_RATE * MAX(k->config.nr_cpus, 1u) / 1000) * MS;
}

/* Containers of a pod with limits of their own. How long they can be left alone. */
static uint64_t look_at_containers(struct kernel *k, uint64_t now, uint64_t *killed_at)
{
	struct container *ct = NULL;
	uint64_t wait = UINT64_MAX;

	while ((ct = container_next(k, ct))) {
		uint64_t limit = ct->limits.memory_max, usage;

		/* the first one's is the sandbox's */
		if (!ct->nr || !limit)
			continue;
		usage = container_memory(k, ct);
		if (usage < limit) {
			wait = MIN(wait, until_next_look(k, usage, limit));
			continue;
		}
		wait = 0;
		if (!*killed_at || now - *killed_at > GRACE_NS) {
			kill_worst(k, ct);
			*killed_at = now;
		}
	}
	return wait;
}

/* Nobody fills memory while all sleep. Not so for those who sleep in a stub. */
static void wait_while_all_sleep(struct kernel *k)
{
	unsigned int nr;

	atomic_store(&k->oom_word, 1);
	mutex_lock(&k->tasklist_lock);
	nr = k->nr_host_threads;
	mutex_unlock(&k->tasklist_lock);
	if (nr && atomic_load(&k->nr_asleep) == nr && !k->shutting_down)
		host_futex_wait((const uint32_t *)&k->oom_word, 1, HOST_NO_DEADLINE);
	atomic_store(&k->oom_word, 0);
}

static void watch(void *arg)
{
	struct kernel *k = arg;
	uint64_t killed_at = 0, ct_killed_at = 0;

	while (!k->shutting_down) {
		uint64_t usage = mm_system_usage(), now = host_now_ns(), wait = LOOK_MIN_NS;
		/* an update may have changed it */
		uint64_t total = k->config.total_memory, limit = total - reserve(total);

		if (usage < limit)
			wait = until_next_look(k, usage, limit);
		else if (!killed_at || now - killed_at > GRACE_NS) {
			kill_worst(k, NULL);
			killed_at = now;
		}
		wait = MIN(wait, look_at_containers(k, now, &ct_killed_at));
		(void)host_sleep_until(now + CLAMP(wait, LOOK_MIN_NS, LOOK_MAX_NS));
		if (wait > LOOK_IDLE_NS)
			wait_while_all_sleep(k);
	}
}

void kernel_oom_start(struct kernel *k)
{
	struct host_thread *th;

	if (!k->config.total_memory)
		return;
	mm_system_set_memory(k->config.total_memory);
	if (host_thread_start("oom", STACK_SIZE, watch, k, &th) == 0)
		host_thread_detach(th);
	else
		log_warn("no thread to watch memory: the host's limits alone hold");
}

static void all_cpus(uint64_t *mask, unsigned int nr_cpus)
{
	memset(mask, 0, 16 * sizeof(*mask));
	for (unsigned int cpu = 0; cpu < nr_cpus && cpu < 1024; cpu++)
		mask[cpu / 64] |= 1ull << (cpu % 64);
}

static void set_cpus(struct kernel *k, unsigned int nr_cpus)
{
	uint64_t before[16], after[16];
	struct tgroup *tg;
	struct task *t;

	all_cpus(before, k->config.nr_cpus);
	all_cpus(after, nr_cpus);
	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		list_for_each_entry(t, &tg->threads, tg_link) {
			bool any = false;

			for (unsigned int i = 0; i < 16; i++)
				any |= (t->affinity[i] & after[i]) != 0;
			/* one whose CPUs are all gone gets the others, as with hotplug */
			if (!any || memcmp(t->affinity, before, sizeof(before)) == 0)
				memcpy(t->affinity, after, sizeof(after));
			else
				for (unsigned int i = 0; i < 16; i++)
					t->affinity[i] &= after[i];
		}
	}
	__atomic_store_n(&k->config.nr_cpus, nr_cpus, __ATOMIC_RELAXED);
	mutex_unlock(&k->tasklist_lock);
}

void kernel_set_size(struct kernel *k, uint64_t total_memory, unsigned int nr_cpus)
{
	if (total_memory) {
		__atomic_store_n(&k->config.total_memory, total_memory, __ATOMIC_RELAXED);
		mm_system_set_memory(total_memory);
		kernel_oom_awake(k);
	}
	if (nr_cpus && nr_cpus <= 1024 && nr_cpus != k->config.nr_cpus)
		set_cpus(k, nr_cpus);
}
