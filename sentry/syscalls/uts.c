/* SPDX-License-Identifier: Apache-2.0 */
/* The system's names: uname(2), sethostname(2), setdomainname(2). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/personality.h>
#include <abi/linux/utsname.h>

#include "kernel/task.h"
#include "kernel/uname.h"
#include "syscalls/arch.h"
#include "syscalls/handlers.h"

/* What x.y calls itself under the UNAME26 personality: 2.6.(60 + y). */
static void release_26(char *release, size_t size)
{
	unsigned int major = 0, minor = 0;
	const char *rest;

	sscanf(UNAME_RELEASE, "%u.%u", &major, &minor);
	rest = strchr(UNAME_RELEASE, '-');
	snprintf(release, size, "2.6.%u%s", 60 + minor, rest ? rest : "");
}

long sys_uname(struct task *t, const struct sysargs *a)
{
	struct lx_utsname u;

	memset(&u, 0, sizeof(u));
	snprintf(u.sysname, sizeof(u.sysname), "%s", UNAME_SYSNAME);
	snprintf(u.release, sizeof(u.release), "%s", UNAME_RELEASE);
	snprintf(u.version, sizeof(u.version), "%s", UNAME_VERSION);
	snprintf(u.machine, sizeof(u.machine), "%s",
		 (t->personality & LX_PER_MASK) == LX_PER_LINUX32 ? ARCH_MACHINE_32 : ARCH_MACHINE);
	if (t->personality & LX_UNAME26)
		release_26(u.release, sizeof(u.release));
	mutex_lock(&t->uts->lock);
	memcpy(u.nodename, t->uts->nodename, sizeof(u.nodename));
	memcpy(u.domainname, t->uts->domainname, sizeof(u.domainname));
	mutex_unlock(&t->uts->lock);
	return copyout(t, arg_addr(a, 0), &u, sizeof(u));
}

static long set_name(struct task *t, const struct sysargs *a, char *name)
{
	char text[LX_UTS_LEN + 1] = "";
	int size = arg_int(a, 1);

	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (size < 0 || size > LX_UTS_LEN)
		return -EINVAL;
	if (copyin(t, text, arg_addr(a, 0), (size_t)size))
		return -EFAULT;
	mutex_lock(&t->uts->lock);
	memcpy(name, text, sizeof(text));
	mutex_unlock(&t->uts->lock);
	return 0;
}

long sys_sethostname(struct task *t, const struct sysargs *a)
{
	return set_name(t, a, t->uts->nodename);
}

long sys_setdomainname(struct task *t, const struct sysargs *a)
{
	return set_name(t, a, t->uts->domainname);
}
