/* SPDX-License-Identifier: Apache-2.0 */
/* x86-64: the kernel's signal frame, FSGSBASE, XSAVE images in frames. */
#include <cpuid.h>
#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <string.h>

#include "base/bits.h"
#include "base/compiler.h"
#include "frame.h"
#include "host/host.h"
#include "systrap/trap.h"
#include "xstate.h"

#define AT_HWCAP2_         26
#define HWCAP2_FSGSBASE_   2u
#define VSYSCALL_START     0xffffffffff600000ull
#define VSYSCALL_END       0xffffffffff601000ull
#define SYS_SECCOMP_       1
#define SYS_USER_DISPATCH_ 2
#define TRAP_PF            14
#define TRAP_GP            13
#define PF_WRITE           2u
#define PF_INSTR           16u
/* frame, its alignment, the return address and some spare of the kernel's own */
#define FRAME_ROOM (sizeof(struct stub_frame) + 512)

/* The largest image a frame of ours can have: everything but the tiles of AMX, which nobody asks to
 * use. */
static size_t frame_image_size(void)
{
	unsigned int a, b, c, d, lo, hi, max = XSTATE_MIN;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	for (unsigned int i = 2; i < 32; i++) {
		if (i == 18 || !(lo & 1u << i) || !__get_cpuid_count(0xd, i, &a, &b, &c, &d))
			continue;
		max = MAX(max, a + b);
	}
	return max;
}

int trap_probe(const char **ret_why)
{
	unsigned int a, b, c, d;

	if (xstate_init() < 0) {
		*ret_why = "the processor has no XSAVE";
		return -ENOTSUP;
	}
	if (!(host_auxval(AT_HWCAP2_) & HWCAP2_FSGSBASE_)) {
		*ret_why = "the host does not let programs set their segment bases (FSGSBASE)";
		return -ENOTSUP;
	}
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_BMI2)) {
		*ret_why = "the processor has no BMI2";
		return -ENOTSUP;
	}
	if (frame_image_size() + FRAME_ROOM > SLOT_ALTSTACK_SIZE) {
		*ret_why = "signal frames of this processor are too large";
		return -ENOTSUP;
	}
	return 0;
}

static size_t g_fp_size; /* asking the processor takes microseconds in a virtual machine */

int trap_init(void)
{
	g_fp_size = frame_image_size() + sizeof(uint32_t);
	return xstate_init();
}

/* --- frames ----------------------------------------------------------------------------------- */

#define READ(x) (*(const volatile __typeof__(x) *)&(x))

int trap_locate(const struct slot *g, uint64_t va, struct trap_at *ret_at)
{
	uint64_t off = READ(g->frame) - va, fp;
	struct xstate_sw sw;
	const struct stub_frame *f;

	if (off < SLOT_ALTSTACK || off > SLOT_SIZE - sizeof(*f) || off % 8)
		return -EPROTO;
	f = (const struct stub_frame *)((const char *)g + off);
	fp = READ(f->fpstate) - va;
	if (fp < SLOT_ALTSTACK || fp > SLOT_SIZE - XSTATE_MIN - 4 || fp % 64)
		return -EPROTO;
	memcpy(&sw, (const char *)g + fp + OFF_SW_BYTES, sizeof(sw));
	__asm__ volatile("" ::: "memory");
	if (sw.magic1 != XSTATE_MAGIC1 || sw.xstate_size < XSTATE_MIN ||
	    sw.xstate_size > xstate_size() || sw.xstate_size > SLOT_SIZE - 4 - fp)
		return -EPROTO;
	ret_at->frame = (uint32_t)off;
	ret_at->fp = (uint32_t)fp;
	ret_at->fp_size = sw.xstate_size;
	return 0;
}

static struct stub_frame *frame_of(const struct slot *g, const struct trap_at *at)
{
	return (struct stub_frame *)((char *)(uintptr_t)g + at->frame);
}

void trap_load(const struct slot *g, const struct trap_at *at, struct regs *r,
	       struct trap_info *ret_info)
{
	struct stub_frame f;

	memcpy(&f, frame_of(g, at), offsetof(struct stub_frame, rest));
	/* one copy is all there is: nothing below may read the slot again */
	__asm__ volatile("" : "+m"(f) : : "memory");
	*r = (struct regs){
		.r15 = f.r15,
		.r14 = f.r14,
		.r13 = f.r13,
		.r12 = f.r12,
		.rbp = f.rbp,
		.rbx = f.rbx,
		.r11 = f.r11,
		.r10 = f.r10,
		.r9 = f.r9,
		.r8 = f.r8,
		.rax = f.rax,
		.rcx = f.rcx,
		.rdx = f.rdx,
		.rsi = f.rsi,
		.rdi = f.rdi,
		.rip = f.rip,
		.rsp = f.rsp,
		.eflags = f.eflags,
	};
	r->orig_rax = (uint64_t)-1;
	regs_sanitize(r);
	*ret_info = (struct trap_info){
		.signo = f.signo,
		.code = f.code,
		.addr = f.addr,
		.trapno = (uint32_t)f.trapno,
		.error_code = f.err,
		.sysno = f.sysno,
		.native = f.arch == AUDIT_ARCH_X86_64,
	};
}

void trap_store(struct slot *g, const struct trap_at *at, const struct regs *r)
{
	struct stub_frame *f = frame_of(g, at);

	f->r8 = r->r8;
	f->r9 = r->r9;
	f->r10 = r->r10;
	f->r11 = r->r11;
	f->r12 = r->r12;
	f->r13 = r->r13;
	f->r14 = r->r14;
	f->r15 = r->r15;
	f->rdi = r->rdi;
	f->rsi = r->rsi;
	f->rbp = r->rbp;
	f->rbx = r->rbx;
	f->rdx = r->rdx;
	f->rax = r->rax;
	f->rcx = r->rcx;
	f->rsp = r->rsp;
	f->rip = r->rip;
	f->eflags = r->eflags;
	f->cs = X86_USER_CS;
	f->ss = X86_USER_SS;
	f->uc_sigmask = 0;
}

void trap_load_call(const struct slot *g, struct regs *r)
{
	r->orig_rax = r->rax = READ(g->call[0]);
	r->rdi = READ(g->call[1]);
	r->rsi = READ(g->call[2]);
	r->rdx = READ(g->call[3]);
	r->r10 = READ(g->call[4]);
	r->r8 = READ(g->call[5]);
	r->r9 = READ(g->call[6]);
}

void trap_load_rest(const struct slot *g, struct regs *r)
{
	struct regs all;

	trap_load_fast(g, &all);
	all.fs_base = all.fs_base < STUB_TOP ? all.fs_base : 0;
	all.gs_base = 0;
	all.orig_rax = r->orig_rax;
	all.rax = r->rax;
	all.rdi = r->rdi;
	all.rsi = r->rsi;
	all.rdx = r->rdx;
	all.r10 = r->r10;
	all.r8 = r->r8;
	all.r9 = r->r9;
	*r = all;
}

void trap_load_fast(const struct slot *g, struct regs *r)
{
	memcpy(r, &g->regs, sizeof(*r));
	__asm__ volatile("" : "+m"(*r) : : "memory");
	regs_sanitize(r);
	r->rcx = r->rip;
	r->r11 = r->eflags;
}

bool trap_store_fast(struct slot *g, const struct regs *r)
{
	volatile uint64_t *to = (volatile uint64_t *)&g->regs;
	const uint64_t *from = (const uint64_t *)r;

	if (r->rcx != r->rip || r->r11 != r->eflags || r->gs_base || r->eflags & X86_EFLAGS_TF)
		return false;
	/* a call changes one or two: the other lines stay where the stub has them */
	for (size_t i = 0; i < offsetof(struct regs, fs_base) / 8; i++) {
		if (to[i] != from[i])
			to[i] = from[i];
	}
	return true;
}

void trap_load_bases(const struct slot *g, uint64_t va, struct regs *r)
{
	uint64_t fs = READ(g->fs_base), gs = READ(g->gs_base);

	r->fs_base = fs < STUB_TOP ? fs : 0;
	r->gs_base = gs < STUB_TOP && gs != va ? gs : 0;
}

bool trap_may_rewrite(const struct regs *r)
{
	return !r->gs_base;
}

void trap_store_bases(struct slot_ro *ro, uint64_t va, const struct regs *r)
{
	ro->fs_base = r->fs_base;
	ro->gs_base = r->gs_base ? r->gs_base : va;
}

/*
 * The host's emulation of the vsyscall page has done the return already: rip is the caller's. A
 * 32-bit entry is what a kernel without IA32 emulation makes of it.
 */
bool trap_syscall(struct regs *r, const struct trap_info *info)
{
	if (info->code != SYS_SECCOMP_ && info->code != SYS_USER_DISPATCH_)
		return false;
	if (!info->native) {
		r->rip -= REGS_SYSCALL_INSN_SIZE;
		return false;
	}
	r->orig_rax = info->addr >= VSYSCALL_START && info->addr < VSYSCALL_END ?
			      (uint64_t)(unsigned int)info->sysno :
			      r->rax;
	return true;
}

void trap_call_by_rax(struct regs *r)
{
	r->orig_rax = r->rax;
}

void trap_describe(const struct trap_info *info, const struct regs *r, struct guest_event *ev)
{
	ev->trapno = info->trapno & 0xff;
	ev->error_code = info->error_code & 0xffffffff;
	if (ev->kind == GE_FAULT && ev->trapno == TRAP_PF) {
		if (ev->error_code & PF_INSTR)
			ev->access = GA_EXEC;
		else
			ev->access = ev->error_code & PF_WRITE ? GA_WRITE : GA_READ;
	} else if (ev->kind == GE_FAULT) {
		ev->trapno = TRAP_PF;
	}
}

/* --- floating point --------------------------------------------------------------------------- */

size_t trap_fp_size(void)
{
	return g_fp_size;
}

int trap_fp_get(const struct slot *g, const struct trap_at *at, void *buf, size_t size)
{
	struct xstate_sw sw = { .magic1 = XSTATE_MAGIC1 };
	uint32_t magic2 = XSTATE_MAGIC2;

	if (size < at->fp_size + sizeof(magic2))
		return -EINVAL;
	memcpy(buf, (const char *)g + at->fp, at->fp_size);
	memcpy(&sw.xfeatures, (const char *)g + at->fp + OFF_SW_BYTES + 8, sizeof(sw.xfeatures));
	sw.xstate_size = at->fp_size;
	sw.extended_size = at->fp_size + (uint32_t)sizeof(magic2);
	memcpy((char *)buf + OFF_SW_BYTES, &sw, sizeof(sw));
	memcpy((char *)buf + at->fp_size, &magic2, sizeof(magic2));
	return (int)sw.extended_size;
}

/* The software bytes stay the kernel's. */
static void put_image(struct slot *g, const struct trap_at *at, const unsigned char *image)
{
	char *fp = (char *)g + at->fp;

	memcpy(fp, image, OFF_SW_BYTES);
	memcpy(fp + FXSAVE_SIZE, image + FXSAVE_SIZE, at->fp_size - FXSAVE_SIZE);
}

int trap_fp_set(struct slot *g, const struct trap_at *at, const void *buf, size_t size)
{
	unsigned char image[XSTATE_MAX];
	int ret = xstate_take(image, buf, size);

	if (ret == 0)
		put_image(g, at, image);
	return ret;
}

int trap_fp_reset(struct slot *g, const struct trap_at *at)
{
	unsigned char image[XSTATE_MAX];

	xstate_fresh(image);
	put_image(g, at, image);
	return 0;
}
