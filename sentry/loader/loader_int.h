/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the loader: its steps, in the order in which loader_load takes them. */
#pragma once

#include "loader/elf.h"
#include "loader/loader.h"

struct cred;
struct file;

/* --- args.c --- */
/* Replaces argv[0] by the n strings of by (n <= 3). -E2BIG, -ENOMEM. */
int loader_args_replace_first(struct loader_args *args, const char *const *by, unsigned int n);
/* Start of envp's strings; argv's start at buf. */
static inline const char *loader_args_env(const struct loader_args *args)
{
	return args->buf + args->env_at;
}

/* --- script.c --- */
#define SCRIPT_HEAD 256
struct script {
	char buf[SCRIPT_HEAD + 1];
	const char *interp, *arg; /* into buf; arg may be NULL */
};
/* head: the first n bytes of a file that begins with "#!". 0 or -ENOEXEC. */
int script_parse(const char *head, size_t n, struct script *ret_s);

/* --- privs.c --- */
struct exec_privs {
	struct cred *cred; /* referenced */
	bool secure;
};
/* Credentials after executing f, which cred starts from. 0, -EPERM, -ENOMEM. */
int exec_privs(const struct cred *cred, struct file *f, bool no_priv_gain,
	       struct exec_privs *ret_p);

/* --- vdso.c --- */
/* Maps [vvar] and [vdso] into mm; *ret_base is where the image starts. */
int vdso_map(struct mm *mm, uaddr_t *ret_base);

/* --- elf_map.c --- */
struct elf_mapped {
	uaddr_t bias, entry, phdr, lo, end; /* end: of the last segment's memory */
	uaddr_t start_code, end_code, start_data, end_data;
};
/* hint: where the lowest page goes if the file may be moved; 0: anywhere. */
int elf_map(struct mm *mm, struct file *f, const struct elf_image *img, uaddr_t hint,
	    bool read_implies_exec, const struct mm_limits *lim, struct elf_mapped *ret_m);

/* --- stack.c --- */
struct stack_info {
	const struct loader_args *args;
	const char *filename;
	const struct cred *cred;
	const struct elf_mapped *exe;
	unsigned int nr_phdrs;
	uaddr_t interp_base, vdso;
	bool secure, exec_stack;
	const struct mm_limits *lim;
};
/* Makes the stack and fills it; sets arg_start .. env_end and start_stack of l. */
int stack_build(struct mm *mm, const struct stack_info *info, struct mm_layout *l, uaddr_t *ret_sp);

/* --- auxv.c --- */
#define AUXV_MAX 32
struct auxv {
	uint64_t v[2 * AUXV_MAX];
	unsigned int nr; /* words */
};
/* random, platform, execfn: where their bytes are on the stack. */
void auxv_fill(struct auxv *a, const struct stack_info *info, uaddr_t random, uaddr_t platform,
	       uaddr_t execfn);
