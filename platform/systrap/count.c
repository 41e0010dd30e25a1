/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How calls came, for the debug log: by rewritten sites or by signals. What stubs answered by
 * themselves only they know, so that number is the guest's word, and used for nothing else.
 */
#include <inttypes.h>

#define LOG_TAG "systrap"
#include "base/log.h"
#include "systrap/systrap_int.h"

static uint64_t answered(const struct gthread *th)
{
	return __atomic_load_n(&th->g->answered, __ATOMIC_RELAXED);
}

void count_begin(struct gthread *th)
{
	th->count = (struct call_count){ .answered = answered(th) };
}

static void add(struct call_count *to, const struct call_count *c)
{
	to->answered += c->answered;
	to->fast += c->fast;
	to->trapped += c->trapped;
}

void count_end_locked(struct gthread *th)
{
	th->count.answered = answered(th) - th->count.answered;
	add(&th->as->calls, &th->count);
	add(&th->as->st->calls, &th->count);
}

void count_log(const char *of, const struct call_count *c)
{
	uint64_t rewritten = c->answered + c->fast, all = rewritten + c->trapped;

	log_dbg("%s: %" PRIu64 " calls by rewritten sites, %" PRIu64
		" of them answered in the stub; %" PRIu64 " trapped; share rewritten %" PRIu64
		".%02" PRIu64 " %%",
		of, rewritten, c->answered, c->trapped, all ? rewritten * 100 / all : 0,
		all ? rewritten * 10000 / all % 100 : 0);
}
