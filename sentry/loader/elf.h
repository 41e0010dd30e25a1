/* SPDX-License-Identifier: Apache-2.0 */
/* The ELF reader: what the program headers of an untrusted file say, checked. Maps nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <abi/linux/elf.h>

/* Bytes of the file at off: as many as there are, up to n; -errno. */
struct elf_reader {
	ssize_t (*read)(void *ctx, void *buf, size_t n, uint64_t off);
	void *ctx;
};

struct elf_segment { /* a PT_LOAD, as the file gives it; sums do not overflow */
	uint64_t vaddr, filesz, memsz, off;
	int prot; /* LX_PROT_* */
};

struct elf_image {
	bool dyn; /* ET_DYN: may be moved */
	uint64_t entry;
	struct elf_segment *seg; /* owned */
	unsigned int nr_segs;
	uint64_t lo, hi;     /* span of all segments in pages; 0, 0 without any */
	uint64_t align;      /* greatest p_align that is a power of two, 0 if none */
	uint64_t phdr_vaddr; /* of the program headers in memory; 0: not mapped */
	unsigned int nr_phdrs;
	char *interp; /* owned; NULL: static */
	bool has_stack_flags, exec_stack;
};

/*
 * max_addr: segments must end below it once moved. bad: errno for a file that is no ELF file of
 * this architecture (ENOEXEC for programs, ELIBBAD for interpreters). 0, -bad, -EINVAL for segments
 * that cannot be, -EIO, -ENOMEM.
 */
int elf_parse(const struct elf_reader *r, uint64_t max_addr, int bad, struct elf_image *ret_img);
void elf_image_fini(struct elf_image *img);
