/* SPDX-License-Identifier: Apache-2.0 */
/* Reports features a guest asked for in vain. See unimpl.h. */
#define LOG_TAG "unimplemented"
#include "syscalls/unimpl.h"

#include <stdarg.h>
#include <stdio.h>

#include <base/log.h>

#include "kernel/task.h"

void unimpl(struct task *t, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_ratelimited(LOG_LEVEL_INFO, "[%d] %s", t->tid, text);
}
