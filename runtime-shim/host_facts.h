/* SPDX-License-Identifier: Apache-2.0 */
/* What this host has to give: read once, before anything is started. */
#pragma once

#include <stdint.h>

/*
 * How many tasks (processes and threads) a guest may have when nobody said: a guest that forks
 * without end must not take the process numbers of the host. Each costs up to three of them (its
 * sentry thread, its host thread, its agent), and one sandbox gets at most a quarter of what is
 * free: the least of kernel.pid_max, kernel.threads-max, RLIMIT_NPROC and the pids.max of our
 * cgroups (proc(5), getrlimit(2), cgroups(7)). Never under 64.
 */
uint64_t host_task_budget(void);
