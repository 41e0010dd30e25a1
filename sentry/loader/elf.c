/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ELF headers. Every number in the file is hostile: sums are checked, counts and names are
 * bounded, and what is not understood is refused with the errno that Linux gives (fs/binfmt_elf.c
 * is described in elf(5) and execve(2)). Differs from Linux: segments with addresses out of range
 * are refused before the old program is given up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/limits.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "loader/elf.h"

#define ELF_MAX_PHDR_BYTES 65536u

static int read_exact(const struct elf_reader *r, void *buf, size_t n, uint64_t off)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = r->read(r->ctx, (char *)buf + done, n - done, off + done);

		if (got < 0)
			return (int)got;
		if (got == 0)
			return -EIO;
		done += (size_t)got;
	}
	return 0;
}

/* Class and byte order are not looked at, as Linux does not: the machine says it all. */
static bool header_ok(const struct lx_elf64_ehdr *eh)
{
	return memcmp(eh->e_ident, LX_ELFMAG, LX_SELFMAG) == 0 &&
	       (eh->e_type == LX_ET_EXEC || eh->e_type == LX_ET_DYN) &&
	       eh->e_machine == LX_ELF_MACHINE && eh->e_phentsize == sizeof(struct lx_elf64_phdr) &&
	       eh->e_phnum > 0 && eh->e_phnum * sizeof(struct lx_elf64_phdr) <= ELF_MAX_PHDR_BYTES;
}

static int read_interp(const struct elf_reader *r, const struct lx_elf64_phdr *ph,
		       char **ret_interp)
{
	char *s;
	int ret;

	if (ph->p_filesz > LX_PATH_MAX || ph->p_filesz < 2)
		return -ENOEXEC;
	s = malloc(ph->p_filesz);
	if (!s)
		return -ENOMEM;
	ret = read_exact(r, s, ph->p_filesz, ph->p_offset);
	if (ret == 0 && s[ph->p_filesz - 1] != '\0')
		ret = -ENOEXEC;
	if (ret < 0) {
		free(s);
		return ret;
	}
	*ret_interp = s;
	return 0;
}

static int add_segment(struct elf_image *img, const struct lx_elf64_phdr *ph, uint64_t max_addr)
{
	struct elf_segment *s = &img->seg[img->nr_segs];
	uint64_t end;

	/* page_up of anything below max_addr does not wrap */
	if (ph->p_filesz > ph->p_memsz || ph->p_memsz > max_addr ||
	    ph->p_vaddr > max_addr - ph->p_memsz)
		return -EINVAL;
	if (ph->p_filesz && page_offset(ph->p_offset) != page_offset(ph->p_vaddr))
		return -EINVAL;
	if (ph->p_filesz && (ph->p_offset > INT64_MAX - PAGE_SIZE ||
			     ph->p_filesz > INT64_MAX - PAGE_SIZE - ph->p_offset))
		return -EINVAL;
	end = page_up(ph->p_vaddr + ph->p_memsz);
	if (!img->nr_segs || page_down(ph->p_vaddr) < img->lo)
		img->lo = page_down(ph->p_vaddr);
	img->hi = MAX(img->hi, end);
	if (is_pow2(ph->p_align))
		img->align = MAX(img->align, ph->p_align);
	s->vaddr = ph->p_vaddr;
	s->filesz = ph->p_filesz;
	s->memsz = ph->p_memsz;
	s->off = ph->p_offset;
	s->prot = (ph->p_flags & LX_PF_R ? LX_PROT_READ : 0) |
		  (ph->p_flags & LX_PF_W ? LX_PROT_WRITE : 0) |
		  (ph->p_flags & LX_PF_X ? LX_PROT_EXEC : 0);
	img->nr_segs++;
	return 0;
}

static int parse_phdrs(const struct elf_reader *r, const struct lx_elf64_ehdr *eh,
		       const struct lx_elf64_phdr *ph, uint64_t max_addr, struct elf_image *img)
{
	int ret;

	for (unsigned int i = 0; i < eh->e_phnum; i++) {
		switch (ph[i].p_type) {
		case LX_PT_INTERP:
			if (img->interp)
				break; /* the first one counts */
			ret = read_interp(r, &ph[i], &img->interp);
			if (ret < 0)
				return ret;
			break;
		case LX_PT_GNU_STACK:
			img->has_stack_flags = true;
			img->exec_stack = ph[i].p_flags & LX_PF_X;
			break;
		case LX_PT_LOAD:
			ret = add_segment(img, &ph[i], max_addr);
			if (ret < 0)
				return ret;
			if (eh->e_phoff >= ph[i].p_offset &&
			    eh->e_phoff - ph[i].p_offset < ph[i].p_filesz)
				img->phdr_vaddr = eh->e_phoff - ph[i].p_offset + ph[i].p_vaddr;
			break;
		default:
			break;
		}
	}
	return 0;
}

int elf_parse(const struct elf_reader *r, uint64_t max_addr, int bad, struct elf_image *ret_img)
{
	struct elf_image img = { 0 };
	struct lx_elf64_ehdr eh;
	struct lx_elf64_phdr *ph = NULL;
	size_t size;
	int ret;

	ret = read_exact(r, &eh, sizeof(eh), 0);
	if (ret == -EIO)
		return -bad; /* too short to be one */
	if (ret < 0)
		return ret;
	if (!header_ok(&eh))
		return -bad;
	size = eh.e_phnum * sizeof(*ph);
	ph = malloc(size);
	img.seg = malloc(eh.e_phnum * sizeof(*img.seg));
	if (!ph || !img.seg) {
		ret = -ENOMEM;
		goto out;
	}
	ret = eh.e_phoff > INT64_MAX - size ? -bad : read_exact(r, ph, size, eh.e_phoff);
	if (ret < 0) {
		ret = -bad;
		goto out;
	}
	img.dyn = eh.e_type == LX_ET_DYN;
	img.entry = eh.e_entry;
	img.nr_phdrs = eh.e_phnum;
	ret = parse_phdrs(r, &eh, ph, max_addr, &img);
	if (ret == 0 && !img.nr_segs)
		ret = -EINVAL;
out:
	free(ph);
	if (ret < 0) {
		elf_image_fini(&img);
		return ret;
	}
	*ret_img = img;
	return 0;
}

void elf_image_fini(struct elf_image *img)
{
	free(img->seg);
	free(img->interp);
	img->seg = NULL;
	img->interp = NULL;
}
