/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of the loader: turns an open executable and its strings into a new address space, ready
 * to run (execve(2), elf(5)). Nothing of the caller changes here: every error leaves the old
 * program as it was, and the kernel applies the result when it is past its own last point of
 * failure.
 *
 *   loader_args_from_guest(mm, argv, envp, stack_limit, &args);
 *   loader_load(&req, &res);
 *   mm_user_get(res.mm); regs_init_user(r, res.entry, res.sp); credentials, comm;
 *   loader_result_fini(&res); loader_args_fini(&args);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mm/mm.h"

struct cred;
struct file;
struct path;
struct vfs_caller;

/* The strings of argv and envp: packed, NUL-terminated, in order. Owned by whoever filled it. */
struct loader_args {
	char *buf; /* owned */
	size_t len, cap;
	size_t env_at; /* envp's strings start here in buf */
	unsigned int argc, envc;
	uint64_t limit; /* bytes that strings and pointers may take together */
};

/*
 * Copies both vectors (addresses of arrays of guest pointers, 0 for an empty one) out of mm. -E2BIG
 * over the limits (MAX_ARG_STRLEN per string, a quarter of the stack limit and 6 MiB in all),
 * -EFAULT, -ENOMEM.
 */
int loader_args_from_guest(struct mm *mm, uaddr_t argv, uaddr_t envp, uint64_t stack_limit,
			   struct loader_args *ret_args);
/* The same from sentry memory; either may be NULL. */
int loader_args_from_kernel(char *const *argv, char *const *envp, uint64_t stack_limit,
			    struct loader_args *ret_args);
void loader_args_fini(struct loader_args *args);

struct loader_request {
	const struct vfs_caller *caller; /* opens interpreters; its cred is what exec starts from */
	/* borrowed; opened for execution: a regular file that x permission allows */
	struct file *exe;
	/* as execve(2) got it; "/dev/fd/N" or "/dev/fd/N/path" for execveat(2): AT_EXECFN */
	const char *filename;
	/* filename names a descriptor that exec will close: scripts fail with ENOENT */
	bool fd_cloexec;
	struct loader_args *args; /* scripts change them */
	const struct mm_limits *lim;
	uint32_t personality; /* LX_ADDR_NO_RANDOMIZE, LX_READ_IMPLIES_EXEC */
	/* no_new_privs, traced by someone unprivileged, or sharing fs: set-id bits are ignored */
	bool no_priv_gain;
};

struct loader_result {
	struct mm *mm; /* one reference, no user yet */
	uaddr_t entry, sp;
	/* referenced: the ELF file that runs (not the script). mm holds it too (mm_exe_get) */
	struct file *exe;
	/* referenced: credentials after exec (capabilities(7)); may be the caller's own */
	struct cred *cred;
	/* AT_SECURE: clear pdeath_signal, undumpable, default stack limit ... */
	bool secureexec;
	bool not_dumpable; /* the file is not readable by the caller */
	bool fatal;
	char comm[16]; /* basename of filename */
};

/*
 * Opens name for execution as execve(2) does: a regular file that c may execute, on a mount that
 * allows it. walk: WALK_FOLLOW and the like. The file is readable whether or not c may read it.
 */
int loader_open(const struct vfs_caller *c, const struct path *start, const char *name,
		unsigned int walk, struct file **ret_file);

/*
 * Errors as execve(2): ENOEXEC, ELIBBAD, EINVAL, ENOMEM, ENOENT, EACCES, ELOOP, E2BIG, EIO,
 * ETXTBSY. On failure only ret_res->fatal is set: Linux would have given up the old program
 * already, and the caller dies of SIGSEGV.
 */
int loader_load(const struct loader_request *req, struct loader_result *ret_res);
/* Drops what the result still holds; fields the caller took over are set to NULL by it before. */
void loader_result_fini(struct loader_result *res);

/* Offset of __kernel_rt_sigreturn in the vDSO (mm_layout.vdso); 0 where handlers bring their own
 * (x86-64). */
uint64_t loader_vdso_sigreturn(void);
