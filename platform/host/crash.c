/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Last words of a process that dies of its own bug: the signal, and the return addresses on the
 * stack as offsets into the binary (addr2line reads them), then the default action at the place
 * where it happened.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define LOG_TAG "crash"
#include "base/log.h"
#include "base/compiler.h"
#include "extable.h"
#include "host/host.h"
#include "host/usercopy.h"

#define MAX_FRAMES 40
#define MAX_WORDS  512

extern const char __executable_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

/*
 * The C library has no frame pointers, so every word of the top of the stack that points into our
 * code is shown: the callers, and a few that were.
 */
static void log_stack(uint64_t pc, uint64_t sp)
{
	uint64_t base = (uint64_t)(uintptr_t)__executable_start;
	uint64_t end = (uint64_t)(uintptr_t)etext, word = pc;
	char line[MAX_FRAMES * 9 + 1] = "";
	size_t used = 0;

	for (int i = 0; i < MAX_WORDS && used < sizeof(line) - 9; i++) {
		if (word >= base && word < end)
			used += (size_t)snprintf(line + used, sizeof(line) - used, " %lx",
						 (unsigned long)(word - base));
		if (host_copy(&word, (void *)(sp + (uint64_t)i * sizeof(word)), sizeof(word)) != 0)
			break;
	}
	log_err("stack:%s", line);
}

/*
 * The instruction runs again and ends the process with the right status. Pid 1 of a pid namespace
 * does not die of a signal that was sent, so those end it here.
 */
void host_crash(int sig, const siginfo_t *si, void *ucontext)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	uint64_t pc = usercopy_frame_pc(ucontext);

	if (sig == SIGSYS)
		log_err("host call %d is not on the filter's list", si->si_syscall);
	else
		log_err("signal %d (code %d) at %#lx, address %p", sig, si->si_code,
			(unsigned long)pc, si->si_addr);
	log_stack(pc, usercopy_frame_sp(ucontext));
	sigaction(sig, &dfl, NULL);
	if (si->si_code <= 0 || sig == SIGSYS)
		host_exit(128 + sig);
}

int host_crash_init(void)
{
	struct sigaction sa = { .sa_sigaction = (void (*)(int, siginfo_t *, void *))host_crash,
				.sa_flags = SA_SIGINFO };
	const int sigs[] = { SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGSYS };

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++) {
		if (sigaction(sigs[i], &sa, NULL) < 0)
			return -errno;
	}
	return 0;
}
