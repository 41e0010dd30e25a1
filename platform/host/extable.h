/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between usercopy.c and its assembly. The table husk_extable holds pairs of 32-bit offsets, each
 * relative to its own place: an instruction that may fault, and where to go on when it does.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct extable_entry {
	int32_t insn, fixup;
};

/* Program counter in a signal frame. */
uint64_t usercopy_frame_pc(void *ucontext);
void usercopy_frame_set_pc(void *ucontext, uint64_t pc);
uint64_t usercopy_frame_sp(void *ucontext);

/* crash.c: the last words. Returns where the default action is to follow. */
void host_crash(int sig, const siginfo_t *si, void *ucontext);
int host_crash_init(void);
