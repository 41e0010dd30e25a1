/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one system call instruction is turned into a jump to a trampoline: pure, no state, no calls.
 * The planner sees a page, where the instruction is in it, and asks which places near it are free;
 * it answers with the bytes to change and the trampoline's code. Per architecture.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATCH_CODE_MAX  32
#define PATCH_INSN_SIZE 2 /* of a system call instruction that can be rewritten */
#define PATCH_EDIT_MAX  5

enum patch_kind {
	PATCH_LEAVE,  /* it goes on trapping */
	PATCH_PUN,    /* two bytes; the displacement's others are what follows anyway */
	PATCH_MOV,    /* the mov before the instruction, which stays and traps */
	PATCH_ISLAND, /* two bytes: a short jump to padding between functions, a long one there */
	PATCH_NR_KINDS,
};

struct patch_edit {
	uint16_t off; /* in the page */
	uint8_t len;
	uint8_t bytes[PATCH_EDIT_MAX];
};

struct patch_plan {
	enum patch_kind kind;
	unsigned int nr_edits;
	struct patch_edit edit[2];
	/* bytes that this depends on or changes: no other plan may change them. Edit 1 apart. */
	uint16_t pin_off, pin_len;
	uint16_t site; /* offset of the instruction */
	/*
	 * where a thread that stands on the trampoline's first byte, or in the island, goes back to
	 */
	uint16_t back;
	uint64_t nr;   /* PATCH_MOV: what the trampoline loads */
	int64_t tramp; /* the trampoline's first byte, from the start of the page */
	uint8_t code_size;
	uint8_t code[PATCH_CODE_MAX];
};

struct patch_ask {
	const uint8_t *page; /* PAGE_SIZE bytes as they are to be changed */
	unsigned int off;    /* of the instruction */
	uint64_t sysno;      /* the number when it trapped */
	uint64_t entry;      /* platform_limits.syscall_entry */
	/* A trampoline may be at [at, at + size), counted from the start of the page. */
	bool (*is_free)(void *ctx, int64_t at, size_t size);
	/* Any such place in [lo, hi). */
	bool (*find_free)(void *ctx, int64_t lo, int64_t hi, size_t size, int64_t *ret_at);
	/* These bytes of the page may be changed, as far as other plans go. */
	bool (*may_edit)(void *ctx, unsigned int off, unsigned int len);
	void *ctx;
};

/* Is there such an instruction at off, all of it in the page? */
bool patch_is_site(const uint8_t *page, unsigned int off);
/* Why none was made does not matter: kind is PATCH_LEAVE then, and the rest is not set. */
void patch_plan(const struct patch_ask *ask, struct patch_plan *ret_plan);
const char *patch_kind_name(enum patch_kind kind);
