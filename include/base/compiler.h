/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compilers offer beyond C: branch hints, compile-time checks, and the lock annotations
 * that clang's -Wthread-safety verifies. gcc sees them as empty.
 */
#pragma once

#include <stddef.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define BUILD_ASSERT(cond) _Static_assert(cond, #cond)

/* Zero, but a compile error unless cond holds: for use inside an expression. */
#define BUILD_ASSERT_ZERO(cond) (sizeof(char[1 - 2 * !(cond)]) - 1)

#define SAME_TYPE(a, b) __builtin_types_compatible_p(__typeof__(a), __typeof__(b))

/* Elements of a true array; a pointer does not compile. */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]) + BUILD_ASSERT_ZERO(!SAME_TYPE((a), &(a)[0])))

/* The object of the given type whose field member is at ptr. */
#define container_of(ptr, type, member)                                                            \
	({                                                                                         \
		const __typeof__(((type *)0)->member) *mptr_ = (ptr);                              \
		(type *)((char *)(__UINTPTR_TYPE__)mptr_ - offsetof(type, member));                \
	})

#define sizeof_field(type, member) sizeof(((type *)0)->member)

#undef __printf
#define __printf(fmt, first) __attribute__((format(printf, fmt, first)))
#define __must_check         __attribute__((warn_unused_result))
#define __maybe_unused       __attribute__((unused))
#define __noreturn           __attribute__((noreturn))
#define __noinline           __attribute__((noinline))
#define __always_inline_     inline __attribute__((always_inline))
#define __cold               __attribute__((cold))
#undef __packed
#define __packed __attribute__((packed))
#undef __aligned
#define __aligned(n)     __attribute__((aligned(n)))
#define __section_(name) __attribute__((section(name)))
#define fallthrough      __attribute__((__fallthrough__))

/* One access, not torn, merged or repeated by the compiler. No ordering: see <stdatomic.h>. */
#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

/*
 * Lock annotations. On declarations of functions, after the parameter list:
 *   static void take_locked(struct foo *f) REQUIRES(f->lock);
 * GUARDED_BY on a field is documentation: C compilers before clang 22 cannot parse it there.
 */
#ifdef __clang__
#define TSA_(x) __attribute__((x))
#else
#define TSA_(x)
#endif
#define CAPABILITY(name) TSA_(capability(name))
#define GUARDED_BY(lock)
#define PT_GUARDED_BY(lock)
#define REQUIRES(...)                TSA_(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...)         TSA_(requires_shared_capability(__VA_ARGS__))
#define ACQUIRES(...)                TSA_(acquire_capability(__VA_ARGS__))
#define ACQUIRES_SHARED(...)         TSA_(acquire_shared_capability(__VA_ARGS__))
#define RELEASES(...)                TSA_(release_capability(__VA_ARGS__))
#define RELEASES_SHARED(...)         TSA_(release_shared_capability(__VA_ARGS__))
#define RELEASES_ANY(...)            TSA_(release_generic_capability(__VA_ARGS__))
#define TRY_ACQUIRES(ok, ...)        TSA_(try_acquire_capability(ok, __VA_ARGS__))
#define TRY_ACQUIRES_SHARED(ok, ...) TSA_(try_acquire_shared_capability(ok, __VA_ARGS__))
#define EXCLUDES(...)                TSA_(locks_excluded(__VA_ARGS__))
/* For the few functions whose locking clang cannot follow; say why beside it. */
#define NO_THREAD_SAFETY TSA_(no_thread_safety_analysis)
