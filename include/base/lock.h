/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes, reader-writer locks and condition variables. Every lock has a class (sentry/lock_class.h
 * names those of the sentry); the number of the class is its rank. Debug builds keep the locks
 * held by each thread and abort when one is taken while a lock of a higher rank is held, or one of
 * the same rank without the _nested form. Unranked locks are not checked; a trylock is never
 * refused by the check, because it cannot wait.
 */
#pragma once

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/compiler.h"

enum {
	LC_UNRANKED = 0,
	/* 1 .. LC_PLATFORM - 1: the sentry's, from lock_order.def */
	LC_PLATFORM = 1000, /* locks of the platforms: taken under any sentry lock */
	LC_PLATFORM_SLOT,   /* inside LC_PLATFORM */
	LC_PLATFORM_ZYGOTE, /* inside both */
	LC_HOST = 1100,     /* platform/host */
	LC_LOG = 1200,
};

struct CAPABILITY("mutex") mutex {
	pthread_mutex_t m;
	unsigned int lc; /* const after init */
};

struct CAPABILITY("rwlock") rwlock {
	pthread_rwlock_t rw;
	unsigned int lc; /* const after init */
};

struct cond {
	pthread_cond_t c;
};

/* clang-format off */
#define MUTEX_INIT(class)  { .m = PTHREAD_MUTEX_INITIALIZER, .lc = (class) }
#define RWLOCK_INIT(class) { .rw = PTHREAD_RWLOCK_INITIALIZER, .lc = (class) }
/* clang-format on */

/*
 * The checker (platform/host/lockcheck.c). take: about to wait for the lock; nested: one more of
 * the same class is fine. hold: got it. drop: gave it back. held: this thread holds it.
 */
#ifndef NDEBUG
void lockcheck_take(const void *lock, unsigned int lc, bool nested);
void lockcheck_hold(const void *lock, unsigned int lc);
void lockcheck_drop(const void *lock);
bool lockcheck_held(const void *lock);
/* Aborts if this thread holds any ranked lock: before something that may block for long. */
void lockcheck_none_held(const char *where);
/* Names classes in messages; the default prints numbers. */
void lockcheck_set_names(const char *(*name)(unsigned int lc));
#else
static inline void lockcheck_take(const void *lock, unsigned int lc, bool nested) {}
static inline void lockcheck_hold(const void *lock, unsigned int lc) {}
static inline void lockcheck_drop(const void *lock) {}
static inline bool lockcheck_held(const void *lock)
{
	return true;
}
static inline void lockcheck_none_held(const char *where) {}
static inline void lockcheck_set_names(const char *(*name)(unsigned int lc)) {}
#endif

static inline void mutex_init(struct mutex *m, unsigned int lc)
{
	pthread_mutex_init(&m->m, NULL);
	m->lc = lc;
}

static inline void mutex_fini(struct mutex *m)
{
	pthread_mutex_destroy(&m->m);
}

static inline void mutex_lock(struct mutex *m) ACQUIRES(*m) NO_THREAD_SAFETY;
static inline void mutex_lock(struct mutex *m)
{
	lockcheck_take(m, m->lc, false);
	pthread_mutex_lock(&m->m);
	lockcheck_hold(m, m->lc);
}

/* A second lock of a class already held; lock_order.def says which comes first. */
static inline void mutex_lock_nested(struct mutex *m) ACQUIRES(*m) NO_THREAD_SAFETY;
static inline void mutex_lock_nested(struct mutex *m)
{
	lockcheck_take(m, m->lc, true);
	pthread_mutex_lock(&m->m);
	lockcheck_hold(m, m->lc);
}

/* True if the lock was taken. */
static inline bool mutex_trylock(struct mutex *m) TRY_ACQUIRES(true, *m) NO_THREAD_SAFETY;
static inline bool mutex_trylock(struct mutex *m)
{
	if (pthread_mutex_trylock(&m->m) != 0)
		return false;
	lockcheck_hold(m, m->lc);
	return true;
}

static inline void mutex_unlock(struct mutex *m) RELEASES(*m) NO_THREAD_SAFETY;
static inline void mutex_unlock(struct mutex *m)
{
	lockcheck_drop(m);
	pthread_mutex_unlock(&m->m);
}

/* Debug builds only: true in others. For ASSERT(mutex_held(&x->lock)). */
static inline bool mutex_held(const struct mutex *m)
{
	return lockcheck_held(m);
}

static inline void rwlock_init(struct rwlock *l, unsigned int lc)
{
	pthread_rwlock_init(&l->rw, NULL);
	l->lc = lc;
}

static inline void rwlock_fini(struct rwlock *l)
{
	pthread_rwlock_destroy(&l->rw);
}

static inline void rwlock_rdlock(struct rwlock *l) ACQUIRES_SHARED(*l) NO_THREAD_SAFETY;
static inline void rwlock_rdlock(struct rwlock *l)
{
	lockcheck_take(l, l->lc, false);
	pthread_rwlock_rdlock(&l->rw);
	lockcheck_hold(l, l->lc);
}

static inline void rwlock_rdlock_nested(struct rwlock *l) ACQUIRES_SHARED(*l) NO_THREAD_SAFETY;
static inline void rwlock_rdlock_nested(struct rwlock *l)
{
	lockcheck_take(l, l->lc, true);
	pthread_rwlock_rdlock(&l->rw);
	lockcheck_hold(l, l->lc);
}

/* True if the lock was taken for reading. */
static inline bool rwlock_tryrdlock(struct rwlock *l) TRY_ACQUIRES_SHARED(true, *l)
	NO_THREAD_SAFETY;
static inline bool rwlock_tryrdlock(struct rwlock *l)
{
	if (pthread_rwlock_tryrdlock(&l->rw) != 0)
		return false;
	lockcheck_hold(l, l->lc);
	return true;
}

static inline bool rwlock_trywrlock(struct rwlock *l) TRY_ACQUIRES(true, *l) NO_THREAD_SAFETY;
static inline bool rwlock_trywrlock(struct rwlock *l)
{
	if (pthread_rwlock_trywrlock(&l->rw) != 0)
		return false;
	lockcheck_hold(l, l->lc);
	return true;
}

static inline void rwlock_wrlock(struct rwlock *l) ACQUIRES(*l) NO_THREAD_SAFETY;
static inline void rwlock_wrlock(struct rwlock *l)
{
	lockcheck_take(l, l->lc, false);
	pthread_rwlock_wrlock(&l->rw);
	lockcheck_hold(l, l->lc);
}

static inline void rwlock_wrlock_nested(struct rwlock *l) ACQUIRES(*l) NO_THREAD_SAFETY;
static inline void rwlock_wrlock_nested(struct rwlock *l)
{
	lockcheck_take(l, l->lc, true);
	pthread_rwlock_wrlock(&l->rw);
	lockcheck_hold(l, l->lc);
}

/* Either kind. */
static inline void rwlock_unlock(struct rwlock *l) RELEASES_ANY(*l) NO_THREAD_SAFETY;
static inline void rwlock_unlock(struct rwlock *l)
{
	lockcheck_drop(l);
	pthread_rwlock_unlock(&l->rw);
}

static inline bool rwlock_held(const struct rwlock *l)
{
	return lockcheck_held(l);
}

/* Timed waits are against CLOCK_MONOTONIC. */
static inline void cond_init(struct cond *c)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&c->c, &a);
	pthread_condattr_destroy(&a);
}

static inline void cond_fini(struct cond *c)
{
	pthread_cond_destroy(&c->c);
}

static inline void cond_signal(struct cond *c)
{
	pthread_cond_signal(&c->c);
}

static inline void cond_broadcast(struct cond *c)
{
	pthread_cond_broadcast(&c->c);
}

/* Waits for a signal with m released; may wake without one. */
static inline void cond_wait(struct cond *c, struct mutex *m) REQUIRES(*m);
static inline void cond_wait(struct cond *c, struct mutex *m)
{
	lockcheck_drop(m);
	pthread_cond_wait(&c->c, &m->m);
	lockcheck_hold(m, m->lc);
}

/* As cond_wait, until the given moment of CLOCK_MONOTONIC: -ETIMEDOUT then, else 0. */
static inline int cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns)
	REQUIRES(*m);
static inline int cond_wait_until(struct cond *c, struct mutex *m, uint64_t deadline_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(deadline_ns / 1000000000),
			       .tv_nsec = (long)(deadline_ns % 1000000000) };
	int ret;

	lockcheck_drop(m);
	ret = pthread_cond_timedwait(&c->c, &m->m, &ts);
	lockcheck_hold(m, m->lc);
	return ret == ETIMEDOUT ? -ETIMEDOUT : 0;
}
