/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a guest thread: run guest code until something happens, answer it, do what became due
 * (signals, stops, exit), run again. Also the start of a task's sentry thread and its guest thread.
 */
#define LOG_TAG "task"
#include <base/log.h>

#include "kernel/answers.h"
#include "kernel/kernel_int.h"
#include "kernel/oom.h"

enum { /* task.start_word */
       START_NEW,
       START_READY,
       START_FAILED,
       START_GO,
       START_ABORT,
       START_ENDED, /* aborted, and the guest thread is gone */
};

/* --- guest thread --- */

int task_gthread_new(struct task *t)
{
	struct gthread *gt;
	int ret = plat_ops(t)->thread_new(mm_aspace(t->mm), &gt);

	if (ret < 0)
		return ret == -ENOMEM ? -ENOMEM : -EAGAIN;
	mutex_lock(&t->kick_lock);
	t->gt = gt;
	mutex_unlock(&t->kick_lock);
	return 0;
}

void task_gthread_free(struct task *t)
{
	uint64_t user = 0, sys = 0;
	struct gthread *gt;

	mutex_lock(&t->kick_lock);
	gt = t->gt;
	t->gt = NULL;
	task_answers_detach_locked(t);
	if (gt && plat_ops(t)->thread_cputime(gt, &user, &sys) == 0) {
		/* from now on the time of this host thread is only here */
		atomic_fetch_add(&t->usage.utime_ns, user);
		atomic_fetch_add(&t->usage.stime_ns, sys);
	}
	mutex_unlock(&t->kick_lock);
	if (gt)
		plat_ops(t)->thread_free(gt);
}

/* --- events --- */

static void force_fault(struct task *t, int sig, int code, uint64_t addr)
{
	struct lx_siginfo info = { .si_signo = sig, .si_code = code };

	info.sigfault.addr = addr;
	signal_force(t, sig, &info);
}

static void on_fault(struct task *t, const struct guest_event *ev)
{
	struct mm_limits lim = task_mm_limits(t);
	int ret = ev->bus ? -ENXIO : mm_fault(t->mm, ev->addr, ev->access, &lim);

	if (ret == 0) {
		atomic_fetch_add_explicit(&t->usage.minflt, 1, memory_order_relaxed);
		return;
	}
	t->fault.addr = ev->addr;
	t->fault.trapno = ev->trapno;
	t->fault.error_code = ev->error_code;
	switch (ret) {
	case -EACCES:
		force_fault(t, LX_SIGSEGV, LX_SEGV_ACCERR, ev->addr);
		break;
	case -ENXIO:
	case -EIO:
		force_fault(t, LX_SIGBUS, LX_BUS_ADRERR, ev->addr);
		break;
	case -ENOMEM:
		log_ratelimited(LOG_LEVEL_INFO, "task %d killed: out of memory", t->tid);
		tgroup_exit(t->tg, LX_SIGKILL);
		break;
	default:
		force_fault(t, LX_SIGSEGV, LX_SEGV_MAPERR, ev->addr);
		break;
	}
}

static void on_exception(struct task *t, const struct guest_event *ev)
{
	int sig = ev->signo > 0 && ev->signo <= 31 && sigset_has(SIGSET_SYNCHRONOUS, ev->signo) ?
			  ev->signo :
			  LX_SIGSEGV;

	t->fault.addr = ev->addr;
	t->fault.trapno = ev->trapno;
	t->fault.error_code = ev->error_code;
	force_fault(t, sig, ev->code > 0 ? ev->code : LX_SI_KERNEL, ev->addr);
}

/* The host process behind the address space is gone: everyone who shares it dies. */
static void on_dead_aspace(struct task *t)
{
	struct kernel *k = t->kernel;
	struct tgroup *tg;

	log_ratelimited(LOG_LEVEL_INFO, "task %d: its address space died", t->tid);
	mutex_lock(&k->tasklist_lock);
	list_for_each_entry(tg, &k->tgroups, table_link) {
		struct task *o;
		bool shares = false;

		list_for_each_entry(o, &tg->threads, tg_link) {
			mutex_lock(&o->lock);
			shares = shares || (o->mm && o->mm == t->mm);
			mutex_unlock(&o->lock);
		}
		if (shares)
			tgroup_exit(tg, LX_SIGKILL);
	}
	mutex_unlock(&k->tasklist_lock);
	tgroup_exit(t->tg, LX_SIGKILL);
}

void task_regs_fill(struct task *t)
{
	if (t->regs_partial && t->gt)
		plat_ops(t)->regs_get(t->gt, &t->regs);
	t->regs_partial = false;
}

/* --- work --- */

static void run_works(struct task *t)
{
	struct task_work *w;

	atomic_fetch_and(&t->work, ~TW_EXTERN);
	w = atomic_exchange(&t->works, NULL);
	while (w) {
		struct task_work *next = w->next;

		w->fn(t, w);
		w = next;
	}
}

/* Code -512..-516 in the result register after a call: somebody has to turn it into something. */
static bool wants_restart(const struct task *t)
{
	long v = (long)regs_ret(&t->regs);

	return t->in_syscall && v <= -LX_ERESTARTSYS && v >= -LX_ERESTART_RESTARTBLOCK;
}

/* False: the task ends now. */
static bool do_work(struct task *t)
{
	unsigned int work = atomic_load(&t->work);

	task_regs_fill(t);
	if (work & TW_PAUSE) {
		task_paused(t);
		work = atomic_load(&t->work);
	}
	if (work & TW_EXTERN)
		run_works(t);
	if (work & (TW_SIGNAL | TW_KILL | TW_STOP | TW_EXIT) || wants_restart(t) ||
	    t->restore_blocked) {
		if (!signal_handle(t))
			return false;
	}
	if (atomic_load(&t->work) & TW_RSEQ) {
		atomic_fetch_and(&t->work, ~TW_RSEQ);
		if (rseq_fixup(t) < 0)
			signal_force(t, LX_SIGSEGV, NULL);
	}
	t->in_syscall = false;
	return true;
}

/*
 * Stopped in a trampoline: the guest is at its call, and has not made it. A step that ends there
 * was the step over the call instruction: then the call is made now.
 */
static void leave_trampoline(struct task *t, struct guest_event *ev)
{
	bool step = ev->kind == GE_STEP ||
		    (ev->kind == GE_EXCEPTION && ev->signo == LX_SIGTRAP && ev->trapno == 1);
	struct mm_patch_fix fix;

	if (!t->mm || t->regs_partial || !mm_patch_fixup(t->mm, regs_pc(&t->regs), &fix))
		return;
	if (!step) {
		regs_set_pc(&t->regs, fix.back);
	} else if (fix.loads) {
		regs_set_ret(&t->regs, fix.nr);
		regs_set_pc(&t->regs, fix.site);
	} else {
		regs_set_sysno(&t->regs, regs_ret(&t->regs));
		regs_set_pc(&t->regs, fix.site + REGS_SYSCALL_INSN_SIZE);
		*ev = (struct guest_event){ .kind = GE_SYSCALL };
	}
}

static void dispatch_event(struct task *t, const struct guest_event *ev)
{
	switch (ev->kind) {
	case GE_SYSCALL:
		if (unlikely(ev->patchable))
			mm_patch_site(t->mm, regs_pc(&t->regs), regs_sysno(&t->regs));
		t->in_syscall = true;
		t->kernel->config.upcalls->syscall(t);
		if (t->regs_replaced) {
			t->regs_replaced = false;
			t->in_syscall = false;
		}
		break;
	case GE_FAULT:
		on_fault(t, ev);
		break;
	case GE_EXCEPTION:
		on_exception(t, ev);
		break;
	case GE_STEP:
		force_fault(t, LX_SIGTRAP, LX_TRAP_TRACE, regs_pc(&t->regs));
		break;
	case GE_KICKED:
		break;
	case GE_CORRUPT:
		log_ratelimited(LOG_LEVEL_INFO, "task %d: stub state makes no sense", t->tid);
		tgroup_exit(t->tg, LX_SIGKILL);
		break;
	}
}

void task_run(struct task *t)
{
	const struct platform_ops *ops = plat_ops(t);
	struct guest_event ev;
	int ret;

	for (;;) {
		/* work that came since is told by a kick */
		if (unlikely(t->prestarted)) {
			t->prestarted = false;
			goto run;
		}
		if (unlikely(atomic_load(&t->work)) || wants_restart(t) || t->restore_blocked) {
			if (!do_work(t))
				return;
			continue;
		}
		t->in_syscall = false;
		task_answers_enter(t);
		/*
		 * Whoever adds work looks at in_guest after it, we look at work after in_guest: one
		 * of us sees the other (both are sequentially consistent).
		 */
		atomic_store(&t->in_guest, true);
		if (unlikely(atomic_load(&t->work))) {
			task_answers_leave(t);
			atomic_store(&t->in_guest, false);
			continue;
		}
		task_answers_entered(t);
run:
		lockcheck_none_held("run");
		memset(&ev, 0, sizeof(ev));
		ret = ops->run(t->gt, &t->regs, &ev);
		t->regs_partial = ev.partial;
		task_answers_leave(t);
		/* who finds it set a moment longer kicks in vain */
		atomic_store_explicit(&t->in_guest, false, memory_order_release);
		if (unlikely(ret < 0)) {
			on_dead_aspace(t);
			continue;
		}
		if (unlikely(ev.kind != GE_SYSCALL))
			leave_trampoline(t, &ev);
		dispatch_event(t, &ev);
	}
}

/* --- threads --- */

static void thread_gone(struct kernel *k)
{
	mutex_lock(&k->tasklist_lock);
	if (--k->nr_host_threads == 0) {
		atomic_fetch_add(&k->host_threads_word, 1);
		host_futex_wake((const uint32_t *)&k->host_threads_word, INT32_MAX);
	}
	mutex_unlock(&k->tasklist_lock);
}

static void start_set(struct task *t, uint32_t v)
{
	atomic_store(&t->start_word, v);
	host_futex_wake((const uint32_t *)&t->start_word, INT32_MAX);
}

static uint32_t start_wait(struct task *t, uint32_t from, uint32_t from2)
{
	uint32_t v;

	while ((v = atomic_load(&t->start_word)) == from || v == from2)
		host_futex_wait((const uint32_t *)&t->start_word, v, HOST_NO_DEADLINE);
	return v;
}

static int gthread_prepare(struct task *t)
{
	int ret = task_gthread_new(t);

	if (ret == 0 && t->start_fp)
		ret = plat_ops(t)->fp_set(t->gt, t->start_fp, t->start_fp_size);
	free(t->start_fp);
	t->start_fp = NULL;
	return ret;
}

static int thread_prepare(struct task *t)
{
	if (t->start_fn) /* builds its own address space: kernel_spawn */
		return t->start_fn(t);
	return gthread_prepare(t);
}

/*
 * Threads whose task has ended and that wait for another one: making a thread costs more than half
 * of what a guest's thread takes to live and die. Only where any thread may serve a guest thread.
 */
#define PARKED_MAX 4

struct parked {
	struct list_head link;
	_Atomic uint32_t word; /* 1: next is there */
	struct task *next;
};

static struct {
	struct mutex lock;
	struct list_head threads;
	unsigned int nr;
} g_parked = { MUTEX_INIT(LC_PARKED), LIST_HEAD_INIT(g_parked.threads), 0 };

/* The next task for this thread, or NULL: it shall end. */
static struct task *park(void)
{
	struct parked me = { .next = NULL };

	mutex_lock(&g_parked.lock);
	if (g_parked.nr >= PARKED_MAX) {
		mutex_unlock(&g_parked.lock);
		return NULL;
	}
	g_parked.nr++;
	list_add(&me.link, &g_parked.threads);
	mutex_unlock(&g_parked.lock);
	while (!atomic_load(&me.word))
		host_futex_wait((const uint32_t *)&me.word, 0, HOST_NO_DEADLINE);
	return me.next;
}

/* Hands t to a parked thread, if there is one. */
static bool unpark(struct task *t)
{
	struct parked *p;

	mutex_lock(&g_parked.lock);
	if (list_empty(&g_parked.threads)) {
		mutex_unlock(&g_parked.lock);
		return false;
	}
	p = list_first_entry(&g_parked.threads, struct parked, link);
	list_del(&p->link);
	g_parked.nr--;
	mutex_unlock(&g_parked.lock);
	p->next = t;
	/* it may be gone as soon as it sees that: waking an address that was its is harmless */
	atomic_store(&p->word, 1);
	host_futex_wake((const uint32_t *)&p->word, 1);
	return true;
}

static void serve(struct task *t, bool again)
{
	struct kernel *k = t->kernel;
	int tid = host_gettid();

	task_set_current(t);
	if (again && host_thread_cputime(tid, &t->host_cpu_ns) < 0)
		t->host_cpu_ns = 0;
	mutex_lock(&t->kick_lock);
	t->host_tid = tid;
	mutex_unlock(&t->kick_lock);
	if (atomic_load(&t->start_word) == START_NEW) {
		t->start_err = thread_prepare(t);
		start_set(t, t->start_err < 0 ? START_FAILED : START_READY);
	}
	if (start_wait(t, START_READY, START_FAILED) == START_GO) {
		task_run(t);
		task_exit(t);
	} else {
		task_gthread_free(t);
		start_set(t, START_ENDED);
	}
	task_set_current(NULL);
	task_put(t);
	thread_gone(k);
}

static void thread_main(void *arg)
{
	struct task *t = arg;
	bool stays = plat_ops(t)->threads_move, again = false;

	host_signals_block_all();
	do {
		serve(t, again);
		again = true;
		t = stays ? park() : NULL;
	} while (t);
}

int task_thread_start(struct task *t)
{
	/* then nobody has to wait for anybody: the thread finds all that it needs */
	bool ready = plat_ops(t)->threads_move && !t->start_fn;
	struct kernel *k = t->kernel;
	struct host_thread *th;
	int ret;

	if (ready) {
		ret = gthread_prepare(t);
		if (ret < 0) {
			task_gthread_free(t);
			return ret;
		}
	}
	mutex_lock(&k->tasklist_lock);
	k->nr_host_threads++;
	mutex_unlock(&k->tasklist_lock);
	kernel_oom_awake(k);
	atomic_store(&t->start_word, ready ? START_READY : START_NEW);
	task_get(t);
	if (ready && unpark(t))
		return 0;
	ret = host_thread_start_near("task", HOST_STACK_TASK, thread_main, t, &th);
	if (ret < 0) {
		if (ready)
			task_gthread_free(t);
		task_put(t);
		thread_gone(k);
		return -EAGAIN;
	}
	host_thread_detach(th);
	if (!ready && start_wait(t, START_NEW, START_NEW) == START_FAILED) {
		ret = t->start_err;
		task_thread_abort(t);
		return ret;
	}
	return 0;
}

/* Its guest code need not wait for the thread that will serve it. */
static void prestart(struct task *t)
{
	if (!plat_ops(t)->start || t->start_fn || t->restore_blocked)
		return;
	task_answers_enter(t);
	atomic_store(&t->in_guest, true);
	task_answers_entered(t);
	if (!atomic_load(&t->work) && plat_ops(t)->start(t->gt, &t->regs)) {
		t->prestarted = true;
		return;
	}
	task_answers_leave(t);
	atomic_store(&t->in_guest, false);
}

void task_thread_go(struct task *t)
{
	if (t->gt) {
		task_answers_attach(t); /* before any guest code runs */
		prestart(t);
	}
	start_set(t, START_GO);
}

void task_thread_abort(struct task *t)
{
	t->start_aborted = true;
	start_set(t, START_ABORT);
}

void task_thread_join_gthread(struct task *t)
{
	if (t->start_aborted)
		start_wait(t, START_ABORT, START_ABORT);
}
