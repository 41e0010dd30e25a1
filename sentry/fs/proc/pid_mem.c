/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/<pid>/maps, smaps, mem, cmdline, environ, auxv: the memory of a process. See proc(5).
 * Differs from Linux: residency is known per mapping, not per page, so smaps has no shared and
 * dirty parts apart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <base/bits.h>

#include "fs/proc/proc.h"
#include "kernel/kernel.h"
#include "kernel/task.h"
#include "mm/mm.h"

/* One line of maps. */
static void show_vma(const struct mm_vma_info *v, struct strbuf *out)
{
	struct mappable_id id = { 0 };
	char name[4096];
	size_t start = out->len;
	struct task *reader = task_current();
	auto_path struct path root = { 0 };
	ssize_t n = -1;

	if (reader)
		fscontext_root(reader->fs, &root);
	if (v->mappable && v->mappable->ops->id)
		v->mappable->ops->id(v->mappable, &id);
	strbuf_printf(out, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
		      (unsigned long long)v->start, (unsigned long long)v->end,
		      v->prot & LX_PROT_READ ? 'r' : '-', v->prot & LX_PROT_WRITE ? 'w' : '-',
		      v->prot & LX_PROT_EXEC ? 'x' : '-', v->flags & LX_MAP_SHARED ? 's' : 'p',
		      (unsigned long long)(v->mappable ? v->off : 0), id.dev_major, id.dev_minor,
		      (unsigned long long)id.ino);
	if (v->file.ops)
		n = v->file.ops->name(v->file.obj, reader ? &root : NULL, name, sizeof(name));
	else if (v->mappable && v->mappable->ops->name)
		n = v->mappable->ops->name(v->mappable, name, sizeof(name));
	if (n > 0 || v->name) {
		while (out->len - start < 73 && !out->failed)
			strbuf_puts(out, " ");
		strbuf_escape(out, n > 0 ? name : v->name, "\n");
	}
	strbuf_puts(out, "\n");
}

typedef void (*vma_fn)(struct mm *mm, const struct mm_vma_info *v, void *arg);

static int each_vma(const struct pseudo_ctx *x, vma_fn fn, void *arg)
{
	struct mm *mm = task_mm_get(x->task);
	struct mm_vma_info v;
	uaddr_t at = 0;

	if (!mm)
		return 0;
	while (mm_vma_next(mm, at, &v) == 0) {
		fn(mm, &v, arg);
		mm_vma_info_fini(&v);
		if (v.end <= at)
			break;
		at = v.end;
	}
	mm_put(mm);
	return 0;
}

static void maps_one(struct mm *mm, const struct mm_vma_info *v, void *arg)
{
	show_vma(v, arg);
}

int proc_maps_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return each_vma(x, maps_one, out);
}

static void smaps_sizes(uint64_t size, uint64_t rss, bool anon, struct strbuf *out)
{
	unsigned long long r = rss / 1024;

	strbuf_printf(
		out,
		"Rss:            %8llu kB\nPss:            %8llu kB\nPss_Dirty:      %8llu kB\n"
		"Shared_Clean:          0 kB\nShared_Dirty:          0 kB\nPrivate_Clean:  %8llu kB\n"
		"Private_Dirty:  %8llu kB\nReferenced:     %8llu kB\nAnonymous:      %8llu kB\n",
		r, r, anon ? r : 0, anon ? 0 : r, anon ? r : 0, r, anon ? r : 0);
	strbuf_puts(
		out,
		"LazyFree:              0 kB\nAnonHugePages:         0 kB\nShmemPmdMapped:        0 kB\n"
		"FilePmdMapped:         0 kB\nShared_Hugetlb:        0 kB\nPrivate_Hugetlb:       0 kB\n"
		"Swap:                  0 kB\nSwapPss:               0 kB\nLocked:                0 kB\n");
}

static void smaps_one(struct mm *mm, const struct mm_vma_info *v, void *arg)
{
	struct strbuf *out = arg;

	show_vma(v, out);
	strbuf_printf(
		out,
		"Size:           %8llu kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB\n",
		(unsigned long long)((v->end - v->start) / 1024));
	smaps_sizes(v->end - v->start, mm_range_resident(mm, v->start, v->end, NULL), !v->mappable,
		    out);
	strbuf_printf(out, "THPeligible:           0\nVmFlags: %s%s%s%s%s%s%s%s\n",
		      v->prot & LX_PROT_READ ? "rd " : "", v->prot & LX_PROT_WRITE ? "wr " : "",
		      v->prot & LX_PROT_EXEC ? "ex " : "", v->flags & LX_MAP_SHARED ? "sh " : "",
		      v->max_prot & LX_PROT_READ ? "mr " : "",
		      v->max_prot & LX_PROT_WRITE ? "mw " : "",
		      v->max_prot & LX_PROT_EXEC ? "me " : "", v->is_stack ? "gd ac " : "ac ");
}

int proc_smaps_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	return each_vma(x, smaps_one, out);
}

struct rollup {
	uaddr_t start, end;
	uint64_t size, rss;
};

static void rollup_one(struct mm *mm, const struct mm_vma_info *v, void *arg)
{
	struct rollup *r = arg;

	if (!r->start)
		r->start = v->start;
	r->end = v->end;
	r->size += v->end - v->start;
	r->rss += mm_range_resident(mm, v->start, v->end, NULL);
}

int proc_smaps_rollup_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct rollup r = { 0 };

	each_vma(x, rollup_one, &r);
	strbuf_printf(out,
		      "%08llx-%08llx ---p 00000000 00:00 0                          [rollup]\n",
		      (unsigned long long)r.start, (unsigned long long)r.end);
	smaps_sizes(r.size, r.rss, true, out);
	return 0;
}

/* Copies [from, to) of the task's memory; holes end it. */
static int copy_range(struct mm *mm, uaddr_t from, uaddr_t to, struct strbuf *out)
{
	char buf[4096];

	while (from < to) {
		ssize_t n = mm_read(mm, buf, from, MIN((size_t)(to - from), sizeof(buf)), true);

		if (n <= 0)
			break;
		strbuf_add(out, buf, (size_t)n);
		from += (uaddr_t)n;
	}
	return 0;
}

int proc_cmdline_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct mm *mm = task_mm_get(x->task);
	struct mm_layout l;
	size_t args;

	if (!mm)
		return 0;
	mm_layout_get(mm, &l);
	if (l.arg_end > l.arg_start) {
		copy_range(mm, l.arg_start, l.arg_end, out);
		/*
		 * setproctitle: the last byte overwritten means the text runs on into the
		 * environment, to its first NUL.
		 */
		args = (size_t)(l.arg_end - l.arg_start);
		if (out->len == args && out->s[args - 1] != 0 && l.env_end > l.env_start) {
			copy_range(mm, l.env_start, MIN(l.env_end, l.env_start + 4096), out);
			out->len = strnlen(out->s, out->len);
		}
	}
	mm_put(mm);
	return 0;
}

int proc_environ_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct mm *mm = task_mm_get(x->task);
	struct mm_layout l;

	if (!mm)
		return 0;
	mm_layout_get(mm, &l);
	copy_range(mm, l.env_start, l.env_end, out);
	mm_put(mm);
	return 0;
}

int proc_auxv_show(const struct pseudo_ctx *x, struct strbuf *out)
{
	struct mm *mm = task_mm_get(x->task);
	char buf[1024];
	ssize_t n;

	if (!mm)
		return 0;
	n = mm_auxv_get(mm, buf, sizeof(buf));
	if (n > 0)
		strbuf_add(out, buf, (size_t)n);
	mm_put(mm);
	return 0;
}

/* --- mem --- */

/*
 * The position is the address. The mm is that of the time of the open: exec makes the file useless,
 * as in Linux.
 */
static ssize_t mem_rw(struct file *f, struct uio *u, int64_t *pos, bool write)
{
	struct mm *mm = f->priv;
	char buf[4096];
	ssize_t done = 0;

	if (!mm || mm_nr_users(mm) == 0)
		return 0;
	while (uio_left(u) > 0) {
		size_t n = MIN(uio_left(u), sizeof(buf));
		ssize_t got;

		if (write) {
			got = uio_read(u, buf, n);
			if (got > 0)
				got = mm_write(mm, (uaddr_t)*pos, buf, (size_t)got, true);
		} else {
			got = mm_read(mm, buf, (uaddr_t)*pos, n, true);
			if (got > 0)
				got = uio_write(u, buf, (size_t)got);
		}
		if (got <= 0)
			return done ? done : got == -EFAULT || got == 0 ? -EIO : got;
		done += got;
		*pos += got;
		if ((size_t)got < n)
			break;
	}
	return done;
}

static ssize_t mem_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	return mem_rw(f, dst, pos, false);
}

static ssize_t mem_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	return mem_rw(f, src, pos, true);
}

static int64_t mem_seek(struct file *f, int64_t off, int whence)
{
	if (whence == LX_SEEK_CUR)
		off += f->pos;
	else if (whence != LX_SEEK_SET)
		return -EINVAL;
	f->pos = off;
	return off;
}

static void mem_release(struct file *f)
{
	if (f->priv)
		mm_put(f->priv);
}

static const struct file_ops mem_ops = {
	.name = "mem",
	.read = mem_read,
	.write = mem_write,
	.seek = mem_seek,
	.release = mem_release,
};

int proc_mem_open(const struct pseudo_ctx *x, struct file *f)
{
	f->ops = &mem_ops;
	f->priv = task_mm_get(x->task);
	return 0;
}
