/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sandbox below its memory limit. */
#pragma once

#include <stdatomic.h>

#include <base/compiler.h>
#include <host/host.h>

#include "kernel/kernel.h"

/* Starts to watch; once, after lock-down. */
void kernel_oom_start(struct kernel *k);
/*
 * Another size for the sandbox: memory in bytes, CPUs. Tasks that could run on all CPUs still can.
 * 0 leaves it.
 */
void kernel_set_size(struct kernel *k, uint64_t total_memory, unsigned int nr_cpus);

/* A task is at work: memory has to be looked after again. */
static inline void kernel_oom_awake(struct kernel *k)
{
	if (unlikely(atomic_load(&k->oom_word)) && atomic_exchange(&k->oom_word, 0))
		host_futex_wake((const uint32_t *)&k->oom_word, 1);
}
