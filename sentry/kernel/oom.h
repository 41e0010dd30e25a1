/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the sandbox below its memory limit. */
#pragma once

#include <stdint.h>

struct kernel;

/* Starts to watch; once, after lock-down. */
void kernel_oom_start(struct kernel *k);
