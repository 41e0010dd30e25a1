/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ELF reader: whatever a file says, the segments it reports lie inside the span it reports and
 * below the limit.
 */
#include "fuzz.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "loader/elf.h"

#define LIMIT (UINT64_C(1) << 47)

struct file {
	const uint8_t *data;
	size_t size;
};

static ssize_t file_read(void *ctx, void *buf, size_t n, uint64_t off)
{
	const struct file *f = ctx;

	if (off >= f->size)
		return 0;
	n = MIN(n, f->size - (size_t)off);
	memcpy(buf, f->data + off, n);
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file f = { data, size };
	struct elf_reader r = { .read = file_read, .ctx = &f };
	struct elf_image img;

	memset(&img, 0, sizeof(img));
	if (elf_parse(&r, LIMIT, ENOEXEC, &img) != 0)
		return 0;
	FUZZ_CHECK(img.lo <= img.hi && img.hi <= LIMIT && page_aligned(img.lo) &&
		   page_aligned(img.hi));
	for (unsigned int i = 0; i < img.nr_segs; i++) {
		const struct elf_segment *s = &img.seg[i];

		FUZZ_CHECK(s->filesz <= s->memsz && s->vaddr + s->memsz >= s->vaddr);
		FUZZ_CHECK(s->off + s->filesz >= s->off && s->vaddr >= img.lo &&
			   s->vaddr + s->memsz <= img.hi);
	}
	FUZZ_CHECK(img.align == 0 || is_pow2(img.align));
	FUZZ_CHECK(!img.interp || strlen(img.interp) < 4096);
	elf_image_fini(&img);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	struct {
		Elf64_Ehdr e;
		Elf64_Phdr p[6];
		char interp[32];
	} x = {
		.e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		       .e_type = ET_DYN,
		       .e_version = EV_CURRENT,
		       .e_entry = 0x1040,
		       .e_phoff = sizeof(Elf64_Ehdr),
		       .e_ehsize = sizeof(Elf64_Ehdr),
		       .e_phentsize = sizeof(Elf64_Phdr),
		       .e_phnum = 6 },
		.interp = "/lib64/ld-linux-x86-64.so.2",
	};

	if (nr >= 4)
		return 0;
#if defined(__x86_64__)
	x.e.e_machine = EM_X86_64;
#else
	x.e.e_machine = EM_AARCH64;
#endif
	x.p[0] = (Elf64_Phdr){
		.p_type = PT_PHDR, .p_offset = 64, .p_vaddr = 64, .p_filesz = 336, .p_memsz = 336
	};
	x.p[1] = (Elf64_Phdr){
		.p_type = PT_INTERP, .p_offset = 400, .p_vaddr = 400, .p_filesz = 28, .p_memsz = 28
	};
	x.p[2] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 432, .p_memsz = 432, .p_align = 4096
	};
	x.p[3] = (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_flags = PF_R | PF_X,
			       .p_offset = 0x1000,
			       .p_vaddr = 0x1000,
			       .p_filesz = 0x500,
			       .p_memsz = 0x500,
			       .p_align = 4096 };
	x.p[4] = (Elf64_Phdr){ .p_type = PT_LOAD,
			       .p_flags = PF_R | PF_W,
			       .p_offset = 0x2df0,
			       .p_vaddr = 0x3df0,
			       .p_filesz = 0x220,
			       .p_memsz = 0x1228,
			       .p_align = 4096 };
	x.p[5] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
	if (nr & 1) {
		x.e.e_type = ET_EXEC;
		for (int i = 0; i < 5; i++)
			x.p[i].p_vaddr += 0x400000;
	}
	if (nr & 2)
		x.p[1].p_type = PT_NOTE;
	FUZZ_CHECK(sizeof(x) <= buf_size);
	memcpy(buf, &x, sizeof(x));
	return sizeof(x);
}
