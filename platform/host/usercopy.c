/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fault table behind include/host/usercopy.h: a SIGSEGV or SIGBUS at a listed instruction goes
 * on at its fixup. Everything else is a bug of the sentry: see crash.c.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "host/host.h"
#include "host/usercopy.h"
#include "extable.h"

extern const struct extable_entry __start_husk_extable[] __attribute__((visibility("hidden")));
extern const struct extable_entry __stop_husk_extable[] __attribute__((visibility("hidden")));

#define FETCH_TRIES 256

/* A dozen entries: no need to sort them. */
static uint64_t find_fixup(uint64_t pc)
{
	for (const struct extable_entry *e = __start_husk_extable; e < __stop_husk_extable; e++) {
		if ((uint64_t)(uintptr_t)&e->insn + (uint64_t)(int64_t)e->insn == pc)
			return (uint64_t)(uintptr_t)&e->fixup + (uint64_t)(int64_t)e->fixup;
	}
	return 0;
}

static void on_fault(int sig, siginfo_t *si, void *ucontext)
{
	uint64_t fixup = find_fixup(usercopy_frame_pc(ucontext));

	if (fixup && si->si_code > 0)
		usercopy_frame_set_pc(ucontext, fixup);
	else
		host_crash(sig, si, ucontext);
}

int host_usercopy_init(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	if (sigaction(SIGSEGV, &sa, NULL) < 0 || sigaction(SIGBUS, &sa, NULL) < 0)
		return -errno;
	return host_crash_init();
}

int host_fetch_op32(uint32_t *p, enum host_fetch_op op, uint32_t arg, uint32_t *ret_old)
{
	uint32_t old, prev, v;
	int ret = host_load32(p, &old);

	for (int i = 0; ret == 0 && i < FETCH_TRIES; i++) {
		switch (op) {
		case HOST_FETCH_SET:
			v = arg;
			break;
		case HOST_FETCH_ADD:
			v = old + arg;
			break;
		case HOST_FETCH_OR:
			v = old | arg;
			break;
		case HOST_FETCH_ANDN:
			v = old & ~arg;
			break;
		case HOST_FETCH_XOR:
			v = old ^ arg;
			break;
		default:
			return -EINVAL;
		}
		ret = host_cmpxchg32(p, old, v, &prev);
		if (ret == 0 && prev == old) {
			*ret_old = old;
			return 0;
		}
		old = prev;
	}
	return ret < 0 ? ret : -EAGAIN;
}
