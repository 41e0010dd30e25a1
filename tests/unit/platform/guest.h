/* SPDX-License-Identifier: Apache-2.0 */
/* A real platform with tiny guests, for the tests of this folder. */
#pragma once

#include <platform/platform.h>

#include "base/bits.h"

#define GUEST_CODE 0x400000ull /* one page, read and execute */
#define GUEST_DATA 0x500000ull /* where tests map their data */

#define DECLARE_GUEST(name) extern const unsigned char guest_##name[], guest_##name##_end[]
DECLARE_GUEST(calls);
DECLARE_GUEST(store);
DECLARE_GUEST(load);
DECLARE_GUEST(spin);
DECLARE_GUEST(storm);
DECLARE_GUEST(illegal);
DECLARE_GUEST(breakpoint);
DECLARE_GUEST(nops);
DECLARE_GUEST(raw_call);

/* One sandbox per test program: the zygote is forked before threads exist. */
struct guest_env {
	struct platform *p;
	const struct platform_ops *o;
	int fd; /* a memory file of 1 MiB: page 0 is code, the rest is data */
	struct platform_file *pf;
	unsigned char *mem; /* the sentry's view */
};

/* platform NULL: the one that HUSK_TEST_PLATFORM names. */
int guest_env_open(struct guest_env *e, const char *platform);
void guest_env_close(struct guest_env *e);
/* Puts code at offset slot * 256 of the code page; its guest address. */
uaddr_t guest_put(struct guest_env *e, unsigned int slot, const unsigned char *start,
		  const unsigned char *end);
#define GUEST_PUT(e, slot, name) guest_put(e, slot, guest_##name, guest_##name##_end)
/* An address space with the code page mapped. */
int guest_aspace(struct guest_env *e, struct aspace **ret_as);
/*
 * Makes a function that starts with r return to pc. mem_off: where the stack pointer's word is in
 * e->mem.
 */
void guest_set_return(struct guest_env *e, struct regs *r, size_t mem_off, uaddr_t pc);
/*
 * All general registers to values that would hurt if the stub believed them; call in its register.
 */
void regs_set_hostile(struct regs *r, uint64_t call, uint64_t seed);
