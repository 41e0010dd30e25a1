/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first stack of a program: strings at its top, below them what their pointers and the
 * auxiliary vector need, and at the bottom argc, where the program starts (the System V ABI's
 * "initial process stack").
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/elf.h>
#include <abi/linux/mman.h>
#include <base/auto.h>
#include <base/bits.h>
#include <host/host.h>

#include "loader/loader_int.h"

#define STACK_EXTRA (128ul << 10) /* mapped below what is filled, as Linux does */

static int stack_map(struct mm *mm, const struct stack_info *info, uaddr_t top, uint64_t used)
{
	uint64_t size = page_up(used) + STACK_EXTRA;
	struct mm_mmap_req req = {
		.prot = LX_PROT_READ | LX_PROT_WRITE | (info->exec_stack ? LX_PROT_EXEC : 0),
		.max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC,
		.flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS | LX_MAP_FIXED_NOREPLACE,
		.grows_down = true,
		.is_stack = true,
	};
	int64_t ret;

	if (info->lim && size > info->lim->stack)
		size = MAX(page_up(used), page_down(info->lim->stack));
	req.addr = top - size;
	req.size = size;
	ret = mm_mmap(mm, &req, info->lim);
	return ret < 0 ? (int)ret : 0;
}

/* Pointers to n strings that lie one behind the other from s on, whose guest address is at. */
static uint64_t *put_pointers(uint64_t *v, const char *s, uaddr_t at, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		size_t len = strlen(s) + 1;

		*v++ = at;
		s += len;
		at += len;
	}
	*v++ = 0;
	return v;
}

int stack_build(struct mm *mm, const struct stack_info *info, struct mm_layout *l, uaddr_t *ret_sp)
{
	const struct loader_args *args = info->args;
	static const char platform[] = LX_ELF_PLATFORM;
	size_t fn_len = strlen(info->filename) + 1,
	       words = 3 + args->argc + args->envc + 2 * AUXV_MAX;
	uaddr_t top = page_down(mm_stack_top(mm)), p, execfn, strings, plat, random, sp;
	auto_free uint64_t *tab = NULL;
	unsigned char rnd[16 + 2];
	struct auxv av;
	uint64_t *v;
	int ret;

	tab = malloc(words * 8);
	if (!tab)
		return -ENOMEM;
	ret = host_getrandom(rnd, sizeof(rnd));
	if (ret < 0)
		return ret;
	p = top - 8;
	execfn = p - fn_len;
	strings = execfn - args->len;
	/* not always at the same distance from the strings; the ABI wants 16 */
	p = strings;
	if (mm_randomized(mm))
		p -= (rnd[16] | (uaddr_t)rnd[17] << 8) & 8191;
	p = round_down(p, 16);
	plat = p - sizeof(platform);
	random = round_down(plat, 16) - 16;
	auxv_fill(&av, info, random, plat, execfn);
	words = 3 + args->argc + args->envc + av.nr;
	sp = round_down(random - words * 8, 16);
	ret = stack_map(mm, info, top, top - sp);
	if (ret < 0)
		return ret;
	v = tab;
	*v++ = args->argc;
	v = put_pointers(v, args->buf, strings, args->argc);
	v = put_pointers(v, loader_args_env(args), strings + args->env_at, args->envc);
	memcpy(v, av.v, av.nr * 8);
	if (mm_copyout(mm, execfn, info->filename, fn_len) < 0 ||
	    mm_copyout(mm, strings, args->buf, args->len) < 0 ||
	    mm_copyout(mm, plat, platform, sizeof(platform)) < 0 ||
	    mm_copyout(mm, random, rnd, 16) < 0 || mm_copyout(mm, sp, tab, words * 8) < 0)
		return -EFAULT;
	mm_auxv_set(mm, av.v, av.nr * 8);
	l->arg_start = strings;
	l->arg_end = strings + args->env_at;
	l->env_start = l->arg_end;
	l->env_end = strings + args->len;
	l->start_stack = sp;
	*ret_sp = sp;
	return 0;
}
