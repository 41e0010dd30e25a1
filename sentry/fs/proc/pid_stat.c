/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/<pid>/stat, statm and status: what ps, top and many libraries read. See proc(5). Values are
 * sampled without stopping anybody. Differs from Linux: wait channels, CPU numbers and stack
 * pointers of running threads are 0.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/resource.h>
#include <abi/linux/sched.h>
#include <base/bits.h>

#include "fs/proc/proc.h"
#include "kernel/answers.h"
#include "kernel/kernel.h"
#include "kernel/seccomp.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "mm/mm.h"

#define TICK_NS 10000000ull

/* Everything read under the tasklist lock at once. */
struct snapshot {
	char comm[TASK_COMM_LEN];
	char state;
	int tgid, tid, ppid, pgid, sid, tty_nr, tty_pgrp, exit_signal, exit_code;
	unsigned int nr_threads;
	uint64_t utime, stime, cutime, cstime, minflt, majflt, cminflt, cmajflt, nvcsw, nivcsw;
	int nice, policy, prio;
	uint64_t start_ns, affinity[16];
	struct tty *tty;
};

char proc_task_state(struct task *t)
{
	if (t->dead || t->tg->zombie)
		return 'Z';
	if (t->state == 'R')
		return task_sleeps_in_stub(t) ? 'S' : 'R';
	return task_woken(t) ? 'R' : t->state;
}

static void add_usage(struct snapshot *s, const struct lx_rusage_acc *u)
{
	s->utime += u->utime_ns;
	s->stime += u->stime_ns;
	s->minflt += u->minflt;
	s->majflt += u->majflt;
	s->nvcsw += u->nvcsw;
	s->nivcsw += u->nivcsw;
}

static void take(struct task *t, bool whole, struct snapshot *s)
{
	struct kernel *k = t->kernel;
	struct tgroup *tg = t->tg;
	struct task *i;

	memset(s, 0, sizeof(*s));
	mutex_lock(&k->tasklist_lock);
	s->state = proc_task_state(t);
	s->tgid = tg->tgid;
	s->tid = t->tid;
	s->ppid = tg->parent ? tg->parent->tgid : 0;
	s->pgid = tg->pgrp ? tg->pgrp->pgid : 0;
	s->sid = tg->session ? tg->session->sid : 0;
	s->tty_pgrp = -1;
	if (tg->session && tg->session->tty && g_tty_ops)
		s->tty = g_tty_ops->get(tg->session->tty);
	s->nr_threads = tg->nr_threads;
	if (whole) {
		list_for_each_entry(i, &tg->threads, tg_link)
			add_usage(s, &i->usage);
		add_usage(s, &tg->dead_usage);
	} else {
		add_usage(s, &t->usage);
	}
	s->cutime = tg->child_usage.utime_ns;
	s->cstime = tg->child_usage.stime_ns;
	s->cminflt = tg->child_usage.minflt;
	s->cmajflt = tg->child_usage.majflt;
	s->nice = t->nice;
	s->policy = t->sched_policy;
	s->prio = t->sched_prio;
	s->start_ns = t->start_ns;
	s->exit_signal = t->exit_signal;
	s->exit_code = t->exit_code;
	memcpy(s->affinity, t->affinity, sizeof(s->affinity));
	mutex_unlock(&k->tasklist_lock);
	mutex_lock(&t->lock);
	memcpy(s->comm, t->comm, sizeof(s->comm));
	mutex_unlock(&t->lock);
	if (s->tty) {
		s->tty_nr = (int)g_tty_ops->dev(s->tty);
		s->tty_pgrp = g_tty_ops->fg_pgid(s->tty);
		g_tty_ops->put(s->tty);
	}
}

struct sigsets {
	ksigset_t pending, shared, blocked, ignored, caught;
	unsigned int queued;
};

static void take_signals(struct task *t, struct sigsets *ret)
{
	struct signal_proc_info info;

	signal_proc_info(t, &info);
	ret->pending = info.pending;
	ret->shared = info.shared_pending;
	ret->blocked = info.blocked;
	ret->ignored = info.ignored;
	ret->caught = info.caught;
	ret->queued = info.nr_queued;
}

static int stat_text(const struct pseudo_ctx *x, bool whole, struct strbuf *out)
{
	bool may = !x->c || !x->c->task || task_may_access(x->c->task, x->task) == 0;
	struct mm *mm = task_mm_get(x->task);
	struct mm_layout l = { 0 };
	struct mm_stats st = { 0 };
	struct sigsets sig;
	struct snapshot s;
	bool rt;

	take(x->task, whole, &s);
	take_signals(x->task, &sig);
	if (mm) {
		mm_stats_get(mm, &st);
		if (may)
			mm_layout_get(mm, &l);
		mm_put(mm);
	}
	rt = s.policy == LX_SCHED_FIFO || s.policy == LX_SCHED_RR;
#define U(v) ((unsigned long long)(v))
	strbuf_printf(
		out,
		"%d (%s) %c %d %d %d %d %d %u %llu %llu %llu %llu %llu %llu %lld %lld %d %d %u 0 %llu ",
		whole ? s.tgid : s.tid, s.comm, s.state, s.ppid, s.pgid, s.sid, s.tty_nr,
		s.tty_pgrp, 0x400000u, U(s.minflt), U(s.cminflt), U(s.majflt), U(s.cmajflt),
		U(s.utime / TICK_NS), U(s.stime / TICK_NS), (long long)(s.cutime / TICK_NS),
		(long long)(s.cstime / TICK_NS), rt ? -1 - s.prio : 20 + s.nice, s.nice,
		s.nr_threads, U(s.start_ns / TICK_NS));
	strbuf_printf(
		out,
		"%llu %llu %llu %llu %llu %llu 0 0 %llu %llu %llu %llu 0 0 0 %d 0 %d %d 0 0 0 ",
		U(st.vm_size), U((st.rss_anon + st.rss_file + st.rss_shmem) / 4096),
		U(task_rlimit(x->task, LX_RLIMIT_RSS)), U(l.start_code), U(l.end_code),
		U(l.start_stack), U(sig.pending & 0x7fffffff), U(sig.blocked & 0x7fffffff),
		U(sig.ignored & 0x7fffffff), U(sig.caught & 0x7fffffff), s.exit_signal,
		rt ? s.prio : 0, s.policy);
	strbuf_printf(out, "%llu %llu %llu %llu %llu %llu %llu %d\n", U(l.start_data),
		      U(l.end_data), U(l.start_brk), U(l.arg_start), U(l.arg_end), U(l.env_start),
		      U(l.env_end), may ? s.exit_code : 0);
	return 0;
}

int proc_stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return stat_text(x, true, out);
}

int proc_tid_stat_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return stat_text(x, false, out);
}

int proc_statm_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct mm *mm = task_mm_get(x->task);
	struct mm_stats st = { 0 };

	if (mm) {
		mm_stats_get(mm, &st);
		mm_put(mm);
	}
	strbuf_printf(out, "%llu %llu %llu %llu 0 %llu 0\n", U(st.vm_size / 4096),
		      U((st.rss_anon + st.rss_file + st.rss_shmem) / 4096),
		      U((st.rss_file + st.rss_shmem) / 4096), U(st.text / 4096),
		      U((st.data + st.stack) / 4096));
	return 0;
}

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'D':
		return "disk sleep";
	case 'T':
		return "stopped";
	case 't':
		return "tracing stop";
	case 'Z':
		return "zombie";
	default:
		return "dead";
	}
}

/* "0-3", as Cpus_allowed_list */
static void cpu_list(const uint64_t *mask, unsigned int nr, struct strbuf *out)
{
	bool first = true;

	for (unsigned int i = 0; i < nr; i++) {
		unsigned int j = i;

		if (!(mask[i / 64] >> (i % 64) & 1))
			continue;
		while (j + 1 < nr && (mask[(j + 1) / 64] >> ((j + 1) % 64) & 1))
			j++;
		strbuf_printf(out, i == j ? "%s%u" : "%s%u-%u", first ? "" : ",", i, j);
		first = false;
		i = j;
	}
}

static void status_ids(const struct cred *c, struct strbuf *out)
{
	strbuf_printf(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid,
		      c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
}

static void status_mm(struct mm *mm, struct strbuf *out)
{
	struct mm_stats st;

	mm_stats_get(mm, &st);
	strbuf_printf(
		out,
		"VmPeak:\t%8llu kB\nVmSize:\t%8llu kB\nVmLck:\t%8llu kB\nVmPin:\t       0 kB\n",
		U(st.vm_peak / 1024), U(st.vm_size / 1024), U(st.locked / 1024));
	strbuf_printf(
		out,
		"VmHWM:\t%8llu kB\nVmRSS:\t%8llu kB\nRssAnon:\t%8llu kB\nRssFile:\t%8llu kB\nRssShmem:\t%8llu kB\n",
		U(st.rss_peak / 1024), U((st.rss_anon + st.rss_file + st.rss_shmem) / 1024),
		U(st.rss_anon / 1024), U(st.rss_file / 1024), U(st.rss_shmem / 1024));
	strbuf_printf(
		out,
		"VmData:\t%8llu kB\nVmStk:\t%8llu kB\nVmExe:\t%8llu kB\nVmLib:\t%8llu kB\nVmPTE:\t%8llu kB\nVmSwap:\t       0 kB\n",
		U(st.data / 1024), U(st.stack / 1024), U(st.text / 1024), U(st.lib / 1024),
		U(st.pte / 1024));
	strbuf_puts(out, "HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t1\n");
}

int proc_status_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct task *t = x->task;
	struct mm *mm = task_mm_get(t);
	struct cred *c = task_cred_get(t);
	unsigned int nr_cpus = g_kernel->config.nr_cpus;
	struct sigsets sig;
	struct snapshot s;

	take(t, true, &s);
	take_signals(t, &sig);
	strbuf_puts(out, "Name:\t");
	strbuf_escape(out, s.comm, "\n\\");
	strbuf_printf(out, "\nUmask:\t%04o\nState:\t%c (%s)\n", t->fs ? t->fs->umask : 022, s.state,
		      state_name(s.state));
	strbuf_printf(out, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", s.tgid,
		      s.tid, s.ppid);
	if (c)
		status_ids(c, out);
	strbuf_puts(out, "FDSize:\t256\nGroups:\t");
	for (unsigned int i = 0; c && i < c->nr_groups; i++)
		strbuf_printf(out, "%u ", c->groups[i]);
	strbuf_printf(out, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", s.tgid, s.tid,
		      s.pgid, s.sid);
	strbuf_puts(out, "Kthread:\t0\n");
	if (mm)
		status_mm(mm, out);
	strbuf_printf(out, "Threads:\t%u\nSigQ:\t%u/%llu\n", s.nr_threads, sig.queued,
		      U(task_rlimit(t, LX_RLIMIT_SIGPENDING)));
	strbuf_printf(
		out,
		"SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		U(sig.pending), U(sig.shared), U(sig.blocked), U(sig.ignored), U(sig.caught));
	if (c)
		strbuf_printf(
			out,
			"CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
			U(c->cap_inheritable), U(c->cap_permitted), U(c->cap_effective),
			U(c->cap_bounding), U(c->cap_ambient));
	strbuf_printf(out, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\n", t->no_new_privs,
		      t->seccomp_mode, seccomp_nr_filters(t));
	strbuf_puts(
		out,
		"Speculation_Store_Bypass:\tthread vulnerable\nSpeculationIndirectBranch:\tconditional enabled\n");
	strbuf_puts(out, "Cpus_allowed:\t");
	for (int w = (int)(nr_cpus - 1) / 32; w >= 0; w--)
		strbuf_printf(out, "%0*x%s",
			      w == (int)(nr_cpus - 1) / 32 ? (int)((nr_cpus - 1) % 32 / 4 + 1) : 8,
			      (uint32_t)(s.affinity[w / 2] >> (w % 2 * 32)), w ? "," : "\n");
	strbuf_puts(out, "Cpus_allowed_list:\t");
	cpu_list(s.affinity, nr_cpus, out);
	strbuf_puts(out, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
	strbuf_printf(out, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		      U(s.nvcsw), U(s.nivcsw));
	if (mm)
		mm_put(mm);
	cred_put(c);
	return 0;
}
