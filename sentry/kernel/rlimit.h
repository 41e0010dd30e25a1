/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits of thread groups. */
#pragma once

#include <abi/linux/resource.h>

struct kernel_config;
struct task;
struct tgroup;

void rlimits_default(struct lx_rlimit rlim[LX_RLIM_NLIMITS], const struct kernel_config *cfg);
/* prlimit(2) once the target is found and by may access it; either pointer may be NULL. -EINVAL,
 * -EPERM. */
int tgroup_prlimit(struct task *by, struct tgroup *tg, unsigned int res,
		   const struct lx_rlimit *new_lim, struct lx_rlimit *ret_old);
