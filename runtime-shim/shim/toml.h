/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of TOML that configuration of a runtime is written in: tables, and keys with strings,
 * integers and booleans. Arrays, dates and inline tables are refused with the line's number.
 */
#pragma once

#include "err.h"

/* table is "" before the first header; value is a string's content or the word as written. */
typedef int toml_fn(void *arg, const char *table, const char *key, char *value, struct rt_err *err);
/* Changes text. Stops at the first error of its own or of fn. */
int toml_parse(char *text, toml_fn *fn, void *arg, struct rt_err *err);
