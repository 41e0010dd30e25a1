/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sandbox below its memory limit. */
#pragma once

#include <stdint.h>

struct kernel;

/* Starts to watch; once, after lock-down. */
void kernel_oom_start(struct kernel *k);
/*
 * Another size for the sandbox: memory in bytes, CPUs. Tasks that could run on all CPUs still can.
 * 0 leaves it.
 */
void kernel_set_size(struct kernel *k, uint64_t total_memory, unsigned int nr_cpus);
