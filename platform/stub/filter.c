/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See filter.h. Run in a test by the interpreter of platform/host/bpf.c, and for real in every
 * stub.
 */
#include "stub/filter.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "slot.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/* The agent: on its own words, and for the sentry on sleepers in guest memory (answers.h). */
static const uint32_t agent_ops[] = {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_WAKE_BITSET_PRIVATE,
	FUTEX_REQUEUE_PRIVATE,
	FUTEX_CMP_REQUEUE_PRIVATE,
};
/* Guest threads: on words of the slot, and for themselves on guest memory. */
static const uint32_t thread_ops[] = {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_WAIT_PRIVATE,
	FUTEX_WAKE_PRIVATE,
	FUTEX_WAIT_BITSET_PRIVATE,
	FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME,
	FUTEX_WAKE_BITSET_PRIVATE,
};

static void memory_calls(struct bpf_asm *a)
{
	static const uint32_t advices[] = {
		MADV_DONTNEED,   MADV_WILLNEED,      MADV_HUGEPAGE,
		MADV_NOHUGEPAGE, MADV_POPULATE_READ, MADV_POPULATE_WRITE
	};

	bpf_asm_call(a, SYS_mmap);
	bpf_asm_below(a, 0, STUB_BASE);
	bpf_asm_masked(a, 2, PROT_READ | PROT_WRITE | PROT_EXEC, 0);
	bpf_asm_masked(a, 3, MAP_POPULATE, MAP_SHARED | MAP_FIXED);
	bpf_asm_range32(a, 4, STUB_FD_FIRST, INT32_MAX);
	bpf_asm_allow(a);

	bpf_asm_call(a, SYS_munmap);
	bpf_asm_below(a, 0, STUB_BASE);
	bpf_asm_below(a, 1, STUB_BASE);
	bpf_asm_allow(a);

	bpf_asm_call(a, SYS_mprotect);
	bpf_asm_below(a, 0, STUB_BASE);
	bpf_asm_below(a, 1, STUB_BASE);
	bpf_asm_masked(a, 2, PROT_READ | PROT_WRITE | PROT_EXEC, 0);
	bpf_asm_allow(a);

	bpf_asm_call(a, SYS_madvise);
	bpf_asm_below(a, 0, STUB_BASE);
	bpf_asm_oneof32(a, 2, advices, ARRAY_SIZE(advices));
	bpf_asm_allow(a);
}

int stub_filter_agent(struct bpf_insn *room, size_t nr)
{
	struct bpf_asm asm_, *a = &asm_;
	size_t page;

	bpf_asm_init(a, room, nr);
	bpf_asm_arch(a, STUB_ARCH_AUDIT, SECCOMP_RET_TRAP);

	page = bpf_asm_ip(a, STUB_AGENT, STUB_PAGE);
	bpf_asm_call(a, SYS_pwrite64);
	bpf_asm_eq32(a, 0, STUB_FD_REPLY);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_futex);
	bpf_asm_oneof32(a, 1, agent_ops, ARRAY_SIZE(agent_ops));
	bpf_asm_allow(a);
	memory_calls(a);
	bpf_asm_call(a, SYS_clone);
	bpf_asm_eq(a, 0, STUB_CLONE_THREAD);
	bpf_asm_allow(a);
	bpf_asm_ret(a, SECCOMP_RET_KILL_PROCESS);
	bpf_asm_ip_end(a, page);

	page = bpf_asm_ip(a, STUB_THREAD, STUB_PAGE);
	bpf_asm_call(a, SYS_futex);
	bpf_asm_oneof32(a, 1, thread_ops, ARRAY_SIZE(thread_ops));
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_rt_sigreturn);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_exit);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_seccomp);
	bpf_asm_eq(a, 0, SECCOMP_SET_MODE_FILTER);
	bpf_asm_eq(a, 1, 0);
	bpf_asm_range32(a, 2, (uint32_t)STUB_FILTER_THREAD, (uint32_t)STUB_FILTER_SLOT);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_prctl);
	bpf_asm_eq(a, 0, 59 /* PR_SET_SYSCALL_USER_DISPATCH */);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_sigaltstack);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_rt_sigprocmask);
	bpf_asm_allow(a);
	bpf_asm_ret(a, SECCOMP_RET_KILL_PROCESS);
	bpf_asm_ip_end(a, page);

	bpf_asm_ret(a, SECCOMP_RET_TRAP);
	return bpf_asm_done(a);
}

int stub_filter_thread(struct bpf_insn *room, size_t nr)
{
	struct bpf_asm asm_, *a = &asm_;
	size_t page;

	bpf_asm_init(a, room, nr);
	bpf_asm_arch(a, STUB_ARCH_AUDIT, SECCOMP_RET_TRAP);
	page = bpf_asm_ip(a, STUB_THREAD, STUB_PAGE);
	bpf_asm_call(a, SYS_futex);
	bpf_asm_eq32(a, 1, FUTEX_WAIT);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_exit);
	bpf_asm_allow(a);
	bpf_asm_ip_end(a, page);
	bpf_asm_ret(a, SECCOMP_RET_TRAP);
	return bpf_asm_done(a);
}

/*
 * The first program decides which of the thread page's calls have the right shape. Futex words
 * are bounded to the low word of the stub's addresses here, but for private operations, which reach
 * no one but threads of the same stub; wherever they are, they are the guest's own.
 */
int stub_filter_slot(struct bpf_insn *room, size_t nr)
{
	struct bpf_asm asm_, *a = &asm_;
	size_t page;

	bpf_asm_init(a, room, nr);
	bpf_asm_arch(a, STUB_ARCH_AUDIT, SECCOMP_RET_TRAP);
	page = bpf_asm_ip(a, STUB_THREAD, STUB_PAGE);
	bpf_asm_call(a, SYS_rt_sigreturn);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_futex);
	bpf_asm_range32_unless(a, 0, (uint32_t)STUB_SLOTS, (uint32_t)(STUB_SLOTS_END - 1), 1,
			       FUTEX_PRIVATE_FLAG);
	bpf_asm_allow(a);
	bpf_asm_call(a, SYS_exit);
	bpf_asm_allow(a);
	bpf_asm_ip_end(a, page);
	bpf_asm_ret(a, SECCOMP_RET_TRAP);
	return bpf_asm_done(a);
}

/* struct sock_fprog with the address that the stub will see */
struct fprog {
	uint16_t len;
	uint16_t pad[3];
	uint64_t filter;
};

int stub_filter_page(void *page, size_t size)
{
	static int (*const make[])(struct bpf_insn *, size_t) = {
		stub_filter_agent,
		stub_filter_thread,
		stub_filter_slot,
	};
	struct fprog prog[ARRAY_SIZE(make)] = { 0 };
	size_t used = sizeof(prog);

	BUILD_ASSERT(STUB_FILTER_THREAD - STUB_FILTER_AGENT == sizeof(struct fprog));
	BUILD_ASSERT(STUB_FILTER_SLOT - STUB_FILTER_THREAD == sizeof(struct fprog));
	for (unsigned int i = 0; i < ARRAY_SIZE(make); i++) {
		struct bpf_insn *insn = (struct bpf_insn *)((char *)page + used);
		size_t room = (size - used) / sizeof(*insn);
		int nr = make[i](insn, room);

		if (nr < 0)
			return nr;
		prog[i].len = (uint16_t)nr;
		prog[i].filter = STUB_FILTERS + used;
		used += (size_t)nr * sizeof(*insn);
	}
	memcpy(page, prog, sizeof(prog));
	return 0;
}
