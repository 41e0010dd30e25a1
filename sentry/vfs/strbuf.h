/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing text, for generated files (/proc, /sys). Owner calls strbuf_fini. OOM is remembered and
 * returned at the end.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *s; /* owned; NUL-terminated when len > 0 */
	size_t len, cap;
	bool failed;
};
void strbuf_init(struct strbuf *b);
void strbuf_fini(struct strbuf *b);
void strbuf_add(struct strbuf *b, const char *s, size_t n);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Octal escapes of the characters in esc, as /proc/mounts does. */
void strbuf_escape(struct strbuf *b, const char *s, const char *esc);
