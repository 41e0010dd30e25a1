/* SPDX-License-Identifier: Apache-2.0 */
/* arm64: not made yet; the probe says so, and nothing else here is ever called. */
#include <errno.h>
#include <string.h>

#include "systrap/trap.h"

int trap_probe(const char **ret_why)
{
	*ret_why = "not made for arm64 yet";
	return -ENOTSUP;
}

int trap_init(void)
{
	return -ENOTSUP;
}

int trap_locate(const struct slot *g, uint64_t va, struct trap_at *ret_at)
{
	return -EPROTO;
}

void trap_load(const struct slot *g, const struct trap_at *at, struct regs *r,
	       struct trap_info *ret_info)
{
	memset(r, 0, sizeof(*r));
	memset(ret_info, 0, sizeof(*ret_info));
}

void trap_store(struct slot *g, const struct trap_at *at, const struct regs *r) {}

void trap_load_call(const struct slot *g, struct regs *r) {}

void trap_load_rest(const struct slot *g, struct regs *r) {}

void trap_load_fast(const struct slot *g, struct regs *r)
{
	memset(r, 0, sizeof(*r));
}

bool trap_store_fast(struct slot *g, const struct regs *r)
{
	return false;
}

void trap_load_bases(const struct slot *g, uint64_t va, struct regs *r) {}

bool trap_may_rewrite(const struct regs *r)
{
	return false;
}

void trap_store_bases(struct slot_ro *ro, uint64_t va, const struct regs *r) {}

bool trap_syscall(struct regs *r, const struct trap_info *info)
{
	return false;
}

void trap_call_by_rax(struct regs *r) {}

void trap_describe(const struct trap_info *info, const struct regs *r, struct guest_event *ev) {}

size_t trap_fp_size(void)
{
	return 0;
}

int trap_fp_get(const struct slot *g, const struct trap_at *at, void *buf, size_t size)
{
	return -ENOTSUP;
}

int trap_fp_set(struct slot *g, const struct trap_at *at, const void *buf, size_t size)
{
	return -ENOTSUP;
}

int trap_fp_reset(struct slot *g, const struct trap_at *at)
{
	return -ENOTSUP;
}
