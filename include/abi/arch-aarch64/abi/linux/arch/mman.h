/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap bits that only arm64 has.
 */
#pragma once

#define LX_PROT_BTI			0x10
#define LX_PROT_MTE			0x20
#define LX_SHADOW_STACK_SET_TOKEN	0x1
#define LX_SHADOW_STACK_SET_MARKER	0x2
#define LX_MAP_32BIT			0
#define LX_MAP_ABOVE4G			0

/* Addresses end here; the highest that a program can map may be lower. */
#define LX_TASK_SIZE	0x1000000000000
