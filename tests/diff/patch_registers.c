/* SPDX-License-Identifier: Apache-2.0 */
/* A call changes rax, rcx and r11 and no other register, however often its site was used. */
#include <sys/syscall.h>

#include "lib/show.h"

#ifdef __x86_64__

struct state {
	unsigned long rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15,
		flags;
	unsigned char xmm[16][16];
};

/* All registers from in, the call, all registers to out. The red zone below rsp must live. */
#define CALL(name, insns)                                                                          \
	__asm__(".text\n.globl " #name "\n" #name ":\n"                                            \
		"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"               \
		"push %rsi\n"                                                                      \
		"movdqu 128(%rdi),%xmm0; movdqu 144(%rdi),%xmm1; movdqu 368(%rdi),%xmm15\n"        \
		"mov 8(%rdi),%rbx; mov 24(%rdi),%rdx; mov 32(%rdi),%rsi\n"                         \
		"mov 48(%rdi),%rbp; mov 56(%rdi),%r8; mov 64(%rdi),%r9; mov 72(%rdi),%r10\n"       \
		"mov 88(%rdi),%r12; mov 96(%rdi),%r13; mov 104(%rdi),%r14; mov 112(%rdi),%r15\n"   \
		"mov (%rdi),%rax\n"                                                                \
		"push 120(%rdi); mov 40(%rdi),%rdi\n"                                              \
		"popfq\n" insns "\n"                                                               \
		"pushfq; push %rdi; mov 16(%rsp),%rdi\n"                                           \
		"mov %rax,(%rdi); mov %rbx,8(%rdi); mov %rcx,16(%rdi); mov %rdx,24(%rdi)\n"        \
		"mov %rsi,32(%rdi); mov %rbp,48(%rdi); mov %r8,56(%rdi); mov %r9,64(%rdi)\n"       \
		"mov %r10,72(%rdi); mov %r11,80(%rdi); mov %r12,88(%rdi); mov %r13,96(%rdi)\n"     \
		"mov %r14,104(%rdi); mov %r15,112(%rdi)\n"                                         \
		"movdqu %xmm0,128(%rdi); movdqu %xmm1,144(%rdi); movdqu %xmm15,368(%rdi)\n"        \
		"pop %rax; mov %rax,40(%rdi); pop %rax; mov %rax,120(%rdi)\n"                      \
		"push $2; popfq\n"                                                                 \
		"pop %rsi\n"                                                                       \
		"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");              \
	unsigned long name(const struct state *in, struct state *out)

CALL(call_pun, "syscall; after_pun: cmp $-4095,%rax; after_pun2: nop");
CALL(call_mov, "nop; mov $110,%eax; syscall; after_mov: nop; nop; nop; nop");
extern char after_pun[], after_mov[];

#define ARITH 0x8d5ul /* OF SF ZF AF PF CF */

static void check(const char *what, const struct state *in, const struct state *out, bool arith)
{
#define SAME(f)                                                                                    \
	if (in->f != out->f) {                                                                     \
		printf("%s: " #f " changed\n", what);                                              \
	}
	SAME(rbx)
	SAME(rdx)
	SAME(rsi)
	/* clang-format off */
	SAME(rdi) SAME(rbp) SAME(r8) SAME(r9) SAME(r10) SAME(r12) SAME(r13) SAME(r14)
		/* clang-format on */
		SAME(r15) if (memcmp(in->xmm[0], out->xmm[0], 32) ||
			      memcmp(in->xmm[15], out->xmm[15], 16))
	{
		printf("%s: xmm changed\n", what);
	}
	/* the comparison behind the call sets its own */
	if (arith && ((in->flags ^ out->flags) & (ARITH | 0x400))) {
		printf("%s: flags changed\n", what);
	}
	if ((out->r11 & (ARITH | 0x400)) != (in->flags & (ARITH | 0x400))) {
		printf("%s: r11 is not the flags\n", what);
	}
	if (!arith && ((in->flags ^ out->flags) & 0x400)) {
		printf("%s: direction changed\n", what);
	}
}

int main(void)
{
	static const unsigned long flags[] = { 0x202, 0x202 | ARITH, 0x203, 0x242, 0x282, 0xa02,
					       0x602, 0x206 | 0x400, 0x212, 0x286, 0xa93 };
	unsigned int rounds = 0;

	for (int round = 0; round < 40; round++) {
		struct state in, out;

		for (unsigned int i = 0; i < sizeof(in); i++)
			((unsigned char *)&in)[i] = (unsigned char)(i * 37 + round * 11 + 1);
		in.flags = flags[round % (sizeof(flags) / sizeof(flags[0]))];
		/* fcntl(-1, F_GETFD); then one that the kernel does nothing for */
		in.rax = round & 1 ? SYS_fcntl : SYS_getpid;
		in.rdi = (unsigned long)-1;
		in.rsi = 1;
		memset(&out, 0, sizeof(out));
		call_pun(&in, &out);
		check("pun", &in, &out, false);
		if (out.rcx != (unsigned long)after_pun)
			printf("pun: rcx is not the return address\n");
		if (out.rax != (round & 1 ? (unsigned long)-EBADF : (unsigned long)getpid()))
			printf("pun: result %ld\n", (long)out.rax);
		memset(&out, 0, sizeof(out));
		call_mov(&in, &out);
		check("mov", &in, &out, true);
		if (out.rcx != (unsigned long)after_mov)
			printf("mov: rcx is not the return address\n");
		if (out.rax != (unsigned long)getppid())
			printf("mov: result %ld\n", (long)out.rax);
		rounds++;
	}
	SHOW(rounds);
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
