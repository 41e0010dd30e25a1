/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp of config.json: compiled here to the classic BPF that the sentry's interpreter runs
 * for the guest. Calls that the guest's architecture does not have are left out, as runc does.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "spec_int.h"

#define ARGS_MAX      6
#define DEFAULT_ERRNO EPERM

static int action(struct parser *p, const char *name, json_t *errno_ret, uint32_t dflt,
		  const char *field, uint32_t *ret_action)
{
	uint64_t nr = dflt;

	if (errno_ret && !json_is_null(errno_ret) && (!spec_whole(errno_ret, &nr) || nr > 0xffff))
		return spec_bad(p, field, "has an errnoRet that is no error number");
	if (!name)
		return spec_bad(p, field, "has no action");
	if (strcmp(name, "SCMP_ACT_ALLOW") == 0)
		*ret_action = SCMP_ACT_ALLOW;
	else if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		*ret_action = SCMP_ACT_ERRNO((uint32_t)nr);
	else if (strcmp(name, "SCMP_ACT_KILL") == 0 || strcmp(name, "SCMP_ACT_KILL_THREAD") == 0)
		*ret_action = SCMP_ACT_KILL_THREAD;
	else if (strcmp(name, "SCMP_ACT_KILL_PROCESS") == 0)
		*ret_action = SCMP_ACT_KILL_PROCESS;
	else if (strcmp(name, "SCMP_ACT_TRAP") == 0)
		*ret_action = SCMP_ACT_TRAP;
	else if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		*ret_action = SCMP_ACT_TRACE((uint32_t)nr);
	else if (strcmp(name, "SCMP_ACT_LOG") == 0)
		*ret_action = SCMP_ACT_LOG;
	else
		return rt_fail(p->err, ENOTSUP, "config.json: %s: action '%s' is not supported",
			       field, name);
	return 0;
}

static int condition(struct parser *p, json_t *e, struct scmp_arg_cmp *ret_c)
{
	static const struct {
		const char *name;
		enum scmp_compare op;
	} ops[] = {
		{ "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT },
		{ "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
		{ "SCMP_CMP_GE", SCMP_CMP_GE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT },
		{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	};
	const char *field = "linux.seccomp.syscalls[].args";
	uint64_t index, value, two = 0;
	const char *op;

	if (spec_get_str(p, e, "op", field, &op) < 0)
		return -EINVAL;
	if (!spec_whole(json_object_get(e, "index"), &index) || index >= ARGS_MAX ||
	    !spec_whole(json_object_get(e, "value"), &value))
		return spec_bad(p, field, "has an entry without index or value");
	spec_whole(json_object_get(e, "valueTwo"), &two);
	for (size_t i = 0; op && i < ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].name, op) != 0)
			continue;
		*ret_c = (struct scmp_arg_cmp){ .arg = (unsigned int)index,
						.op = ops[i].op,
						.datum_a = value,
						.datum_b = two };
		return 0;
	}
	return spec_bad(p, field, "has an unknown op");
}

/* One call under all its conditions; several on one argument are alternatives. */
static int add_call(struct parser *p, scmp_filter_ctx ctx, uint32_t act, const char *name,
		    const struct scmp_arg_cmp *cmp, unsigned int nr)
{
	int call = seccomp_syscall_resolve_name(name), ret = 0;
	unsigned int used = 0;
	bool twice = false;

	if (call == __NR_SCMP_ERROR)
		return 0;
	for (unsigned int i = 0; i < nr; i++) {
		twice |= used >> cmp[i].arg & 1;
		used |= 1u << cmp[i].arg;
	}
	if (!twice)
		ret = seccomp_rule_add_array(ctx, act, call, nr, cmp);
	for (unsigned int i = 0; twice && i < nr && ret == 0; i++)
		ret = seccomp_rule_add_array(ctx, act, call, 1, &cmp[i]);
	/* what the default says already need not be said */
	if (ret < 0 && ret != -EACCES && ret != -EEXIST)
		return rt_fail(p->err, -ret, "config.json: linux.seccomp: %s: %s", name,
			       strerror(-ret));
	return 0;
}

static int add_rule(struct parser *p, scmp_filter_ctx ctx, json_t *e, uint32_t dflt)
{
	const char *field = "linux.seccomp.syscalls[]", *name;
	json_t *names = json_object_get(e, "names"), *args = json_object_get(e, "args"), *v;
	struct scmp_arg_cmp cmp[ARGS_MAX];
	unsigned int nr = 0;
	uint32_t act;
	size_t i;

	if (spec_get_str(p, e, "action", field, &name) < 0 ||
	    action(p, name, json_object_get(e, "errnoRet"), DEFAULT_ERRNO, field, &act) < 0)
		return -p->err->code;
	if (act == dflt)
		return 0;
	if (!json_is_array(names))
		return spec_bad(p, field, "has no names");
	json_array_foreach(args, i, v)
	{
		if (nr >= ARGS_MAX || condition(p, v, &cmp[nr]) < 0)
			return nr >= ARGS_MAX ? spec_bad(p, field, "has too many args") : -EINVAL;
		nr++;
	}
	json_array_foreach(names, i, v)
	{
		if (!json_is_string(v))
			return spec_bad(p, field, "has a name that is not a string");
		if (add_call(p, ctx, act, json_string_value(v), cmp, nr) < 0)
			return -p->err->code;
	}
	return 0;
}

static int export(struct parser *p, scmp_filter_ctx ctx)
{
	auto_close int fd = memfd_create("husk-seccomp", MFD_CLOEXEC);
	struct boot_conf *c = &p->r->boot;
	struct stat st;
	int ret = fd < 0 ? -errno : seccomp_export_bpf(ctx, fd);

	if (ret < 0 || fstat(fd, &st) < 0)
		return rt_fail(p->err, ret < 0 ? -ret : errno,
			       "config.json: linux.seccomp: it cannot be compiled");
	if (st.st_size > (off_t)BOOT_MAX_SECCOMP)
		return spec_bad(p, "linux.seccomp", "needs more than 4096 instructions");
	c->seccomp = malloc((size_t)st.st_size);
	if (!c->seccomp)
		return spec_nomem(p);
	if (pread(fd, c->seccomp, (size_t)st.st_size, 0) != st.st_size)
		return rt_fail(p->err, EIO, "config.json: linux.seccomp: short read");
	c->seccomp_size = (size_t)st.st_size;
	return 0;
}

int spec_seccomp(struct parser *p, json_t *seccomp)
{
	json_t *rules = json_object_get(seccomp, "syscalls"), *e, *v;
	scmp_filter_ctx ctx;
	const char *name;
	uint32_t dflt;
	int ret = 0;
	size_t i;

	if (!seccomp || json_is_null(seccomp) || !p->r->conf->oci_seccomp)
		return 0;
	if (!json_is_object(seccomp))
		return spec_bad(p, "linux.seccomp", "is not an object");
	v = json_object_get(seccomp, "listenerPath");
	if (json_is_string(v) && json_string_length(v))
		return spec_bad(p, "linux.seccomp.listenerPath", "is not supported");
	if (spec_get_str(p, seccomp, "defaultAction", "linux.seccomp.defaultAction", &name) < 0 ||
	    action(p, name, json_object_get(seccomp, "defaultErrnoRet"), DEFAULT_ERRNO,
		   "linux.seccomp", &dflt) < 0)
		return -p->err->code;
	ctx = seccomp_init(dflt);
	if (!ctx)
		return spec_nomem(p);
	/* a binary search: some instructions for every call instead of hundreds for most */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	json_array_foreach(rules, i, e)
	{
		if (ret == 0)
			ret = add_rule(p, ctx, e, dflt);
	}
	if (ret == 0)
		ret = export(p, ctx);
	seccomp_release(ctx);
	return ret;
}
