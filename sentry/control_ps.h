/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the sandbox as JSON, for `husk ps`. */
#pragma once

/* To be freed; NULL without memory. See struct ctl_ps. */
char *control_ps(void);
