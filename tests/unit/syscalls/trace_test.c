/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of --strace, against what strace(1) prints for the same calls. Guest memory is this
 * process's own. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <abi/linux/poll.h>
#include <abi/linux/resource.h>
#include <abi/linux/sched.h>
#include <abi/linux/signal.h>
#include <abi/linux/socket.h>
#include <abi/linux/stat.h>
#include <abi/linux/time.h>
#include <abi/linux/uio.h>
#include <cmocka.h>

#include "kernel/task.h"
#include "syscalls/trace.h"

#define BAD 0x10ull /* an address nobody maps */

int mm_copyin(struct mm *mm, void *dst, uaddr_t src, size_t n)
{
	static int mem = -1;

	if (mem < 0)
		mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	return pread(mem, dst, n, (off_t)src) == (ssize_t)n ? 0 : -EFAULT;
}

static struct task g_task = { .tid = 7, .comm = "prog" };
static int g_fd;

static const char *take(void)
{
	static char line[8192];
	ssize_t n = pread(g_fd, line, sizeof(line) - 1, 0);

	assert_true(n >= 0);
	line[n] = '\0';
	assert_int_equal(ftruncate(g_fd, 0), 0);
	lseek(g_fd, 0, SEEK_SET);
	return line;
}

#define A(x) ((uint64_t)(uintptr_t)(x))

static void expect(const char *name, struct sysargs args, long ret, const char *text)
{
	const struct syscall_row *row = syscall_lookup_name(name);
	char want[8192];

	assert_non_null(row);
	trace_enter(&g_task, row, 0, &args);
	trace_exit(&g_task, row, &args, ret);
	snprintf(want, sizeof(want), "[    7] prog %s\n", text);
	assert_string_equal(take(), want);
}

#define CALL(name, ret, text, ...) expect(name, (struct sysargs){ .a = { __VA_ARGS__ } }, ret, text)

static void paths_flags_and_results(void **state)
{
	CALL("openat", 3, "openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CLOEXEC) = 3",
	     (uint32_t)LX_AT_FDCWD, A("/etc/ld.so.cache"), LX_O_RDONLY | LX_O_CLOEXEC);
	CALL("openat", -ENOENT,
	     "openat(5, \"x\", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)",
	     5, A("x"), LX_O_WRONLY | LX_O_CREAT | LX_O_TRUNC, 0644);
	CALL("access", -EFAULT, "access(0x10, R_OK)                      = -1 EFAULT (Bad address)",
	     BAD, LX_R_OK);
	CALL("access", 0, "access(\"/\", F_OK)                       = 0", A("/"), LX_F_OK);
	CALL("close", 0, "close(3)                                = 0", 3);
	CALL("umask", 022, "umask(000)                              = 022", 0);
	CALL("getpid", 7, "getpid()                                = 7", 0);
}

static void memory_calls(void **state)
{
	CALL("mmap", 0x7f0000001000,
	     "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000",
	     0, 8192, LX_PROT_READ | LX_PROT_WRITE, LX_MAP_PRIVATE | LX_MAP_ANONYMOUS, UINT64_MAX,
	     0);
	CALL("brk", 0x5000, "brk(NULL)                               = 0x5000", 0);
	CALL("mprotect", 0, "mprotect(0x1000, 4096, PROT_NONE)       = 0", 0x1000, 4096, 0);
}

static void buffers_are_escaped_and_cut(void **state)
{
	char long_text[64];

	memset(long_text, 'x', sizeof(long_text));
	CALL("write", 6, "write(1, \"a\\n\\\"\\0\\0011\", 6)             = 6", 1, A("a\n\"\0\0011"),
	     6);
	CALL("write", 64, "write(1, \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"..., 64) = 64", 1,
	     A(long_text), 64);
	CALL("read", 0, "read(0, \"\", 10)                         = 0", 0, A(long_text), 10);
	CALL("read", 2, "read(0, \"hi\", 10)                       = 2", 0, A("hi"), 10);
	CALL("read", -EFAULT, "read(0, 0x10, 10)                       = -1 EFAULT (Bad address)",
	     0, BAD, 10);
	CALL("write", -EFAULT, "write(1, NULL, 5)                       = -1 EFAULT (Bad address)",
	     1, 0, 5);
}

static void structures_that_go_in(void **state)
{
	struct lx_timespec ts = { 1, 500 };
	struct lx_iovec iov[2] = { { A("ab"), 2 }, { A("c"), 1 } };
	struct lx_sigaction sa = { .handler = LX_SIG_IGN,
				   .flags = LX_SA_RESTART,
				   .mask = LX_SIGMASK(2) };
	lx_sigset_t all = ~0ull & ~LX_SIGMASK(9), some = LX_SIGMASK(LX_SIGINT) | LX_SIGMASK(32);
	struct lx_sockaddr_in in = { .sin_family = LX_AF_INET,
				     .sin_port = htobe16(80),
				     .sin_addr = { htobe32(0x7f000001) } };
	struct lx_sockaddr_un un = { .sun_family = LX_AF_UNIX, .sun_path = "/run/x" };

	CALL("nanosleep", 0, "nanosleep({tv_sec=1, tv_nsec=500}, NULL) = 0", A(&ts), 0);
	CALL("writev", 3,
	     "writev(1, [{iov_base=\"ab\", iov_len=2}, {iov_base=\"c\", iov_len=1}], 2) = 3", 1,
	     A(iov), 2);
	CALL("rt_sigaction", 0,
	     "rt_sigaction(SIGPIPE, {sa_handler=SIG_IGN, sa_mask=[INT], sa_flags=SA_RESTART}, NULL, 8) = 0",
	     LX_SIGPIPE, A(&sa), 0, 8);
	CALL("rt_sigprocmask", 0, "rt_sigprocmask(SIG_BLOCK, ~[KILL], NULL, 8) = 0", LX_SIG_BLOCK,
	     A(&all), 0, 8);
	CALL("rt_sigprocmask", 0, "rt_sigprocmask(SIG_SETMASK, [INT RTMIN], NULL, 8) = 0",
	     LX_SIG_SETMASK, A(&some), 0, 8);
	CALL("connect", 0,
	     "connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, 16) = 0",
	     3, A(&in), 16);
	CALL("bind", 0, "bind(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110) = 0", 3, A(&un),
	     110);
	CALL("clone", 9,
	     "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=NULL) = 9",
	     LX_CLONE_CHILD_CLEARTID | LX_CLONE_CHILD_SETTID | LX_SIGCHLD, 0, 0, 0, 0);
}

static void structures_that_come_out(void **state)
{
	struct lx_stat st = { .st_mode = LX_S_IFREG | 0644, .st_size = 12 };
	struct lx_rlimit lim = { 8192 * 1024, LX_RLIM_INFINITY };
	struct lx_pollfd p = { .fd = 3, .events = LX_POLLIN, .revents = LX_POLLIN };
	uint32_t status = 0x100;
	int32_t fds[2] = { 3, 4 };

	CALL("fstat", 0, "fstat(3, {st_mode=S_IFREG|0644, st_size=12, ...}) = 0", 3, A(&st));
	CALL("prlimit64", 0,
	     "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0",
	     0, LX_RLIMIT_STACK, 0, A(&lim));
	CALL("pipe2", 0, "pipe2([3, 4], O_CLOEXEC)                = 0", A(fds), LX_O_CLOEXEC);
	CALL("poll", 1, "poll([{fd=3, events=POLLIN}], 1, -1)    = 1 ([{fd=3, revents=POLLIN}])",
	     A(&p), 1, UINT32_MAX);
	CALL("wait4", 9, "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 1}], 0, NULL) = 9",
	     UINT64_MAX, A(&status), 0, 0);
	CALL("wait4", -ECHILD,
	     "wait4(-1, 0x10, WNOHANG, NULL)          = -1 ECHILD (No child processes)", UINT64_MAX,
	     BAD, 1, 0);
}

static void arguments_that_depend_on_a_command(void **state)
{
	CALL("fcntl", 0x402,
	     "fcntl(3, F_GETFL)                       = 0x402 (flags O_RDWR|O_APPEND)", 3,
	     LX_F_GETFL, 0);
	CALL("fcntl", 0, "fcntl(3, F_SETFD, FD_CLOEXEC)           = 0", 3, LX_F_SETFD, 1);
	CALL("ioctl", -ENOTTY,
	     "ioctl(1, TIOCGWINSZ, 0x10)              = -1 ENOTTY (Inappropriate ioctl for device)",
	     1, 0x5413, BAD);
	CALL("futex", 0, "futex(0x1000, FUTEX_WAKE_PRIVATE, 1)    = 0", 0x1000, 129, 1, 0, 0, 0);
}

static void restarts_and_unknown_calls(void **state)
{
	CALL("pause", -LX_ERESTARTNOHAND,
	     "pause()                                 = ? ERESTARTNOHAND (To be restarted if no handler)",
	     0);
	trace_enter(&g_task, NULL, 0x1ff, &(struct sysargs){ .a = { 1, 2, 3 } });
	trace_exit(&g_task, NULL, &(struct sysargs){ .a = { 1, 2, 3 } }, -ENOSYS);
	assert_string_equal(
		take(),
		"[    7] prog syscall_0x1ff(0x1, 0x2, 0x3)            = -1 ENOSYS (Function not implemented)\n");
}

static void a_call_that_sleeps_takes_two_lines(void **state)
{
	const struct syscall_row *row = syscall_lookup_name("read");
	struct sysargs a = { .a = { 0, A("x"), 1 } };

	trace_enter(&g_task, row, 0, &a);
	trace_block(&g_task);
	trace_block(&g_task);
	assert_string_equal(take(), "[    7] prog read(0,  <unfinished ...>\n");
	trace_exit(&g_task, row, &a, 1);
	assert_string_equal(take(), "[    7] prog <... read resumed>\"x\", 1)               = 1\n");
}

static void signals_and_exits(void **state)
{
	struct lx_siginfo si = { .si_signo = LX_SIGCHLD,
				 .si_code = LX_CLD_EXITED,
				 .sigchld = { .pid = 9, .uid = 0, .status = 1 } };
	const struct syscall_row *row = syscall_lookup_name("exit_group");

	trace_signal(&g_task, &si);
	assert_string_equal(
		take(), "[    7] prog --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, "
			"si_uid=0, si_status=1, si_utime=0, si_stime=0} ---\n");
	si = (struct lx_siginfo){ .si_signo = LX_SIGSEGV, .si_code = LX_SEGV_MAPERR };
	trace_signal(&g_task, &si);
	assert_string_equal(take(),
			    "[    7] prog --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, "
			    "si_addr=NULL} ---\n");
	trace_enter(&g_task, row, 0, &(struct sysargs){ .a = { 2 } });
	assert_string_equal(take(), "[    7] prog exit_group(2)                           = ?\n");
	trace_task_exit(&g_task, 0x200);
	assert_string_equal(take(), "[    7] prog +++ exited with 2 +++\n");
	trace_task_exit(&g_task, 9);
	assert_string_equal(take(), "[    7] prog +++ killed by SIGKILL +++\n");
}

static void a_filter_names_calls(void **state)
{
	const char *bad = NULL;

	assert_int_equal(syscall_trace_init("read,nothing", &bad), -EINVAL);
	assert_string_equal(bad, "nothing");
	assert_int_equal(syscall_trace_init("read,openat", &bad), 0);
	assert_true(trace_wanted(syscall_lookup_name("read")));
	assert_false(trace_wanted(syscall_lookup_name("write")));
	assert_false(trace_wanted(NULL));
	assert_int_equal(syscall_trace_init("", &bad), 0);
	assert_true(trace_wanted(syscall_lookup_name("write")));
}

/* Any number with any arguments must end in a line, whatever is (not) behind the pointers. */
static int print_with(const struct syscall_row *row, void *arg)
{
	const struct sysargs *a = arg;

	trace_enter(&g_task, row, 0, a);
	trace_exit(&g_task, row, a, 0);
	trace_enter(&g_task, row, 0, a);
	trace_exit(&g_task, row, a, 5);
	trace_enter(&g_task, row, 0, a);
	trace_exit(&g_task, row, a, -EINVAL);
	take();
	return 0;
}

static void every_call_prints_with_any_argument(void **state)
{
	static char page[1 << 20];
	const uint64_t values[] = { 0, 1, BAD, A(page), A(page) + 1, 0xff, UINT32_MAX, UINT64_MAX };

	memset(page, 0xff, sizeof(page) / 2);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct sysargs a;

		if (values[i] > UINT32_MAX && values[i] < A(page))
			continue;
		for (unsigned int j = 0; j < 6; j++)
			a.a[j] = values[i] == UINT32_MAX || values[i] == UINT64_MAX ? 0 : values[i];
		syscall_table_foreach(print_with, &a);
		for (unsigned int j = 0; j < 6; j++)
			a.a[j] = j & 1 ? A(page) : 3;
		syscall_table_foreach(print_with, &a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_flags_and_results),
		cmocka_unit_test(memory_calls),
		cmocka_unit_test(buffers_are_escaped_and_cut),
		cmocka_unit_test(structures_that_go_in),
		cmocka_unit_test(structures_that_come_out),
		cmocka_unit_test(arguments_that_depend_on_a_command),
		cmocka_unit_test(restarts_and_unknown_calls),
		cmocka_unit_test(a_call_that_sleeps_takes_two_lines),
		cmocka_unit_test(signals_and_exits),
		cmocka_unit_test(a_filter_names_calls),
		cmocka_unit_test(every_call_prints_with_any_argument),
	};
	const char *bad;

	g_fd = memfd_create("trace", MFD_CLOEXEC);
	trace_set_fd(g_fd);
	syscall_trace_init(NULL, &bad);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
