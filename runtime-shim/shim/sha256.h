/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), for names of sockets: short, and the same whoever computes them. */
#pragma once

#include <stddef.h>

/* 64 lower-case hex digits and a NUL. */
void sha256_hex(const void *data, size_t size, char out[65]);
