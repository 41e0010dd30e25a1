/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XSAVE images of guest threads: what a fresh one looks like, and what of a guest's own may be
 * given to the processor. Images are in the standard (not compacted) format, of at most
 * xstate_size() bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FXSAVE_SIZE   512
#define XSTATE_HEADER 512 /* of the XSAVE header */
#define XSTATE_MIN    (XSTATE_HEADER + 64)
#define XSTATE_MAX    (16u << 10)
#define OFF_SW_BYTES  464
#define XSTATE_MAGIC1 0x46505853u
#define XSTATE_MAGIC2 0x46505845u

/* The kernel's software-reserved bytes of a signal frame's image. */
struct xstate_sw {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size, pad[7];
};

/* 0, or -ENOTSUP without XSAVE. Before all others, in the still single-threaded sentry. */
int xstate_init(void);
/* Of the host's image, without the end mark. */
size_t xstate_size(void);
/* Of the image and its end mark. */
size_t xstate_fp_size(void);
/* State of a fresh process into image, of xstate_size() bytes. */
void xstate_fresh(unsigned char *image);
/*
 * A guest's image (of a signal frame, or a bare FXSAVE one) into image, of xstate_size() bytes;
 * -EINVAL where hardware would fault on it.
 */
int xstate_take(unsigned char *image, const void *buf, size_t size);
