/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapping a parsed ELF image: segments from the file, zeroes behind them.
 */
#include <errno.h>

#include <abi/linux/mman.h>
#include <base/bits.h>

#include "loader/loader_int.h"
#include "vfs/file.h"

#define RWX (LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC)

/* Where an image that may be moved goes. */
static int choose_bias(struct mm *mm, const struct elf_image *img, uaddr_t hint, uaddr_t *ret_bias)
{
	uint64_t align = MAX(img->align, (uint64_t)PAGE_SIZE), size = img->hi - img->lo;
	int64_t at;

	if (hint) {
		*ret_bias = round_down(hint, align) - img->lo;
		return 0;
	}
	if (align > PAGE_SIZE && __builtin_add_overflow(size, align, &size))
		return -ENOMEM;
	at = mm_free_place(mm, 0, size);
	if (at < 0)
		return (int)at;
	*ret_bias = round_up((uaddr_t)at, align) - round_down(img->lo, align);
	return 0;
}

static int map_anon(struct mm *mm, uaddr_t start, uaddr_t end, int prot,
		    const struct mm_limits *lim)
{
	struct mm_mmap_req req = {
		.addr = start,
		.size = end - start,
		.prot = prot,
		.max_prot = RWX,
		.flags = LX_MAP_PRIVATE | LX_MAP_ANONYMOUS | LX_MAP_FIXED,
	};
	int64_t ret;

	if (start >= end)
		return 0;
	ret = mm_mmap(mm, &req, lim);
	return ret < 0 ? (int)ret : 0;
}

static int map_segment(struct mm *mm, struct file *f, const struct elf_segment *s, uaddr_t bias,
		       int prot, const struct mm_limits *lim)
{
	uaddr_t start = page_down(s->vaddr + bias), file_end = s->vaddr + bias + s->filesz;
	uaddr_t mem_end = s->vaddr + bias + s->memsz;

	if (s->filesz) {
		struct mm_mmap_req req = {
			.addr = start,
			.size = page_up(file_end) - start,
			.prot = prot,
			.max_prot = RWX,
			.flags = LX_MAP_PRIVATE | LX_MAP_FIXED,
			.off = page_down(s->off),
		};
		int64_t ret;

		if (!f->ops->mmap)
			return -ENOEXEC;
		req.file = vfs_map_file(f);
		ret = f->ops->mmap(f, &req);
		if (ret < 0)
			return (int)ret;
		ret = mm_mmap(mm, &req, lim);
		if (ret < 0)
			return (int)ret;
		/* the rest of the last page is memory, not file; where it cannot be written nobody
		 * expects zeroes */
		if (s->memsz > s->filesz && (prot & LX_PROT_WRITE) && page_offset(file_end) &&
		    mm_zero(mm, file_end, PAGE_SIZE - page_offset(file_end)) < 0)
			return -EFAULT;
		start = page_up(file_end);
	}
	return map_anon(mm, start, page_up(mem_end), prot, lim);
}

static void note_layout(struct elf_mapped *m, const struct elf_segment *s)
{
	uaddr_t start = s->vaddr + m->bias, file_end = start + s->filesz;

	if (s->prot & LX_PROT_EXEC) {
		if (!m->start_code || start < m->start_code)
			m->start_code = start;
		m->end_code = MAX(m->end_code, file_end);
	}
	m->start_data = MAX(m->start_data, start);
	m->end_data = MAX(m->end_data, file_end);
	m->end = MAX(m->end, start + s->memsz);
}

int elf_map(struct mm *mm, struct file *f, const struct elf_image *img, uaddr_t hint,
	    bool read_implies_exec, const struct mm_limits *lim, struct elf_mapped *ret_m)
{
	struct elf_mapped m = { 0 };
	int ret;

	if (img->dyn) {
		ret = choose_bias(mm, img, hint, &m.bias);
		if (ret < 0)
			return ret;
	}
	m.lo = img->lo + m.bias;
	if (m.lo >= mm_max_addr(mm) || img->hi - img->lo > mm_max_addr(mm) - m.lo)
		return -ENOMEM;
	for (unsigned int i = 0; i < img->nr_segs; i++) {
		const struct elf_segment *s = &img->seg[i];
		int prot = s->prot;

		if (read_implies_exec && (prot & LX_PROT_READ))
			prot |= LX_PROT_EXEC;
		ret = map_segment(mm, f, s, m.bias, prot, lim);
		if (ret < 0)
			return ret;
		note_layout(&m, s);
	}
	m.entry = img->entry + m.bias;
	m.phdr = img->phdr_vaddr + m.bias;
	if (m.entry >= mm_max_addr(mm))
		return -EINVAL;
	*ret_m = m;
	return 0;
}
