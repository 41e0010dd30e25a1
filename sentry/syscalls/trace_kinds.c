/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printers of scalars, strings and buffers: what an argument is without a structure behind it.
 * Guest memory is read for the trace alone; the handler copies its own.
 */
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/futex.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/sched.h>
#include <abi/linux/signal.h>
#include <abi/linux/socket.h>
#include <abi/linux/stat.h>
#include <abi/linux/time.h>
#include <abi/linux/tty.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "syscalls/arch.h"
#include "syscalls/trace_int.h"

/* --- what the printers share --- */

const char *tr_name_of(uint64_t v, const struct trace_name *names)
{
	for (; names->name; names++)
		if ((v & names->mask) == names->value)
			return names->name;
	return NULL;
}

void tr_enum(struct trace *tr, uint64_t v, const struct trace_name *names)
{
	for (; names->name; names++) {
		if (names->value == v || (uint32_t)names->value == (uint32_t)v) {
			tr_puts(tr, names->name);
			return;
		}
	}
	tr_printf(tr, "%#x /* ??? */", (unsigned int)v);
}

void tr_flags(struct trace *tr, uint64_t v, const struct trace_name *names)
{
	uint64_t left = v;
	bool first = true;

	for (; names->name; names++) {
		/* a named zero stands for the whole value or for an empty field */
		if (names->value == 0 ? (v & names->mask) != 0 :
					(left & names->mask) != names->value)
			continue;
		tr_printf(tr, "%s%s", first ? "" : "|", names->name);
		first = false;
		left &= ~names->mask;
	}
	if (left)
		tr_printf(tr, "%s%#lx", first ? "" : "|", (unsigned long)left);
	else if (first)
		tr_puts(tr, "0");
}

void tr_addr(struct trace *tr, uint64_t addr)
{
	if (addr)
		tr_printf(tr, "%#lx", (unsigned long)addr);
	else
		tr_puts(tr, "NULL");
}

void tr_quote(struct trace *tr, const void *bytes, size_t n, bool more)
{
	const unsigned char *p = bytes;

	tr_puts(tr, "\"");
	for (size_t i = 0; i < n; i++) {
		static const char letters[] = "abtnvfr"; /* 7 to 13 */
		unsigned char c = p[i];
		bool digit_follows = i + 1 < n && p[i + 1] >= '0' && p[i + 1] <= '9';

		if (c == '"' || c == '\\')
			tr_printf(tr, "\\%c", c);
		else if (c >= 9 && c <= 13)
			tr_printf(tr, "\\%c", letters[c - 7]);
		else if (c >= 0x20 && c < 0x7f)
			tr_printf(tr, "%c", c);
		else
			tr_printf(tr, digit_follows ? "\\%03o" : "\\%o", c);
	}
	tr_puts(tr, more ? "\"..." : "\"");
}

bool tr_read(struct trace *tr, void *dst, uint64_t addr, size_t size)
{
	if (addr && copyin(tr->t, dst, addr, size) == 0)
		return true;
	tr_addr(tr, addr);
	return false;
}

bool tr_read_out(struct trace *tr, void *dst, uint64_t addr, size_t size)
{
	if (tr->after && tr->ret < 0) {
		tr_addr(tr, addr);
		return false;
	}
	return tr_read(tr, dst, addr, size);
}

void tr_guest_bytes(struct trace *tr, uint64_t addr, uint64_t n)
{
	char bytes[TRACE_STR_MAX];
	size_t shown = MIN(n, (uint64_t)TRACE_STR_MAX);

	if (n == 0 && addr)
		tr_puts(tr, "\"\"");
	else if (tr_read(tr, bytes, addr, shown))
		tr_quote(tr, bytes, shown, n > shown);
}

/* Paths are shown whole (up to a line's worth), other strings cut at TRACE_STR_MAX. */
static void guest_str(struct trace *tr, uint64_t addr, size_t max)
{
	char text[1024];
	size_t n = 0;

	if (!addr) {
		tr_puts(tr, "NULL");
		return;
	}
	while (n < max) {
		size_t chunk = MIN(max - n, (size_t)64 - (addr + n) % 64);
		size_t end;

		if (copyin(tr->t, text + n, addr + n, chunk)) {
			tr_addr(tr, addr);
			return;
		}
		end = strnlen(text + n, chunk);
		n += end;
		if (end < chunk) {
			tr_quote(tr, text, n, false);
			return;
		}
	}
	tr_quote(tr, text, max, true);
}

void tr_guest_str(struct trace *tr, uint64_t addr)
{
	guest_str(tr, addr, TRACE_STR_MAX);
}

void tr_signal_name(struct trace *tr, int sig)
{
	const char *name = tr_name_of((uint64_t)sig, trace_names_signal);

	if (name)
		tr_puts(tr, name);
	else if (sig == LX_SIGRTMIN)
		tr_puts(tr, "SIGRTMIN");
	else if (sig > LX_SIGRTMIN && sig <= LX_SIGRTMAX)
		tr_printf(tr, "SIGRT_%d", sig - LX_SIGRTMIN);
	else
		tr_printf(tr, "%d", sig);
}

/* [INT CHLD], or ~[KILL STOP] when most are set, as strace has it. */
void tr_sigset(struct trace *tr, uint64_t set)
{
	bool invert = __builtin_popcountll(set) > 32;
	bool first = true;

	if (invert)
		set = ~set;
	tr_puts(tr, invert ? "~[" : "[");
	for (int sig = 1; sig <= LX_SIGRTMAX; sig++) {
		const char *name = tr_name_of((uint64_t)sig, trace_names_signal);

		if (!(set & LX_SIGMASK(sig)))
			continue;
		if (!first)
			tr_puts(tr, " ");
		first = false;
		if (name)
			tr_puts(tr, name + 3);
		else if (sig == LX_SIGRTMIN)
			tr_puts(tr, "RTMIN");
		else
			tr_printf(tr, "RT_%d", sig - LX_SIGRTMIN);
	}
	tr_puts(tr, "]");
}

/* --- scalars --- */

static uint64_t val(struct trace *tr, unsigned int n)
{
	return tr->args->a[n];
}

void trace_print_none(struct trace *tr, unsigned int n) {}

void trace_print_int(struct trace *tr, unsigned int n)
{
	tr_printf(tr, "%d", (int)val(tr, n));
}

void trace_print_uint(struct trace *tr, unsigned int n)
{
	tr_printf(tr, "%u", (unsigned int)val(tr, n));
}

void trace_print_long(struct trace *tr, unsigned int n)
{
	tr_printf(tr, "%ld", (long)val(tr, n));
}

void trace_print_ulong(struct trace *tr, unsigned int n)
{
	tr_printf(tr, "%lu", (unsigned long)val(tr, n));
}

void trace_print_hex(struct trace *tr, unsigned int n)
{
	tr_printf(tr, "%#lx", (unsigned long)val(tr, n));
}

void trace_print_addr(struct trace *tr, unsigned int n)
{
	tr_addr(tr, val(tr, n));
}

void trace_print_dirfd(struct trace *tr, unsigned int n)
{
	int fd = (int)val(tr, n);

	if (fd == LX_AT_FDCWD)
		tr_puts(tr, "AT_FDCWD");
	else
		tr_printf(tr, "%d", fd);
}

/* With the file type if there is one (mknod). */
void trace_print_mode(struct trace *tr, unsigned int n)
{
	uint32_t mode = (uint16_t)val(tr, n);
	const char *type = mode & LX_S_IFMT ? tr_name_of(mode, trace_names_file_type) : NULL;

	if (type)
		tr_printf(tr, "%s|", type);
	else if (mode & LX_S_IFMT)
		tr_printf(tr, "%#o|", mode & LX_S_IFMT);
	tr_printf(tr, "%#03o", mode & ~LX_S_IFMT);
}

/* The argument before holds the flags; only these two look at the mode. */
void trace_print_open_mode(struct trace *tr, unsigned int n)
{
	if (val(tr, n - 1) & (LX_O_CREAT | LX___O_TMPFILE))
		trace_print_mode(tr, n);
}

void trace_print_dev(struct trace *tr, unsigned int n)
{
	uint64_t dev = (uint32_t)val(tr, n);

	tr_printf(tr, "makedev(%#x, %#x)", lx_major(dev), lx_minor(dev));
}

void trace_print_sig(struct trace *tr, unsigned int n)
{
	tr_signal_name(tr, (int)val(tr, n));
}

void trace_print_clockid(struct trace *tr, unsigned int n)
{
	int id = (int)val(tr, n);

	if (id >= 0)
		tr_enum(tr, (uint64_t)id, trace_names_clockid);
	else
		tr_printf(tr, "%d", id);
}

void trace_print_sched_policy(struct trace *tr, unsigned int n)
{
	uint32_t policy = (uint32_t)val(tr, n);

	tr_enum(tr, policy & ~LX_SCHED_RESET_ON_FORK, trace_names_policy);
	if (policy & LX_SCHED_RESET_ON_FORK)
		tr_puts(tr, "|SCHED_RESET_ON_FORK");
}

void trace_print_sock_type(struct trace *tr, unsigned int n)
{
	tr_flags(tr, (uint32_t)val(tr, n), trace_names_sock_type);
}

void trace_print_sock_opt(struct trace *tr, unsigned int n)
{
	int level = (int)val(tr, n - 1);
	const struct trace_name *names = level == LX_SOL_SOCKET ? trace_names_so_opt :
					 level == LX_SOL_TCP    ? trace_names_tcp_opt :
					 level == LX_SOL_IP     ? trace_names_ip_opt :
					 level == LX_SOL_IPV6   ? trace_names_ipv6_opt :
								  NULL;

	if (names)
		tr_enum(tr, (uint32_t)val(tr, n), names);
	else
		trace_print_int(tr, n);
}

/* Means something else in each family. */
void trace_print_sock_proto(struct trace *tr, unsigned int n)
{
	int family = (int)val(tr, 0), proto = (int)val(tr, n);

	if (family == LX_AF_INET || family == LX_AF_INET6)
		tr_enum(tr, (uint32_t)proto, trace_names_ipproto);
	else if (family == LX_AF_NETLINK)
		tr_enum(tr, (uint32_t)proto, trace_names_netlink);
	else
		tr_printf(tr, "%d", proto);
}

void trace_print_statx_flags(struct trace *tr, unsigned int n)
{
	uint32_t flags = (uint32_t)val(tr, n);

	if (!(flags & LX_AT_STATX_SYNC_TYPE))
		tr_puts(tr, flags ? "AT_STATX_SYNC_AS_STAT|" : "AT_STATX_SYNC_AS_STAT");
	if (flags)
		tr_flags(tr, flags, trace_names_at_flags);
}

void trace_print_futex_op(struct trace *tr, unsigned int n)
{
	uint32_t op = (uint32_t)val(tr, n);
	const char *name = tr_name_of(op & LX_FUTEX_CMD_MASK, trace_names_futex_op);

	if (!name) {
		tr_printf(tr, "%#x", op);
		return;
	}
	tr_printf(tr, "%s%s%s", name, op & LX_FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "",
		  op & LX_FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

/* Which of futex(2)'s arguments after the operation mean something; the others are not printed. */
#define FUTEX_USES_VAL     1u
#define FUTEX_USES_TIMEOUT 2u
#define FUTEX_USES_VAL2    4u
#define FUTEX_USES_ADDR2   8u
#define FUTEX_USES_VAL3    16u

static unsigned int futex_uses(struct trace *tr)
{
	switch ((uint32_t)val(tr, 1) & LX_FUTEX_CMD_MASK) {
	case LX_FUTEX_WAIT:
		return FUTEX_USES_VAL | FUTEX_USES_TIMEOUT;
	case LX_FUTEX_WAKE:
		return FUTEX_USES_VAL;
	case LX_FUTEX_REQUEUE:
		return FUTEX_USES_VAL | FUTEX_USES_VAL2 | FUTEX_USES_ADDR2;
	case LX_FUTEX_CMP_REQUEUE:
	case LX_FUTEX_WAKE_OP:
	case LX_FUTEX_CMP_REQUEUE_PI:
		return FUTEX_USES_VAL | FUTEX_USES_VAL2 | FUTEX_USES_ADDR2 | FUTEX_USES_VAL3;
	case LX_FUTEX_WAIT_BITSET:
		return FUTEX_USES_VAL | FUTEX_USES_TIMEOUT | FUTEX_USES_VAL3;
	case LX_FUTEX_WAKE_BITSET:
		return FUTEX_USES_VAL | FUTEX_USES_VAL3;
	case LX_FUTEX_LOCK_PI:
	case LX_FUTEX_LOCK_PI2:
		return FUTEX_USES_TIMEOUT;
	case LX_FUTEX_UNLOCK_PI:
	case LX_FUTEX_TRYLOCK_PI:
		return 0;
	case LX_FUTEX_WAIT_REQUEUE_PI:
		return FUTEX_USES_VAL | FUTEX_USES_TIMEOUT | FUTEX_USES_ADDR2;
	default:
		return FUTEX_USES_VAL | FUTEX_USES_VAL2 | FUTEX_USES_ADDR2 | FUTEX_USES_VAL3;
	}
}

void trace_print_futex_val(struct trace *tr, unsigned int n)
{
	if (futex_uses(tr) & FUTEX_USES_VAL)
		tr_printf(tr, "%u", (uint32_t)val(tr, n));
}

void trace_print_futex_timeout(struct trace *tr, unsigned int n)
{
	if (futex_uses(tr) & FUTEX_USES_TIMEOUT)
		trace_print_timespec(tr, n);
	else if (futex_uses(tr) & FUTEX_USES_VAL2)
		tr_printf(tr, "%u", (uint32_t)val(tr, n));
}

void trace_print_futex_addr2(struct trace *tr, unsigned int n)
{
	if (futex_uses(tr) & FUTEX_USES_ADDR2)
		tr_addr(tr, val(tr, n));
}

void trace_print_futex_val3(struct trace *tr, unsigned int n)
{
	if (!(futex_uses(tr) & FUTEX_USES_VAL3))
		return;
	if ((uint32_t)val(tr, n) == LX_FUTEX_BITSET_MATCH_ANY)
		tr_puts(tr, "FUTEX_BITSET_MATCH_ANY");
	else
		tr_printf(tr, "%#x", (uint32_t)val(tr, n));
}

static void flock_arg(struct trace *tr, uint64_t addr)
{
	struct lx_flock l;

	if (!tr_read(tr, &l, addr, sizeof(l)))
		return;
	tr_puts(tr, "{l_type=");
	tr_enum(tr, (uint32_t)l.l_type, trace_names_lock_type);
	tr_puts(tr, ", l_whence=");
	tr_enum(tr, (uint32_t)l.l_whence, trace_names_whence);
	tr_printf(tr, ", l_start=%ld, l_len=%ld}", (long)l.l_start, (long)l.l_len);
}

void trace_print_fcntl_arg(struct trace *tr, unsigned int n)
{
	uint64_t v = val(tr, n);

	switch ((int)val(tr, n - 1)) {
	case LX_F_GETFD:
	case LX_F_GETFL:
	case LX_F_GETOWN:
	case LX_F_GETSIG:
	case LX_F_GETLEASE:
	case LX_F_GETPIPE_SZ:
	case LX_F_GET_SEALS:
		break;
	case LX_F_SETFD:
		tr_flags(tr, (uint32_t)v, trace_names_fd_flags);
		break;
	case LX_F_SETFL:
		tr_flags(tr, (uint32_t)v, trace_names_open_flags);
		break;
	case LX_F_GETLK:
	case LX_F_SETLK:
	case LX_F_SETLKW:
	case LX_F_OFD_GETLK:
	case LX_F_OFD_SETLK:
	case LX_F_OFD_SETLKW:
		flock_arg(tr, v);
		break;
	case LX_F_SETSIG:
		tr_signal_name(tr, (int)v);
		break;
	case LX_F_SETLEASE:
		tr_enum(tr, (uint32_t)v, trace_names_lock_type);
		break;
	case LX_F_ADD_SEALS:
		tr_flags(tr, (uint32_t)v, trace_names_seals);
		break;
	case LX_F_DUPFD:
	case LX_F_DUPFD_CLOEXEC:
	case LX_F_SETOWN:
	case LX_F_SETPIPE_SZ:
		tr_printf(tr, "%d", (int)v);
		break;
	default:
		tr_printf(tr, "%#lx", (unsigned long)v);
		break;
	}
}

void trace_print_ioctl(struct trace *tr, unsigned int n)
{
	static const char *const dirs[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ",
					    "_IOC_READ|_IOC_WRITE" };
	uint32_t cmd = (uint32_t)val(tr, n);
	const char *name = tr_name_of(cmd, trace_names_ioctl);

	if (name)
		tr_puts(tr, name);
	else
		tr_printf(tr, "_IOC(%s, %#x, %#x, %#x)", dirs[LX_IOC_DIR(cmd)], LX_IOC_TYPE(cmd),
			  LX_IOC_NR(cmd), LX_IOC_SIZE(cmd));
}

void trace_print_ioctl_arg(struct trace *tr, unsigned int n)
{
	struct lx_winsize ws;
	struct lx_termios tio;
	uint64_t v = val(tr, n);

	switch ((uint32_t)val(tr, n - 1)) {
	case LX_TIOCGWINSZ:
	case LX_TIOCSWINSZ:
		if (tr_read_out(tr, &ws, v, sizeof(ws)))
			tr_printf(tr, "{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}",
				  ws.ws_row, ws.ws_col, ws.ws_xpixel, ws.ws_ypixel);
		break;
	case LX_TCGETS:
	case LX_TCSETS:
	case LX_TCSETSW:
	case LX_TCSETSF:
		if (tr_read_out(tr, &tio, v, sizeof(tio)))
			tr_printf(tr, "{c_iflag=%#x, c_oflag=%#x, c_cflag=%#x, c_lflag=%#x, ...}",
				  tio.c_iflag, tio.c_oflag, tio.c_cflag, tio.c_lflag);
		break;
	case LX_FIONREAD:
	case LX_FIONBIO:
	case LX_FIOASYNC:
	case LX_TIOCGPGRP:
	case LX_TIOCSPGRP:
	case LX_TIOCGSID:
	case LX_TIOCGPTN:
	case LX_TIOCSPTLCK:
	case LX_TIOCOUTQ:
		trace_print_int_ptr(tr, n);
		break;
	case LX_FIOCLEX:
	case LX_FIONCLEX:
	case LX_TIOCNOTTY:
	case LX_TIOCEXCL:
	case LX_TIOCNXCL:
		break;
	default:
		tr_printf(tr, "%#lx", (unsigned long)v);
		break;
	}
}

void trace_print_ipc_key(struct trace *tr, unsigned int n)
{
	uint32_t key = (uint32_t)val(tr, n);

	if (key)
		tr_printf(tr, "%#x", key);
	else
		tr_puts(tr, "IPC_PRIVATE");
}

void trace_print_ioprio(struct trace *tr, unsigned int n)
{
	static const char *const classes[] = { "NONE", "RT", "BE", "IDLE" };
	uint32_t v = (uint32_t)val(tr, n);

	if (v >> LX_IOPRIO_CLASS_SHIFT < 4)
		tr_printf(tr, "IOPRIO_PRIO_VALUE(IOPRIO_CLASS_%s, %u)",
			  classes[v >> LX_IOPRIO_CLASS_SHIFT],
			  v & ((1u << LX_IOPRIO_CLASS_SHIFT) - 1));
	else
		tr_printf(tr, "%#x", v);
}

void trace_print_clone_flags(struct trace *tr, unsigned int n)
{
	uint64_t v = val(tr, n);

	if (v & ~0xffull || !(v & 0xff))
		tr_flags(tr, v & ~0xffull, trace_names_clone);
	if (v & 0xff) {
		if (v & ~0xffull)
			tr_puts(tr, "|");
		tr_signal_name(tr, (int)(v & 0xff));
	}
}

/* All of clone(2) at once: strace names its arguments and leaves out what the flags do not use. */
void trace_print_clone_args_reg(struct trace *tr, unsigned int n)
{
	uint64_t flags = val(tr, 0);

	tr_puts(tr, "child_stack=");
	tr_addr(tr, val(tr, 1));
	tr_puts(tr, ", flags=");
	trace_print_clone_flags(tr, 0);
	if (flags & (LX_CLONE_PARENT_SETTID | LX_CLONE_PIDFD)) {
		tr_puts(tr, ", parent_tid=");
		tr_addr(tr, val(tr, 2));
	}
	if (flags & LX_CLONE_SETTLS)
		tr_printf(tr, ", tls=%#lx", (unsigned long)val(tr, ARCH_CLONE_TLS));
	if (flags & (LX_CLONE_CHILD_SETTID | LX_CLONE_CHILD_CLEARTID)) {
		tr_puts(tr, ", child_tidptr=");
		tr_addr(tr, val(tr, ARCH_CLONE_CHILD_TID));
	}
}

/* --- strings and buffers --- */

void trace_print_path(struct trace *tr, unsigned int n)
{
	guest_str(tr, val(tr, n), 1024);
}

void trace_print_out_str(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0)
		tr_addr(tr, val(tr, n));
	else
		guest_str(tr, val(tr, n), 1024);
}

/* Its length is the next argument. */
void trace_print_in_buf(struct trace *tr, unsigned int n)
{
	tr_guest_bytes(tr, val(tr, n), val(tr, n + 1));
}

/* Its length is what the call returned. */
void trace_print_out_buf(struct trace *tr, unsigned int n)
{
	if (tr->ret < 0)
		tr_addr(tr, val(tr, n));
	else
		tr_guest_bytes(tr, val(tr, n), MIN((uint64_t)tr->ret, val(tr, n + 1)));
}

void trace_print_str_array(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n), p;

	if (!addr) {
		tr_puts(tr, "NULL");
		return;
	}
	tr_puts(tr, "[");
	for (unsigned int i = 0;; i++) {
		if (copyin(tr->t, &p, addr + i * sizeof(p), sizeof(p))) {
			tr_printf(tr, "%s%#lx", i ? ", " : "",
				  (unsigned long)(addr + i * sizeof(p)));
			break;
		}
		if (!p)
			break;
		if (i)
			tr_puts(tr, ", ");
		if (i == TRACE_STR_MAX) {
			tr_puts(tr, "...");
			break;
		}
		guest_str(tr, p, TRACE_STR_MAX);
	}
	tr_puts(tr, "]");
}

/* Only how many there are, as strace does. */
void trace_print_env_array(struct trace *tr, unsigned int n)
{
	uint64_t addr = val(tr, n), p = 0;
	unsigned int nr = 0;

	tr_addr(tr, addr);
	if (!addr)
		return;
	while (nr < 100000 && !copyin(tr->t, &p, addr + nr * sizeof(p), sizeof(p)) && p)
		nr++;
	tr_printf(tr, " /* %u var%s */", nr, nr == 1 ? "" : "s");
}
