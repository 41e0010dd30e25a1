/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's vDSO (vdso/) in the sentry: one copy of image and data page in the memory file,
 * mapped into every program. The data page is written once: where the host's functions are, and
 * offsets between the guest's clocks and the host's.
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/elf.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "loader/loader_int.h"
#include "loader/vdso/vvar.h"
#include "kernel/kernel.h"
#include "lock_class.h"
#include "mm/mappable.h"

extern const unsigned char guest_vdso_data[];
extern const size_t guest_vdso_data_size;

static struct {
	struct mutex lock; /* LC_VDSO */
	bool ready;
	struct mappable m;
	uint64_t off, size; /* const after ready: in the memory file, data page first */
	uint64_t sigreturn;
} g_vdso = { .lock = MUTEX_INIT(LC_VDSO) };

static void nop_ref(struct mappable *m) {}

static int vdso_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			  struct backing *ret_b)
{
	if (off >= g_vdso.size)
		return -ENXIO;
	return pagefile_backing(g_vdso.off + off, MIN(size, g_vdso.size - off), ret_b);
}

static void vdso_id(struct mappable *m, struct mappable_id *ret_id)
{
	*ret_id = (struct mappable_id){ 0 };
}

static int vdso_name(struct mappable *m, char *buf, size_t size)
{
	return -ENOENT; /* the VMA has one */
}

static const struct mappable_ops vdso_ops = {
	.get = nop_ref,
	.put = nop_ref,
	.translate = vdso_translate,
	.id = vdso_id,
	.name = vdso_name,
};

/* Our own image, made at build time. 0 if there is no such symbol. */
static uint64_t find_symbol(const char *name)
{
	const struct lx_elf64_ehdr *eh = (const void *)guest_vdso_data;
	const struct lx_elf64_shdr *sh = (const void *)(guest_vdso_data + eh->e_shoff);

	for (unsigned int i = 0; i < eh->e_shnum; i++) {
		const struct lx_elf64_sym *sym = (const void *)(guest_vdso_data + sh[i].sh_offset);
		const char *str;

		if (sh[i].sh_type != LX_SHT_DYNSYM)
			continue;
		str = (const char *)guest_vdso_data + sh[sh[i].sh_link].sh_offset;
		for (uint64_t n = 0; n < sh[i].sh_size / sizeof(*sym); n++) {
			if (!strcmp(str + sym[n].st_name, name))
				return sym[n].st_value;
		}
	}
	return 0;
}

static int vdso_prepare(void)
{
	struct mm_host_vdso host;
	struct vvar v = { 0 };
	uint64_t size = VVAR_SIZE + page_up(guest_vdso_data_size), off;
	int ret;

	mm_system_host_vdso(&host);
	v.clock_gettime = host.clock_gettime;
	v.clock_getres = host.clock_getres;
	v.gettimeofday = host.gettimeofday;
	v.time = host.time;
	v.getcpu = host.getcpu;
	v.nr_cpus = g_kernel->config.nr_cpus;
	ret = pagefile_alloc(size, PAGE_SIZE, PAGEFILE_CACHE, &off);
	if (ret < 0)
		return ret;
	ret = pagefile_write(off, &v, sizeof(v));
	if (ret == 0)
		ret = pagefile_write(off + VVAR_SIZE, guest_vdso_data, guest_vdso_data_size);
	if (ret < 0) {
		pagefile_free(off, size);
		return ret;
	}
	mappable_init(&g_vdso.m, &vdso_ops);
	g_vdso.off = off;
	g_vdso.size = size;
	g_vdso.sigreturn = find_symbol("__kernel_rt_sigreturn");
	g_vdso.ready = true;
	return 0;
}

static int map_part(struct mm *mm, uaddr_t at, uint64_t off, uint64_t size, int prot,
		    const char *name)
{
	struct mm_mmap_req req = {
		.addr = at,
		.size = size,
		.prot = prot,
		.flags = LX_MAP_PRIVATE | LX_MAP_FIXED_NOREPLACE,
		.off = off,
		.max_prot = LX_PROT_READ | LX_PROT_WRITE | LX_PROT_EXEC,
		.mappable = &g_vdso.m,
		.name = name,
		.special = true,
	};
	int64_t ret = mm_mmap(mm, &req, NULL);

	return ret < 0 ? (int)ret : 0;
}

int vdso_map(struct mm *mm, uaddr_t *ret_base)
{
	int64_t at;
	int ret = 0;

	mutex_lock(&g_vdso.lock);
	if (!g_vdso.ready)
		ret = vdso_prepare();
	mutex_unlock(&g_vdso.lock);
	if (ret < 0)
		return ret;
	at = mm_free_place(mm, 0, g_vdso.size);
	if (at < 0)
		return (int)at;
	ret = map_part(mm, (uaddr_t)at, 0, VVAR_SIZE, LX_PROT_READ, "[vvar]");
	if (ret == 0)
		ret = map_part(mm, (uaddr_t)at + VVAR_SIZE, VVAR_SIZE, g_vdso.size - VVAR_SIZE,
			       LX_PROT_READ | LX_PROT_EXEC, "[vdso]");
	if (ret < 0)
		return ret;
	*ret_base = (uaddr_t)at + VVAR_SIZE;
	return 0;
}

uint64_t loader_vdso_sigreturn(void)
{
	return g_vdso.sigreturn;
}
