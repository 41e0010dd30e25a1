/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's [vdso] and the [vvar] pages before it: where they are in this process, and where their
 * functions will be in a stub. Only the kernel's own image is read here; everything is checked
 * against its size all the same.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "host/host.h"
#include "rawcall.h"
#include "stub/stub.h"

/* The [vdso] is an ELF image whose section headers come last: its end, or 0. */
static uint64_t image_end(uint64_t base)
{
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)base;

	if (memcmp(eh->e_ident, ELFMAG, SELFMAG) || eh->e_shentsize != sizeof(Elf64_Shdr))
		return 0;
	return page_up(base + eh->e_shoff + (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr));
}

/*
 * There is no /proc in the sentry's empty root, so the pages before [vdso] are asked what they are:
 * of a mapping of device memory, which [vvar] counts as, madvise() says -EINVAL to a wish that
 * changes nothing elsewhere; a hole says -ENOMEM.
 */
int stub_vdso_find(uint64_t *ret_start, uint64_t *ret_size)
{
	uint64_t base = getauxval(AT_SYSINFO_EHDR), start = base, end;

	if (!base)
		return -ENOENT;
	end = image_end(base);
	while (start > base - STUB_VDSO_MAX / 2 &&
	       HOST_CALL(SYS_madvise, start - PAGE_SIZE, PAGE_SIZE, MADV_DOFORK) == -EINVAL)
		start -= PAGE_SIZE;
	if (start == base || end <= base || end - start > STUB_VDSO_MAX)
		return -ENOENT;
	*ret_start = start;
	*ret_size = end - start;
	return 0;
}

static void take_symbol(const char *name, uint64_t addr, struct stub_vdso *v)
{
	static const struct {
		const char *name;
		size_t off;
	} wanted[] = {
		{ "__vdso_clock_gettime", offsetof(struct stub_vdso, clock_gettime) },
		{ "__kernel_clock_gettime", offsetof(struct stub_vdso, clock_gettime) },
		{ "__vdso_clock_getres", offsetof(struct stub_vdso, clock_getres) },
		{ "__kernel_clock_getres", offsetof(struct stub_vdso, clock_getres) },
		{ "__vdso_gettimeofday", offsetof(struct stub_vdso, gettimeofday) },
		{ "__kernel_gettimeofday", offsetof(struct stub_vdso, gettimeofday) },
		{ "__vdso_time", offsetof(struct stub_vdso, time) },
		{ "__vdso_getcpu", offsetof(struct stub_vdso, getcpu) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (strcmp(name, wanted[i].name) == 0)
			*(uint64_t *)((char *)v + wanted[i].off) = addr;
	}
}

void stub_vdso_symbols(uint64_t new_start, uint64_t start, struct stub_vdso *v)
{
	uint64_t base = getauxval(AT_SYSINFO_EHDR), end = start + v->size;
	const Elf64_Ehdr *eh = (const Elf64_Ehdr *)base;
	const Elf64_Shdr *sh;

	if (base < start || base + sizeof(*eh) > end ||
	    eh->e_shoff + (uint64_t)eh->e_shnum * sizeof(*sh) > end - base)
		return;
	sh = (const Elf64_Shdr *)(base + eh->e_shoff);
	for (unsigned int i = 0; i < eh->e_shnum; i++) {
		const Elf64_Sym *sym = (const Elf64_Sym *)(base + sh[i].sh_offset);
		const char *str;
		size_t nr = sh[i].sh_size / sizeof(*sym);

		if (sh[i].sh_type != SHT_DYNSYM || sh[i].sh_link >= eh->e_shnum ||
		    sh[i].sh_offset + sh[i].sh_size > end - base ||
		    sh[sh[i].sh_link].sh_offset + sh[sh[i].sh_link].sh_size > end - base)
			continue;
		str = (const char *)(base + sh[sh[i].sh_link].sh_offset);
		for (size_t n = 0; n < nr; n++) {
			if (sym[n].st_name < sh[sh[i].sh_link].sh_size && sym[n].st_value)
				take_symbol(str + sym[n].st_name,
					    new_start + (base - start) + sym[n].st_value, v);
		}
	}
}
