/* SPDX-License-Identifier: Apache-2.0 */
/* The shim's own messages: into the pipe named "log" in the bundle, which containerd reads. */
#pragma once

#include <stdbool.h>

#include "base/compiler.h"

extern bool g_log_debug;

/* Messages go to fd from now on; never blocks on it. */
void slog_to(int fd);
void slog(const char *level, const char *fmt, ...) __printf(2, 3);

#define slog_err(...)  slog("error", __VA_ARGS__)
#define slog_warn(...) slog("warning", __VA_ARGS__)
#define slog_dbg(...)                                                                              \
	do {                                                                                       \
		if (g_log_debug)                                                                   \
			slog("debug", __VA_ARGS__);                                                \
	} while (0)
