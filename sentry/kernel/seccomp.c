/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest seccomp filters: which programs are accepted (seccomp(2), a subset of classic BPF), the
 * interpreter, chains. The programs come from the guest: nothing is run that check() did not
 * accept, and check() accepts no backward jump.
 */
#include "kernel/seccomp.h"

#include <base/bits.h>

#include "kernel/answers.h"

#include "kernel/kernel_int.h"

#define MAX_PATH_COST 32768
#define FILTER_COST   4
#define DATA_SIZE     ((uint32_t)sizeof(struct lx_seccomp_data))
#define MEMWORDS_ALL  0xffffu

/* --- checking --- */

static bool alu_ok(const struct lx_sock_filter *i)
{
	switch (LX_BPF_OP(i->code)) {
	case LX_BPF_DIV:
		return LX_BPF_SRC(i->code) == LX_BPF_X || i->k != 0;
	case LX_BPF_LSH:
	case LX_BPF_RSH:
		return LX_BPF_SRC(i->code) == LX_BPF_X || i->k < 32;
	case LX_BPF_ADD:
	case LX_BPF_SUB:
	case LX_BPF_MUL:
	case LX_BPF_OR:
	case LX_BPF_AND:
	case LX_BPF_XOR:
		return true;
	case LX_BPF_NEG:
		return LX_BPF_SRC(i->code) == LX_BPF_K;
	default:
		return false;
	}
}

/* left: instructions that follow this one. */
static bool jump_ok(const struct lx_sock_filter *i, unsigned int left)
{
	switch (LX_BPF_OP(i->code)) {
	case LX_BPF_JA:
		return LX_BPF_SRC(i->code) == LX_BPF_K && i->k < left;
	case LX_BPF_JEQ:
	case LX_BPF_JGT:
	case LX_BPF_JGE:
	case LX_BPF_JSET:
		return i->jt < left && i->jf < left;
	default:
		return false;
	}
}

static bool insn_ok(const struct lx_sock_filter *i, unsigned int left)
{
	switch (i->code) {
	case LX_BPF_LD | LX_BPF_W | LX_BPF_ABS:
		return i->k < DATA_SIZE && (i->k & 3) == 0;
	case LX_BPF_LD | LX_BPF_W | LX_BPF_LEN:
	case LX_BPF_LDX | LX_BPF_W | LX_BPF_LEN:
	case LX_BPF_LD | LX_BPF_IMM:
	case LX_BPF_LDX | LX_BPF_IMM:
	case LX_BPF_MISC | LX_BPF_TAX:
	case LX_BPF_MISC | LX_BPF_TXA:
	case LX_BPF_RET | LX_BPF_K:
	case LX_BPF_RET | LX_BPF_A:
		return true;
	case LX_BPF_LD | LX_BPF_MEM:
	case LX_BPF_LDX | LX_BPF_MEM:
	case LX_BPF_ST:
	case LX_BPF_STX:
		return i->k < LX_BPF_MEMWORDS;
	default:
		break;
	}
	if (i->code & ~0xffu)
		return false;
	if (LX_BPF_CLASS(i->code) == LX_BPF_ALU)
		return alu_ok(i);
	return LX_BPF_CLASS(i->code) == LX_BPF_JMP && jump_ok(i, left);
}

/* No word of scratch memory is loaded that was not stored on every way there. masks: one per
 * instruction. */
static bool memory_ok(const struct lx_sock_filter *insns, unsigned int nr, uint16_t *masks)
{
	uint16_t valid = 0;

	memset(masks, 0xff, nr * sizeof(masks[0]));
	for (unsigned int pc = 0; pc < nr; pc++) {
		const struct lx_sock_filter *i = &insns[pc];

		valid &= masks[pc];
		switch (i->code) {
		case LX_BPF_ST:
		case LX_BPF_STX:
			valid |= (uint16_t)(1u << i->k);
			break;
		case LX_BPF_LD | LX_BPF_MEM:
		case LX_BPF_LDX | LX_BPF_MEM:
			if (!(valid & (1u << i->k)))
				return false;
			break;
		case LX_BPF_JMP | LX_BPF_JA:
			masks[pc + 1 + i->k] &= valid;
			valid = MEMWORDS_ALL;
			break;
		default:
			if (LX_BPF_CLASS(i->code) == LX_BPF_JMP) {
				masks[pc + 1 + i->jt] &= valid;
				masks[pc + 1 + i->jf] &= valid;
				valid = MEMWORDS_ALL;
			}
			break;
		}
	}
	return true;
}

static int check(const struct lx_sock_filter *insns, unsigned int nr)
{
	uint16_t *masks;
	bool ok;

	if (nr == 0 || nr > LX_BPF_MAXINSNS)
		return -EINVAL;
	for (unsigned int pc = 0; pc < nr; pc++)
		if (!insn_ok(&insns[pc], nr - pc - 1))
			return -EINVAL;
	if (LX_BPF_CLASS(insns[nr - 1].code) != LX_BPF_RET)
		return -EINVAL;
	masks = malloc(nr * sizeof(masks[0]));
	if (!masks)
		return -ENOMEM;
	ok = memory_ok(insns, nr, masks);
	free(masks);
	return ok ? 0 : -EINVAL;
}

/* --- running --- */

struct machine {
	uint32_t a, x, mem[LX_BPF_MEMWORDS];
};

/* False: a division by zero, which ends the program with 0. */
static bool alu(struct machine *m, const struct lx_sock_filter *i)
{
	uint32_t v = LX_BPF_SRC(i->code) == LX_BPF_X ? m->x : i->k;

	switch (LX_BPF_OP(i->code)) {
	case LX_BPF_ADD:
		m->a += v;
		break;
	case LX_BPF_SUB:
		m->a -= v;
		break;
	case LX_BPF_MUL:
		m->a *= v;
		break;
	case LX_BPF_DIV:
		if (v == 0)
			return false;
		m->a /= v;
		break;
	case LX_BPF_OR:
		m->a |= v;
		break;
	case LX_BPF_AND:
		m->a &= v;
		break;
	case LX_BPF_XOR:
		m->a ^= v;
		break;
	case LX_BPF_LSH:
		m->a <<= v & 31;
		break;
	case LX_BPF_RSH:
		m->a >>= v & 31;
		break;
	default:
		m->a = -m->a;
		break;
	}
	return true;
}

/* How far to jump from the next instruction. */
static unsigned int jump(const struct machine *m, const struct lx_sock_filter *i)
{
	uint32_t v = LX_BPF_SRC(i->code) == LX_BPF_X ? m->x : i->k;
	bool taken;

	switch (LX_BPF_OP(i->code)) {
	case LX_BPF_JA:
		return i->k;
	case LX_BPF_JEQ:
		taken = m->a == v;
		break;
	case LX_BPF_JGT:
		taken = m->a > v;
		break;
	case LX_BPF_JGE:
		taken = m->a >= v;
		break;
	default:
		taken = m->a & v;
		break;
	}
	return taken ? i->jt : i->jf;
}

/*
 * known: bytes of data from its start that may be looked at; a program that wants more is not
 * finished: *ret_more.
 */
static uint32_t run(const struct seccomp_filter *f, const struct lx_seccomp_data *data,
		    uint32_t known, bool *ret_more)
{
	struct machine m = { 0 };

	for (unsigned int pc = 0;; pc++) {
		const struct lx_sock_filter *i = &f->insns[pc];

		switch (i->code) {
		case LX_BPF_LD | LX_BPF_W | LX_BPF_ABS:
			if (unlikely(i->k >= known)) {
				*ret_more = true;
				return 0;
			}
			memcpy(&m.a, (const char *)data + i->k, sizeof(m.a));
			break;
		case LX_BPF_LD | LX_BPF_W | LX_BPF_LEN:
			m.a = DATA_SIZE;
			break;
		case LX_BPF_LDX | LX_BPF_W | LX_BPF_LEN:
			m.x = DATA_SIZE;
			break;
		case LX_BPF_LD | LX_BPF_IMM:
			m.a = i->k;
			break;
		case LX_BPF_LDX | LX_BPF_IMM:
			m.x = i->k;
			break;
		case LX_BPF_LD | LX_BPF_MEM:
			m.a = m.mem[i->k];
			break;
		case LX_BPF_LDX | LX_BPF_MEM:
			m.x = m.mem[i->k];
			break;
		case LX_BPF_ST:
			m.mem[i->k] = m.a;
			break;
		case LX_BPF_STX:
			m.mem[i->k] = m.x;
			break;
		case LX_BPF_MISC | LX_BPF_TAX:
			m.x = m.a;
			break;
		case LX_BPF_MISC | LX_BPF_TXA:
			m.a = m.x;
			break;
		case LX_BPF_RET | LX_BPF_K:
			return i->k;
		case LX_BPF_RET | LX_BPF_A:
			return m.a;
		default:
			if (LX_BPF_CLASS(i->code) == LX_BPF_JMP)
				pc += jump(&m, i);
			else if (!alu(&m, i))
				return 0;
			break;
		}
	}
}

uint32_t seccomp_run(const struct task *t, const struct lx_seccomp_data *data)
{
	uint32_t best = LX_SECCOMP_RET_ALLOW;

	for (const struct seccomp_filter *f = atomic_load(&t->seccomp); f; f = f->prev) {
		uint32_t ret = run(f, data, DATA_SIZE, NULL);

		/* as a signed number, KILL_PROCESS is the least; the newest filter wins a tie */
		if ((int32_t)(ret & LX_SECCOMP_RET_ACTION_FULL) <
		    (int32_t)(best & LX_SECCOMP_RET_ACTION_FULL))
			best = ret;
	}
	return best;
}

/* --- calls that need no run --- */

static void find_always(struct kernel *k, struct seccomp_filter *f)
{
	struct lx_seccomp_data data = { .arch = k->config.audit_arch };

	for (uint32_t nr = 0; nr < SECCOMP_NR_KNOWN; nr++) {
		bool more = false;
		uint32_t ret;

		data.nr = (int32_t)nr;
		ret = run(f, &data, offsetof(struct lx_seccomp_data, instruction_pointer), &more);
		if (!more && (ret & LX_SECCOMP_RET_ACTION_FULL) == LX_SECCOMP_RET_ALLOW)
			f->always[nr / 64] |= 1ull << nr % 64;
	}
}

static bool always(const struct seccomp_filter *f, uint32_t nr)
{
	return nr < SECCOMP_NR_KNOWN && f->always[nr / 64] >> nr % 64 & 1;
}

bool seccomp_always_allows(const struct task *t, uint32_t nr)
{
	const struct seccomp_filter *f = atomic_load(&t->seccomp);

	return f && atomic_load(&t->seccomp_mode) == LX_SECCOMP_MODE_FILTER && always(f, nr);
}

uint32_t seccomp_answers(const struct task *t)
{
	const struct kernel_config *c = &t->kernel->config;
	const struct seccomp_filter *f = atomic_load(&t->seccomp);
	uint32_t on = ANSWER_ALL;

	if (!atomic_load(&t->seccomp_mode))
		return on;
	if (!f || atomic_load(&t->seccomp_mode) != LX_SECCOMP_MODE_FILTER || !c->nr_answered)
		return 0;
	for (unsigned int i = 0; i < c->nr_answered; i++) {
		if (!always(f, c->answered[i].nr))
			on &= ~c->answered[i].answer;
	}
	return on;
}

/* --- chains --- */

int seccomp_filter_new(const struct lx_sock_filter *insns, unsigned int nr,
		       struct seccomp_filter **ret_f)
{
	int ret = check(insns, nr);
	struct seccomp_filter *f;

	if (ret < 0)
		return ret;
	f = calloc(1, sizeof(*f) + nr * sizeof(insns[0]));
	if (!f)
		return -ENOMEM;
	ref_init(&f->ref);
	f->nr_insns = nr;
	memcpy(f->insns, insns, nr * sizeof(insns[0]));
	*ret_f = f;
	return 0;
}

void seccomp_filter_put(struct seccomp_filter *f)
{
	while (f && ref_put(&f->ref)) {
		struct seccomp_filter *prev = f->prev;

		free(f);
		f = prev;
	}
}

static bool is_ancestor(const struct seccomp_filter *old, const struct seccomp_filter *f)
{
	if (!old)
		return true;
	for (; f; f = f->prev)
		if (f == old)
			return true;
	return false;
}

/* The old chain stays: it is the tail of the new one. siglock held. */
static void give_chain(struct task *t, struct seccomp_filter *f)
{
	struct seccomp_filter *old = atomic_load(&t->seccomp);

	ref_get(&f->ref);
	atomic_store(&t->seccomp, f);
	atomic_store(&t->seccomp_mode, LX_SECCOMP_MODE_FILTER);
	task_answers_limit(t, seccomp_answers(t));
	seccomp_filter_put(old);
}

static int cannot_sync_locked(struct task *t)
{
	const struct seccomp_filter *mine = atomic_load(&t->seccomp);
	struct task *o;

	list_for_each_entry(o, &t->tg->threads, tg_link) {
		if (o == t || o->dead || o->exiting)
			continue;
		if (atomic_load(&o->seccomp_mode) == LX_SECCOMP_MODE_STRICT ||
		    !is_ancestor(atomic_load(&o->seccomp), mine))
			return o->tid;
	}
	return 0;
}

int seccomp_attach(struct task *t, struct seccomp_filter *f, bool tsync)
{
	struct kernel *k = t->kernel;
	struct seccomp_filter *mine;
	struct task *o;
	int ret = 0;

	find_always(k, f);
	mutex_lock(&k->tasklist_lock);
	mutex_lock(&t->tg->siglock);
	mine = atomic_load(&t->seccomp);
	f->path_cost = f->nr_insns + FILTER_COST + (mine ? mine->path_cost : 0);
	if (atomic_load(&t->seccomp_mode) == LX_SECCOMP_MODE_STRICT)
		ret = -EINVAL;
	else if (tsync)
		ret = cannot_sync_locked(t);
	if (ret == 0 && f->path_cost > MAX_PATH_COST)
		ret = -ENOMEM;
	if (ret)
		goto out;
	/* the reference of the task on its old chain becomes f's */
	f->prev = mine;
	for (size_t i = 0; mine && i < ARRAY_SIZE(f->always); i++)
		f->always[i] &= mine->always[i];
	atomic_store(&t->seccomp, f);
	atomic_store(&t->seccomp_mode, LX_SECCOMP_MODE_FILTER);
	task_answers_limit(t, seccomp_answers(t));
	list_for_each_entry(o, &t->tg->threads, tg_link) {
		if (!tsync || o == t || o->dead || o->exiting)
			continue;
		give_chain(o, f);
		if (t->no_new_privs)
			o->no_new_privs = true;
	}
out:
	mutex_unlock(&t->tg->siglock);
	mutex_unlock(&k->tasklist_lock);
	return ret;
}

int seccomp_set_strict(struct task *t)
{
	int ret = 0;

	mutex_lock(&t->tg->siglock);
	if (atomic_load(&t->seccomp_mode) == LX_SECCOMP_MODE_FILTER)
		ret = -EINVAL;
	else
		atomic_store(&t->seccomp_mode, LX_SECCOMP_MODE_STRICT);
	task_answers_limit(t, seccomp_answers(t));
	mutex_unlock(&t->tg->siglock);
	return ret;
}

unsigned int seccomp_nr_filters(struct task *t)
{
	unsigned int nr = 0;

	mutex_lock(&t->tg->siglock);
	for (const struct seccomp_filter *f = atomic_load(&t->seccomp); f; f = f->prev)
		nr++;
	mutex_unlock(&t->tg->siglock);
	return nr;
}

void seccomp_clone_locked(struct task *t, struct task *child)
{
	struct seccomp_filter *f = atomic_load(&t->seccomp);

	if (f)
		ref_get(&f->ref);
	atomic_store(&child->seccomp, f);
	atomic_store(&child->seccomp_mode, atomic_load(&t->seccomp_mode));
	child->no_new_privs = t->no_new_privs;
}
