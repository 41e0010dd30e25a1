/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The auxiliary vector, in the order in which Linux writes it. What describes the processor comes
 * from the host's own vector, since guest code runs on the host's processor as it is.
 */
#include <abi/linux/elf.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/cred.h"
#include "loader/loader_int.h"

#define RSEQ_FEATURE_SIZE 28
#define RSEQ_ALIGN        32
#define PHENT             56

static void add(struct auxv *a, uint64_t type, uint64_t val)
{
	if (a->nr + 2 > 2 * AUXV_MAX)
		return;
	a->v[a->nr++] = type;
	a->v[a->nr++] = val;
}

/* Only if the host has it. */
static void add_host(struct auxv *a, unsigned int type)
{
	uint64_t val = host_auxval(type);

	if (val)
		add(a, type, val);
}

void auxv_fill(struct auxv *a, const struct stack_info *info, uaddr_t random, uaddr_t platform,
	       uaddr_t execfn)
{
	const struct cred *c = info->cred;

	a->nr = 0;
	if (info->vdso)
		add(a, LX_AT_SYSINFO_EHDR, info->vdso);
	add_host(a, LX_AT_MINSIGSTKSZ);
	add(a, LX_AT_HWCAP, host_auxval(LX_AT_HWCAP));
	add(a, LX_AT_PAGESZ, PAGE_SIZE);
	add(a, LX_AT_CLKTCK, 100);
	add(a, LX_AT_PHDR, info->exe->phdr);
	add(a, LX_AT_PHENT, PHENT);
	add(a, LX_AT_PHNUM, info->nr_phdrs);
	add(a, LX_AT_BASE, info->interp_base);
	add(a, LX_AT_FLAGS, 0);
	add(a, LX_AT_ENTRY, info->exe->entry);
	add(a, LX_AT_UID, c->uid);
	add(a, LX_AT_EUID, c->euid);
	add(a, LX_AT_GID, c->gid);
	add(a, LX_AT_EGID, c->egid);
	add(a, LX_AT_SECURE, info->secure);
	add(a, LX_AT_RANDOM, random);
	add(a, LX_AT_HWCAP2, host_auxval(LX_AT_HWCAP2));
	add_host(a, LX_AT_HWCAP3);
	add_host(a, LX_AT_HWCAP4);
	add(a, LX_AT_EXECFN, execfn);
	add(a, LX_AT_PLATFORM, platform);
	add(a, LX_AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE);
	add(a, LX_AT_RSEQ_ALIGN, RSEQ_ALIGN);
	add(a, LX_AT_NULL, 0);
}
