/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ptrace backend: the reference that must always work. A guest thread is a host thread in a
 * stub, seized by the sentry thread that runs it; PTRACE_SYSEMU stops it at every system call, and
 * every signal it gets stops it too and is swallowed. See README.md for the life of a trap.
 * Locking: ptas.lock (LC_PLATFORM) guards the list of threads; gthread fields belong to the tracer
 * but for the two words of the kick protocol.
 */
#include <platform/ptrace.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define LOG_TAG "ptrace"
#include "base/log.h"
#include "base/bits.h"
#include "base/list.h"
#include "base/lock.h"
#include "host/host.h"
#include "ptrace/tracee.h"
#include "stub/stub.h"

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif
#define PTRACE_SYSEMU_ 31 /* the same on both architectures; glibc's enum has gaps */

#define SYSCALL_STOP (SIGTRAP | 0x80)
#define START_STOPS  8 /* the return from clone, in and out of seccomp, and some spare */
/* An unanswered kick costs the stub its life after so many looks; why looks: systrap/watchdog.c */
#define LOOK_NS    100000000ull
#define KICK_LOOKS 20

struct pt_platform {
	struct platform base;
	struct stub_system *stubs;
	struct mutex lock;        /* LC_PLATFORM: watchdog state, all_threads */
	struct list_head threads; /* of gthread.all */
	struct cond wake;
	atomic_bool armed;
	bool watching, closing;
	unsigned int kick_looks; /* of platform_params */
	struct host_thread *watchdog;
};

struct aspace {
	struct pt_platform *pt;
	struct stub *stub;
	struct list_head threads; /* of gthread.link; pt->lock */
	unsigned int nr_threads;
	uint64_t ended_ns; /* time in guest code of threads that ended; pt->lock */
	atomic_bool lost;  /* a thread ended that nobody told to */
};

struct gthread {
	struct aspace *as;
	struct list_head link, all; /* pt->lock */
	int tid;
	bool gone;         /* its exit was seen */
	struct regs known; /* what the host thread has now */
	bool known_valid;
	uint32_t seen; /* commands that were done when the guest last went on */
	atomic_bool kicked, running;
	_Atomic uint64_t guest_ns;   /* time between going on and stopping, so far ... */
	_Atomic uint64_t entered_ns; /* ... and when it last went on, 0 while it is stopped */
	_Atomic uint64_t cpu_ns;     /* what thread_cputime said last: never less again */
	_Atomic uint64_t kick_ns;    /* when a kick was sent that was not answered yet, or 0 */
	/* the watchdog's: the kick it has seen so many times; pt->lock */
	uint64_t kick_seen;
	unsigned int kick_looks;
};

static struct pt_platform *to_pt(struct platform *p)
{
	return container_of(p, struct pt_platform, base);
}

/* --- the watchdog of kicks -------------------------------------------------------------------- */

/* A thread that has stopped waits for its tracer, not the other way round. */
static bool has_stopped(int tid)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)tid, &si, WNOWAIT | WNOHANG | WSTOPPED | WEXITED | __WALL) < 0 ||
	       si.si_pid != 0;
}

static void watchdog_main(void *arg)
{
	struct pt_platform *pt = arg;

	host_signals_block_all();
	mutex_lock(&pt->lock);
	while (!pt->closing) {
		struct gthread *th;
		bool any = false;

		if (!atomic_load(&pt->armed)) {
			cond_wait(&pt->wake, &pt->lock);
			continue;
		}
		cond_wait_until(&pt->wake, &pt->lock, host_now_ns() + LOOK_NS);
		/* Before looking: a kick this round does not see finds it false and comes here. */
		atomic_store(&pt->armed, false);
		list_for_each_entry(th, &pt->threads, all) {
			uint64_t since = atomic_load(&th->kick_ns);

			if (!since)
				continue;
			any = true;
			if (th->kick_seen != since) {
				th->kick_seen = since;
				th->kick_looks = 0;
			}
			/*
			 * not running: it stopped for another reason, and run() has its answer
			 * ready
			 */
			if (++th->kick_looks > pt->kick_looks && atomic_load(&th->running) &&
			    !has_stopped(th->tid)) {
				log_warn("thread %d does not answer: its address space ends",
					 th->tid);
				stub_kill(th->as->stub);
			}
		}
		if (any)
			atomic_store(&pt->armed, true);
	}
	mutex_unlock(&pt->lock);
}

static void arm_watchdog(struct pt_platform *pt)
{
	if (atomic_load(&pt->armed))
		return;
	mutex_lock(&pt->lock);
	if (!atomic_load(&pt->armed)) {
		atomic_store(&pt->armed, true);
		if (!pt->watching)
			pt->watching = host_thread_start("kick-watch", HOST_STACK_TASK,
							 watchdog_main, pt, &pt->watchdog) == 0;
		cond_signal(&pt->wake);
	}
	mutex_unlock(&pt->lock);
}

/* --- threads ---------------------------------------------------------------------------------- */

static int pt_gone(struct gthread *th)
{
	th->gone = true;
	atomic_store(&th->as->lost, true);
	return -ESRCH;
}

static int resume(struct gthread *th, int how)
{
	return (int)tracee_ptrace(how, th->tid, 0, 0);
}

/*
 * Has the new thread installed its filter, and is it at a place where it can be given a guest's
 * registers? Not at the entry of a call: that would still be made.
 */
static bool is_parked(struct gthread *th, int status)
{
	const struct stub_image_header *img = stub_image_header();
	uint64_t pc = regs_pc(&th->known);

	if (pc >= img->filtered_pc && pc < img->park_pc)
		return regs_ret(&th->known) == 0;
	return pc >= img->park_pc && pc <= img->park_pc_end && WSTOPSIG(status) != SYSCALL_STOP;
}

/* Seizes the new thread and lets it run as far as the end of its filter's installation. */
static int seize_parked(struct gthread *th)
{
	unsigned long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
	int ret = (int)tracee_ptrace(PTRACE_SEIZE, th->tid, 0, options), status;
	uint64_t none = 0;

	if (ret == 0)
		ret = (int)tracee_ptrace(PTRACE_INTERRUPT, th->tid, 0, 0);
	for (int stops = 0; ret == 0; stops++) {
		ret = tracee_wait(th->tid, &status);
		if (ret < 0)
			return ret;
		if (!WIFSTOPPED(status))
			return pt_gone(th);
		ret = tracee_get_regs(th->tid, &th->known);
		if (ret < 0)
			return ret;
		if (is_parked(th, status))
			break;
		if (stops == START_STOPS)
			return -EPROTO;
		ret = resume(th, PTRACE_SYSCALL);
	}
	/* born with everything blocked; the kick must come through. Then all the registers. */
	if (ret == 0)
		ret = (int)tracee_ptrace(PTRACE_SETSIGMASK, th->tid, sizeof(none),
					 (unsigned long)&none);
	if (ret == 0)
		ret = tracee_fp_reset(th->tid);
	return ret;
}

static int pt_thread_new(struct aspace *as, struct gthread **ret_th)
{
	struct gthread *th = calloc(1, sizeof(*th));
	int ret;

	if (!th)
		return -ENOMEM;
	th->as = as;
	ret = stub_clone_thread(as->stub, 0);
	if (ret < 0)
		goto fail;
	th->tid = ret;
	ret = seize_parked(th);
	if (ret < 0) {
		/* a thread nobody traces must not stay: its stub ends */
		if (ret != -ESRCH)
			log_warn("cannot trace a stub thread: %d", ret);
		stub_kill(as->stub);
		if (!th->gone)
			tracee_wait(th->tid, &(int){ 0 });
		goto fail;
	}
	mutex_lock(&as->pt->lock);
	list_add_tail(&th->link, &as->threads);
	list_add_tail(&th->all, &as->pt->threads);
	as->nr_threads++;
	mutex_unlock(&as->pt->lock);
	*ret_th = th;
	return 0;
fail:
	free(th);
	return ret;
}

/* Waits for the end of a host thread that was told to end, or killed. */
static void await_exit(struct gthread *th)
{
	int status;

	while (!th->gone) {
		if (tracee_wait(th->tid, &status) < 0 || !WIFSTOPPED(status))
			th->gone = true;
		else
			resume(th, PTRACE_CONT);
	}
}

static void thread_delete(struct gthread *th)
{
	mutex_lock(&th->as->pt->lock);
	list_del(&th->link);
	list_del(&th->all);
	th->as->ended_ns += atomic_load(&th->guest_ns);
	th->as->nr_threads--;
	mutex_unlock(&th->as->pt->lock);
	free(th);
}

static void pt_thread_free(struct gthread *th)
{
	if (!th->gone) {
		struct regs r;

		regs_init_user(&r, stub_image_header()->exit_pc, 0);
		/* an error means that it is dying already */
		if (tracee_set_regs(th->tid, &r) == 0)
			resume(th, PTRACE_CONT);
		await_exit(th);
	}
	thread_delete(th);
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

/* The guest's registers into the host thread, if they differ. */
static int load_regs(struct gthread *th, struct regs *r)
{
	struct regs want = *r;
	int ret;

	regs_sanitize(&want);
	regs_set_no_syscall(&want);
	if (th->known_valid && memcmp(&want, &th->known, sizeof(want)) == 0)
		return 0;
	ret = tracee_set_regs(th->tid, &want);
	th->known = want;
	th->known_valid = ret == 0;
	return ret;
}

static int save_regs(struct gthread *th, struct regs *r)
{
	int ret = tracee_get_regs(th->tid, r);

	if (ret < 0)
		return ret;
	th->known = *r;
	th->known_valid = true;
	return 0;
}

/*
 * A fault that came while maps were queued may be about one of them: once they are done, the
 * guest tries again. Returns 1 to go on, 0 to report, -ESRCH.
 */
static int fault_was_early(struct gthread *th)
{
	struct stub *s = th->as->stub;
	uint32_t posted = stub_posted(s);
	int ret;

	if (th->seen == posted)
		return 0;
	stub_flush(s);
	ret = stub_wait(s, posted);
	if (ret < 0)
		return ret;
	th->seen = posted;
	return 1;
}

/* A synchronous signal. 1: run on, 0: *ev tells. */
static int on_signal(struct gthread *th, int sig, bool stepping, struct regs *r,
		     struct guest_event *ev)
{
	siginfo_t si;
	int ret;

	ret = tracee_siginfo(th->tid, &si);
	if (ret < 0)
		return ret;
	/* sent by somebody: not for the guest */
	if (si.si_code <= 0)
		return 1;
	ret = save_regs(th, r);
	if (ret < 0)
		return ret;
	if (sig == SIGSYS) {
		if (!tracee_vsyscall(&si, r))
			return -EPROTO;
		*ev = (struct guest_event){ .kind = GE_SYSCALL };
		return 0;
	}
	*ev = (struct guest_event){
		.kind = GE_EXCEPTION,
		.signo = sig,
		.code = si.si_code,
		.addr = (uint64_t)(uintptr_t)si.si_addr,
	};
	if ((sig == SIGSEGV && (si.si_code == SEGV_MAPERR || si.si_code == SEGV_ACCERR)) ||
	    (sig == SIGBUS && si.si_code == BUS_ADRERR)) {
		ret = fault_was_early(th);
		if (ret)
			return ret;
		ev->kind = GE_FAULT;
		ev->bus = sig == SIGBUS;
	} else if (sig == SIGTRAP && stepping && si.si_code == TRAP_TRACE) {
		ev->kind = GE_STEP;
	}
	tracee_describe(&si, r, ev);
	return 0;
}

/* The thread stopped with this status. 1: run on, 0: *ev tells. */
static int on_stop(struct gthread *th, int status, bool stepping, struct regs *r,
		   struct guest_event *ev)
{
	int sig = WSTOPSIG(status), ret;

	if (!WIFSTOPPED(status))
		return pt_gone(th);
	if (likely(sig == SYSCALL_STOP)) {
		ret = save_regs(th, r);
		if (ret < 0)
			return ret;
		if (unlikely(!tracee_syscall_native(th->tid, r)))
			return report_bad_regs(ev);
		*ev = (struct guest_event){ .kind = GE_SYSCALL };
		return 0;
	}
	if (status >> 16 == PTRACE_EVENT_STOP)
		return 1;
	switch (sig) {
	case TRACEE_KICK:
		atomic_store(&th->kick_ns, 0);
		if (!atomic_exchange(&th->kicked, false))
			return 1; /* its answer was given already */
		ret = save_regs(th, r);
		return ret < 0 ? ret : report_kick(ev);
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
	case SIGSYS:
		return on_signal(th, sig, stepping, r, ev);
	default:
		return 1;
	}
}

static int pt_run(struct gthread *th, struct regs *r, struct guest_event *ev)
{
	struct stub *s = th->as->stub;
	bool stepping;
	int ret, status;
	uint64_t went;

	if (th->gone)
		return -ESRCH;
	if (!regs_valid(r))
		return report_bad_regs(ev);
	stepping = regs_stepping(r);
	ret = load_regs(th, r);
	if (ret == -EIO)
		return report_bad_regs(ev);
	while (ret >= 0) {
		uint32_t posted = stub_posted(s);

		ret = stub_before_run(s);
		if (ret < 0)
			break;
		/*
		 * commands still on their way leave `seen` behind, so that a fault waits for them
		 */
		if (th->seen != posted && stub_done(s, posted))
			th->seen = posted;
		atomic_store(&th->kick_ns, 0);
		atomic_store(&th->running, true);
		if (atomic_exchange(&th->kicked, false)) {
			atomic_store(&th->running, false);
			return report_kick(ev);
		}
		went = host_now_ns();
		atomic_store_explicit(&th->entered_ns, went, memory_order_relaxed);
		ret = resume(th, PTRACE_SYSEMU_);
		if (ret == 0)
			ret = tracee_wait(th->tid, &status);
		atomic_store_explicit(&th->entered_ns, 0, memory_order_relaxed);
		atomic_store_explicit(&th->guest_ns,
				      atomic_load_explicit(&th->guest_ns, memory_order_relaxed) +
					      host_now_ns() - went,
				      memory_order_relaxed);
		atomic_store(&th->running, false);
		if (ret < 0)
			break;
		ret = on_stop(th, status, stepping, r, ev);
		if (ret == 0)
			return 0;
	}
	if (ret == -EPROTO) {
		*ev = (struct guest_event){ .kind = GE_CORRUPT };
		return 0;
	}
	/* dying: its exit status is, or soon will be, there to be taken */
	if (!th->gone) {
		stub_kill(s);
		await_exit(th);
	}
	return pt_gone(th);
}

static void pt_kick(struct gthread *th)
{
	uint64_t unanswered = 0;

	atomic_store(&th->kicked, true);
	if (!atomic_load(&th->running))
		return;
	/* the oldest one counts: many kicks must not keep it alive */
	atomic_compare_exchange_strong(&th->kick_ns, &unanswered, host_now_ns());
	/* -ESRCH: it is gone, and run() tells */
	host_tgkill(th->as->stub->pid, th->tid, TRACEE_KICK);
	arm_watchdog(th->as->pt);
}

/*
 * --- address spaces ----------------------------------------------------------------------------
 */

static int pt_aspace_new(struct platform *p, struct aspace **ret_as)
{
	struct pt_platform *pt = to_pt(p);
	struct aspace *as = calloc(1, sizeof(*as));
	int ret;

	if (!as)
		return -ENOMEM;
	as->pt = pt;
	INIT_LIST_HEAD(&as->threads);
	ret = stub_get(pt->stubs, &as->stub);
	if (ret < 0) {
		free(as);
		return ret;
	}
	*ret_as = as;
	return 0;
}

static void pt_aspace_free(struct aspace *as)
{
	stub_kill(as->stub);
	/*
	 * any thread of ours may wait for another's tracees; their zombies would hold up the
	 * process
	 */
	while (!list_empty(&as->threads)) {
		struct gthread *th = list_first_entry(&as->threads, struct gthread, link);

		await_exit(th);
		thread_delete(th);
	}
	stub_reap(as->stub, true);
	stub_free(as->stub);
	free(as);
}

static int pt_map(struct aspace *as, uaddr_t va, size_t size, struct platform_file *pf,
		  uint64_t off, int prot, unsigned int flags)
{
	return stub_map(as->stub, va, size, pf, off, prot, flags);
}

static int pt_clear(struct aspace *as)
{
	bool alone;

	mutex_lock(&as->pt->lock);
	alone = as->nr_threads == 1;
	mutex_unlock(&as->pt->lock);
	return alone ? stub_clear(as->stub) : -EBUSY;
}

static int pt_unmap(struct aspace *as, uaddr_t va, size_t size)
{
	return stub_unmap(as->stub, va, size);
}

static int pt_protect(struct aspace *as, uaddr_t va, size_t size, int prot)
{
	return stub_protect(as->stub, va, size, prot);
}

static int pt_sync(struct aspace *as)
{
	return stub_sync(as->stub);
}

static bool pt_aspace_dead(struct aspace *as, int *ret_status)
{
	/*
	 * one that is still dying, or whose threads' zombies wait for their tracers, is dead all
	 * the same
	 */
	if (!stub_reap(as->stub, false) && !atomic_load(&as->lost))
		return false;
	*ret_status = atomic_load(&as->stub->dead) ? as->stub->status : SIGKILL;
	return true;
}

static int pt_aspace_pid(struct aspace *as)
{
	return as->stub->pid;
}

/*
 * --- files, floating point, times ---------------------------------------------------------------
 */

static int pt_file_new(struct platform *p, int fd, struct platform_file **ret_pf)
{
	return stub_file_new(to_pt(p)->stubs, fd, ret_pf);
}

static size_t pt_fp_size(struct platform *p)
{
	return tracee_fp_size();
}

static int pt_fp_get(struct gthread *th, void *buf, size_t size)
{
	return tracee_fp_get(th->tid, buf, size);
}

static int pt_fp_set(struct gthread *th, const void *buf, size_t size)
{
	return tracee_fp_set(th->tid, buf, size);
}

static int pt_fp_reset(struct gthread *th)
{
	return tracee_fp_reset(th->tid);
}

static uint64_t time_in_guest(const struct gthread *th)
{
	uint64_t since = atomic_load(&th->entered_ns), ns = atomic_load(&th->guest_ns);
	uint64_t now = since ? host_now_ns() : 0;

	return now > since ? ns + now - since : ns;
}

/*
 * The host tells the CPU time of another process, not of one of its threads: each thread's share is
 * that of its time in guest code, and at most all of that.
 */
static int pt_thread_cputime(struct gthread *th, uint64_t *ret_user_ns, uint64_t *ret_sys_ns)
{
	struct aspace *as = th->as;
	uint64_t mine = time_in_guest(th), all, cpu, last;
	struct gthread *other;

	mutex_lock(&as->pt->lock);
	all = as->ended_ns;
	list_for_each_entry(other, &as->threads, link)
		all += time_in_guest(other);
	mutex_unlock(&as->pt->lock);
	if (host_process_cputime(as->stub->pid, &cpu) == 0 && cpu < all)
		mine = (uint64_t)((unsigned __int128)mine * cpu / all);
	last = atomic_load(&th->cpu_ns);
	while (mine > last && !atomic_compare_exchange_weak(&th->cpu_ns, &last, mine))
		;
	*ret_user_ns = MAX(mine, last);
	*ret_sys_ns = 0;
	return 0;
}

static int pt_thread_affinity(struct gthread *th, const uint64_t *mask, size_t nr_words)
{
	return host_sched_setaffinity(th->tid, mask, nr_words);
}

/*
 * --- the platform -------------------------------------------------------------------------------
 */

static int pt_probe(const char **ret_why)
{
	if (tracee_init() < 0) {
		*ret_why = "the processor has no XSAVE";
		return -ENOTSUP;
	}
	return 0;
}

static int pt_open(const struct platform_params *params, struct platform **ret_platform)
{
	struct pt_platform *pt = calloc(1, sizeof(*pt));
	int ret;

	if (!pt)
		return -ENOMEM;
	pt->base.ops = &ptrace_platform_ops;
	INIT_LIST_HEAD(&pt->threads);
	ret = tracee_init();
	if (ret == 0)
		ret = host_signal_quiet_children();
	if (ret == 0)
		ret = stub_system_new(params, false, &pt->stubs);
	if (ret < 0) {
		free(pt);
		return ret;
	}
	mutex_init(&pt->lock, LC_PLATFORM);
	cond_init(&pt->wake);
	pt->kick_looks = params && params->kick_looks ? params->kick_looks : KICK_LOOKS;
	*ret_platform = &pt->base;
	return 0;
}

static void pt_close(struct platform *p)
{
	struct pt_platform *pt = to_pt(p);

	mutex_lock(&pt->lock);
	pt->closing = true;
	cond_signal(&pt->wake);
	mutex_unlock(&pt->lock);
	if (pt->watchdog)
		host_thread_join(pt->watchdog);
	stub_system_free(pt->stubs);
	cond_fini(&pt->wake);
	mutex_fini(&pt->lock);
	free(pt);
}

static void pt_limits(struct platform *p, struct platform_limits *ret_limits)
{
	stub_system_limits(to_pt(p)->stubs, ret_limits);
}

const struct platform_ops ptrace_platform_ops = {
	.name = "ptrace",
	.probe = pt_probe,
	.open = pt_open,
	.close = pt_close,
	.limits = pt_limits,
	.file_new = pt_file_new,
	.file_put = stub_file_put,
	.aspace_new = pt_aspace_new,
	.aspace_free = pt_aspace_free,
	.map = pt_map,
	.clear = pt_clear,
	.unmap = pt_unmap,
	.protect = pt_protect,
	.sync = pt_sync,
	.thread_new = pt_thread_new,
	.thread_free = pt_thread_free,
	.run = pt_run,
	.kick = pt_kick,
	.fp_size = pt_fp_size,
	.fp_get = pt_fp_get,
	.fp_set = pt_fp_set,
	.fp_reset = pt_fp_reset,
	.aspace_dead = pt_aspace_dead,
	.aspace_pid = pt_aspace_pid,
	.thread_cputime = pt_thread_cputime,
	.thread_affinity = pt_thread_affinity,
};
