/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp(2): what is accepted, every verdict, order of filters, inheritance, strict mode. */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "lib/caps.h"

#define NR_OFF    offsetof(struct seccomp_data, nr)
#define LOAD(off) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off)
#define RET(v)    BPF_STMT(BPF_RET | BPF_K, v)
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

static long install(struct sock_filter *insns, unsigned short len, unsigned int flags)
{
	struct sock_fprog prog = { len, insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* this call: that verdict; all others are allowed */
static long on(long nr, unsigned int verdict)
{
	struct sock_filter f[] = { LOAD(NR_OFF),
				   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
				   RET(verdict), RET(SECCOMP_RET_ALLOW) };

	return install(f, COUNT(f), 0);
}

static void errno_verdicts(void)
{
	SHOW(on(SYS_getppid, SECCOMP_RET_ERRNO | EDOM));
	SHOW(syscall(SYS_getppid));
	SHOW_OK(syscall(SYS_getpid));
	/* the older filter's verdict weighs as much: the newer one's data counts */
	SHOW(on(SYS_getppid, SECCOMP_RET_ERRNO | ENODEV));
	SHOW(syscall(SYS_getppid));
	SHOW(on(SYS_getppid, SECCOMP_RET_ALLOW));
	SHOW(syscall(SYS_getppid));
	SHOW(on(SYS_getuid, SECCOMP_RET_ERRNO | 0));
	SHOW(syscall(SYS_getuid));
	SHOW(on(SYS_getgid, SECCOMP_RET_ERRNO | 0xffff));
	SHOW(-syscall(SYS_getgid));
	SHOW(on(SYS_geteuid, SECCOMP_RET_TRACE | 5));
	SHOW(syscall(SYS_geteuid));
	SHOW(on(SYS_getegid, SECCOMP_RET_LOG));
	SHOW_OK(syscall(SYS_getegid));
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(syscall(444444));
	SHOW(on(444444, SECCOMP_RET_ERRNO | EXDEV));
	SHOW(syscall(444444));
	/* children have the same filters, and so has a program they run */
	fflush(stdout);
	if (fork() == 0) {
		SHOW(syscall(SYS_getppid));
		exit(0);
	}
	wait(NULL);
}

static void on_sigsys(int sig, siginfo_t *si, void *uc)
{
	printf("SIGSYS: code %d errno %d syscall is getppid %d arch ok %d addr %d\n", si->si_code,
	       si->si_errno, si->si_syscall == SYS_getppid, si->si_arch != 0,
	       si->si_call_addr != NULL);
}

static void trap(void)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	NEED(sigaction(SIGSYS, &sa, NULL) == 0);
	SHOW(on(SYS_getppid, SECCOMP_RET_TRAP | 77));
	SHOW(syscall(SYS_getppid) == SYS_getppid);
	SHOW(signal(SIGSYS, SIG_DFL) != SIG_ERR);
	syscall(SYS_getppid);
	printf("not reached\n");
}

static void kill_process(void)
{
	SHOW(on(SYS_getppid, SECCOMP_RET_KILL_PROCESS));
	signal(SIGSYS, SIG_IGN);
	syscall(SYS_getppid);
	printf("not reached\n");
}

static void *call_getppid(void *arg)
{
	syscall(SYS_getppid);
	printf("not reached\n");
	return NULL;
}

static void kill_thread(void)
{
	pthread_t th;

	SHOW(on(SYS_getppid, SECCOMP_RET_KILL_THREAD));
	NEED(pthread_create(&th, NULL, call_getppid, NULL) == 0);
	usleep(50000);
	printf("the other threads live on\n");
	fflush(stdout);
	syscall(SYS_getppid);
}

static void default_is_kill(void)
{
	SHOW(on(SYS_getppid, 0x12340000));
	syscall(SYS_getppid);
}

static void arguments(void)
{
	struct sock_filter f[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
#ifdef __x86_64__
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
#else
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
#endif
		RET(SECCOMP_RET_KILL),
		LOAD(NR_OFF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup3, 1, 0),
		RET(SECCOMP_RET_ALLOW),
		/* errno = 100 + low(args[0]) * 2 + memory */
		LOAD(offsetof(struct seccomp_data, args)),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 2),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LDX | BPF_MEM, 3),
		BPF_STMT(BPF_LD | BPF_IMM, 100),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};

	SHOW(install(f, COUNT(f), 0));
	errno = 0;
	syscall(SYS_dup3, 3, 0, 0);
	SHOW(errno);
	errno = 0;
	syscall(SYS_dup3, 10, 0, 0);
	SHOW(errno);
}

static void refused(void)
{
	struct sock_filter ok[] = { RET(SECCOMP_RET_ALLOW) };
	struct sock_filter no_ret[] = { LOAD(0) };
	struct sock_filter far[] = { BPF_STMT(BPF_JMP | BPF_JA, 1), RET(0) };
	struct sock_filter odd[] = { LOAD(2), RET(0) };
	struct sock_filter past[] = { LOAD(64), RET(0) };
	struct sock_filter half[] = { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), RET(0) };
	struct sock_filter div0[] = { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RET(0) };
	struct sock_filter mod[] = { BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RET(0) };
	struct sock_filter shift[] = { BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RET(0) };
	struct sock_filter mem[] = { BPF_STMT(BPF_LD | BPF_MEM, 1), RET(0) };
	struct sock_filter mem16[] = { BPF_STMT(BPF_ST, 16), RET(0) };
	struct sock_filter maybe[] = { LOAD(0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
				       BPF_STMT(BPF_ST, 1), BPF_STMT(BPF_LD | BPF_MEM, 1),
				       RET(SECCOMP_RET_ALLOW) };
	struct sock_filter junk[] = { BPF_STMT(0xffff, 0), RET(0) };

	SHOW(install(ok, 0, 0));
	SHOW(install(ok, 5000, 0));
	SHOW(install(no_ret, 1, 0));
	SHOW(install(far, 2, 0));
	SHOW(install(odd, 2, 0));
	SHOW(install(past, 2, 0));
	SHOW(install(half, 2, 0));
	SHOW(install(div0, 2, 0));
	SHOW(install(mod, 2, 0));
	SHOW(install(shift, 2, 0));
	SHOW(install(mem, 2, 0));
	SHOW(install(mem16, 2, 0));
	SHOW(install(maybe, 5, 0));
	SHOW(install(junk, 2, 0));
	SHOW(install(ok, 1, 0x100));
	SHOW(install((struct sock_filter *)8, 1, 0));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8L));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL));
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, ok));
	SHOW(syscall(SYS_seccomp, 99, 0, NULL));
	SHOW(prctl(PR_SET_SECCOMP, 3, NULL));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8L));
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(install(ok, 1, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW));
	SHOW(prctl(PR_GET_SECCOMP));
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
}

static void needs_no_new_privs(void)
{
	struct sock_filter ok[] = { RET(SECCOMP_RET_ALLOW) };

	SHOW(install(ok, 1, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(install(ok, 1, 0));
}

static void too_many(void)
{
	static struct sock_filter f[4096];
	int nr = 0;

	for (int i = 0; i < 4096; i++)
		f[i] = (struct sock_filter)RET(SECCOMP_RET_ALLOW);
	while (nr < 20 && install(f, 4096, 0) == 0)
		nr++;
	SHOW(nr >= 3 && nr <= 7); /* Linux counts the instructions it translates them to */
	SHOW(install(f, 4096, 0));
}

static void strict(void)
{
	SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
	(void)!write(1, "still writing\n", 14);
	syscall(SYS_exit, 5);
}

static void strict_kills(void)
{
	SHOW(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL));
	syscall(SYS_getpid);
}

static void actions(void)
{
	static const unsigned int action[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
					       SECCOMP_RET_TRAP,         SECCOMP_RET_ERRNO,
					       SECCOMP_RET_TRACE,        SECCOMP_RET_LOG,
					       SECCOMP_RET_ALLOW,        0x12340000 };

	for (unsigned int i = 0; i < COUNT(action); i++)
		SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action[i]));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 1, &action[0]));
	SHOW(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 8L));
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	actions();
	show_child("needs no_new_privs", needs_no_new_privs);
	NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	show_child("errno", errno_verdicts);
	show_child("trap", trap);
	show_child("kill process", kill_process);
	show_child("kill thread", kill_thread);
	show_child("unknown verdict", default_is_kill);
	show_child("arguments", arguments);
	show_child("refused", refused);
	show_child("too many", too_many);
	show_child("strict", strict);
	show_child("strict kills", strict_kills);
	return 0;
}
