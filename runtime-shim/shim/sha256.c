/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 over a string in memory. The constants are computed as the standard defines them. */
#include "sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t ror(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

/*
 * The first 32 bits of the fractional part of the square (power 2) or cube (power 3) root of a
 * prime: the largest f with (whole + f / 2^32)^power <= prime, found bit by bit.
 */
static uint32_t root_fraction(unsigned int prime, int power)
{
	unsigned __int128 x = 1, limit, next;

	while ((power == 2 ? (x + 1) * (x + 1) : (x + 1) * (x + 1) * (x + 1)) <= prime)
		x++;
	x <<= 32;
	limit = (unsigned __int128)prime << 64;
	for (int bit = 31; bit >= 0; bit--) {
		next = x | (unsigned __int128)1 << bit;
		/* A cube of 35 bits each fits with its 2^96 scale: 105 bits. */
		if (power == 2 ? next * next <= limit : next * next * next <= limit << 32)
			x = next;
	}
	return (uint32_t)x;
}

static void tables(uint32_t k[64], uint32_t h[8])
{
	unsigned int n = 0;

	for (unsigned int p = 2; n < 64; p++) {
		unsigned int d = 2;

		while (d * d <= p && p % d)
			d++;
		if (d * d <= p)
			continue;
		if (n < 8)
			h[n] = root_fraction(p, 2);
		k[n++] = root_fraction(p, 3);
	}
}

static void block(const uint32_t k[64], uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(s, h, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t e = s[4], a = s[0];
		uint32_t t1 = s[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) +
			      ((e & s[5]) ^ (~e & s[6])) + k[i] + w[i];
		uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += s[i];
}

void sha256_hex(const void *data, size_t size, char out[65])
{
	const uint8_t *p = data;
	uint32_t k[64], h[8];
	uint8_t last[128] = { 0 };
	size_t rest = size % 64, n = rest < 56 ? 64 : 128;

	tables(k, h);
	for (size_t i = 0; i + 64 <= size; i += 64)
		block(k, h, p + i);
	memcpy(last, p + size - rest, rest);
	last[rest] = 0x80;
	for (int i = 0; i < 8; i++)
		last[n - 1 - (size_t)i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
	for (size_t i = 0; i < n; i += 64)
		block(k, h, last + i);
	for (int i = 0; i < 8; i++)
		snprintf(out + 8 * i, 9, "%08x", h[i]);
}
