/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between architectures on the systrap backend: the signal frame in a slot, floating
 * point in it, what the machine must have. A slot is the guest's: every word is copied once and the
 * copy checked; -EPROTO is what makes no sense.
 */
#pragma once

#include <platform/platform.h>

#include "host/host.h"
#include "slot.h"

/* Where the frame is: offsets in the slot, checked to lie in its alternate stack. */
struct trap_at {
	uint32_t frame;
	uint32_t fp, fp_size; /* image without its end mark */
};

/* What a signal says, out of its frame. */
struct trap_info {
	int signo, code;
	uint64_t addr;
	uint32_t trapno;
	uint64_t error_code;
	int sysno; /* SIGSYS */
	bool native;
};

int trap_probe(const char **ret_why);
int trap_init(void);

/* The frame that the slot names; va is the slot's address in the stub. */
int trap_locate(const struct slot *g, uint64_t va, struct trap_at *ret_at);
/* Registers and siginfo of the frame; segment bases are not in it. */
void trap_load(const struct slot *g, const struct trap_at *at, struct regs *r,
	       struct trap_info *ret_info);
/* r is sanitised. */
void trap_store(struct slot *g, const struct trap_at *at, const struct regs *r);
/*
 * A call by the fast entry: number and arguments only; and all the others, when they are asked for.
 */
void trap_load_call(const struct slot *g, struct regs *r);
void trap_load_rest(const struct slot *g, struct regs *r);
/* Registers of the fast entry, made such as a trap would have left them. */
void trap_load_fast(const struct slot *g, struct regs *r);
/* Can the fast entry give these back? Then they are stored. */
bool trap_store_fast(struct slot *g, const struct regs *r);
/* Segment bases: as the slot says at an event, and as they shall be. va: see locate. */
void trap_load_bases(const struct slot *g, uint64_t va, struct regs *r);
void trap_store_bases(struct slot_ro *ro, uint64_t va, const struct regs *r);
/* May the site of this call use the fast entry from now on? */
bool trap_may_rewrite(const struct regs *r);
/* Number of the call into r, which are the registers at one; false: no call that we offer. */
bool trap_syscall(struct regs *r, const struct trap_info *info);
/* ev->access, trapno, error_code. */
void trap_describe(const struct trap_info *info, const struct regs *r, struct guest_event *ev);
/* r are a call's registers without its number: rax. */
void trap_call_by_rax(struct regs *r);

size_t trap_fp_size(void);
int trap_fp_get(const struct slot *g, const struct trap_at *at, void *buf, size_t size);
int trap_fp_set(struct slot *g, const struct trap_at *at, const void *buf, size_t size);
int trap_fp_reset(struct slot *g, const struct trap_at *at);

/* A clock that costs next to nothing; how fast it goes, and whether CPUs agree, is not said. */
static inline uint64_t trap_ticks(void)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_rdtsc)
	return __builtin_ia32_rdtsc();
#endif
#endif
	return host_now_ns();
}

static inline void trap_relax(void)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#endif
#endif
}
