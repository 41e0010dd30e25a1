/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when memory is touched: probe_read(), probe_write() and probe_exec() give "ok" or
 * the signal and its code, and that si_addr is the address. Single-threaded tests only.
 */
#pragma once

#include <setjmp.h>

#include "lib/show.h"

static sigjmp_buf probe_env_;
static siginfo_t probe_info_;

/* A pointer of which the compiler knows nothing, so that it does not warn of it. */
SHOW_UNUSED_ static void *bad_ptr(unsigned long addr)
{
	__asm__("" : "+r"(addr));
	return (void *)addr;
}

SHOW_UNUSED_ static void probe_handler_(int sig, siginfo_t *info, void *uc)
{
	probe_info_ = *info;
	siglongjmp(probe_env_, 1);
}

SHOW_UNUSED_ static const char *probe_name_(const volatile void *p)
{
	static char buf[64];
	const char *name = "?";

	if (probe_info_.si_signo == SIGSEGV)
		name = probe_info_.si_code == SEGV_MAPERR ? "SEGV_MAPERR" :
		       probe_info_.si_code == SEGV_ACCERR ? "SEGV_ACCERR" :
							    "SIGSEGV";
	else if (probe_info_.si_signo == SIGBUS)
		name = probe_info_.si_code == BUS_ADRERR ? "BUS_ADRERR" : "SIGBUS";
	else if (probe_info_.si_signo == SIGILL)
		name = "SIGILL";
	snprintf(buf, sizeof(buf), "%s%s", name,
		 probe_info_.si_addr == p ? "" : " at another address");
	return buf;
}

SHOW_UNUSED_ static void probe_arm_(bool on)
{
	struct sigaction sa = { .sa_sigaction = probe_handler_, .sa_flags = SA_SIGINFO };

	if (!on) {
		sa.sa_handler = SIG_DFL;
		sa.sa_flags = 0;
	}
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
}

#define PROBE_(p, act)                                                                             \
	({                                                                                         \
		const char *volatile probe_r_ = "ok";                                              \
		probe_arm_(true);                                                                  \
		if (sigsetjmp(probe_env_, 1) == 0)                                                 \
			act;                                                                       \
		else                                                                               \
			probe_r_ = probe_name_(p);                                                 \
		probe_arm_(false);                                                                 \
		probe_r_;                                                                          \
	})

SHOW_UNUSED_ static const char *probe_read(const void *p)
{
	const volatile char *c = p;

	return PROBE_(c, (void)*c);
}

SHOW_UNUSED_ static const char *probe_write(void *p)
{
	volatile char *c = p;

	return PROBE_(c, *c = 1);
}

/* Calls what is there: a function without arguments. */
SHOW_UNUSED_ static const char *probe_exec(void *p)
{
	void (*fn)(void) = (void (*)(void))(uintptr_t)p;

	return PROBE_(p, fn());
}

#define SHOW_READ(p)  printf("read %s: %s\n", #p, probe_read((char *)(p)))
#define SHOW_WRITE(p) printf("write %s: %s\n", #p, probe_write((char *)(p)))
#define SHOW_EXEC(p)  printf("call %s: %s\n", #p, probe_exec((char *)(p)))
