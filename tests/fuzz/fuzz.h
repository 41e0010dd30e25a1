/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of a fuzz harness: libFuzzer's entry point, which driver.c calls too where libFuzzer is
 * not at hand. A harness aborts when the code under test breaks a promise; the sanitizers find the
 * rest.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional: seed number nr (0, 1, ...) into buf; its size, 0 after the last. Used by driver.c. */
size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size) __attribute__((weak));

#define FUZZ_CHECK(cond)                                                                           \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)
