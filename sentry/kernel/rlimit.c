/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits: defaults and changes (prlimit(2)). Enforcement is where the resource is used.
 * Locking: tgroup.limit_lock.
 */
#include "kernel/rlimit.h"

#include <abi/linux/capability.h>

#include "kernel/kernel_int.h"

void rlimits_default(struct lx_rlimit rlim[LX_RLIM_NLIMITS], const struct kernel_config *cfg)
{
	uint64_t threads = cfg->max_pids ? cfg->max_pids / 2 : PID_MAX_DEFAULT / 2;

	for (int i = 0; i < LX_RLIM_NLIMITS; i++)
		rlim[i] = (struct lx_rlimit){ LX_RLIM_INFINITY, LX_RLIM_INFINITY };
	rlim[LX_RLIMIT_STACK].rlim_cur = 8ull << 20;
	rlim[LX_RLIMIT_CORE].rlim_cur = 0;
	rlim[LX_RLIMIT_NPROC] = (struct lx_rlimit){ threads, threads };
	rlim[LX_RLIMIT_NOFILE] = (struct lx_rlimit){ 1024, 1 << 20 };
	rlim[LX_RLIMIT_MEMLOCK] = (struct lx_rlimit){ 8ull << 20, 8ull << 20 };
	rlim[LX_RLIMIT_SIGPENDING] = (struct lx_rlimit){ threads, threads };
	rlim[LX_RLIMIT_MSGQUEUE] = (struct lx_rlimit){ 819200, 819200 };
	rlim[LX_RLIMIT_NICE] = (struct lx_rlimit){ 0, 0 };
	rlim[LX_RLIMIT_RTPRIO] = (struct lx_rlimit){ 0, 0 };
}

int tgroup_prlimit(struct task *by, struct tgroup *tg, unsigned int res,
		   const struct lx_rlimit *new_lim, struct lx_rlimit *ret_old)
{
	struct lx_rlimit *cur;
	int ret = 0;

	if (res >= LX_RLIM_NLIMITS)
		return -EINVAL;
	if (new_lim) {
		if (new_lim->rlim_cur > new_lim->rlim_max)
			return -EINVAL;
		if (res == LX_RLIMIT_NOFILE && new_lim->rlim_max > 1u << 20)
			return -EPERM;
	}
	cur = &tg->rlim[res];
	mutex_lock(&tg->limit_lock);
	if (new_lim && new_lim->rlim_max > cur->rlim_max && !task_capable(by, LX_CAP_SYS_RESOURCE))
		ret = -EPERM;
	if (ret == 0 && ret_old)
		*ret_old = *cur;
	if (ret == 0 && new_lim)
		*cur = *new_lim;
	mutex_unlock(&tg->limit_lock);
	if (ret == 0 && new_lim && res == LX_RLIMIT_CPU)
		itimers_cpu_limit_changed(tg);
	return ret;
}
