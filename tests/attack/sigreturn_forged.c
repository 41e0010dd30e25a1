/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forged signal frames: every signal blocked, the alternate stack moved to where nothing may be
 * written, registers no user may have. The process may die; SIGKILL must still reach it, and
 * nobody else may notice.
 */
#include <sys/syscall.h>

#include "attack.h"
#include "attack_arch.h"

static unsigned int kind;

static void spoil(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *uc = ctx;

	memset(&uc->uc_sigmask, 0xff, sizeof(uc->uc_sigmask));
	uc->uc_stack.ss_sp = (void *)(kind & 1 ? ATTACK_TOP - 4096 : ATTACK_TOP + 0x10000);
	uc->uc_stack.ss_size = 1 << 20;
	uc->uc_stack.ss_flags = kind & 2 ? (int)0xffffffff : 0;
	if (kind < 1000)
		attack_frame(uc, kind);
}

static void forge(void *arg)
{
	struct sigaction sa = { .sa_sigaction = spoil, .sa_flags = SA_SIGINFO };

	kind = *(unsigned int *)arg;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	/* still here, with everything blocked: only SIGKILL ends this */
	for (;;)
		;
}

int main(void)
{
	struct victim v;
	unsigned int n;

	victim_start(&v);
	for (n = 0; n < 20; n++) {
		attempt(forge, &n, 0);
		victim_check(&v);
	}
	/* all blocked, registers in order: it spins until it is killed */
	n = 1000;
	if (WTERMSIG(attempt(forge, &n, 0)) != SIGKILL)
		DIE("it ended by something else than SIGKILL");
	victim_end(&v);
	return 0;
}
