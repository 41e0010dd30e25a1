/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systrap backend. A guest thread is a host thread in a stub under a seccomp program that turns
 * every call into a signal; the handler, or the fast entry of a rewritten site, leaves the
 * registers in the thread's slot and hands over to the sentry thread that serves it. See README.md
 * for the life of a trap, stub/slot.h for the slot. Locking: systrap.lock (LC_PLATFORM) guards
 * lists and slot numbers; gthread fields belong to the serving thread but for the words of the kick
 * protocol.
 */
#include <platform/answers.h>
#include <platform/systrap.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define LOG_TAG "systrap"
#include "base/log.h"
#include "host/host.h"
#include "systrap/systrap_int.h"

#define DEATH_CHECK     100000000ull /* ns: how often a waiting sentry thread looks for a dead stub */
#define FIRST_CHECK     1000000ull   /* the first look, at whether it sleeps in its stub */
#define DEATH_CHECK_MAX 6400000000ull /* the same, for one that sleeps in its stub */
#define KICK_SIGNAL     SIGUSR1
#define KICK_LOOKS      20
#define EAGER           150   /* looks without a pause: most events come before it would end */
#define END_LOOKS       20000 /* 100 us apart: until a thread told to end must have ended */
#define IDLE_MAX        8     /* host threads kept per address space for threads to come */

static struct systrap *to_st(struct platform *p)
{
	return container_of(p, struct systrap, base);
}

/*
 * --- hand-over ---------------------------------------------------------------------------------
 */

static uint32_t read_seq(const struct gthread *th)
{
	return __atomic_load_n(&th->g->seq, __ATOMIC_SEQ_CST);
}

/* Looks for the event while a CPU is free for that; when it began to. */
static uint32_t spin_for_event(struct gthread *th, uint32_t old, uint64_t *ret_start)
{
	uint64_t limit, start = 0;
	uint32_t now = old;

	for (unsigned int n = 0; n < EAGER && now == old; n++)
		now = read_seq(th);
	if (now == old) {
		limit = spin_limit(th);
		start = host_now_ns();
		for (unsigned int n = 1; now == old; n++) {
			trap_relax();
			now = read_seq(th);
			if (n % 32 == 0 && now == old && host_now_ns() - start > limit)
				break;
		}
	}
	spin_result(th, now != old);
	*ret_start = start;
	return now;
}

/*
 * A command to the stub's side of the slot, which waits for one. What the stub looks at all the
 * time is stored to as late as can be: its looks would take the line back in between.
 */
static void command(struct gthread *th, uint32_t cmd)
{
	struct slot_ro *ro = th->ro;

	if (cmd == SLOT_CMD_RESULT)
		ro->ret = th->ret;
	ro->cmd = cmd;
	__atomic_store_n(&ro->go, ++th->go, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_seq_cst);
	if (__atomic_load_n(&th->g->sleeps, __ATOMIC_RELAXED))
		host_futex_wake_shared(&ro->go, 1);
}

static bool host_thread_dead(const struct gthread *th)
{
	const struct stub *s = th->as->stub;

	return atomic_load(&s->dead) || host_pidfd_dead(s->pidfd) ||
	       host_tgkill(s->pid, th->tid, 0) == -ESRCH;
}

/* Waits for the next event; 0 or -ESRCH. */
static int await_event(struct gthread *th)
{
	struct systrap *st = th->as->st;
	uint32_t old = th->seq, now = read_seq(th);
	uint64_t check = FIRST_CHECK, start = 0;

	if (now == old && spin_held(th))
		now = spin_for_event(th, old, &start);
	while (now == old) {
		uint64_t slice, t;

		__atomic_store_n(&th->ro->sleeps, 1, __ATOMIC_SEQ_CST);
		now = read_seq(th);
		if (now != old)
			break;
		if (gthread_asleep(th)) {
			/* it may be long: wants no CPU, and whoever finds the stub dead tells us */
			spin_idle(th);
			check = MIN(2 * MAX(check, DEATH_CHECK), DEATH_CHECK_MAX);
		} else if (check < DEATH_CHECK) {
			check = MIN(4 * check, DEATH_CHECK);
		}
		spin_stub_may_wait(th);
		t = host_now_ns();
		slice = MIN(place_slice(st, t), check);
		host_futex_wait_shared(&th->g->seq, old, t + slice);
		now = read_seq(th);
		if (now != old)
			break;
		place_waited(th, host_now_ns());
		if (slice == check && host_thread_dead(th))
			return -ESRCH;
	}
	if (th->ro->sleeps) {
		__atomic_store_n(&th->ro->sleeps, 0, __ATOMIC_RELAXED);
		if (start)
			spin_regret(th, host_now_ns() - start);
	}
	th->seq = now;
	return 0;
}

/*
 * Brings the thread into a signal handler, so that it has a frame: for registers that the fast
 * entry cannot give, and for floating point. 0, -EPROTO, -ESRCH.
 */
static int need_frame(struct gthread *th)
{
	int ret;

	if (th->at_frame)
		return 0;
	if (!th->newborn)
		command(th, SLOT_CMD_FRAME);
	ret = await_event(th);
	if (ret < 0)
		return ret;
	if (__atomic_load_n(&th->g->kind, __ATOMIC_RELAXED) != SLOT_EV_FRAMED)
		return -EPROTO;
	ret = trap_locate(th->g, th->va, &th->at);
	if (ret < 0)
		return ret;
	th->newborn = false;
	th->at_frame = true;
	return 0;
}

/* --- threads ---------------------------------------------------------------------------------- */

static int slot_take_locked(struct aspace *as)
{
	size_t n = bitmap_next_clear(as->slots, SLOT_NR, 0);

	if (n == SLOT_NR)
		return -EAGAIN;
	bitmap_set(as->slots, n);
	return (int)n;
}

static struct gthread *idle_take(struct aspace *as)
{
	struct gthread *th = NULL;

	mutex_lock(&as->st->lock);
	if (!list_empty(&as->idle)) {
		th = list_first_entry(&as->idle, struct gthread, link);
		list_del(&th->link);
		as->nr_idle--;
	}
	mutex_unlock(&as->st->lock);
	return th;
}

/* A host thread in a new slot. */
static int thread_make(struct aspace *as, struct gthread **ret_th)
{
	struct gthread *th = calloc(1, sizeof(*th));
	int n, ret;

	if (!th)
		return -ENOMEM;
	mutex_lock(&as->st->lock);
	n = slot_take_locked(as);
	mutex_unlock(&as->st->lock);
	if (n < 0) {
		free(th);
		return n;
	}
	th->as = as;
	th->n = (unsigned int)n;
	th->va = STUB_SLOTS + (uint64_t)n * SLOT_SIZE;
	th->g = stub_slot(as->stub, th->n);
	th->ro = stub_slot_ro(as->stub, th->n);
	th->newborn = true;
	if (n > 0)
		stub_slot_prepare(as->stub, th->n);
	ret = stub_clone_thread(as->stub, th->n);
	if (ret < 0) {
		mutex_lock(&as->st->lock);
		bitmap_clear(as->slots, th->n);
		mutex_unlock(&as->st->lock);
		free(th);
		return ret;
	}
	th->tid = ret;
	place_new_thread(th);
	*ret_th = th;
	return 0;
}

static int st_gone(struct gthread *th)
{
	th->gone = true;
	atomic_store(&th->as->lost, true);
	spin_idle(th);
	return -ESRCH;
}

/* What a guest must not be able to do to us it has done to itself. */
static int fail_thread(struct gthread *th, int ret)
{
	stub_kill(th->as->stub);
	st_gone(th);
	return ret == -EPROTO ? -ESRCH : ret;
}

static int st_thread_new(struct aspace *as, struct gthread **ret_th)
{
	struct gthread *th = idle_take(as);
	int ret = th ? 0 : thread_make(as, &th);

	if (ret < 0)
		return ret;
	atomic_store(&th->kicked, false);
	atomic_store(&th->guest_ticks, 0);
	atomic_store(&th->cpu_ns, 0);
	atomic_store(&th->kick_ns, 0);
	((struct answers_rw *)th->g->answers)->slept_ns = 0;
	count_begin(th);
	th->fresh = true;
	th->partial = false;
	mutex_lock(&as->st->lock);
	list_add_tail(&th->link, &as->threads);
	list_add_tail(&th->all, &as->st->threads);
	mutex_unlock(&as->st->lock);
	*ret_th = th;
	return 0;
}

/* Before its registers or its floating point are touched: a new guest thread starts clean. */
static int settle(struct gthread *th)
{
	int ret;

	if (th->gone)
		return -ESRCH;
	ret = need_frame(th);
	if (ret == 0 && th->fresh)
		ret = trap_fp_reset(th->g, &th->at);
	if (ret < 0)
		return fail_thread(th, ret);
	th->fresh = false;
	return 0;
}

/* By how many ticks and nanoseconds went by since the platform was opened. */
static uint64_t ticks_to_ns(const struct systrap *st, uint64_t ticks)
{
	uint64_t all = trap_ticks() - st->ticks0, ns = host_now_ns() - st->ns0;

	return all ? (uint64_t)((unsigned __int128)ticks * ns / all) : 0;
}

/*
 * Without what it slept on futexes in its stub. What the guest says of that is about the shares of
 * its own threads only.
 */
static uint64_t time_in_guest(const struct gthread *th)
{
	const struct answers_rw *rw = (const struct answers_rw *)th->g->answers;
	uint64_t since = atomic_load(&th->entered), ticks = atomic_load(&th->guest_ticks);
	uint64_t slept = __atomic_load_n(&rw->slept_ns, __ATOMIC_RELAXED),
		 from = gthread_asleep(th);
	uint64_t now = trap_ticks(), ns;

	if (since && now > since)
		ticks += now - since;
	ns = ticks_to_ns(th->as->st, ticks);
	now = from ? host_now_ns() : 0;
	if (since && now > from)
		slept += now - from;
	return ns > slept ? ns - slept : 0;
}

/* Unlinks; the host thread goes on waiting in its slot. */
static void thread_unlink(struct gthread *th)
{
	struct aspace *as = th->as;

	spin_idle(th);
	mutex_lock(&as->st->lock);
	list_del(&th->link);
	list_del(&th->all);
	as->ended_ns += time_in_guest(th);
	count_end_locked(th);
	mutex_unlock(&as->st->lock);
}

static void st_thread_free(struct gthread *th)
{
	struct aspace *as = th->as;
	bool keep;

	thread_unlink(th);
	if (th->gone) {
		free(th);
		return;
	}
	mutex_lock(&as->st->lock);
	keep = as->nr_idle < IDLE_MAX;
	if (keep) {
		list_add(&th->link, &as->idle);
		as->nr_idle++;
	}
	mutex_unlock(&as->st->lock);
	if (keep)
		return;
	if (th->newborn)
		need_frame(th);
	command(th, SLOT_CMD_EXIT);
	/* its slot may be another's only when the host has seen its end */
	for (unsigned int n = 0; host_tgkill(as->stub->pid, th->tid, 0) != -ESRCH; n++) {
		if (n > END_LOOKS) {
			log_warn("thread %d does not end: its address space ends", th->tid);
			stub_kill(as->stub);
			break;
		}
		if (n > 10)
			host_sleep_until(host_now_ns() + 100000);
		else
			host_sched_yield();
	}
	mutex_lock(&as->st->lock);
	bitmap_clear(as->slots, th->n);
	mutex_unlock(&as->st->lock);
	free(th);
}

/* --- run -------------------------------------------------------------------------------------- */

static int report_kick(struct guest_event *ev)
{
	*ev = (struct guest_event){ .kind = GE_KICKED };
	return 0;
}

/* What the processor would say to such a program counter or segment base. */
static int report_bad_regs(struct guest_event *ev)
{
	*ev = (struct guest_event){
		.kind = GE_EXCEPTION, .signo = SIGSEGV, .code = SI_KERNEL, .trapno = 13
	};
	return 0;
}

/*
 * A fault that came while maps were queued may be about one of them: once they are done, the
 * guest tries again. Returns 1 to go on, 0 to report, -ESRCH.
 */
static int fault_was_early(struct gthread *th, uaddr_t addr)
{
	struct stub *s = th->as->stub;
	uint32_t posted = stub_posted(s);
	int ret;

	if (th->seen == posted)
		return 0;
	if (!stub_touched(s, th->seen, addr))
		return 0;
	stub_flush(s);
	ret = stub_wait(s, posted);
	if (ret < 0)
		return ret;
	th->seen = posted;
	return 1;
}

/* A signal met guest code. 1: run on, 0: *ev tells. */
static int on_signal(struct gthread *th, bool stepping, struct regs *r, struct guest_event *ev)
{
	struct trap_info info;
	int ret;

	trap_load(th->g, &th->at, r, &info);
	trap_load_bases(th->g, th->va, r);
	if (info.signo == KICK_SIGNAL) {
		atomic_store(&th->kick_ns, 0);
		/* if not, its answer was given already */
		return atomic_exchange(&th->kicked, false) ? report_kick(ev) : 1;
	}
	/* sent by somebody: not for the guest */
	if (info.code <= 0)
		return 1;
	if (info.signo == SIGSYS) {
		if (!trap_syscall(r, &info))
			return report_bad_regs(ev);
		/* with a GS base of its own a guest gains nothing by the fast entry */
		*ev = (struct guest_event){ .kind = GE_SYSCALL, .patchable = trap_may_rewrite(r) };
		th->count.trapped++;
		return 0;
	}
	*ev = (struct guest_event){
		.kind = GE_EXCEPTION,
		.signo = info.signo,
		.code = info.code,
		.addr = info.addr,
	};
	switch (info.signo) {
	case SIGSEGV:
		if (info.code == SEGV_MAPERR || info.code == SEGV_ACCERR)
			ev->kind = GE_FAULT;
		break;
	case SIGBUS:
		if (info.code == BUS_ADRERR)
			ev->kind = GE_FAULT;
		ev->bus = ev->kind == GE_FAULT;
		break;
	case SIGTRAP:
		if (stepping && info.code == TRAP_TRACE)
			ev->kind = GE_STEP;
		break;
	case SIGILL:
	case SIGFPE:
		break;
	default:
		return -EPROTO;
	}
	if (ev->kind == GE_FAULT) {
		ret = fault_was_early(th, info.addr);
		if (ret)
			return ret;
	}
	trap_describe(&info, r, ev);
	return 0;
}

/* 1: run on, with *r; 0: *ev tells. */
static int on_event(struct gthread *th, bool stepping, struct regs *r, struct guest_event *ev)
{
	uint32_t kind = __atomic_load_n(&th->g->kind, __ATOMIC_RELAXED);
	struct trap_info info;
	int ret;

	th->at_frame = kind != SLOT_EV_FAST;
	if (likely(kind == SLOT_EV_FAST)) {
		trap_load_call(th->g, r);
		th->partial = true;
		ev->kind = GE_SYSCALL;
		ev->partial = true;
		th->count.fast++;
		return 0;
	}
	ret = trap_locate(th->g, th->va, &th->at);
	if (ret < 0)
		return ret;
	switch (kind) {
	case SLOT_EV_SIGNAL:
		return on_signal(th, stepping, r, ev);
	case SLOT_EV_CALL:
		th->count.fast++;
		trap_load(th->g, &th->at, r, &info);
		trap_load_bases(th->g, th->va, r);
		trap_call_by_rax(r);
		*ev = (struct guest_event){ .kind = GE_SYSCALL };
		return 0;
	case SLOT_EV_REDO:
		th->count.fast++;
		trap_load_fast(th->g, r);
		trap_load_bases(th->g, th->va, r);
		*ev = (struct guest_event){ .kind = GE_SYSCALL };
		return 0;
	case SLOT_EV_FRAMED:
		/* a kick, or a step, met stub code on its way back to the guest */
		atomic_store(&th->kick_ns, 0);
		trap_load_fast(th->g, r);
		trap_load_bases(th->g, th->va, r);
		regs_set_no_syscall(r);
		if (stepping) {
			*ev = (struct guest_event){ .kind = GE_STEP };
			regs_set_step(r, true);
			return 0;
		}
		return atomic_exchange(&th->kicked, false) ? report_kick(ev) : 1;
	default:
		return -EPROTO;
	}
}

/* What on_event() left out, while the guest still waits. */
static void st_regs_get(struct gthread *th, struct regs *r)
{
	if (th->partial)
		trap_load_rest(th->g, r);
	th->partial = false;
}

/* The guest's registers into slot or frame; the command that makes them so. */
static int load(struct gthread *th, struct regs *r)
{
	struct regs want;
	int ret;

	if (likely(th->partial)) {
		if (!th->at_frame && !th->fresh) {
			th->ret = regs_ret(r);
			return SLOT_CMD_RESULT;
		}
		st_regs_get(th, r);
	}
	want = *r;
	regs_sanitize(&want);
	regs_set_no_syscall(&want);
	if (th->fresh || (!th->at_frame && !trap_store_fast(th->g, &want))) {
		ret = settle(th);
		if (ret < 0)
			return ret;
	}
	if (th->at_frame)
		trap_store(th->g, &th->at, &want);
	trap_store_bases(th->ro, th->va, &want);
	return th->at_frame ? SLOT_CMD_RETURN : SLOT_CMD_FAST;
}

/* Guest code runs. 1: it does not, there was a kick. */
static int go_on(struct gthread *th, struct regs *r)
{
	struct systrap *st = th->as->st;
	struct stub *s = th->as->stub;
	uint32_t posted = stub_posted(s);
	int cmd;

	/* commands still on their way leave `seen` behind, so that a fault waits for them */
	if (th->seen != posted && stub_done(s, posted))
		th->seen = posted;
	cmd = load(th, r);
	if (cmd < 0)
		return cmd;
	if (atomic_load_explicit(&th->kick_ns, memory_order_relaxed))
		atomic_store(&th->kick_ns, 0);
	atomic_store(&th->running, true);
	if (unlikely(atomic_load(&th->kicked)) && atomic_exchange(&th->kicked, false)) {
		atomic_store(&th->running, false);
		return 1;
	}
	th->partial = false;
	place_follow(th);
	spin_before_run(th);
	if (++th->calls >= PLACE_CALLS)
		place_look(th, host_now_ns());
	if (unlikely(place_narrow(st)) && place_crossed(st, host_now_ns()))
		place_spread(th);
	command(th, (uint32_t)cmd);
	/* the guest need not wait for this */
	atomic_store_explicit(&th->entered, trap_ticks(), memory_order_relaxed);
	return 0;
}

static int come_out(struct gthread *th)
{
	uint64_t went = atomic_load_explicit(&th->entered, memory_order_relaxed), now, sum;
	int ret = await_event(th);

	now = trap_ticks();
	sum = atomic_load_explicit(&th->guest_ticks, memory_order_relaxed);
	atomic_store_explicit(&th->entered, 0, memory_order_relaxed);
	if (now > went)
		atomic_store_explicit(&th->guest_ticks, sum + (now - went), memory_order_relaxed);
	/* who finds it set a moment longer kicks in vain */
	atomic_store_explicit(&th->running, false, memory_order_release);
	return ret;
}

static bool st_start(struct gthread *th, struct regs *r)
{
	struct stub *s = th->as->stub;
	uint32_t barrier = atomic_load(&s->barrier);

	if (th->gone || th->partial || !regs_valid(r) || regs_stepping(r))
		return false;
	stub_flush(s);
	/* whoever starts it has better things to do than wait */
	if (stub_posted(s) - barrier <= STUB_RING && !stub_done(s, barrier))
		return false;
	switch (go_on(th, r)) {
	case 0:
		th->started = true;
		return true;
	case 1:
		atomic_store(&th->kicked, true);
		return false;
	default:
		return false; /* run() tells */
	}
}

static int st_run(struct gthread *th, struct regs *r, struct guest_event *ev)
{
	struct stub *s = th->as->stub;
	bool stepping;
	int ret = 1;

	if (th->gone)
		return -ESRCH;
	/* with the step flag no call gets as far as the fast entry */
	stepping = !th->partial && regs_stepping(r);
	if (!th->partial && !regs_valid(r))
		return report_bad_regs(ev);
	while (ret > 0) {
		if (unlikely(th->started)) {
			th->started = false;
		} else {
			ret = stub_before_run(s);
			if (ret == 0)
				ret = go_on(th, r);
			if (ret < 0)
				break;
			if (ret > 0) {
				ev->partial = th->partial;
				ev->kind = GE_KICKED;
				return 0;
			}
		}
		ret = come_out(th);
		if (ret == 0)
			ret = on_event(th, stepping, r, ev);
	}
	if (ret == 0)
		return 0;
	if (ret == -EPROTO) {
		*ev = (struct guest_event){ .kind = GE_CORRUPT };
		stub_kill(s);
		st_gone(th);
		return 0;
	}
	/* dying: its exit status is, or soon will be, there to be taken */
	stub_kill(s);
	return st_gone(th);
}

static void st_kick(struct gthread *th)
{
	uint64_t unanswered = 0;

	atomic_store(&th->kicked, true);
	if (!atomic_load(&th->running))
		return;
	/* the oldest one counts: many kicks must not keep it alive */
	atomic_compare_exchange_strong(&th->kick_ns, &unanswered, host_now_ns());
	/* gone: whoever waits for it looks, and run() tells */
	if (host_tgkill(th->as->stub->pid, th->tid, KICK_SIGNAL) == -ESRCH)
		host_futex_wake_shared(&th->g->seq, 1);
	watchdog_arm(th->as->st);
}

/*
 * --- address spaces ----------------------------------------------------------------------------
 */

static int st_aspace_new(struct platform *p, struct aspace **ret_as)
{
	struct systrap *st = to_st(p);
	struct aspace *as = calloc(1, sizeof(*as));
	int ret;

	if (!as)
		return -ENOMEM;
	as->st = st;
	INIT_LIST_HEAD(&as->threads);
	INIT_LIST_HEAD(&as->idle);
	ret = stub_get(st->stubs, &as->stub);
	if (ret < 0) {
		free(as);
		return ret;
	}
	mutex_lock(&as->st->lock);
	list_add_tail(&as->all, &as->st->aspaces);
	mutex_unlock(&as->st->lock);
	place_new_aspace(as);
	*ret_as = as;
	return 0;
}

static void st_aspace_kill(struct aspace *as)
{
	stub_kill(as->stub);
}

static void st_aspace_free(struct aspace *as)
{
	struct gthread *th;
	uint64_t cpu;

	stub_kill(as->stub);
	while (!list_empty(&as->threads)) {
		th = list_first_entry(&as->threads, struct gthread, link);
		thread_unlink(th);
		free(th);
	}
	while ((th = idle_take(as)))
		free(th);
	count_log("an address space", &as->calls);
	if (host_process_cputime(as->stub->pid, &cpu) < 0)
		cpu = 0;
	mutex_lock(&as->st->lock);
	list_del(&as->all);
	as->st->ended_cpu_ns += cpu;
	mutex_unlock(&as->st->lock);
	stub_reap(as->stub, true);
	stub_free(as->stub);
	free(as);
}

static bool st_idle(struct aspace *as)
{
	return stub_done(as->stub, stub_posted(as->stub));
}

static void st_flush(struct aspace *as)
{
	stub_flush(as->stub);
}

static int st_map(struct aspace *as, uaddr_t va, size_t size, struct platform_file *pf,
		  uint64_t off, int prot, unsigned int flags)
{
	return stub_map(as->stub, va, size, pf, off, prot, flags);
}

static int st_unmap(struct aspace *as, uaddr_t va, size_t size)
{
	return stub_unmap(as->stub, va, size);
}

static int st_clear(struct aspace *as)
{
	bool alone;

	mutex_lock(&as->st->lock);
	alone = as->nr_idle == 0 && list_is_singular(&as->threads) &&
		bitmap_next_clear(as->slots, SLOT_NR, 0) == 1;
	mutex_unlock(&as->st->lock);
	return alone ? stub_clear(as->stub) : -EBUSY;
}

static int st_protect(struct aspace *as, uaddr_t va, size_t size, int prot)
{
	return stub_protect(as->stub, va, size, prot);
}

static int st_sync(struct aspace *as)
{
	return stub_sync(as->stub);
}

static bool st_aspace_dead(struct aspace *as, int *ret_status)
{
	if (!stub_reap(as->stub, false) && !atomic_load(&as->lost))
		return false;
	*ret_status = atomic_load(&as->stub->dead) ? as->stub->status : SIGKILL;
	return true;
}

static int st_aspace_pid(struct aspace *as)
{
	return as->stub->pid;
}

/*
 * --- files, floating point, times ---------------------------------------------------------------
 */

static int st_file_new(struct platform *p, int fd, struct platform_file **ret_pf)
{
	return stub_file_new(to_st(p)->stubs, fd, ret_pf);
}

static size_t st_fp_size(struct platform *p)
{
	return trap_fp_size();
}

static int st_fp_get(struct gthread *th, void *buf, size_t size)
{
	int ret = settle(th);

	return ret < 0 ? ret : trap_fp_get(th->g, &th->at, buf, size);
}

static int st_fp_set(struct gthread *th, const void *buf, size_t size)
{
	int ret = settle(th);

	return ret < 0 ? ret : trap_fp_set(th->g, &th->at, buf, size);
}

static int st_fp_reset(struct gthread *th)
{
	int ret = settle(th);

	return ret < 0 ? ret : trap_fp_reset(th->g, &th->at);
}

/*
 * The host tells the CPU time of another process, not of one of its threads: each thread's share is
 * that of its time in guest code, and at most all of that.
 */
static int st_thread_cputime(struct gthread *th, uint64_t *ret_user_ns, uint64_t *ret_sys_ns)
{
	struct aspace *as = th->as;
	uint64_t mine = time_in_guest(th), all, cpu, last;
	struct gthread *other;

	mutex_lock(&as->st->lock);
	all = as->ended_ns;
	list_for_each_entry(other, &as->threads, link)
		all += time_in_guest(other);
	mutex_unlock(&as->st->lock);
	if (host_process_cputime(as->stub->pid, &cpu) == 0 && cpu < all)
		mine = (uint64_t)((unsigned __int128)mine * cpu / all);
	last = atomic_load(&th->cpu_ns);
	while (mine > last && !atomic_compare_exchange_weak(&th->cpu_ns, &last, mine))
		;
	*ret_user_ns = MAX(mine, last);
	*ret_sys_ns = 0;
	return 0;
}

static int st_thread_affinity(struct gthread *th, const uint64_t *mask, size_t nr_words)
{
	return host_sched_setaffinity(th->tid, mask, nr_words);
}

/*
 * --- the platform -------------------------------------------------------------------------------
 */

static int st_probe(const char **ret_why)
{
	return trap_probe(ret_why);
}

static int st_open(const struct platform_params *params, struct platform **ret_platform)
{
	struct systrap *st = calloc(1, sizeof(*st));
	int ret;

	if (!st)
		return -ENOMEM;
	st->base.ops = &systrap_platform_ops;
	st->ticks0 = trap_ticks();
	st->ns0 = host_now_ns();
	INIT_LIST_HEAD(&st->threads);
	INIT_LIST_HEAD(&st->aspaces);
	ret = trap_init();
	if (ret == 0)
		ret = host_signal_quiet_children();
	if (ret == 0)
		ret = stub_system_new(params, true, &st->stubs);
	if (ret < 0) {
		free(st);
		return ret;
	}
	mutex_init(&st->lock, LC_PLATFORM);
	cond_init(&st->wake);
	spin_init(st, st->stubs->nr_cpus);
	place_init(st);
	st->patch = !params || params->patch;
	st->kick_looks = params && params->kick_looks ? params->kick_looks : KICK_LOOKS;
	*ret_platform = &st->base;
	return 0;
}

static void st_close(struct platform *p)
{
	struct systrap *st = to_st(p);

	watchdog_stop(st);
	stub_system_free(st->stubs);
	cond_fini(&st->wake);
	mutex_fini(&st->lock);
	free(st);
}

static void st_log(struct platform *p)
{
	struct systrap *st = to_st(p);
	struct call_count all;

	mutex_lock(&st->lock);
	all = st->calls;
	mutex_unlock(&st->lock);
	count_log("sandbox", &all);
}

static void st_limits(struct platform *p, struct platform_limits *ret_limits)
{
	stub_system_limits(to_st(p)->stubs, ret_limits);
	if (to_st(p)->patch)
		ret_limits->syscall_entry = stub_image_header()->fast_entry;
}

static bool st_answers(struct gthread *th, struct answers *ret)
{
	struct answers_ro *ro = (struct answers_ro *)th->ro->answers;
	struct platform_limits lim;

	if (!th->as->st->stubs->slots)
		return false;
	stub_system_limits(th->as->st->stubs, &lim);
	ro->clock_gettime = lim.vdso_clock_gettime;
	ro->getcpu = lim.vdso_getcpu;
	*ret = (struct answers){ ro, (struct answers_rw *)th->g->answers };
	return true;
}

static struct answers_space *st_answers_space(struct aspace *as)
{
	return (struct answers_space *)((char *)stub_slot_ro(as->stub, 0) + SLOT_SPACE);
}

static struct answers_waits *st_answers_waits(struct aspace *as)
{
	return (struct answers_waits *)stub_slot(as->stub, 0)->waits;
}

static long st_futex(struct aspace *as, uaddr_t addr, uint32_t op, const uint32_t val[3],
		     uaddr_t addr2)
{
	return stub_futex_call(as->stub, addr, op | 128 /* FUTEX_PRIVATE_FLAG */, val, addr2);
}

const struct platform_ops systrap_platform_ops = {
	.name = "systrap",
	.threads_move = true,
	.probe = st_probe,
	.open = st_open,
	.close = st_close,
	.limits = st_limits,
	.log = st_log,
	.file_new = st_file_new,
	.file_put = stub_file_put,
	.aspace_new = st_aspace_new,
	.aspace_free = st_aspace_free,
	.aspace_kill = st_aspace_kill,
	.map = st_map,
	.clear = st_clear,
	.unmap = st_unmap,
	.protect = st_protect,
	.sync = st_sync,
	.idle = st_idle,
	.flush = st_flush,
	.thread_new = st_thread_new,
	.thread_free = st_thread_free,
	.thread_idle = spin_idle,
	.start = st_start,
	.answers = st_answers,
	.answers_space = st_answers_space,
	.answers_waits = st_answers_waits,
	.futex = st_futex,
	.run = st_run,
	.regs_get = st_regs_get,
	.kick = st_kick,
	.fp_size = st_fp_size,
	.fp_get = st_fp_get,
	.fp_set = st_fp_set,
	.fp_reset = st_fp_reset,
	.aspace_dead = st_aspace_dead,
	.aspace_pid = st_aspace_pid,
	.thread_cputime = st_thread_cputime,
	.thread_affinity = st_thread_affinity,
};
