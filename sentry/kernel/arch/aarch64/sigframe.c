/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arm64 signal frame: struct rt_sigframe with the FP records in its reserved area, then a frame
 * record that fp points at. x30 is the restorer, or the vDSO's sigreturn where the action has none.
 */
#include <base/bits.h>

#include "kernel/kernel_int.h"

#define SYS_restart 128

uint64_t sigframe_restart_sysno(void)
{
	return SYS_restart;
}

int sigframe_setup(struct task *t, const struct sigframe_req *req)
{
	size_t fp_size = plat_ops(t)->fp_size(t->kernel->config.platform);
	auto_free struct lx_rt_sigframe *f = NULL;
	struct lx_frame_record rec;
	struct regs *r = &t->regs;
	struct mm_layout layout;
	uaddr_t sp, rec_at;
	int ret;

	f = calloc(1, sizeof(*f));
	if (!f || fp_size + 2 * sizeof(struct lx_aarch64_ctx) > sizeof(f->uc.uc_mcontext.reserved))
		return -EFAULT;
	ret = sigframe_stack(t, req->act, 0, sizeof(*f) + sizeof(rec) + 32, &sp);
	if (ret < 0)
		return ret;
	rec = (struct lx_frame_record){ .fp = r->x[29], .lr = r->x[30] };
	rec_at = round_down(sp - sizeof(rec), (uaddr_t)16);
	sp = round_down(rec_at - sizeof(*f), (uaddr_t)16);
	f->uc.uc_stack = (struct lx_sigaltstack){
		.ss_sp = t->altstack,
		.ss_flags = t->altstack_flags,
		.ss_size = t->altstack_size,
	};
	f->uc.uc_sigmask = req->oldmask;
	f->uc.uc_mcontext.fault_address = t->fault.addr;
	memcpy(f->uc.uc_mcontext.regs, r->x, sizeof(r->x));
	f->uc.uc_mcontext.sp = r->sp;
	f->uc.uc_mcontext.pc = r->pc;
	f->uc.uc_mcontext.pstate = r->pstate;
	if (plat_ops(t)->fp_get(t->gt, f->uc.uc_mcontext.reserved, fp_size) < 0)
		return -EFAULT;
	if (req->act->flags & LX_SA_SIGINFO)
		f->info = *req->info;
	ret = copyout(t, sp, f, sizeof(*f));
	if (ret == 0)
		ret = copyout(t, rec_at, &rec, sizeof(rec));
	if (ret < 0)
		return ret;
	r->x[0] = (uint64_t)req->sig;
	if (req->act->flags & LX_SA_SIGINFO) {
		r->x[1] = sp + offsetof(struct lx_rt_sigframe, info);
		r->x[2] = sp + offsetof(struct lx_rt_sigframe, uc);
	}
	mm_layout_get(t->mm, &layout);
	r->x[29] = rec_at;
	r->x[30] = req->act->flags & LX_SA_RESTORER ? req->act->restorer : layout.sigreturn;
	r->sp = sp;
	r->pc = req->act->handler;
	r->sysno = (uint64_t)-1;
	return 0;
}

int sigframe_restore(struct task *t, ksigset_t *ret_mask)
{
	size_t fp_size = plat_ops(t)->fp_size(t->kernel->config.platform);
	auto_free struct lx_ucontext *uc = NULL;
	struct regs n = t->regs;

	uc = calloc(1, sizeof(*uc));
	if (!uc || fp_size > sizeof(uc->uc_mcontext.reserved) || (n.sp & 15))
		return -EFAULT;
	if (copyin(t, uc, n.sp + offsetof(struct lx_rt_sigframe, uc), sizeof(*uc)) < 0)
		return -EFAULT;
	memcpy(n.x, uc->uc_mcontext.regs, sizeof(n.x));
	n.sp = uc->uc_mcontext.sp;
	n.pc = uc->uc_mcontext.pc;
	n.pstate = uc->uc_mcontext.pstate;
	n.sysno = (uint64_t)-1;
	regs_sanitize(&n);
	if (!regs_valid(&n))
		return -EFAULT;
	if (plat_ops(t)->fp_set(t->gt, uc->uc_mcontext.reserved, fp_size) < 0)
		return -EFAULT;
	t->regs = n;
	task_altstack_set(t, &uc->uc_stack, n.sp, LX_MINSIGSTKSZ);
	*ret_mask = uc->uc_sigmask;
	return 0;
}
