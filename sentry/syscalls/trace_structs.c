/* SPDX-License-Identifier: Apache-2.0 */
/* Printers of structures: files, times, signals, scheduling, credentials. trace_net.c has the
 * sockets. */
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/dirent.h>
#include <abi/linux/epoll.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/limits.h>
#include <abi/linux/poll.h>
#include <abi/linux/resource.h>
#include <abi/linux/sched.h>
#include <abi/linux/sem.h>
#include <abi/linux/signal.h>
#include <abi/linux/stat.h>
#include <abi/linux/sysinfo.h>
#include <abi/linux/time.h>
#include <abi/linux/utsname.h>
#include <abi/linux/wait.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "syscalls/trace_int.h"

static uint64_t val(struct trace *tr, unsigned int n)
{
	return tr->args->a[n];
}

/* --- small things behind a pointer --- */

void trace_print_int_ptr(struct trace *tr, unsigned int n)
{
	int32_t v;

	if (tr_read_out(tr, &v, val(tr, n), sizeof(v)))
		tr_printf(tr, "[%d]", v);
}

void trace_print_uint_ptr(struct trace *tr, unsigned int n)
{
	uint32_t v;

	if (tr_read_out(tr, &v, val(tr, n), sizeof(v)))
		tr_printf(tr, "[%d]", (int)v);
}

void trace_print_off_ptr(struct trace *tr, unsigned int n)
{
	int64_t v;

	if (tr_read(tr, &v, val(tr, n), sizeof(v)))
		tr_printf(tr, "[%ld]", (long)v);
}

void trace_print_fd_pair(struct trace *tr, unsigned int n)
{
	int32_t fds[2];

	if (tr_read_out(tr, fds, val(tr, n), sizeof(fds)))
		tr_printf(tr, "[%d, %d]", fds[0], fds[1]);
}

static void gids(struct trace *tr, uint64_t addr, uint64_t nr)
{
	uint32_t gid[TRACE_NR_MAX];
	uint64_t shown = MIN(nr, (uint64_t)TRACE_NR_MAX);

	if (nr == 0 && addr) {
		tr_puts(tr, "[]");
		return;
	}
	if (!tr_read(tr, gid, addr, shown * sizeof(gid[0])))
		return;
	for (uint64_t i = 0; i < shown; i++)
		tr_printf(tr, "%s%u", i ? ", " : "[", gid[i]);
	tr_puts(tr, nr > shown ? ", ...]" : "]");
}

void trace_print_in_gids(struct trace *tr, unsigned int n)
{
	gids(tr, val(tr, n), val(tr, n - 1));
}

void trace_print_out_gids(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0 || (int)val(tr, n - 1) == 0)
		tr_addr(tr, val(tr, n));
	else
		gids(tr, val(tr, n), (uint64_t)tr->ret);
}

/* --- files --- */

static void file_mode(struct trace *tr, uint32_t mode)
{
	const char *type = tr_name_of(mode, trace_names_file_type);

	if (type)
		tr_printf(tr, "%s|", type);
	tr_printf(tr, "%#03o", mode & ~LX_S_IFMT);
}

void trace_print_stat(struct trace *tr, unsigned int n)
{
	struct lx_stat st;

	if (!tr_read_out(tr, &st, val(tr, n), sizeof(st)))
		return;
	tr_puts(tr, "{st_mode=");
	file_mode(tr, st.st_mode);
	if (LX_S_ISCHR(st.st_mode) || LX_S_ISBLK(st.st_mode))
		tr_printf(tr, ", st_rdev=makedev(%#x, %#x), ...}", lx_major(st.st_rdev),
			  lx_minor(st.st_rdev));
	else
		tr_printf(tr, ", st_size=%ld, ...}", (long)st.st_size);
}

void trace_print_statx(struct trace *tr, unsigned int n)
{
	struct lx_statx st;

	if (!tr_read_out(tr, &st, val(tr, n), sizeof(st)))
		return;
	tr_puts(tr, "{stx_mask=");
	tr_flags(tr, st.stx_mask, trace_names_statx_mask);
	tr_puts(tr, ", stx_attributes=");
	tr_flags(tr, st.stx_attributes, trace_names_stx_attr);
	tr_puts(tr, ", stx_mode=");
	file_mode(tr, st.stx_mode);
	tr_printf(tr, ", stx_size=%lu, ...}", (unsigned long)st.stx_size);
}

void trace_print_statfs(struct trace *tr, unsigned int n)
{
	struct lx_statfs st;

	if (!tr_read_out(tr, &st, val(tr, n), sizeof(st)))
		return;
	tr_puts(tr, "{f_type=");
	tr_enum(tr, (uint64_t)st.f_type, trace_names_fs_magic);
	tr_printf(
		tr,
		", f_bsize=%ld, f_blocks=%lu, f_bfree=%lu, f_bavail=%lu, f_files=%lu, f_ffree=%lu, ...}",
		(long)st.f_bsize, (unsigned long)st.f_blocks, (unsigned long)st.f_bfree,
		(unsigned long)st.f_bavail, (unsigned long)st.f_files, (unsigned long)st.f_ffree);
}

/* As strace: the number of entries only. Records are walked through their own lengths. */
static void dents(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n), at = 0;
	unsigned int nr = 0;

	tr_addr(tr, addr);
	if (tr->ret < 0)
		return;
	while (at < (uint64_t)tr->ret) {
		uint16_t reclen;

		if (copyin(tr->t, &reclen, addr + at + 16, sizeof(reclen)) || reclen == 0)
			break;
		at += reclen;
		nr++;
	}
	tr_printf(tr, " /* %u entr%s */", nr, nr == 1 ? "y" : "ies");
}

void trace_print_dents(struct trace *tr, unsigned int n)
{
	dents(tr, n);
}

void trace_print_dents_old(struct trace *tr, unsigned int n)
{
	dents(tr, n); /* reclen is at the same place in both forms */
}

void trace_print_open_how(struct trace *tr, unsigned int n)
{
	struct lx_open_how how;

	if (!tr_read(tr, &how, val(tr, n), sizeof(how)))
		return;
	tr_puts(tr, "{flags=");
	tr_flags(tr, how.flags, trace_names_open_flags);
	if (how.mode)
		tr_printf(tr, ", mode=0%03lo", (unsigned long)how.mode);
	tr_puts(tr, ", resolve=");
	tr_flags(tr, how.resolve, trace_names_resolve);
	tr_puts(tr, "}");
}

/* Before the call the events asked for; after it those that came, in parentheses behind the result.
 */
void trace_print_pollfds(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n), nr = (uint32_t)val(tr, n + 1);
	unsigned int shown = 0;

	if (!addr) {
		tr_puts(tr, tr->after ? "" : "NULL");
		return;
	}
	tr_puts(tr, tr->after ? " ([" : "[");
	for (uint64_t i = 0; i < nr; i++) {
		struct lx_pollfd p;

		if (shown == TRACE_NR_MAX) {
			tr_puts(tr, ", ...");
			break;
		}
		if (copyin(tr->t, &p, addr + i * sizeof(p), sizeof(p))) {
			tr_printf(tr, "%s%#lx", shown ? ", " : "",
				  (unsigned long)(addr + i * sizeof(p)));
			break;
		}
		if (tr->after && !p.revents)
			continue;
		tr_printf(tr, "%s{fd=%d, %s=", shown++ ? ", " : "", p.fd,
			  tr->after ? "revents" : "events");
		tr_flags(tr, (uint16_t)(tr->after ? p.revents : p.events), trace_names_poll);
		tr_puts(tr, "}");
	}
	tr_puts(tr, tr->after ? "])" : "]");
}

void trace_print_fdset(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n);
	int nfds = MIN((int)val(tr, 0), LX_FD_SETSIZE);
	bool first = true;
	uint64_t bits[LX_FD_SETSIZE / 64];

	if (nfds <= 0) {
		tr_addr(tr, addr);
		return;
	}
	if (!tr_read(tr, bits, addr, (size_t)(nfds + 63) / 64 * 8))
		return;
	tr_puts(tr, "[");
	for (int fd = 0; fd < nfds; fd++) {
		if (!(bits[fd / 64] >> (fd % 64) & 1))
			continue;
		tr_printf(tr, "%s%d", first ? "" : " ", fd);
		first = false;
	}
	tr_puts(tr, "]");
}

static void epoll_event(struct trace *tr, const struct lx_epoll_event *ev)
{
	uint64_t data = ev->data;

	tr_puts(tr, "{events=");
	tr_flags(tr, ev->events, trace_names_epoll_events);
	tr_printf(tr, ", data={u32=%u, u64=%lu}}", (unsigned int)data, (unsigned long)data);
}

void trace_print_epoll_event(struct trace *tr, unsigned int n)
{
	struct lx_epoll_event ev;

	if (tr_read(tr, &ev, val(tr, n), sizeof(ev)))
		epoll_event(tr, &ev);
}

void trace_print_epoll_events(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n);

	if (tr->ret < 0) {
		tr_addr(tr, addr);
		return;
	}
	tr_puts(tr, "[");
	for (long i = 0; i < tr->ret; i++) {
		struct lx_epoll_event ev;

		if (i)
			tr_puts(tr, ", ");
		if (i == TRACE_NR_MAX) {
			tr_puts(tr, "...");
			break;
		}
		if (!tr_read(tr, &ev, addr + (uint64_t)i * sizeof(ev), sizeof(ev)))
			break;
		epoll_event(tr, &ev);
	}
	tr_puts(tr, "]");
}

/* --- time --- */

static void timespec(struct trace *tr, const struct lx_timespec *ts)
{
	tr_printf(tr, "{tv_sec=%ld, tv_nsec=%ld}", (long)ts->tv_sec, (long)ts->tv_nsec);
}

static void timeval(struct trace *tr, const struct lx_timeval *tv)
{
	tr_printf(tr, "{tv_sec=%ld, tv_usec=%ld}", (long)tv->tv_sec, (long)tv->tv_usec);
}

void trace_print_timespec(struct trace *tr, unsigned int n)
{
	struct lx_timespec ts;

	/* the remaining time of an interrupted sleep is there though the call failed */
	if (tr->after && tr->ret == 0 && n > 0 && strstr(tr->row->name, "nanosleep"))
		tr_addr(tr, val(tr, n));
	else if (tr_read(tr, &ts, val(tr, n), sizeof(ts)))
		timespec(tr, &ts);
}

void trace_print_timespecs(struct trace *tr, unsigned int n)
{
	struct lx_timespec ts[2];

	if (!tr_read(tr, ts, val(tr, n), sizeof(ts)))
		return;
	for (unsigned int i = 0; i < 2; i++) {
		tr_puts(tr, i ? ", " : "[");
		if (ts[i].tv_nsec == LX_UTIME_NOW)
			tr_puts(tr, "UTIME_NOW");
		else if (ts[i].tv_nsec == LX_UTIME_OMIT)
			tr_puts(tr, "UTIME_OMIT");
		else
			timespec(tr, &ts[i]);
	}
	tr_puts(tr, "]");
}

void trace_print_timeval(struct trace *tr, unsigned int n)
{
	struct lx_timeval tv;

	if (tr_read_out(tr, &tv, val(tr, n), sizeof(tv)))
		timeval(tr, &tv);
}

void trace_print_timevals(struct trace *tr, unsigned int n)
{
	struct lx_timeval tv[2];

	if (!tr_read(tr, tv, val(tr, n), sizeof(tv)))
		return;
	tr_puts(tr, "[");
	timeval(tr, &tv[0]);
	tr_puts(tr, ", ");
	timeval(tr, &tv[1]);
	tr_puts(tr, "]");
}

void trace_print_itimerval(struct trace *tr, unsigned int n)
{
	struct lx_itimerval it;

	if (!tr_read_out(tr, &it, val(tr, n), sizeof(it)))
		return;
	tr_puts(tr, "{it_interval=");
	timeval(tr, &it.it_interval);
	tr_puts(tr, ", it_value=");
	timeval(tr, &it.it_value);
	tr_puts(tr, "}");
}

void trace_print_itimerspec(struct trace *tr, unsigned int n)
{
	struct lx_itimerspec it;

	if (!tr_read_out(tr, &it, val(tr, n), sizeof(it)))
		return;
	tr_puts(tr, "{it_interval=");
	timespec(tr, &it.it_interval);
	tr_puts(tr, ", it_value=");
	timespec(tr, &it.it_value);
	tr_puts(tr, "}");
}

void trace_print_tms(struct trace *tr, unsigned int n)
{
	struct lx_tms tms;

	if (tr_read_out(tr, &tms, val(tr, n), sizeof(tms)))
		tr_printf(tr, "{tms_utime=%ld, tms_stime=%ld, tms_cutime=%ld, tms_cstime=%ld}",
			  (long)tms.tms_utime, (long)tms.tms_stime, (long)tms.tms_cutime,
			  (long)tms.tms_cstime);
}

/* --- processes --- */

void trace_print_rusage(struct trace *tr, unsigned int n)
{
	struct lx_rusage ru;

	if (!tr_read_out(tr, &ru, val(tr, n), sizeof(ru)))
		return;
	tr_puts(tr, "{ru_utime=");
	timeval(tr, &ru.ru_utime);
	tr_puts(tr, ", ru_stime=");
	timeval(tr, &ru.ru_stime);
	tr_puts(tr, ", ...}");
}

static void limit(struct trace *tr, uint64_t v)
{
	if (v == LX_RLIM_INFINITY)
		tr_puts(tr, "RLIM64_INFINITY");
	else if (v > 1024 && v % 1024 == 0)
		tr_printf(tr, "%lu*1024", (unsigned long)(v / 1024));
	else
		tr_printf(tr, "%lu", (unsigned long)v);
}

void trace_print_rlimit(struct trace *tr, unsigned int n)
{
	struct lx_rlimit lim;

	if (!tr_read_out(tr, &lim, val(tr, n), sizeof(lim)))
		return;
	tr_puts(tr, "{rlim_cur=");
	limit(tr, lim.rlim_cur);
	tr_puts(tr, ", rlim_max=");
	limit(tr, lim.rlim_max);
	tr_puts(tr, "}");
}

void tr_wstatus(struct trace *tr, uint32_t s)
{
	if (LX_WIFEXITED(s)) {
		tr_printf(tr, "[{WIFEXITED(s) && WEXITSTATUS(s) == %u}]", LX_WEXITSTATUS(s));
	} else if (LX_WIFCONTINUED(s)) {
		tr_puts(tr, "[{WIFCONTINUED(s)}]");
	} else if (LX_WIFSTOPPED(s)) {
		tr_puts(tr, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		tr_signal_name(tr, (int)LX_WSTOPSIG(s));
		tr_puts(tr, "}]");
	} else {
		tr_puts(tr, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		tr_signal_name(tr, (int)LX_WTERMSIG(s));
		tr_puts(tr, LX_WCOREDUMP(s) ? " && WCOREDUMP(s)}]" : "}]");
	}
}

void trace_print_wstatus(struct trace *tr, unsigned int n)
{
	uint32_t status;

	if (tr->ret <= 0)
		tr_addr(tr, val(tr, n));
	else if (tr_read(tr, &status, val(tr, n), sizeof(status)))
		tr_wstatus(tr, status);
}

void trace_print_utsname(struct trace *tr, unsigned int n)
{
	struct lx_utsname u;

	if (!tr_read_out(tr, &u, val(tr, n), sizeof(u)))
		return;
	tr_puts(tr, "{sysname=");
	tr_quote(tr, u.sysname, strnlen(u.sysname, sizeof(u.sysname)), false);
	tr_puts(tr, ", nodename=");
	tr_quote(tr, u.nodename, strnlen(u.nodename, sizeof(u.nodename)), false);
	tr_puts(tr, ", ...}");
}

void trace_print_sysinfo(struct trace *tr, unsigned int n)
{
	struct lx_sysinfo si;

	if (!tr_read_out(tr, &si, val(tr, n), sizeof(si)))
		return;
	tr_printf(tr,
		  "{uptime=%ld, loads=[%lu, %lu, %lu], totalram=%lu, freeram=%lu, sharedram=%lu, ",
		  (long)si.uptime, (unsigned long)si.loads[0], (unsigned long)si.loads[1],
		  (unsigned long)si.loads[2], (unsigned long)si.totalram, (unsigned long)si.freeram,
		  (unsigned long)si.sharedram);
	tr_printf(
		tr,
		"bufferram=%lu, totalswap=%lu, freeswap=%lu, procs=%u, totalhigh=%lu, freehigh=%lu, mem_unit=%u}",
		(unsigned long)si.bufferram, (unsigned long)si.totalswap,
		(unsigned long)si.freeswap, si.procs, (unsigned long)si.totalhigh,
		(unsigned long)si.freehigh, si.mem_unit);
}

void trace_print_clone_args(struct trace *tr, unsigned int n)
{
	struct lx_clone_args ca = { 0 };
	size_t size = (size_t)MIN(val(tr, n + 1), (uint64_t)sizeof(ca));

	if (size < LX_CLONE_ARGS_SIZE_VER0) {
		tr_addr(tr, val(tr, n));
		return;
	}
	if (!tr_read(tr, &ca, val(tr, n), size))
		return;
	tr_puts(tr, "{flags=");
	tr_flags(tr, ca.flags, trace_names_clone);
	if (ca.flags & LX_CLONE_PIDFD)
		tr_printf(tr, ", pidfd=%#lx", (unsigned long)ca.pidfd);
	if (ca.flags & (LX_CLONE_CHILD_SETTID | LX_CLONE_CHILD_CLEARTID))
		tr_printf(tr, ", child_tid=%#lx", (unsigned long)ca.child_tid);
	if (ca.flags & LX_CLONE_PARENT_SETTID)
		tr_printf(tr, ", parent_tid=%#lx", (unsigned long)ca.parent_tid);
	tr_puts(tr, ", exit_signal=");
	tr_signal_name(tr, (int)ca.exit_signal);
	tr_puts(tr, ", stack=");
	tr_addr(tr, ca.stack);
	tr_printf(tr, ", stack_size=%#lx", (unsigned long)ca.stack_size);
	if (ca.flags & LX_CLONE_SETTLS)
		tr_printf(tr, ", tls=%#lx", (unsigned long)ca.tls);
	tr_puts(tr, "}");
}

/* --- scheduling --- */

static void cpuset(struct trace *tr, uint64_t addr, uint64_t size)
{
	uint64_t mask[16] = { 0 };
	bool first = true;

	size = MIN(size, (uint64_t)sizeof(mask));
	if (size == 0 || !tr_read(tr, mask, addr, size)) {
		if (size == 0)
			tr_addr(tr, addr);
		return;
	}
	tr_puts(tr, "[");
	for (unsigned int cpu = 0; cpu < size * 8; cpu++) {
		if (!(mask[cpu / 64] >> (cpu % 64) & 1))
			continue;
		tr_printf(tr, "%s%u", first ? "" : " ", cpu);
		first = false;
	}
	tr_puts(tr, "]");
}

void trace_print_in_cpuset(struct trace *tr, unsigned int n)
{
	cpuset(tr, val(tr, n), val(tr, n - 1));
}

void trace_print_out_cpuset(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0)
		tr_addr(tr, val(tr, n));
	else
		cpuset(tr, val(tr, n), (uint64_t)tr->ret);
}

void trace_print_sched_param(struct trace *tr, unsigned int n)
{
	struct lx_sched_param p;

	if (!tr_read_out(tr, &p, val(tr, n), sizeof(p)))
		return;
	tr_printf(tr, "[%d]", p.sched_priority);
}

void trace_print_sched_attr(struct trace *tr, unsigned int n)
{
	struct lx_sched_attr a;

	if (!tr_read_out(tr, &a, val(tr, n), LX_SCHED_ATTR_SIZE_VER0))
		return;
	tr_printf(tr, "{size=%u, sched_policy=", a.size);
	tr_enum(tr, a.sched_policy, trace_names_policy);
	tr_printf(tr, ", sched_flags=%#lx, sched_nice=%d, sched_priority=%u, ...}",
		  (unsigned long)a.sched_flags, a.sched_nice, a.sched_priority);
}

void trace_print_sembufs(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n), nr = val(tr, n + 1);

	tr_puts(tr, "[");
	for (uint64_t i = 0; i < nr; i++) {
		struct lx_sembuf b;

		if (i)
			tr_puts(tr, ", ");
		if (i == TRACE_NR_MAX) {
			tr_puts(tr, "...");
			break;
		}
		if (!tr_read(tr, &b, addr + i * sizeof(b), sizeof(b)))
			break;
		tr_printf(tr, "{%u, %d, %#x}", b.sem_num, b.sem_op, (uint16_t)b.sem_flg);
	}
	tr_puts(tr, "]");
}

/* --- capabilities --- */

void trace_print_cap_header(struct trace *tr, unsigned int n)
{
	struct lx_cap_user_header h;

	if (tr_read(tr, &h, val(tr, n), sizeof(h)))
		tr_printf(
			tr, "{version=%s, pid=%d}",
			h.version == LX_LINUX_CAPABILITY_VERSION_3 ? "_LINUX_CAPABILITY_VERSION_3" :
			h.version == LX_LINUX_CAPABILITY_VERSION_2 ? "_LINUX_CAPABILITY_VERSION_2" :
			h.version == LX_LINUX_CAPABILITY_VERSION_1 ? "_LINUX_CAPABILITY_VERSION_1" :
								     "???",
			h.pid);
}

void trace_print_capdata(struct trace *tr, unsigned int n)
{
	struct lx_cap_user_data d[2];

	if (tr_read_out(tr, d, val(tr, n), sizeof(d)))
		tr_printf(tr, "{effective=%#lx, permitted=%#lx, inheritable=%#lx}",
			  (unsigned long)d[0].effective | (unsigned long)d[1].effective << 32,
			  (unsigned long)d[0].permitted | (unsigned long)d[1].permitted << 32,
			  (unsigned long)d[0].inheritable | (unsigned long)d[1].inheritable << 32);
}
