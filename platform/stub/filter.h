/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp programs of a stub. The agent's is installed before its first command and so
 * holds for all threads of the stub; the thread's comes on top in each guest thread, of systrap the
 * slot's. The stricter answer of the two counts. They test the instruction pointer so that the
 * agent's calls work at all while a guest's trap; nothing rests on it for safety, since a guest can
 * jump anywhere.
 *
 *             agent page       thread page                           elsewhere
 * agent's     the exact list   set-up, park, exit, the slot's list   TRAP
 * thread's    TRAP             park, exit                            TRAP
 * slot's      TRAP             futex on slots, exit, rt_sigreturn    TRAP
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "host/bpf.h"

/* Number of instructions written, or -E2BIG. */
int stub_filter_agent(struct bpf_insn *room, size_t nr);
int stub_filter_thread(struct bpf_insn *room, size_t nr);
int stub_filter_slot(struct bpf_insn *room, size_t nr);
/* All, as they lie at STUB_FILTERS. */
int stub_filter_page(void *page, size_t size);
