/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C of systrap inside stubs: the signal handler, and what the fast entry does once registers
 * are saved and the stack is ours. Runs in guest threads, so nothing here is trusted: see slot.h.
 * Only aligned accesses: in the handler AC may be set.
 */
#include <asm/unistd.h>

#include "answer.h"
#include "frame.h"
#include "slot.h"

#define EAGER 300
/* each spin in vain halves the next, down to 1/32, but one in so many is as long as ever */
#define SPIN_FAILS_MAX 5
#define SPIN_RETRY     32
#define FUTEX_WAIT     0
#define FUTEX_WAKE     1
#define SIGILL_        4
#define SIGTRAP_       5
#define SIGBUS_        7
#define SIGUSR1_       10
#define SIGSEGV_       11
#define SIGSYS_        31
#define EFLAGS_TF      0x100

/* entry.S */
extern const char stub_born[], stub_fast_entry[], stub_fast_saved[], stub_fast_leave[],
	stub_fast_gone[];
extern const char stub_futex_look[], stub_futex_called[];
extern const char stub_fast_redo[], stub_fast_frame[], stub_fast_foreign[];
long stub_futex(const uint32_t *word, int op, uint32_t val);
__attribute__((noreturn)) void stub_end_thread(void);

void stub_on_signal(int sig, void *info, struct stub_frame *f);
int stub_fast(struct slot *s);

static inline const volatile struct slot_ro *ro_of(const struct slot *s)
{
	return (const volatile struct slot_ro *)((const char *)s + SLOT_RO);
}

static inline uint64_t rdfsbase(void)
{
	uint64_t v;

	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static inline uint64_t rdgsbase(void)
{
	uint64_t v;

	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static void set_bases(uint64_t fs, uint64_t gs)
{
	__asm__ volatile("wrfsbase %0\n\twrgsbase %1" : : "r"(fs), "r"(gs));
}

/* Tells the sentry, and waits for its command. */
static uint32_t hand_over(struct slot *s, uint32_t kind)
{
	const volatile struct slot_ro *ro = ro_of(s);
	const uint32_t *go_word = (const uint32_t *)&ro->go;
	uint32_t go = ro->go, seq = s->seq, fails = s->spin_fails, shift = 0;

	/* looks in vain are as costly for a sentry thread that waits for this very CPU */
	if (fails % SPIN_RETRY != SPIN_RETRY - 1)
		shift = fails < SPIN_FAILS_MAX ? fails : SPIN_FAILS_MAX;

	s->kind = kind;
	/* no one else counts; a locked addition would leave time for a look that takes the line */
	__atomic_store_n(&s->seq, seq + 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (ro->sleeps)
		stub_futex(&s->seq, FUTEX_WAKE, 1);
	for (uint32_t n = 0; n < ro->spin >> shift; n++) {
		if (__atomic_load_n(go_word, __ATOMIC_ACQUIRE) != go) {
			if (fails)
				s->spin_fails = 0;
			return ro->cmd;
		}
		/* most answers come before this: a pause costs as much as half of one */
		if (n > EAGER)
			__builtin_ia32_pause();
	}
	if (ro->spin)
		s->spin_fails = fails + 1;
	__atomic_store_n(&s->sleeps, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(go_word, __ATOMIC_SEQ_CST) == go)
		stub_futex(go_word, FUTEX_WAIT, go);
	s->sleeps = 0;
	return ro->cmd;
}

static int in_image(uint64_t rip)
{
	return rip >= STUB_AGENT && rip < STUB_AGENT + STUB_CODE_SIZE;
}

/* In the host's vDSO, called by an answer. */
static int answering(const struct slot *s, const struct stub_frame *f)
{
	return f->rsp - ((uint64_t)s + SLOT_STACK_TOP - STUB_PAGE) < STUB_PAGE &&
	       f->rip >= STUB_VDSO && f->rip < STUB_VDSO + STUB_VDSO_MAX;
}

#define AT(label)          (rip == (uint64_t)(label))
#define WITHIN(start, end) (rip >= (uint64_t)(start) && rip < (uint64_t)(end))

/* What a signal must not let pass begins again, and looks at SLOT_KICK and SLOT_STEP. */
static void begin_again(struct stub_frame *f)
{
	uint64_t rip = f->rip;

	if (WITHIN(stub_fast_leave, stub_fast_gone))
		f->rip = (uint64_t)stub_fast_leave;
	else if (WITHIN(stub_futex_look, stub_futex_called))
		f->rip = (uint64_t)stub_futex_look;
}

/*
 * A signal that met stub code: 0 when that is all there is to it, else the kind of event. Calls and
 * registers of the fast entry are complete from stub_fast_saved on.
 */
static uint32_t in_stub(struct slot *s, int sig, struct stub_frame *f)
{
	uint64_t rip = f->rip;

	switch (sig) {
	case SIGUSR1_:
		s->kick = 1;
		begin_again(f);
		return 0;
	case SIGTRAP_:
		s->step = 1;
		f->eflags &= ~(uint64_t)EFLAGS_TF;
		begin_again(f);
		return 0;
	case SIGILL_:
		if (AT(stub_born) || AT(stub_fast_frame))
			return SLOT_EV_FRAMED;
		if (AT(stub_fast_redo))
			return SLOT_EV_REDO;
		if (AT(stub_fast_foreign)) {
			f->rip = f->r11;
			f->rcx = f->r11;
			f->r11 = f->eflags;
			return SLOT_EV_CALL;
		}
		break;
	case SIGSYS_: /* the vDSO had to ask the kernel */
	case SIGSEGV_:
	case SIGBUS_:
		if (rip >= (uint64_t)stub_fast_saved)
			return SLOT_EV_REDO;
		break;
	}
	return SLOT_EV_SIGNAL;
}

void stub_on_signal(int sig, void *info, struct stub_frame *f)
{
	struct slot *s = (struct slot *)((uint64_t)f & ~(uint64_t)(SLOT_SIZE - 1));
	const volatile struct slot_ro *ro = ro_of(s);
	uint32_t kind = SLOT_EV_SIGNAL;

	if (in_image(f->rip) || answering(s, f)) {
		kind = in_stub(s, sig, f);
		if (!kind)
			return;
	}
	s->sig = (uint32_t)sig;
	s->frame = (uint64_t)f;
	s->fs_base = rdfsbase();
	s->gs_base = rdgsbase();
	for (;;) {
		uint32_t cmd = hand_over(s, kind);

		if (cmd == SLOT_CMD_EXIT)
			stub_end_thread();
		if (cmd == SLOT_CMD_RETURN)
			break;
		kind = SLOT_EV_FRAMED;
	}
	s->kick = 0;
	s->step = 0;
	set_bases(ro->fs_base, ro->gs_base);
}

/* Calls for which the sentry will want the frame: floating point, or all registers, change hands.
 */
static int wants_frame(uint64_t nr)
{
	return nr == __NR_clone || nr == __NR_fork || nr == __NR_vfork || nr == __NR_clone3 ||
	       nr == __NR_execve || nr == __NR_rt_sigreturn;
}

/*
 * 0: the guest goes on with the registers of the slot; 1: through a frame; 2: the sentry gets the
 * call together with a frame.
 */
int stub_fast(struct slot *s)
{
	const volatile struct slot_ro *ro = ro_of(s);
	uint64_t fs;
	uint32_t cmd;

	if (stub_answer(s)) {
		s->answered++;
		return 0;
	}
	if (wants_frame(s->regs.rax))
		return 2;
	s->call[0] = s->regs.rax;
	s->call[1] = s->regs.rdi;
	s->call[2] = s->regs.rsi;
	s->call[3] = s->regs.rdx;
	s->call[4] = s->regs.r10;
	s->call[5] = s->regs.r8;
	s->call[6] = s->regs.r9;
	s->regs.fs_base = fs = rdfsbase();
	cmd = hand_over(s, SLOT_EV_FAST);
	if (cmd == SLOT_CMD_RESULT) {
		s->regs.rax = ro->ret;
		return 0;
	}
	if (cmd == SLOT_CMD_EXIT)
		stub_end_thread();
	if (cmd != SLOT_CMD_FAST)
		return 1;
	if (ro->fs_base != fs)
		set_bases(ro->fs_base, (uint64_t)s);
	return 0;
}
