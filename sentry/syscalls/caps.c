/* SPDX-License-Identifier: Apache-2.0 */
/* capget(2) and capset(2). The sets themselves are in struct cred; prctl.c has bounding and ambient
 * set. */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>

#include "kernel/task.h"
#include "syscalls/handlers.h"

/* Number of data elements the version has; an unknown one is answered with the one we like, and
 * -EINVAL. */
static int data_count(struct task *t, uaddr_t header, unsigned int *ret_nr)
{
	uint32_t version;

	if (copyin(t, &version, header, sizeof(version)))
		return -EFAULT;
	switch (version) {
	case LX_LINUX_CAPABILITY_VERSION_1:
		*ret_nr = 1;
		return 0;
	case LX_LINUX_CAPABILITY_VERSION_2:
	case LX_LINUX_CAPABILITY_VERSION_3:
		*ret_nr = 2;
		return 0;
	default:
		version = LX_LINUX_CAPABILITY_VERSION_3;
		if (copyout(t, header, &version, sizeof(version)))
			return -EFAULT;
		return -EINVAL;
	}
}

static int header_pid(struct task *t, uaddr_t header, int *ret_pid)
{
	int32_t pid;

	if (copyin(t, &pid, header + offsetof(struct lx_cap_user_header, pid), sizeof(pid)))
		return -EFAULT;
	*ret_pid = pid;
	return 0;
}

long sys_capget(struct task *t, const struct sysargs *a)
{
	uaddr_t header = arg_addr(a, 0), data = arg_addr(a, 1);
	struct lx_cap_user_data d[2];
	auto_put(cred) struct cred *c = NULL;
	unsigned int nr;
	int ret, pid = 0;

	ret = data_count(t, header, &nr);
	if (!data || ret < 0) /* a null pointer asks for the version */
		return !data && ret == -EINVAL ? 0 : ret;
	ret = header_pid(t, header, &pid);
	if (ret < 0)
		return ret;
	if (pid < 0)
		return -EINVAL;
	if (pid == 0 || pid == t->tid) {
		c = cred_get(t->cred);
	} else {
		auto_put(task) struct task *other = task_find(t->kernel, pid);

		if (!other)
			return -ESRCH;
		c = task_cred_get(other);
	}
	for (unsigned int i = 0; i < 2; i++) {
		d[i].effective = (uint32_t)(c->cap_effective >> 32 * i);
		d[i].permitted = (uint32_t)(c->cap_permitted >> 32 * i);
		d[i].inheritable = (uint32_t)(c->cap_inheritable >> 32 * i);
	}
	return copyout(t, data, d, nr * sizeof(d[0]));
}

long sys_capset(struct task *t, const struct sysargs *a)
{
	uaddr_t header = arg_addr(a, 0);
	struct lx_cap_user_data d[2] = { 0 };
	uint64_t effective, permitted, inheritable;
	const struct cred *old = t->cred;
	struct cred *new;
	unsigned int nr;
	int ret, pid = 0;

	ret = data_count(t, header, &nr);
	if (ret == 0)
		ret = header_pid(t, header, &pid);
	if (ret < 0)
		return ret;
	if (pid != 0 && pid != t->tid)
		return -EPERM;
	if (copyin(t, d, arg_addr(a, 1), nr * sizeof(d[0])))
		return -EFAULT;
	effective = (d[0].effective | (uint64_t)d[1].effective << 32) & LX_CAP_FULL_SET;
	permitted = (d[0].permitted | (uint64_t)d[1].permitted << 32) & LX_CAP_FULL_SET;
	inheritable = (d[0].inheritable | (uint64_t)d[1].inheritable << 32) & LX_CAP_FULL_SET;

	if (!task_capable(t, LX_CAP_SETPCAP) &&
	    (inheritable & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	if (inheritable & ~(old->cap_inheritable | old->cap_bounding))
		return -EPERM;
	if (permitted & ~old->cap_permitted)
		return -EPERM;
	if (effective & ~permitted)
		return -EPERM;
	ret = cred_copy(old, &new);
	if (ret < 0)
		return ret;
	new->cap_effective = effective;
	new->cap_permitted = permitted;
	new->cap_inheritable = inheritable;
	new->cap_ambient &= permitted &inheritable;
	task_set_cred(t, new);
	return 0;
}
