/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps to every byte of the code above the end of the guest's address space, and to some of the
 * rest, with registers that would hurt if that code believed them; stores to every page there.
 */
#include <setjmp.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "attack.h"
#include "attack_arch.h"

static sigjmp_buf back;
static volatile uintptr_t *progress;

static void on_signal(int sig)
{
	siglongjmp(back, 1);
}

static void catch_all(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGVTALRM };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

struct range {
	uintptr_t start, end, step;
	long call;
	uintptr_t seed;
};

/* From *progress on: a jump that ends the process is not repeated by the next one. */
static void jump_all(void *arg)
{
	const struct range *r = arg;
	/* a loop inside what was jumped into ends soon */
	const struct itimerval soon = { .it_interval = { 0, 5000 }, .it_value = { 0, 5000 } };

	catch_all();
	setitimer(ITIMER_VIRTUAL, &soon, NULL);
	while (*progress < r->end) {
		uintptr_t to = *progress;

		*progress = to + r->step;
		if (sigsetjmp(back, 1) == 0)
			attack_jump(to, r->call, r->seed);
	}
}

static void store_all(void *arg)
{
	catch_all();
	for (volatile uintptr_t at = ATTACK_TOP; at < ATTACK_TOP + (2u << 20); at += 4096) {
		if (sigsetjmp(back, 1) == 0) {
			*(volatile char *)at = 1;
			_exit(3); /* a page up there took a store */
		}
	}
}

int main(void)
{
	const struct range ranges[] = {
		{ ATTACK_TOP + 0x1000, ATTACK_TOP + 0x1300, 1, SYS_munmap, 0 },
		{ ATTACK_TOP + 0x1000, ATTACK_TOP + 0x1300, 1, SYS_mmap, ATTACK_TOP + 0x10000 },
		{ ATTACK_TOP + 0x2000, ATTACK_TOP + 0x2100, 1, SYS_futex, ATTACK_TOP + 0x13000 },
		{ ATTACK_TOP + 0x3000, ATTACK_TOP + 0x3400, 1, SYS_mprotect, ATTACK_TOP },
		{ ATTACK_TOP, ATTACK_TOP + 0x30000, 509, SYS_munmap, ~0ul },
	};
	struct victim v;
	int status;

	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	victim_start(&v);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		*progress = ranges[i].start;
		for (int tries = 0; *progress < ranges[i].end && tries < 3000; tries++)
			attempt(jump_all, (void *)&ranges[i], 5);
		if (*progress < ranges[i].end)
			DIE("stuck at %#lx", (unsigned long)*progress);
		victim_check(&v);
	}
	status = attempt(store_all, NULL, 5);
	if (status != 0)
		DIE("stores above the limit: status %#x", status);
	victim_end(&v);
	return 0;
}
