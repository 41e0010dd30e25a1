/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that arrive anywhere in tight loops of calls: handlers see a program counter of the
 * program's own, registers survive, calls made in handlers work, and so does leaving by siglongjmp.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "lib/show.h"

#ifdef __x86_64__

#define SIGNALS 400

static struct {
	unsigned long lo, hi;
} text[64];
static int nr_text;
static atomic_int signals, strange, wrong;
static volatile int jump_out;
static sigjmp_buf env;

static void read_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512], prot[8];

	while (f && fgets(line, sizeof(line), f) && nr_text < 64) {
		unsigned long lo, hi;

		if (sscanf(line, "%lx-%lx %4s", &lo, &hi, prot) == 3 && prot[2] == 'x') {
			text[nr_text].lo = lo;
			text[nr_text++].hi = hi;
		}
	}
	if (f)
		fclose(f);
}

static void on_signal(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;
	unsigned long pc = (unsigned long)uc->uc_mcontext.gregs[REG_RIP];
	int found = 0;

	for (int i = 0; i < nr_text; i++)
		found |= pc >= text[i].lo && pc < text[i].hi;
	if (!found)
		atomic_fetch_add(&strange, 1);
	if (getppid() != (pid_t)syscall(SYS_getppid))
		atomic_fetch_add(&wrong, 1);
	atomic_fetch_add(&signals, 1);
	if (jump_out && atomic_load(&signals) % 7 == 0)
		siglongjmp(env, 1);
}

/* One call in each form, all registers that should live checked; a red zone in use. 0: fine. */
long loop_once(long nr, long a);
__asm__(".text\n.globl loop_once\nloop_once:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rdi,%rax; mov %rsi,%rdi; mov $0x1111,%ebx; mov $0x2222,%ebp; mov $0x3333,%r12d\n"
	"mov $0x4444,%r13d; mov $0x5555,%r14d; mov $0x6666,%r15d; mov $0x7777,%r8d\n"
	"mov $0x8888,%r9d; mov $0x9999,%r10d; mov $0xaaaa,%edx; movq %r15,%xmm3; mov $1,%esi\n"
	"movq $0x123,-8(%rsp); movq $0x456,-128(%rsp)\n"
	"syscall; cmp $-4095,%rax; mov %rax,-32(%rsp)\n"
	"mov $110,%eax; syscall; nop; nop; nop; nop\n"
	"xor %eax,%eax\n"
	"cmp $0x1111,%rbx; jne 1f; cmp $0x2222,%rbp; jne 1f; cmp $0x3333,%r12; jne 1f\n"
	"cmp $0x4444,%r13; jne 1f; cmp $0x5555,%r14; jne 1f; cmp $0x6666,%r15; jne 1f\n"
	"cmp $0x7777,%r8; jne 1f; cmp $0x8888,%r9; jne 1f; cmp $0x9999,%r10; jne 1f\n"
	"cmp $0xaaaa,%rdx; jne 1f; cmp $1,%rsi; jne 1f; movq %xmm3,%rcx; cmp %rcx,%r15; jne 1f\n"
	"cmpq $0x123,-8(%rsp); jne 1f; cmpq $0x456,-128(%rsp); jne 1f; jmp 2f\n"
	"1: mov $1,%eax\n"
	"2: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");

static void storm(int which)
{
	struct itimerval it = { { 0, 150 }, { 0, 150 } }, off = { { 0, 0 }, { 0, 0 } };

	atomic_store(&signals, 0);
	setitimer(which, &it, NULL);
	(void)!sigsetjmp(env, 1);
	while (atomic_load(&signals) < SIGNALS) {
		if (loop_once(SYS_fcntl, -1) || loop_once(SYS_getuid, 5))
			atomic_fetch_add(&wrong, 1);
	}
	setitimer(which, &off, NULL);
}

static atomic_int stop;

static void *looper(void *arg)
{
	while (!atomic_load(&stop)) {
		if (loop_once(SYS_getpid, 0) || loop_once(SYS_lseek, -1))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	pthread_t th[2];

	read_maps();
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	loop_once(SYS_getpid, 0);
	storm(ITIMER_REAL);
	jump_out = 1;
	storm(ITIMER_REAL);
	jump_out = 0;
	/* from one thread to others */
	atomic_store(&signals, 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&th[i], NULL, looper, NULL);
	for (int i = 0; i < 2000 && atomic_load(&signals) < SIGNALS; i++) {
		pthread_kill(th[i & 1], SIGUSR1);
		usleep(100);
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(th[i], NULL);
	SHOW(atomic_load(&signals) > 10);
	SHOW(strange);
	SHOW(wrong);
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
