/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF as seccomp uses it: a checker and an interpreter (for tests of our own filters and
 * for the filters that guests install), and a small assembler for the stub's programs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct sock_filter */
struct bpf_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* struct seccomp_data */
struct bpf_seccomp_data {
	int32_t nr;
	uint32_t arch;
	uint64_t ip;
	uint64_t args[6];
};

#define BPF_MAX_INSNS 4096

#define BPF_SECCOMP_KILL_PROCESS 0x80000000u
#define BPF_SECCOMP_KILL_THREAD  0x00000000u
#define BPF_SECCOMP_TRAP         0x00030000u
#define BPF_SECCOMP_ERRNO        0x00050000u
#define BPF_SECCOMP_USER_NOTIF   0x7fc00000u
#define BPF_SECCOMP_TRACE        0x7ff00000u
#define BPF_SECCOMP_LOG          0x7ffc0000u
#define BPF_SECCOMP_ALLOW        0x7fff0000u
#define BPF_SECCOMP_ACTION       0xffff0000u
#define BPF_SECCOMP_DATA         0x0000ffffu

/* 0, or -EINVAL for what the kernel's seccomp would refuse. Only checked programs may be run. */
int bpf_check(const struct bpf_insn *prog, size_t nr);
uint32_t bpf_run(const struct bpf_insn *prog, size_t nr, const struct bpf_seccomp_data *data);

/*
 * The assembler. A program is a list of rules on the system call number; inside a rule, each
 * check that fails leads to the rule's own KILL. An error (out of room, jump too far) sticks.
 */
struct bpf_asm {
	struct bpf_insn *insn;
	size_t nr, room;
	size_t rule;    /* the jump over the rule under construction, SIZE_MAX outside */
	size_t fix[32]; /* jumps to that rule's KILL; bit 31: the true branch */
	size_t nr_fix;
	bool failed;
};

void bpf_asm_init(struct bpf_asm *a, struct bpf_insn *room, size_t nr);
/* Other architectures get action. */
void bpf_asm_arch(struct bpf_asm *a, uint32_t arch, uint32_t action);
void bpf_asm_ret(struct bpf_asm *a, uint32_t action);
/*
 * What follows, up to bpf_asm_ip_end() with the returned mark, is for callers whose next
 * instruction is in (start, start + size], where the high word of the range is constant.
 */
size_t bpf_asm_ip(struct bpf_asm *a, uint64_t start, uint32_t size);
void bpf_asm_ip_end(struct bpf_asm *a, size_t mark);

void bpf_asm_call(struct bpf_asm *a, uint32_t nr); /* begins a rule */
void bpf_asm_eq(struct bpf_asm *a, unsigned int arg, uint64_t v);
void bpf_asm_eq32(struct bpf_asm *a, unsigned int arg, uint32_t v);
void bpf_asm_below(struct bpf_asm *a, unsigned int arg, uint64_t limit);
/* The low word lies in [min, max]. */
void bpf_asm_range32(struct bpf_asm *a, unsigned int arg, uint32_t min, uint32_t max);
/* The same, or another argument has one of these bits set in its low word. */
void bpf_asm_range32_unless(struct bpf_asm *a, unsigned int arg, uint32_t min, uint32_t max,
			    unsigned int other, uint32_t bits);
/* The low word, without the bits of ignore, is v; the high word is 0. */
void bpf_asm_masked(struct bpf_asm *a, unsigned int arg, uint32_t ignore, uint32_t v);
/* The low word is one of the nr values. */
void bpf_asm_oneof32(struct bpf_asm *a, unsigned int arg, const uint32_t *v, unsigned int nr);
void bpf_asm_allow(struct bpf_asm *a); /* ends a rule */
/* Number of instructions, or -E2BIG. */
int bpf_asm_done(struct bpf_asm *a);
