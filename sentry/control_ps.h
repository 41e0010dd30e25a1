/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the sandbox as JSON, for `husk ps`. */
#pragma once

#include <stdint.h>

struct control;

/* To be freed; NULL without memory. See struct ctl_ps. */
char *control_ps(struct control *c);
/* For struct ctl_usage: bytes in memory, CPU time of the guest's processes in ns. */
uint64_t control_memory(void);
uint64_t control_cpu(void);
