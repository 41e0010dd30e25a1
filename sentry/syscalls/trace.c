/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tracer's lines: which calls are traced, the line of a call from its start to its end, signals
 * and exits. A line is built in memory of the task's own thread and written in one piece, so
 * threads do not mix; a call that sleeps is printed in two lines. Arguments the kernel fills are
 * printed after the call, and with them all that follow. Locking: none; the settings are constant
 * once tasks run.
 */
#define LOG_TAG "strace"
#include "syscalls/trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/signal.h>
#include <abi/linux/wait.h>
#include <base/bits.h>
#include <base/log.h>
#include <host/host.h>
#include <platform/regs.h>

#include "kernel/task.h"
#include "syscalls/trace_int.h"

#define RESULT_COLUMN 40 /* where " = " stands if the call leaves room, as in strace */

bool g_trace_on;

static bool g_trace_all;
static uint8_t g_trace_wanted[512]; /* by number of this architecture */
static int g_trace_fd = -1;
static __thread struct trace g_line; /* of the task whose thread this is */

int syscall_trace_init(const char *calls, const char **ret_bad)
{
	memset(g_trace_wanted, 0, sizeof(g_trace_wanted));
	g_trace_all = !calls || !*calls;
	while (calls && *calls) {
		size_t n = strcspn(calls, ",");
		const struct syscall_row *row;
		char name[64];

		if (n > 0) {
			if (n >= sizeof(name)) {
				*ret_bad = calls;
				return -EINVAL;
			}
			memcpy(name, calls, n);
			name[n] = '\0';
			row = syscall_lookup_name(name);
			if (!row) {
				*ret_bad = calls;
				return -EINVAL;
			}
			if (syscall_row_nr(row) >= 0)
				g_trace_wanted[syscall_row_nr(row)] = 1;
		}
		calls += n + (calls[n] == ',');
	}
	g_trace_on = true;
	return 0;
}

void trace_set_fd(int fd)
{
	g_trace_fd = fd;
}

bool trace_wanted_slow(const struct syscall_row *row)
{
	return g_trace_all || (row && g_trace_wanted[syscall_row_nr(row)]);
}

/* --- the line --- */

void tr_printf(struct trace *tr, const char *fmt, ...)
{
	size_t room = sizeof(tr->buf) - tr->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(tr->buf + tr->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		tr->len = MIN(tr->len + (size_t)n, sizeof(tr->buf) - 1);
}

void tr_puts(struct trace *tr, const char *s)
{
	tr_printf(tr, "%s", s);
}

static void emit(struct task *t, const char *text)
{
	char line[TRACE_LINE_MAX + 64], comm[TASK_COMM_LEN];
	char esc[4 * TASK_COMM_LEN];
	int n;

	memcpy(comm, t->comm, sizeof(comm)); /* the owner changes it, or a torn name is printed once
					      */
	log_escape(esc, sizeof(esc), comm, strnlen(comm, sizeof(comm)));
	if (g_trace_fd < 0) {
		log_write(LOG_LEVEL_INFO, LOG_TAG, "[%5d] %s %s", t->tid, esc, text);
		return;
	}
	n = snprintf(line, sizeof(line), "[%5d] %s %s\n", t->tid, esc, text);
	if (n > 0) {
		n = (int)MIN((size_t)n, sizeof(line) - 1);
		line[n - 1] = '\n';
		host_write(g_trace_fd, line, (size_t)n);
	}
}

static bool is_out(enum arg_kind kind)
{
	enum { IN, OUT };
	static const uint8_t when_of[NR_ARG_KINDS] = {
#define KIND(name, when, printer) [ARG_##name] = when,
#define FLAGS(name, table)        [ARG_##name] = IN,
#define ENUM(name, table)         [ARG_##name] = IN,
#include "syscalls/kinds.def"
#undef KIND
#undef FLAGS
#undef ENUM
	};

	return when_of[kind] == OUT;
}

static void print_arg(struct trace *tr, unsigned int n)
{
	uint64_t v = tr->args->a[n];

	switch ((enum arg_kind)tr->row->args[n]) {
#define KIND(name, when, printer)                                                                  \
	case ARG_##name:                                                                           \
		trace_print_##printer(tr, n);                                                      \
		break;
#define FLAGS(name, table)                                                                         \
	case ARG_##name:                                                                           \
		tr_flags(tr, (uint32_t)v, trace_names_##table);                                    \
		break;
#define ENUM(name, table)                                                                          \
	case ARG_##name:                                                                           \
		tr_enum(tr, (uint64_t)(int)v, trace_names_##table);                                \
		break;
#include "syscalls/kinds.def"
#undef KIND
#undef FLAGS
#undef ENUM
	case NR_ARG_KINDS:
		break;
	}
}

static void print_args(struct trace *tr)
{
	while (tr->next_arg < tr->row->nr_args) {
		size_t start;

		if (!tr->after && is_out(tr->row->args[tr->next_arg]))
			return;
		if (tr->next_arg > 0 && !tr->comma_out)
			tr_puts(tr, ", ");
		tr->comma_out = false;
		/* an argument that is not there (open without O_CREAT) prints nothing: take the
		 * comma back */
		start = tr->len;
		print_arg(tr, tr->next_arg);
		if (tr->len == start && tr->next_arg > 0 && start >= 2 && tr->buf[start - 2] == ',')
			tr->len -= 2;
		tr->buf[tr->len] = '\0';
		tr->next_arg++;
	}
}

static const struct syscall_row g_unknown_row = { .name = "syscall", .cap = -1 };

void trace_enter(struct task *t, const struct syscall_row *row, uint32_t nr,
		 const struct sysargs *args)
{
	struct trace *tr = &g_line;

	tr->t = t;
	tr->row = row ? row : &g_unknown_row;
	tr->args = args;
	tr->ret = 0;
	tr->after = tr->unfinished = tr->comma_out = false;
	tr->active = true;
	tr->next_arg = 0;
	tr->len = 0;
	trace_note_socklen(tr);
	if (row)
		tr_printf(tr, "%s(", row->name);
	else
		tr_printf(tr, "syscall_%#x(%#lx, %#lx, %#lx", nr, (unsigned long)args->a[0],
			  (unsigned long)args->a[1], (unsigned long)args->a[2]);
	print_args(tr);
	if (tr->row->ret == ARG_NONE && row) { /* exit: no one will be there to print the end */
		tr_puts(tr, ")");
		tr_printf(tr, "%*s= ?",
			  tr->len < RESULT_COLUMN - 1 ? (int)(RESULT_COLUMN - tr->len) : 1, "");
		emit(t, tr->buf);
		tr->active = false;
	}
}

void trace_block(struct task *t)
{
	struct trace *tr = &g_line;

	if (!g_trace_on || !tr->active || tr->unfinished)
		return;
	tr->comma_out = tr->next_arg > 0 && tr->next_arg < tr->row->nr_args;
	tr_puts(tr, tr->comma_out ? ",  <unfinished ...>" : " <unfinished ...>");
	emit(t, tr->buf);
	tr->unfinished = true;
	tr->len = 0;
	tr_printf(tr, "<... %s resumed>", tr->row->name);
}

static void print_errno(struct trace *tr, int err)
{
	static const struct {
		int code;
		const char *text;
	} restarts[] = {
		{ LX_ERESTARTSYS, "ERESTARTSYS (To be restarted if SA_RESTART is set)" },
		{ LX_ERESTARTNOINTR, "ERESTARTNOINTR (To be restarted)" },
		{ LX_ERESTARTNOHAND, "ERESTARTNOHAND (To be restarted if no handler)" },
		{ LX_ERESTART_RESTARTBLOCK, "ERESTART_RESTARTBLOCK (Interrupted by signal)" },
	};
	const char *name, *text;

	for (size_t i = 0; i < ARRAY_SIZE(restarts); i++) {
		if (err == restarts[i].code) {
			tr_printf(tr, "? %s", restarts[i].text);
			return;
		}
	}
	name = err == EOPNOTSUPP ? "EOPNOTSUPP" : strerrorname_np(err);
	text = strerrordesc_np(err);
	if (name && text)
		tr_printf(tr, "-1 %s (%s)", name, text);
	else
		tr_printf(tr, "%d", -err);
}

/* Results of fcntl(2) that are bits. */
static bool fcntl_flags(const struct trace *tr)
{
	uint32_t cmd = (uint32_t)tr->args->a[1];

	return !strcmp(tr->row->name, "fcntl") &&
	       (cmd == LX_F_GETFL || cmd == LX_F_GETFD || cmd == LX_F_GET_SEALS);
}

static void print_ret(struct trace *tr)
{
	unsigned long v = (unsigned long)tr->ret;

	if (v > -4096ul) {
		print_errno(tr, (int)-tr->ret);
		return;
	}
	switch (fcntl_flags(tr) ? ARG_HEX : (enum arg_kind)tr->row->ret) {
	case ARG_ADDR:
	case ARG_HEX:
		tr_printf(tr, v ? "%#lx" : "%lu", v);
		break;
	case ARG_MODE:
		tr_printf(tr, v ? "%#lo" : "%lo", v);
		break;
	case ARG_SCHED_POLICY: {
		const char *name = tr_name_of(v & ~0x40000000ul, trace_names_policy);

		tr_printf(tr, "%ld", tr->ret);
		if (name)
			tr_printf(tr, " (%s)", name);
		break;
	}
	default:
		tr_printf(tr, "%ld", tr->ret);
		break;
	}
}

/* What strace adds in parentheses for some calls. */
static void print_ret_note(struct trace *tr)
{
	const char *name = tr->row->name;
	uint32_t cmd = (uint32_t)tr->args->a[1];

	if (tr->ret < 0)
		return;
	if (!strcmp(name, "poll") || !strcmp(name, "ppoll")) {
		if (tr->ret == 0)
			tr_puts(tr, " (Timeout)");
		else
			trace_print_pollfds(tr, 0);
	} else if ((!strcmp(name, "select") || !strcmp(name, "pselect6")) && tr->ret == 0) {
		tr_puts(tr, " (Timeout)");
	} else if (!strcmp(name, "fcntl") && cmd == LX_F_GETFL) {
		tr_puts(tr, " (flags ");
		tr_flags(tr, (uint64_t)tr->ret, trace_names_open_flags);
		tr_puts(tr, ")");
	} else if (!strcmp(name, "fcntl") && cmd == LX_F_GETFD && tr->ret == LX_FD_CLOEXEC) {
		tr_puts(tr, " (flags FD_CLOEXEC)");
	}
}

void trace_exit(struct task *t, const struct syscall_row *row, const struct sysargs *args, long ret)
{
	struct trace *tr = &g_line;

	if (!tr->active)
		return;
	tr->t = t;
	/* rt_sigreturn puts back the result of what the signal interrupted */
	tr->ret = row && row->args[0] == ARG_SIGFRAME ? (long)regs_ret(&t->regs) : ret;
	tr->after = true;
	print_args(tr);
	tr_printf(tr,
		  ")%*s= ", tr->len < RESULT_COLUMN - 2 ? (int)(RESULT_COLUMN - 1 - tr->len) : 1,
		  "");
	print_ret(tr);
	print_ret_note(tr);
	emit(t, tr->buf);
	tr->active = false;
}

void trace_signal(struct task *t, const struct lx_siginfo *info)
{
	struct trace *tr, line;

	if (!g_trace_on)
		return;
	tr = &line;
	tr->len = 0;
	tr->t = t;
	tr_puts(tr, "--- ");
	tr_signal_name(tr, info->si_signo);
	tr_puts(tr, " ");
	tr_siginfo(tr, info);
	tr_puts(tr, " ---");
	emit(t, tr->buf);
}

void trace_task_exit(struct task *t, int wait_status)
{
	struct trace line, *tr = &line;

	if (!g_trace_on)
		return;
	tr->len = 0;
	if (LX_WIFSIGNALED(wait_status)) {
		tr_puts(tr, "+++ killed by ");
		tr_signal_name(tr, LX_WTERMSIG(wait_status));
		tr_puts(tr, LX_WCOREDUMP(wait_status) ? " (core dumped) +++" : " +++");
	} else {
		tr_printf(tr, "+++ exited with %d +++", LX_WEXITSTATUS(wait_status));
	}
	emit(t, tr->buf);
}
