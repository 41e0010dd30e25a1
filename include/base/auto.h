/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals that clean up after themselves. An owning local starts as NULL (or -1), is declared with
 * auto_free, auto_close or auto_put(type), and leaves its scope alive only through STEAL().
 *
 *   auto_put(file) struct file *f = NULL;
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"

/* unused: clang counts neither the initialiser nor the cleanup as a use. */
#define auto_cleanup_(fn) __attribute__((cleanup(fn), unused))

static inline void auto_free_(void *pp)
{
	free(*(void **)pp);
}

/* Frees with free(). */
#define auto_free auto_cleanup_(auto_free_)

static inline void auto_close_(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Closes a host descriptor unless it is negative. */
#define auto_close auto_cleanup_(auto_close_)

/*
 * Calls <type>_put() unless the local is NULL. The type's header says DEFINE_AUTO_PUT(type) once.
 */
#define auto_put(type) auto_cleanup_(auto_put_##type##_)

#define DEFINE_AUTO_PUT(type)                                                                      \
	__maybe_unused static inline void auto_put_##type##_(struct type **p)                      \
	{                                                                                          \
		if (*p)                                                                            \
			type##_put(*p);                                                            \
	}

/* As above for a type with one owner: calls <type>_free(). Used as auto_put(type) as well. */
#define DEFINE_AUTO_FREE(type)                                                                     \
	__maybe_unused static inline void auto_put_##type##_(struct type **p)                      \
	{                                                                                          \
		if (*p)                                                                            \
			type##_free(*p);                                                           \
	}

/* The value of p, which becomes NULL: ownership moves to the caller of STEAL. */
#define STEAL(p)                                                                                   \
	({                                                                                         \
		__typeof__(p) stolen_ = (p);                                                       \
		(p) = NULL;                                                                        \
		stolen_;                                                                           \
	})

#define STEAL_FD(fd)                                                                               \
	({                                                                                         \
		int stolen_ = (fd);                                                                \
		(fd) = -1;                                                                         \
		stolen_;                                                                           \
	})
