/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stubs from birth to confirmed death, the pool of fresh ones, and files. A stub leaves the pool
 * once and never comes back: what ran guest code is killed, its death confirmed through its pidfd.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LOG_TAG "stub"
#include "base/log.h"
#include "base/auto.h"
#include "base/bits.h"
#include "host/host.h"
#include "stub/stub.h"

#define POOL_TARGET 3

/*
 * --- indices and processes ---------------------------------------------------------------------
 */

static int take_index_locked(struct stub_system *sys) REQUIRES(sys->lock);
static int take_index_locked(struct stub_system *sys)
{
	size_t n = bitmap_next_clear(sys->used, STUB_MAX, sys->next_index);

	if (n == STUB_MAX)
		n = bitmap_next_clear(sys->used, STUB_MAX, 0);
	if (n == STUB_MAX)
		return -EAGAIN;
	bitmap_set(sys->used, n);
	/* low numbers first: few pages of the command file are in use */
	sys->next_index = 0;
	return (int)n;
}

static void give_index(struct stub_system *sys, unsigned int index, unsigned int nr_slots)
{
	uint64_t at = (uint64_t)index * SLOT_FILE;

	/* zero for the next stub of this index; no process maps these pages any more */
	memset(&sys->cmd[index], 0, sizeof(sys->cmd[index]));
	memset(sys->reply + (size_t)index * STUB_REPLY_SIZE, 0, sizeof(struct stub_reply_page));
	/* a guest can touch all of the first piece, not just the slots in use */
	if (nr_slots) {
		host_punch(sys->slot_fd, at, SLOT_RANGE);
		host_punch(sys->slot_fd, at + SLOT_RO, (uint64_t)nr_slots * SLOT_SIZE);
	}
	mutex_lock(&sys->lock);
	bitmap_clear(sys->used, index);
	mutex_unlock(&sys->lock);
}

void stub_slot_prepare(struct stub *s, unsigned int n)
{
	struct slot_ro *ro = stub_slot_ro(s, n);
	uint64_t va = STUB_SLOTS + (uint64_t)n * SLOT_SIZE;

	if (n < s->nr_slots) {
		/* a thread ran here before */
		memset(stub_slot(s, n), 0, SLOT_WAITS);
		if (n > 0)
			memset(stub_slot(s, n)->waits, 0, SLOT_WAITS_SIZE);
		memset(stub_slot(s, n)->stack, 0, SLOT_SIZE - SLOT_WAITS - SLOT_WAITS_SIZE);
		memset(ro, 0, sizeof(*ro));
	} else {
		s->nr_slots = n + 1;
	}
	ro->stack[0] = va + SLOT_ALTSTACK;
	ro->stack[2] = SLOT_ALTSTACK_SIZE;
}

/* The first command, waiting for the agent when it starts: one guest thread, parked. */
static void post_first_thread(struct stub *s)
{
	struct stub_cmd_page *cmd = s->cmd;

	cmd->reply_off = (uint64_t)s->index * STUB_REPLY_SIZE;
	cmd->ring[0].op = STUB_OP_CLONE;
	cmd->ring[0].seq = 1;
	if (s->sys->slots) {
		stub_slot_prepare(s, 0);
		cmd->ring[0].arg[5] = STUB_SLOTS;
	}
	cmd->ring[0].result_off = cmd->reply_off + STUB_REPLY_RESULTS;
	__atomic_store_n(&cmd->posted, 1, __ATOMIC_RELEASE);
	atomic_store(&s->posted, 1);
	s->woken = 1;
	s->first_thread = true;
}

static void stub_delete(struct stub *s)
{
	if (s->pidfd >= 0)
		host_close(s->pidfd);
	give_index(s->sys, s->index, s->nr_slots);
	mutex_fini(&s->lock);
	free(s);
}

static int stub_prepare(struct stub_system *sys, struct stub **ret_s)
{
	struct stub *s = calloc(1, sizeof(*s));
	int index;

	if (!s)
		return -ENOMEM;
	mutex_lock(&sys->lock);
	index = take_index_locked(sys);
	mutex_unlock(&sys->lock);
	if (index < 0) {
		free(s);
		return index;
	}
	s->sys = sys;
	s->index = (unsigned int)index;
	s->pidfd = -1;
	s->cmd = &sys->cmd[index];
	s->reply = (struct stub_reply_page *)(sys->reply + (size_t)index * STUB_REPLY_SIZE);
	mutex_init(&s->lock, LC_PLATFORM_SLOT);
	post_first_thread(s);
	*ret_s = s;
	return 0;
}

static int stub_make(struct stub_system *sys, struct stub **ret_s)
{
	struct stub *s;
	int ret = stub_prepare(sys, &s), pid;

	if (ret < 0)
		return ret;
	pid = (int)s->index;
	ret = stub_zygote_make(sys, &pid, 1);
	if (ret == 0 && pid < 0)
		ret = pid;
	if (ret < 0) {
		stub_delete(s);
		return ret;
	}
	/* nobody else reaps our children, so the pid is still this stub's */
	s->pid = pid;
	s->pidfd = host_pidfd_open(pid);
	if (s->pidfd < 0) {
		ret = s->pidfd;
		host_tgkill(pid, pid, SIGKILL);
		log_err("no pidfd for a stub: %d", ret);
		free(s); /* its index stays taken: the process may still map the pages */
		return ret;
	}
	*ret_s = s;
	return 0;
}

void stub_kill(struct stub *s)
{
	if (!atomic_load(&s->dead))
		host_pidfd_kill(s->pidfd, SIGKILL);
}

bool stub_reap(struct stub *s, bool block)
{
	int status = 0, ret;

	if (atomic_load(&s->dead))
		return true;
	ret = host_pidfd_wait(s->pidfd, !block, &status);
	if (ret == 0)
		return false;
	/* -ECHILD: another thread of ours reaped it just now; its status is being stored */
	if (ret > 0)
		s->status = status;
	atomic_store(&s->dead, true);
	return true;
}

void stub_free(struct stub *s)
{
	for (unsigned int i = 0; i < STUB_RING; i++) {
		if (s->pf[i])
			stub_file_put(s->pf[i]);
	}
	stub_delete(s);
}

/* --- the pool --------------------------------------------------------------------------------- */

static void pool_main(void *arg)
{
	struct stub_system *sys = arg;

	host_signals_block_all();
	mutex_lock(&sys->lock);
	while (!sys->closing) {
		struct stub *s = NULL;
		int ret;

		if (sys->nr_pool >= sys->target) {
			cond_wait(&sys->refill, &sys->lock);
			continue;
		}
		mutex_unlock(&sys->lock);
		ret = stub_make(sys, &s);
		mutex_lock(&sys->lock);
		if (ret < 0) {
			/* the next stub_get() meets the error itself; do not spin on it */
			sys->target = 0;
			continue;
		}
		list_add_tail(&s->link, &sys->pool);
		sys->nr_pool++;
	}
	mutex_unlock(&sys->lock);
}

int stub_get(struct stub_system *sys, struct stub **ret_s)
{
	struct stub *s = NULL;
	bool start;
	int ret;

	for (;;) {
		mutex_lock(&sys->lock);
		start = !sys->thread_started;
		sys->thread_started = true;
		if (!list_empty(&sys->pool)) {
			s = list_first_entry(&sys->pool, struct stub, link);
			list_del_init(&s->link);
			sys->nr_pool--;
		}
		sys->target = POOL_TARGET;
		cond_signal(&sys->refill);
		mutex_unlock(&sys->lock);
		if (start) {
			ret = host_thread_start("stub-pool", HOST_STACK_TASK, pool_main, sys,
						&sys->thread);
			if (ret < 0)
				log_warn("no pool of stubs: %d", ret);
		}
		if (!s) {
			ret = stub_make(sys, ret_s);
			return ret;
		}
		/* one that the host killed while it waited is not handed out */
		if (!host_pidfd_dead(s->pidfd))
			break;
		stub_reap(s, true);
		stub_free(s);
		s = NULL;
	}
	*ret_s = s;
	return 0;
}

/*
 * --- files -------------------------------------------------------------------------------------
 */

int stub_file_new(struct stub_system *sys, int fd, struct platform_file **ret_pf)
{
	struct platform_file *pf = calloc(1, sizeof(*pf));

	if (!pf)
		return -ENOMEM;
	pf->fd = host_dup(fd);
	if (pf->fd < 0) {
		int ret = pf->fd;

		free(pf);
		return ret;
	}
	pf->sys = sys;
	pf->number = -1;
	atomic_init(&pf->nr_refs, 1);
	INIT_LIST_HEAD(&pf->link);
	/* sent together with others when the first of them is mapped */
	mutex_lock(&sys->zygote_lock);
	list_add_tail(&pf->link, &sys->new_files);
	mutex_unlock(&sys->zygote_lock);
	*ret_pf = pf;
	return 0;
}

void stub_file_put(struct platform_file *pf)
{
	struct stub_system *sys = pf->sys;

	if (atomic_fetch_sub(&pf->nr_refs, 1) != 1)
		return;
	mutex_lock(&sys->zygote_lock);
	list_del_init(&pf->link);
	mutex_unlock(&sys->zygote_lock);
	if (pf->number >= 0)
		stub_zygote_retire(sys, pf->number);
	if (pf->fd >= 0)
		host_close(pf->fd);
	free(pf);
}

/*
 * --- the system ---------------------------------------------------------------------------------
 */

int stub_system_new(const struct platform_params *params, bool slots, struct stub_system **ret_sys)
{
	struct stub_system *sys = calloc(1, sizeof(*sys));
	int ret;

	if (!sys)
		return -ENOMEM;
	sys->nr_cpus = params && params->nr_cpus > 0 ? params->nr_cpus : host_nr_cpus();
	sys->control = -1;
	sys->zygote_pidfd = -1;
	sys->cmd_fd = -1;
	sys->reply_fd = -1;
	sys->slot_fd = -1;
	sys->want_slots = slots;
	mutex_init(&sys->lock, LC_PLATFORM);
	mutex_init(&sys->zygote_lock, LC_PLATFORM_ZYGOTE);
	cond_init(&sys->refill);
	INIT_LIST_HEAD(&sys->pool);
	INIT_LIST_HEAD(&sys->new_files);
	ret = stub_zygote_start(sys);
	if (ret < 0) {
		stub_system_free(sys);
		return ret;
	}
	*ret_sys = sys;
	return 0;
}

void stub_system_free(struct stub_system *sys)
{
	struct stub *s, *next;

	mutex_lock(&sys->lock);
	sys->closing = true;
	cond_signal(&sys->refill);
	mutex_unlock(&sys->lock);
	if (sys->thread)
		host_thread_join(sys->thread);
	list_for_each_entry_safe(s, next, &sys->pool, link) {
		stub_kill(s);
		stub_reap(s, true);
		stub_free(s);
	}
	stub_zygote_stop(sys);
	cond_fini(&sys->refill);
	mutex_fini(&sys->zygote_lock);
	mutex_fini(&sys->lock);
	free(sys);
}

void stub_system_limits(struct stub_system *sys, struct platform_limits *ret_limits)
{
	*ret_limits = (struct platform_limits){
		.min_addr = 0x10000,
		.max_addr = STUB_BASE,
		.vdso_clock_gettime = sys->vdso.clock_gettime,
		.vdso_clock_getres = sys->vdso.clock_getres,
		.vdso_gettimeofday = sys->vdso.gettimeofday,
		.vdso_time = sys->vdso.time,
		.vdso_getcpu = sys->vdso.getcpu,
	};
}
