/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the platform does has its place in the sentry's seccomp program; nothing else has. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "guest.h"
#include "host/bpf.h"
#include "host/filter.h"
#include "host/host.h"
#include "layout.h"

/* Runs fn in a child of its own: its wait status. */
static int in_child(void (*fn)(void))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGSYS, SIG_DFL);
		fn();
		host_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond))                                                                       \
			host_exit(__LINE__ % 200 + 1);                                             \
	} while (0)

static struct guest_env g;

static void worker(void *arg)
{
	struct aspace *as = arg;
	struct guest_event ev;
	struct gthread *th;
	struct regs r;
	static char big[64];

	MUST(g.o->thread_new(as, &th) == 0);
	regs_init_user(&r, GUEST_CODE, GUEST_DATA);
	for (int i = 0; i < 50; i++) {
		MUST(g.o->run(th, &r, &ev) == 0);
		MUST(ev.kind == GE_SYSCALL);
		g.o->kick(th);
		MUST(g.o->run(th, &r, &ev) == 0);
		MUST(ev.kind == GE_KICKED);
	}
	MUST(g.o->map(as, GUEST_DATA, PAGE_SIZE, g.pf, 0, PF_PROT_READ, 0) == 0);
	MUST(g.o->unmap(as, GUEST_DATA, PAGE_SIZE) == 0);
	MUST(g.o->fp_reset(th) == 0);
	free(calloc(1, 300000));
	memset(big, 1, sizeof(big));
	g.o->thread_free(th);
}

static void a_locked_sentry(void)
{
	struct host_thread *th[4];
	struct aspace *as;
	uint64_t ns;

	MUST(guest_env_open(&g, NULL) == 0);
	GUEST_PUT(&g, 0, calls);
	MUST(host_filter_install(false) == 0);
	for (int round = 0; round < 3; round++) {
		MUST(guest_aspace(&g, &as) == 0);
		for (int i = 0; i < 4; i++)
			MUST(host_thread_start("worker", HOST_STACK_TASK, worker, as, &th[i]) == 0);
		for (int i = 0; i < 4; i++)
			host_thread_join(th[i]);
		g.o->aspace_free(as);
	}
	MUST(host_thread_cputime(host_gettid(), &ns) == 0);
	MUST(host_memfd_create("more", 0) >= 0);
	guest_env_close(&g);
}

/* Run times of sanitizers make calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

static void the_platform_works_under_the_filter(void **state)
{
	int status;

	if (SANITIZED)
		skip();
	status = in_child(a_locked_sentry);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* clang-format off */
static void try_open(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY); }
static void try_socket(void) { MUST(host_filter_install(false) == 0); syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }
static void try_exec(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_execve, "/bin/true", NULL, NULL); }
static void try_fork(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static void try_userns(void) { MUST(host_filter_install(false) == 0); syscall(SYS_unshare, 0x10000000); }
static void try_code(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
static void try_poke(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_ptrace, PTRACE_POKEDATA, 1, 0, 0); }
static void try_kill(void)   { MUST(host_filter_install(false) == 0); syscall(SYS_kill, 1, 0); }
static void try_filter(void) { MUST(host_filter_install(false) == 0); syscall(SYS_seccomp, 1, 0, 0); }
/* clang-format on */

static void anything_else_is_death(void **state)
{
	void (*const tries[])(void) = { try_open, try_socket, try_exec, try_fork,  try_userns,
					try_code, try_poke,   try_kill, try_filter };

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		int status = in_child(tries[i]);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static uint32_t verdict(const struct bpf_insn *prog, size_t nr, int call, uint64_t a0, uint64_t a1,
			uint64_t a2, uint64_t a3)
{
	const struct bpf_seccomp_data d = { .nr = call,
					    .arch = STUB_ARCH_AUDIT,
					    .args = { a0, a1, a2, a3 } };

	return bpf_run(prog, nr, &d);
}

static void arguments_count(void **state)
{
	static struct bpf_insn p[BPF_MAX_INSNS];
	const uint32_t yes = BPF_SECCOMP_ALLOW, no = BPF_SECCOMP_KILL_PROCESS;
	int nr = host_filter_program(false, 1234, p, ARRAY_SIZE(p));
	size_t n = (size_t)nr;

	assert_true(nr > 0);
	assert_int_equal(verdict(p, n, SYS_tgkill, 1234, 1234, SIGABRT, 0), yes);
	assert_int_equal(verdict(p, n, SYS_tgkill, 1235, 1235, SIGABRT, 0), no);
	assert_int_equal(verdict(p, n, SYS_tgkill, 99, 99, SIGUSR1, 0), yes);
	assert_int_equal(verdict(p, n, SYS_tgkill, 99, 99, SIGKILL, 0), no);
	assert_int_equal(verdict(p, n, SYS_clone, 0x3d0f00, 0, 0, 0), yes);
	assert_int_equal(verdict(p, n, SYS_clone, 0x3d0f00 | 0x10000000, 0, 0, 0), no);
	assert_int_equal(verdict(p, n, SYS_clone, 0x1003d0f00ull, 0, 0, 0), no);
	assert_int_equal(verdict(p, n, SYS_clone3, 0, 0, 0, 0), BPF_SECCOMP_ERRNO | ENOSYS);
	assert_int_equal(verdict(p, n, SYS_prctl, PR_SET_NAME, 0, 0, 0), yes);
	assert_int_equal(verdict(p, n, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0),
			 BPF_SECCOMP_ERRNO | EINVAL);
	assert_int_equal(verdict(p, n, SYS_mprotect, 0, 4096, PROT_READ | PROT_EXEC, 0), no);
	assert_int_equal(verdict(p, n, SYS_statx, 3, 0, AT_EMPTY_PATH, 0), yes);
	assert_int_equal(verdict(p, n, SYS_statx, 3, 0, 0, 0), no);
	assert_int_equal(verdict(p, n, SYS_statx, 3, 0, AT_EMPTY_PATH | 0x2000, 0), no);
	assert_int_equal(verdict(p, n, SYS_fcntl, 3, F_SETOWN, 0, 0), no);
	assert_int_equal(verdict(p, n, SYS_ioctl, 0, 0x5412 /* TIOCSTI */, 0, 0), no);
	assert_int_equal(verdict(p, n, SYS_wait4, 5, 0, __WALL, 0), yes);
	assert_int_equal(verdict(p, n, SYS_wait4, 5, 0, 0, 0), no);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_platform_works_under_the_filter),
		cmocka_unit_test(anything_else_is_death),
		cmocka_unit_test(arguments_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
