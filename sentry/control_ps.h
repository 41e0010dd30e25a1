/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the sandbox as JSON, for `husk ps`. */
#pragma once

#include <stdint.h>

struct container;
struct control;

/* To be freed; NULL without memory. See struct ctl_ps. */
char *control_ps(struct control *c, struct container *ct);
