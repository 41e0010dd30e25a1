/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The x86-64 signal frame: from the stack pointer down the red zone, the XSAVE area (64-byte
 * aligned) and struct rt_sigframe, whose first word is the return address. What comes back through
 * rt_sigreturn is hostile: segment registers and privileged flags are replaced, the FP image is
 * checked by the platform.
 */
#include <base/bits.h>

#include "kernel/kernel_int.h"

#define RED_ZONE       128
#define FP_ALIGN       64
#define SYS_rt_restart 219
#define FP_HEAD_SIZE   512

uint64_t sigframe_restart_sysno(void)
{
	return SYS_rt_restart;
}

static void fill_context(const struct task *t, struct lx_sigcontext *sc, ksigset_t oldmask)
{
	const struct regs *r = &t->regs;

	*sc = (struct lx_sigcontext){
		.r8 = r->r8,
		.r9 = r->r9,
		.r10 = r->r10,
		.r11 = r->r11,
		.r12 = r->r12,
		.r13 = r->r13,
		.r14 = r->r14,
		.r15 = r->r15,
		.rdi = r->rdi,
		.rsi = r->rsi,
		.rbp = r->rbp,
		.rbx = r->rbx,
		.rdx = r->rdx,
		.rax = r->rax,
		.rcx = r->rcx,
		.rsp = r->rsp,
		.rip = r->rip,
		.eflags = r->eflags,
		.cs = X86_USER_CS,
		.ss = X86_USER_SS,
		.err = t->fault.error_code,
		.trapno = t->fault.trapno,
		.cr2 = t->fault.addr,
		.oldmask = oldmask,
	};
}

/* Writes the FP area below *sp and moves *sp to it. */
static int put_fp(struct task *t, uaddr_t *sp)
{
	size_t size = plat_ops(t)->fp_size(t->kernel->config.platform), total;
	uint32_t magic2 = LX_FP_XSTATE_MAGIC2;
	auto_free char *buf = NULL;
	struct lx_fpstate *fp;
	int ret;

	buf = calloc(1, size + sizeof(magic2));
	if (!buf)
		return -EFAULT;
	ret = plat_ops(t)->fp_get(t->gt, buf, size);
	if (ret < 0)
		return -EFAULT;
	fp = (struct lx_fpstate *)buf;
	if (fp->sw.magic1 == LX_FP_XSTATE_MAGIC1 && fp->sw.xstate_size >= FP_HEAD_SIZE &&
	    fp->sw.xstate_size <= size) {
		total = fp->sw.xstate_size;
		fp->sw.extended_size = (uint32_t)(total + sizeof(magic2));
		memcpy(buf + total, &magic2, sizeof(magic2));
		total += sizeof(magic2);
	} else {
		total = MIN(size, (size_t)FP_HEAD_SIZE);
	}
	*sp = round_down(*sp - total, (uaddr_t)FP_ALIGN);
	return copyout(t, *sp, buf, total);
}

int sigframe_setup(struct task *t, const struct sigframe_req *req)
{
	size_t fp_room = plat_ops(t)->fp_size(t->kernel->config.platform) + FP_ALIGN + 4;
	struct lx_rt_sigframe f = { 0 };
	struct regs *r = &t->regs;
	uaddr_t sp;
	int ret;

	ret = sigframe_stack(t, req->act, RED_ZONE, fp_room + sizeof(f) + 32, &sp);
	if (ret < 0)
		return ret;
	if (!(req->act->flags & LX_SA_RESTORER))
		return -EFAULT; /* as Linux: there is no other way back */
	ret = put_fp(t, &sp);
	if (ret < 0)
		return ret;
	f.pretcode = req->act->restorer;
	f.uc.uc_flags = LX_UC_FP_XSTATE | LX_UC_SIGCONTEXT_SS | LX_UC_STRICT_RESTORE_SS;
	f.uc.uc_stack = (struct lx_sigaltstack){
		.ss_sp = t->altstack,
		.ss_flags = t->altstack_flags,
		.ss_size = t->altstack_size,
	};
	fill_context(t, &f.uc.uc_mcontext, req->oldmask);
	f.uc.uc_mcontext.fpstate = sp;
	f.uc.uc_sigmask = req->oldmask;
	if (req->act->flags & LX_SA_SIGINFO)
		f.info = *req->info;
	sp = round_down(sp - sizeof(f), (uaddr_t)16) - 8;
	ret = copyout(t, sp, &f, sizeof(f));
	if (ret < 0)
		return ret;
	r->rdi = (uint64_t)req->sig;
	r->rax = 0;
	r->rsi = sp + offsetof(struct lx_rt_sigframe, info);
	r->rdx = sp + offsetof(struct lx_rt_sigframe, uc);
	r->rip = req->act->handler;
	r->rsp = sp;
	r->orig_rax = (uint64_t)-1;
	r->eflags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	r->cs = X86_USER_CS;
	r->ss = X86_USER_SS;
	return 0;
}

static int get_fp(struct task *t, uaddr_t addr)
{
	size_t size = plat_ops(t)->fp_size(t->kernel->config.platform);
	auto_free char *buf = NULL;
	struct lx_fpstate head;
	uint32_t magic2;

	if (addr == 0)
		return plat_ops(t)->fp_reset(t->gt);
	if (copyin(t, &head, addr, sizeof(head)) < 0)
		return -EFAULT;
	buf = calloc(1, size);
	if (!buf)
		return -EFAULT;
	/* A frame without valid extension marks is restored as FXSAVE only, as Linux does. */
	if (head.sw.magic1 == LX_FP_XSTATE_MAGIC1 && head.sw.xstate_size >= FP_HEAD_SIZE + 64 &&
	    head.sw.xstate_size <= size &&
	    copyin(t, &magic2, addr + head.sw.xstate_size, sizeof(magic2)) == 0 &&
	    magic2 == LX_FP_XSTATE_MAGIC2) {
		if (copyin(t, buf, addr, head.sw.xstate_size) < 0)
			return -EFAULT;
		memcpy(buf, &head, sizeof(head)); /* the marks that were checked */
	} else {
		int ret = plat_ops(t)->fp_reset(t->gt);

		if (ret == 0)
			ret = plat_ops(t)->fp_get(t->gt, buf, size);
		if (ret < 0)
			return -EFAULT;
		memcpy(buf, &head, offsetof(struct lx_fpstate, reserved2));
		if (size >= FP_HEAD_SIZE + 8)
			*(uint64_t *)(void *)(buf + FP_HEAD_SIZE) |= 3; /* x87 and SSE are there */
	}
	return plat_ops(t)->fp_set(t->gt, buf, size);
}

int sigframe_restore(struct task *t, ksigset_t *ret_mask)
{
	struct regs *r = &t->regs;
	struct lx_ucontext uc;
	const struct lx_sigcontext *sc = &uc.uc_mcontext;
	struct regs n = *r;

	/* the handler's ret took pretcode off the stack */
	if (copyin(t, &uc, r->rsp - 8 + offsetof(struct lx_rt_sigframe, uc), sizeof(uc)) < 0)
		return -EFAULT;
	n.r8 = sc->r8, n.r9 = sc->r9, n.r10 = sc->r10, n.r11 = sc->r11;
	n.r12 = sc->r12, n.r13 = sc->r13, n.r14 = sc->r14, n.r15 = sc->r15;
	n.rdi = sc->rdi, n.rsi = sc->rsi, n.rbp = sc->rbp, n.rbx = sc->rbx;
	n.rdx = sc->rdx, n.rax = sc->rax, n.rcx = sc->rcx, n.rsp = sc->rsp, n.rip = sc->rip;
	n.eflags = (r->eflags & ~X86_EFLAGS_USER) | (sc->eflags & X86_EFLAGS_USER);
	n.orig_rax = (uint64_t)-1;
	regs_sanitize(&n);
	if (!regs_valid(&n))
		return -EFAULT;
	if (get_fp(t, sc->fpstate) < 0)
		return -EFAULT;
	*r = n;
	task_altstack_set(t, &uc.uc_stack, r->rsp, LX_MINSIGSTKSZ);
	*ret_mask = uc.uc_sigmask;
	return 0;
}
