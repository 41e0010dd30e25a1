/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of x86-64 code that make system calls, put where a test wants them: what a kernel that
 * rewrites call sites could get wrong. site_pun: `syscall` followed by the C library's comparison;
 * site_mov: number loaded right before, and nothing behind it that could be part of a jump;
 * site_ret: followed by a return.
 */
#pragma once

#include <string.h>
#include <sys/mman.h>

typedef long (*site_fn)(long nr, long a, long b, long c);

/* mov %rdi,%rax; mov %rsi,%rdi; mov %rdx,%rsi; mov %rcx,%rdx; syscall; cmp $-4095,%rax; ret */
static const unsigned char site_pun[] = {
	0x48, 0x89, 0xf8, 0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89,
	0xca, 0x0f, 0x05, 0x48, 0x3d, 0x01, 0xf0, 0xff, 0xff, 0xc3,
};
#define SITE_PUN_AT 12
/* mov $110,%eax; syscall; ret: getppid; what follows makes a jump far below */
static const unsigned char site_mov[] = {
	0xb8, 0x6e, 0, 0, 0, 0x0f, 0x05, 0xc3, 0xcc, 0xcc, 0xcc, 0xcc,
};
#define SITE_MOV_AT 5

/* A page of its own, at addr (0: anywhere), that reads and executes. */
static inline void *site_page(void *addr, const void *code, size_t size)
{
	char *p = mmap(addr, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | (addr ? MAP_FIXED_NOREPLACE : 0), -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	memset(p, 0x90, 4096);
	memcpy(p + 256, code, size);
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0)
		return NULL;
	return p + 256;
}
