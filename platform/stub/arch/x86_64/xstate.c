/* SPDX-License-Identifier: Apache-2.0 */
/* See xstate.h. */
#include "xstate.h"

#include <cpuid.h>
#include <errno.h>
#include <string.h>

#include "base/compiler.h"

#define OFF_MXCSR       24
#define OFF_MXCSR_MASK  28
#define XFEATURE_FP_SSE 3ull
#define XFEATURE_PKRU   (1ull << 9)
#define FCW_INIT        0x37f
#define MXCSR_INIT      0x1f80u
#define PKRU_INIT       0x55555554u

static struct {
	size_t xsave_size; /* of the host's image, without the end mark */
	uint64_t xfeatures;
	uint32_t mxcsr_mask;
	size_t pkru_off;
} g_fp;

int xstate_init(void)
{
	struct {
		_Alignas(64) unsigned char image[FXSAVE_SIZE];
	} fx = { 0 };
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
		return -ENOTSUP;
	/* ebx: size for what the host's XCR0 enables; the image that ptrace gives may be shorter */
	g_fp.xsave_size = b;
	g_fp.xfeatures = (uint64_t)d << 32 | a;
	if (g_fp.xsave_size < XSTATE_MIN || g_fp.xsave_size > XSTATE_MAX)
		return -ENOTSUP;
	if (g_fp.xfeatures & XFEATURE_PKRU && __get_cpuid_count(0xd, 9, &a, &b, &c, &d))
		g_fp.pkru_off = b;
	__asm__ volatile("fxsave64 %0" : "=m"(fx.image));
	memcpy(&g_fp.mxcsr_mask, fx.image + OFF_MXCSR_MASK, sizeof(g_fp.mxcsr_mask));
	if (!g_fp.mxcsr_mask)
		g_fp.mxcsr_mask = 0xffbf;
	return 0;
}

size_t xstate_size(void)
{
	return g_fp.xsave_size;
}

size_t xstate_fp_size(void)
{
	return g_fp.xsave_size + sizeof(uint32_t);
}

static void put_pkru(unsigned char *image, uint32_t pkru)
{
	uint64_t bv;

	if (!g_fp.pkru_off)
		return;
	memcpy(&bv, image + XSTATE_HEADER, sizeof(bv));
	bv |= XFEATURE_PKRU;
	memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
	memcpy(image + g_fp.pkru_off, &pkru, sizeof(pkru));
}

static void init_image(unsigned char *image)
{
	const uint16_t fcw = FCW_INIT;
	const uint32_t mxcsr = MXCSR_INIT;
	const uint64_t bv = XFEATURE_FP_SSE;

	memset(image, 0, g_fp.xsave_size);
	memcpy(image, &fcw, sizeof(fcw));
	memcpy(image + OFF_MXCSR, &mxcsr, sizeof(mxcsr));
	memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
}

int xstate_take(unsigned char *image, const void *buf, size_t size)
{
	struct xstate_sw sw;
	uint64_t bv, header[8];
	uint32_t mxcsr;

	if (size < FXSAVE_SIZE)
		return -EINVAL;
	init_image(image);
	memcpy(image, buf, FXSAVE_SIZE);
	memcpy(&sw, (const char *)buf + OFF_SW_BYTES, sizeof(sw));
	memset(image + OFF_SW_BYTES, 0, sizeof(sw));
	/* without the mark it is a plain FXSAVE image: the rest goes to its initial state */
	if (sw.magic1 == XSTATE_MAGIC1 && sw.xstate_size <= g_fp.xsave_size &&
	    sw.xstate_size <= size && sw.xstate_size >= XSTATE_MIN) {
		memcpy(image + FXSAVE_SIZE, (const char *)buf + FXSAVE_SIZE,
		       sw.xstate_size - FXSAVE_SIZE);
		memcpy(header, image + XSTATE_HEADER, sizeof(header));
		bv = header[0] & sw.xfeatures & g_fp.xfeatures;
		if (header[0] & ~g_fp.xfeatures)
			return -EINVAL;
		for (size_t i = 1; i < ARRAY_SIZE(header); i++) {
			if (header[i])
				return -EINVAL;
		}
		memcpy(image + XSTATE_HEADER, &bv, sizeof(bv));
	}
	memcpy(&mxcsr, image + OFF_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~g_fp.mxcsr_mask)
		return -EINVAL;
	memcpy(&bv, image + XSTATE_HEADER, sizeof(bv));
	if (!(bv & XFEATURE_PKRU))
		put_pkru(image, PKRU_INIT);
	return 0;
}

void xstate_fresh(unsigned char *image)
{
	init_image(image);
	put_pkru(image, PKRU_INIT);
}
