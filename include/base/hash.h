/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash functions. hash_bytes() is SipHash-1-3 under a key: use it, with a key drawn at start, for
 * whatever a guest may choose (names, paths), so that it cannot aim at one bucket. hash_u64() is an
 * unkeyed mix for numbers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

struct hash_key {
	uint64_t k[2];
};

static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

/* A bucket index of the given number of bits (1 to 63). */
static inline size_t hash_to_bits(uint64_t hash, unsigned int bits)
{
	return (size_t)(hash >> (64 - bits));
}

static inline uint64_t hash_rotl_(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static inline void hash_round_(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = hash_rotl_(v[1], 13) ^ v[0];
	v[3] = hash_rotl_(v[3], 16) ^ v[2];
	v[0] = hash_rotl_(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = hash_rotl_(v[1], 17) ^ v[2];
	v[3] = hash_rotl_(v[3], 21) ^ v[0];
	v[2] = hash_rotl_(v[2], 32);
}

static inline uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t last = (uint64_t)size << 56, w;
	uint64_t v[4] = {
		key->k[0] ^ UINT64_C(0x736f6d6570736575),
		key->k[1] ^ UINT64_C(0x646f72616e646f6d),
		key->k[0] ^ UINT64_C(0x6c7967656e657261),
		key->k[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t left = size;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&w, p, 8);
		v[3] ^= w;
		hash_round_(v);
		v[0] ^= w;
	}
	while (left-- > 0)
		last |= (uint64_t)p[left] << (8 * left);
	v[3] ^= last;
	hash_round_(v);
	v[0] ^= last;
	v[2] ^= 0xff;
	hash_round_(v);
	hash_round_(v);
	hash_round_(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline uint64_t hash_str(const struct hash_key *key, const char *s)
{
	return hash_bytes(key, s, strlen(s));
}
