/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the system: sysinfo(2), the kernel log of syslog(2), getrandom(2). */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/random.h>
#include <abi/linux/sysinfo.h>
#include <abi/linux/syslog.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/kernel.h"
#include "kernel/task.h"
#include "syscalls/handlers.h"
#include "time/clock.h"

long sys_sysinfo(struct task *t, const struct sysargs *a)
{
	struct kernel *k = t->kernel;
	uint64_t used = mm_system_usage();
	struct lx_sysinfo si;
	uint32_t load[3];

	memset(&si, 0, sizeof(si));
	/* a started second counts */
	si.uptime = DIV_ROUND_UP(clock_boottime_ns(), INT64_C(1000000000));
	kernel_loadavg(load);
	for (unsigned int i = 0; i < 3; i++)
		si.loads[i] = load[i];
	si.totalram = k->config.total_memory;
	si.freeram = si.totalram - MIN(used, si.totalram);
	si.mem_unit = 1;
	mutex_lock(&k->tasklist_lock);
	si.procs = (uint16_t)MIN(k->nr_tasks, 65535u);
	mutex_unlock(&k->tasklist_lock);
	return copyout(t, arg_addr(a, 0), &si, sizeof(si));
}

/* --- syslog: a log that is always empty, of which unprivileged readers see nothing
 * (dmesg_restrict) --- */

#define LOG_BUFFER_SIZE (256 * 1024)

long sys_syslog(struct task *t, const struct sysargs *a)
{
	int action = arg_int(a, 0), size = arg_int(a, 2);
	uaddr_t buf = arg_addr(a, 1);

	if (!task_capable(t, LX_CAP_SYSLOG))
		return -EPERM;
	switch (action) {
	case LX_SYSLOG_ACTION_CLOSE:
	case LX_SYSLOG_ACTION_OPEN:
	case LX_SYSLOG_ACTION_CLEAR:
	case LX_SYSLOG_ACTION_CONSOLE_OFF:
	case LX_SYSLOG_ACTION_CONSOLE_ON:
	case LX_SYSLOG_ACTION_SIZE_UNREAD:
		return 0;
	case LX_SYSLOG_ACTION_READ:
	case LX_SYSLOG_ACTION_READ_ALL:
	case LX_SYSLOG_ACTION_READ_CLEAR:
		return !buf || size < 0 ? -EINVAL : 0;
	case LX_SYSLOG_ACTION_CONSOLE_LEVEL:
		return size < 1 || size > 8 ? -EINVAL : 0;
	case LX_SYSLOG_ACTION_SIZE_BUFFER:
		return LOG_BUFFER_SIZE;
	default:
		return -EINVAL;
	}
}

/* --- getrandom --- */

#define RANDOM_MAX 0x7fffffffu /* longer requests are cut */

long sys_getrandom(struct task *t, const struct sysargs *a)
{
	uaddr_t buf = arg_addr(a, 0);
	uint64_t left = MIN(arg_ulong(a, 1), (unsigned long)RANDOM_MAX);
	unsigned int flags = arg_uint(a, 2);
	uint8_t bytes[1024];
	long done = 0;

	if (flags & ~(LX_GRND_NONBLOCK | LX_GRND_RANDOM | LX_GRND_INSECURE))
		return -EINVAL;
	if ((flags & (LX_GRND_RANDOM | LX_GRND_INSECURE)) == (LX_GRND_RANDOM | LX_GRND_INSECURE))
		return -EINVAL;
	while (left) {
		size_t n = MIN(left, (uint64_t)sizeof(bytes));
		int ret = host_getrandom(bytes, n);

		if (ret == 0)
			ret = copyout(t, buf + (uint64_t)done, bytes, n);
		if (ret < 0)
			return done ? done : ret;
		done += (long)n;
		left -= n;
		/* long requests give way to signals, short ones are always whole */
		if (left && done >= 4096 && task_interrupted(t))
			break;
	}
	return done;
}
