/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumps to every byte of a trampoline of a rewritten call site, and of the code that it leads to,
 * with registers, flags and GS bases that would hurt if that code believed them. Skips itself where
 * sites are not rewritten.
 */
#include <setjmp.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "attack.h"
#include "attack_arch.h"
#include "lib/sites.h"

#ifdef __x86_64__

#define SLOTS (slot & ~0x3fffffful)

static sigjmp_buf back;
static volatile uintptr_t *progress;
static uintptr_t home_gs;
static unsigned char area[1 << 16];

static uintptr_t get_gs(void)
{
	uintptr_t v;

	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static void on_signal(int sig)
{
	siglongjmp(back, 1);
}

static void catch_all(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGALRM };
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

struct shot {
	uintptr_t start, end;
	long call;
	uintptr_t seed, gs, flags, sp; /* gs 1: as it is; sp 0: as it is */
};

/* Everything to seed, GS, flags and perhaps the stack pointer; then there. */
static void shoot(uintptr_t to, const struct shot *s)
{
	static struct {
		uintptr_t to, call, seed, flags, sp;
	} w;

	w.to = to;
	w.call = (uintptr_t)s->call;
	w.seed = s->seed;
	w.flags = s->flags;
	__asm__ volatile("mov %%rsp, %0" : "=r"(w.sp));
	w.sp = s->sp ? s->sp : w.sp - 4096;
	if (s->gs != 1)
		__asm__ volatile("wrgsbase %0" ::"r"(s->gs));
	__asm__ volatile(
		"push 24(%0)\n\t"
		"mov 8(%0), %%rax\n\t"
		"mov 16(%0), %%rcx; mov %%rcx, %%rdx; mov %%rcx, %%rsi; mov %%rcx, %%rdi\n\t"
		"mov %%rcx, %%r8; mov %%rcx, %%r9; mov %%rcx, %%r10; mov %%rcx, %%r11\n\t"
		"mov %%rcx, %%r12; mov %%rcx, %%r13; mov %%rcx, %%r14; mov %%rcx, %%r15\n\t"
		"mov %%rcx, %%rbp\n\t"
		"xchg %%rcx, %%rbx\n\t"
		"mov 32(%0), %%rcx\n\t"
		"popfq\n\t"
		"mov %%rcx, %%rsp\n\t"
		"mov %%rbx, %%rcx\n\t"
		"jmp *%1\n\t"
		:
		: "b"(&w), "m"(w.to)
		: "memory", "cc");
}

static void shoot_all(void *arg)
{
	const struct shot *s = arg;
	const struct itimerval soon = { .it_interval = { 0, 20000 }, .it_value = { 0, 20000 } };

	catch_all();
	setitimer(ITIMER_REAL, &soon, NULL);
	while (*progress < s->end) {
		uintptr_t to = *progress;

		*progress = to + 1;
		if (sigsetjmp(back, 1) == 0)
			shoot(to, s);
		__asm__ volatile("wrgsbase %0" ::"r"(home_gs));
	}
}

int main(void)
{
	unsigned char *p = site_page((void *)0x210000000, site_pun, sizeof(site_pun)), *tramp;
	uintptr_t entry, slot, seeds[7];
	struct victim v;
	int32_t disp;

	/* this program makes few calls: no other takes the window */
	for (int i = 0; i < 50 && p[SITE_PUN_AT] != 0xe9; i++) {
		((site_fn)p)(SYS_getppid, 0, 0, 0);
		usleep(1000);
	}
	if (p[SITE_PUN_AT] != 0xe9) {
		puts("held: nothing is rewritten here");
		return 0;
	}
	memcpy(&disp, p + SITE_PUN_AT + 1, 4);
	tramp = p + SITE_PUN_AT + 5 + disp;
	if (memcmp(tramp, "\x48\x8d\x0d", 3) || memcmp(tramp + 7, "\x49\xbb", 2))
		DIE("this is no trampoline");
	memcpy(&entry, tramp + 9, 8);
	slot = home_gs = get_gs();
	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	victim_start(&v);
	seeds[0] = 0;
	seeds[1] = ~0ul;
	seeds[2] = ATTACK_TOP + 0x10000;
	seeds[3] = slot + 0x80;
	seeds[4] = SLOTS + 0x4000000;
	seeds[5] = 0x8000000000000000ul;
	seeds[6] = (uintptr_t)area;
	for (unsigned int i = 0; i < 7 * 8; i++) {
		const uintptr_t bases[] = { 1,        (uintptr_t)area,   slot + 0x4000,
					    slot + 8, SLOTS + 0x4000000, ATTACK_TOP + 0x1000,
					    0,        SLOTS + 0x3fff000 };
		const uintptr_t flags[] = { 0x202, 0x602, 0x40202, 0x302, 0xad7, 0x40602, 0x203202 };
		const long calls[] = { SYS_munmap,  SYS_mmap, SYS_mprotect, SYS_futex,
				       SYS_getppid, -1,       1000 };
		struct shot s = {
			.call = calls[i % 7],
			.seed = seeds[i / 8],
			.gs = bases[i % 8],
			.flags = flags[(i + i / 8) % 7],
			.sp = i % 5 == 4 ? seeds[(i / 5) % 7] : 0,
		};

		/*
		 * in a slot that nobody serves a thread waits until it is killed: that takes time
		 */
		bool lost = i % 8 == 2 || i % 8 == 3 || i % 8 == 4 || i % 8 == 7;

		for (int part = 0; part < 2; part++) {
			s.start = part ? entry : (uintptr_t)tramp - (lost ? 0 : 4);
			s.end = part ? entry + (lost  ? 2 :
						i % 8 ? 0x90 :
							0x240) :
				       (uintptr_t)tramp + (lost ? 1 : 44);
			*progress = s.start;
			for (int tries = 0; *progress < s.end && tries < 3000; tries++)
				attempt(shoot_all, &s, 5);
			if (*progress < s.end)
				DIE("stuck at %#lx", (unsigned long)*progress);
		}
		victim_check(&v);
	}
	for (unsigned int i = 0; i < 20; i++) {
		if (((site_fn)p)(SYS_getppid, 0, 0, 0) != getppid())
			DIE("calls stopped working");
	}
	victim_end(&v);
	return 0;
}
#else
int main(void)
{
	puts("held: nothing is rewritten here");
	return 0;
}
#endif
