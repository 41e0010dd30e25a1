/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the sentry under its seccomp program: for all its threads, for good. */
#include "host/filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/auto.h"
#include "base/compiler.h"
#include "filter/marks.h"
#include "host/bpf.h"
#include "host/host.h"
#include "rawcall.h"
#include "sentry_filter.h"

/* The number of places, or -EPROTO where the mark is used in a way that a patch would break. */
static int patch(struct bpf_insn *prog, size_t nr, uint32_t mark, uint32_t value)
{
	int found = 0;

	for (size_t i = 0; i < nr; i++) {
		if (prog[i].k != mark)
			continue;
		if (prog[i].code != (BPF_JMP | BPF_JEQ | BPF_K))
			return -EPROTO;
		prog[i].k = value;
		found++;
	}
	return found;
}

static const struct bpf_insn *program_of(bool net, size_t *ret_nr)
{
	*ret_nr = net ? ARRAY_SIZE(sentry_net_filter) : ARRAY_SIZE(sentry_filter);
	return net ? sentry_net_filter : sentry_filter;
}

int host_filter_program(bool net, uint32_t pid, struct bpf_insn *room, size_t nr)
{
	size_t size;
	const struct bpf_insn *prog = program_of(net, &size);
	int ret;

	if (nr < size)
		return -E2BIG;
	memcpy(room, prog, size * sizeof(*prog));
	ret = patch(room, size, VALUE_PID, pid);
	if (ret < 1)
		return ret < 0 ? ret : -EPROTO;
	ret = bpf_check(room, size);
	return ret < 0 ? ret : (int)size;
}

int host_filter_install(bool net)
{
	size_t nr;
	const struct bpf_insn *from = program_of(net, &nr);
	auto_free struct bpf_insn *prog = malloc(nr * sizeof(*from));
	struct sock_fprog fprog = { .len = (unsigned short)nr };
	long ret;

	if (!prog)
		return -ENOMEM;
	ret = host_filter_program(net, (uint32_t)host_getpid(), prog, nr);
	if (ret < 0)
		return (int)ret;
	fprog.filter = (struct sock_filter *)prog;
	ret = HOST_CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (ret < 0)
		return (int)ret;
	/* > 0: the id of a thread that could not be brought along */
	ret = HOST_CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &fprog);
	return ret > 0 ? -EBUSY : (int)ret;
}
