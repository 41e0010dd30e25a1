/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest seccomp filters against the interpreter of our own ones: a program the sentry accepts the
 * other accepts too, both give the same verdict, and a call that is said to need no run is allowed
 * whatever its arguments are. Input: two numbers to fill calls with, then instructions, the last of
 * which returns.
 */
#include "fuzz.h"

#include <string.h>

#include "host/bpf.h"
#include "kernel/kernel_int.h"
#include "kernel/seccomp.h"

#define ARCH 0xc000003eu

_Static_assert(sizeof(struct bpf_seccomp_data) == sizeof(struct lx_seccomp_data), "same data");
_Static_assert(sizeof(struct bpf_insn) == sizeof(struct lx_sock_filter), "same instructions");

static struct kernel g_k;
static struct tgroup g_tg;
static struct task g_t;

static void setup(void)
{
	mutex_init(&g_k.tasklist_lock, LC_UNRANKED);
	mutex_init(&g_tg.siglock, LC_UNRANKED);
	mutex_init(&g_t.kick_lock, LC_UNRANKED);
	INIT_LIST_HEAD(&g_tg.threads);
	g_k.config.audit_arch = ARCH;
	g_tg.kernel = &g_k;
	g_t.kernel = &g_k;
	g_t.tg = &g_tg;
}

static uint32_t verdict(const struct lx_sock_filter *insns, unsigned int nr,
			const struct lx_seccomp_data *d)
{
	uint32_t guest = seccomp_run(&g_t, d), host = bpf_run((const struct bpf_insn *)insns, nr,
							      (const struct bpf_seccomp_data *)d);
	uint32_t action = guest & LX_SECCOMP_RET_ACTION_FULL;

	/* with nothing but "allow" to weigh against, an action above it is as good as that */
	if ((int32_t)(host & LX_SECCOMP_RET_ACTION_FULL) < (int32_t)LX_SECCOMP_RET_ALLOW)
		FUZZ_CHECK(guest == host);
	else
		FUZZ_CHECK(action == LX_SECCOMP_RET_ALLOW);
	return action;
}

static void run(const struct lx_sock_filter *insns, unsigned int nr, const uint64_t fill[2])
{
	struct seccomp_filter *f;

	if (seccomp_filter_new(insns, nr, &f) < 0)
		return;
	FUZZ_CHECK(bpf_check((const struct bpf_insn *)insns, nr) == 0);
	if (seccomp_attach(&g_t, f, false) != 0) {
		seccomp_filter_put(f);
		return;
	}
	for (uint32_t call = 0; call < SECCOMP_NR_KNOWN; call += call < 400 ? 1 : 37) {
		struct lx_seccomp_data d = { .nr = (int32_t)call, .arch = ARCH };
		bool always = seccomp_always_allows(&g_t, call);

		FUZZ_CHECK(verdict(insns, nr, &d) == LX_SECCOMP_RET_ALLOW || !always);
		d.instruction_pointer = fill[0];
		for (unsigned int i = 0; i < 6; i++)
			d.args[i] = fill[i & 1] >> i;
		FUZZ_CHECK(verdict(insns, nr, &d) == LX_SECCOMP_RET_ALLOW || !always);
	}
	atomic_store(&g_t.seccomp, NULL);
	atomic_store(&g_t.seccomp_mode, 0);
	seccomp_filter_put(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lx_sock_filter insns[64];
	unsigned int nr;
	uint64_t fill[2];

	if (!g_t.tg)
		setup();
	if (size < sizeof(fill) + sizeof(insns[0]))
		return 0;
	memcpy(fill, data, sizeof(fill));
	nr = (unsigned int)((size - sizeof(fill)) / sizeof(insns[0]));
	nr = nr < 64 ? nr : 64;
	memcpy(insns, data + sizeof(fill), nr * sizeof(insns[0]));
	/* mostly what can pass, or little else would be reached */
	for (unsigned int i = 0; i + 1 < nr; i++) {
		if (insns[i].code & 0x8000)
			continue;
		insns[i].code &= 0xff;
		if (LX_BPF_CLASS(insns[i].code) == LX_BPF_JMP) {
			insns[i].jt %= nr - i - 1;
			insns[i].jf %= nr - i - 1;
		}
	}
	insns[nr - 1].code = insns[nr - 1].code & 1 ? LX_BPF_RET | LX_BPF_A : LX_BPF_RET;
	run(insns, nr, fill);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	static const struct lx_sock_filter seeds[][10] = {
		{
			{ LX_BPF_LD | LX_BPF_ABS, 0, 0, 4 },
			{ LX_BPF_JMP | LX_BPF_JEQ, 0, 4, ARCH },
			{ LX_BPF_LD | LX_BPF_ABS, 0, 0, 0 },
			{ LX_BPF_JMP | LX_BPF_JGE, 2, 0, 100 },
			{ LX_BPF_JMP | LX_BPF_JEQ, 1, 0, 39 },
			{ LX_BPF_RET, 0, 0, LX_SECCOMP_RET_ALLOW },
			{ LX_BPF_RET, 0, 0, 0x50001 },
		},
		{
			{ LX_BPF_LD | LX_BPF_ABS, 0, 0, 16 },
			{ LX_BPF_ST, 0, 0, 3 },
			{ LX_BPF_LDX | LX_BPF_IMM, 0, 0, 7 },
			{ LX_BPF_ALU | LX_BPF_AND | LX_BPF_X, 0, 0, 0 },
			{ LX_BPF_JMP | LX_BPF_JSET, 0, 1, 4 },
			{ LX_BPF_LD | LX_BPF_MEM, 0, 0, 3 },
			{ LX_BPF_MISC | LX_BPF_TAX, 0, 0, 0 },
			{ LX_BPF_ALU | LX_BPF_DIV | LX_BPF_X, 0, 0, 0 },
			{ LX_BPF_JMP | LX_BPF_JA, 0, 0, 0 },
			{ LX_BPF_RET, 0, 0, LX_SECCOMP_RET_ALLOW },
		},
		{
			{ LX_BPF_LD | LX_BPF_IMM, 0, 0, LX_SECCOMP_RET_ALLOW },
			{ LX_BPF_ALU | LX_BPF_LSH, 0, 0, 1 },
			{ LX_BPF_ALU | LX_BPF_RSH, 0, 0, 1 },
			{ LX_BPF_LDX | LX_BPF_LEN, 0, 0, 0 },
			{ LX_BPF_ALU | LX_BPF_MUL | LX_BPF_X, 0, 0, 0 },
			{ LX_BPF_STX, 0, 0, 0 },
			{ LX_BPF_ALU | LX_BPF_NEG, 0, 0, 0 },
			{ LX_BPF_MISC | LX_BPF_TXA, 0, 0, 0 },
			{ LX_BPF_ALU | LX_BPF_XOR, 0, 0, 64 },
			{ LX_BPF_RET | LX_BPF_A, 0, 0, 0 },
		},
	};

	if (nr >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	memset(buf, (int)(nr * 85), 16);
	memcpy(buf + 16, seeds[nr], sizeof(seeds[nr]));
	return 16 + sizeof(seeds[nr]);
}
