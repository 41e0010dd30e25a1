/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans for x86-64's `syscall` (0f 05). In order of preference:
 *
 * PUN     0f 05 XX YY ZZ -> e9 d0 XX YY ZZ: jmp rel32 whose upper three displacement bytes are the
 *         bytes that follow. d0 is free, so the trampoline may begin anywhere in a window of 256
 *         bytes. XX YY ZZ are pinned from then on.
 * MOV     b8 nr 0f 05, 48 c7 c0 nr 0f 05 -> e9 rel32 in the place of the mov, which the trampoline
 *         makes up for. The call instruction stays: a thread that stands on it, or jumps to it,
 *         traps as before.
 *         31 c0 0f 05 ZZ -> e9 d0 0f 05 ZZ: both at once. The call is part of the displacement and
 *         stays what it is; read(2) needs this where its own window is taken.
 * ISLAND  0f 05 -> eb d8, and e9 rel32 in int3 padding behind a function within its reach.
 *
 * A trampoline: [mov $nr, %eax]; lea site + 2(%rip), %rcx; movabs $entry, %r11; jmp *%r11.
 */
#include <string.h>

#include <base/bits.h>

#include "mm/patch_plan.h"

#define PAGE       4096
#define JMP32      0xe9
#define JMP8       0xeb
#define JMP32_SIZE 5
#define INT3       0xcc
#define WINDOW     256
#define TAIL_SIZE  20                          /* of every trampoline: lea, movabs, jmp */
#define REACH      ((int64_t)INT32_MAX - 8192) /* of a jmp rel32 from anywhere in the page */

bool patch_is_site(const uint8_t *page, unsigned int off)
{
	return off + PATCH_INSN_SIZE <= PAGE && page[off] == 0x0f && page[off + 1] == 0x05;
}

static void put32(uint8_t *p, int64_t v)
{
	int32_t w = (int32_t)v;

	memcpy(p, &w, sizeof(w));
}

/*
 * The code of a trampoline at `at` for the call at `site`, behind the bytes that are there already.
 */
static void emit_tail(struct patch_plan *plan, uint64_t entry)
{
	uint8_t *p = plan->code + plan->code_size;
	int64_t here = plan->tramp + plan->code_size;

	memcpy(p, "\x48\x8d\x0d", 3);
	put32(p + 3, plan->site + PATCH_INSN_SIZE - (here + 7));
	memcpy(p + 7, "\x49\xbb", 2);
	memcpy(p + 9, &entry, sizeof(entry));
	memcpy(p + 17, "\x41\xff\xe3", 3);
	plan->code_size += TAIL_SIZE;
}

static bool in_reach(int64_t at)
{
	return at > -REACH && at < REACH;
}

static bool plan_pun(const struct patch_ask *ask, struct patch_plan *plan)
{
	unsigned int off = ask->off;
	uint32_t high;
	int64_t base;

	if (off + JMP32_SIZE > PAGE || !ask->may_edit(ask->ctx, off, PATCH_INSN_SIZE))
		return false;
	high = (uint32_t)ask->page[off + 2] << 8 | (uint32_t)ask->page[off + 3] << 16 |
	       (uint32_t)ask->page[off + 4] << 24;
	base = (int64_t)off + JMP32_SIZE + (int32_t)high;
	if (!in_reach(base))
		return false;
	for (unsigned int d0 = 0; d0 < WINDOW; d0++) {
		if (!ask->is_free(ask->ctx, base + d0, TAIL_SIZE))
			continue;
		plan->kind = PATCH_PUN;
		plan->nr_edits = 1;
		plan->edit[0] = (struct patch_edit){ (uint16_t)off, 2, { JMP32, (uint8_t)d0 } };
		plan->pin_off = (uint16_t)off;
		plan->pin_len = JMP32_SIZE;
		plan->back = (uint16_t)off;
		plan->tramp = base + d0;
		emit_tail(plan, ask->entry);
		return true;
	}
	return false;
}

/* Bytes of the mov before the call that loads its number, 0: there is none. */
static unsigned int mov_before(const struct patch_ask *ask)
{
	unsigned int off = ask->off;
	const uint8_t *p = ask->page + off;
	int32_t nr;

	if (off < 5)
		return 0;
	memcpy(&nr, p - 4, sizeof(nr));
	if (off >= 7 && p[-7] == 0x48 && p[-6] == 0xc7 && p[-5] == 0xc0)
		return (uint64_t)(int64_t)nr == ask->sysno ? 7 : 0;
	/* a byte 40..4f before it would make it a mov to another register */
	if (p[-5] != 0xb8 || (off >= 6 && (p[-6] & 0xf0) == 0x40) || off < 6)
		return 0;
	return (uint32_t)nr == ask->sysno ? 5 : 0;
}

static bool find_free(const struct patch_ask *ask, size_t size, int64_t *ret_at)
{
	return ask->find_free(ask->ctx, -REACH, REACH, size, ret_at);
}

static bool plan_mov(const struct patch_ask *ask, struct patch_plan *plan)
{
	unsigned int size = mov_before(ask), start = ask->off - size;
	int64_t at;

	if (!size || !ask->may_edit(ask->ctx, start, size + PATCH_INSN_SIZE) ||
	    !find_free(ask, size + TAIL_SIZE, &at))
		return false;
	plan->kind = PATCH_MOV;
	plan->nr_edits = 1;
	plan->edit[0] = (struct patch_edit){ (uint16_t)start, JMP32_SIZE, { JMP32 } };
	put32(plan->edit[0].bytes + 1, at - (int64_t)(start + JMP32_SIZE));
	plan->pin_off = (uint16_t)start;
	plan->pin_len = (uint16_t)(size + PATCH_INSN_SIZE);
	plan->back = (uint16_t)start;
	plan->nr = ask->sysno;
	plan->tramp = at;
	memcpy(plan->code, ask->page + start, size);
	plan->code_size = (uint8_t)size;
	emit_tail(plan, ask->entry);
	return true;
}

/* xor %eax, %eax before the call, in the place of which a jump begins that the call ends. */
static bool plan_xor(const struct patch_ask *ask, struct patch_plan *plan)
{
	unsigned int start = ask->off - 2;
	const uint8_t *p = ask->page + start;
	int64_t base;

	if (ask->sysno != 0 || ask->off < 3 || start + JMP32_SIZE > PAGE || p[0] != 0x31 ||
	    p[1] != 0xc0 || (p[-1] & 0xf0) == 0x40 || !ask->may_edit(ask->ctx, start, JMP32_SIZE))
		return false;
	base = (int64_t)start + JMP32_SIZE +
	       (int32_t)((uint32_t)p[2] << 8 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 24);
	if (!in_reach(base))
		return false;
	for (unsigned int d0 = 0; d0 < WINDOW; d0++) {
		if (!ask->is_free(ask->ctx, base + d0, 2 + TAIL_SIZE))
			continue;
		plan->kind = PATCH_MOV;
		plan->nr_edits = 1;
		plan->edit[0] = (struct patch_edit){ (uint16_t)start, 2, { JMP32, (uint8_t)d0 } };
		plan->pin_off = (uint16_t)start;
		plan->pin_len = JMP32_SIZE;
		plan->back = (uint16_t)start;
		plan->tramp = base + d0;
		memcpy(plan->code, p, 2);
		plan->code_size = 2;
		emit_tail(plan, ask->entry);
		return true;
	}
	return false;
}

/*
 * Padding: at least five int3 that begin behind something and end where a function may begin. The
 * first byte is left alone, lest it belong to what comes before.
 */
static bool is_padding(const uint8_t *page, unsigned int start, unsigned int *ret_end)
{
	unsigned int end = start;

	while (end < PAGE && page[end] == INT3)
		end++;
	*ret_end = end;
	return end - start > JMP32_SIZE && (end & 15) == 0 && start > 0;
}

static bool plan_island(const struct patch_ask *ask, struct patch_plan *plan)
{
	unsigned int off = ask->off, from = off + 2 > 128 ? off + 2 - 128 : 0;
	unsigned int to = MIN(off + 2 + 127, (unsigned int)(PAGE - JMP32_SIZE)), end;

	if (!ask->may_edit(ask->ctx, off, PATCH_INSN_SIZE))
		return false;
	for (unsigned int i = from; i < to; i = MAX(end, i + 1)) {
		unsigned int isle = i + 1;
		int64_t at;

		if (!is_padding(ask->page, i, &end) || (i > 0 && ask->page[i - 1] == INT3))
			continue;
		if (isle > to || !ask->may_edit(ask->ctx, isle, JMP32_SIZE) ||
		    !find_free(ask, TAIL_SIZE, &at))
			continue;
		plan->kind = PATCH_ISLAND;
		plan->nr_edits = 2;
		plan->edit[0] = (struct patch_edit){ (uint16_t)off,
						     2,
						     { JMP8, (uint8_t)(isle - (off + 2)) } };
		plan->edit[1] = (struct patch_edit){ (uint16_t)isle, JMP32_SIZE, { JMP32 } };
		put32(plan->edit[1].bytes + 1, at - (int64_t)(isle + JMP32_SIZE));
		plan->pin_off = (uint16_t)off;
		plan->pin_len = PATCH_INSN_SIZE;
		plan->back = (uint16_t)off;
		plan->tramp = at;
		emit_tail(plan, ask->entry);
		return true;
	}
	return false;
}

void patch_plan(const struct patch_ask *ask, struct patch_plan *ret_plan)
{
	struct patch_plan plan = { .kind = PATCH_LEAVE, .site = (uint16_t)ask->off };

	if (patch_is_site(ask->page, ask->off) && !plan_pun(ask, &plan) && !plan_mov(ask, &plan) &&
	    !plan_xor(ask, &plan))
		(void)plan_island(ask, &plan);
	*ret_plan = plan;
}

const char *patch_kind_name(enum patch_kind kind)
{
	static const char *const names[PATCH_NR_KINDS] = { "left", "pun", "mov", "island" };

	return kind < PATCH_NR_KINDS ? names[kind] : "?";
}
