/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mmap bits that only x86 has.
 */
#pragma once

#define LX_MAP_32BIT	0x40
#define LX_MAP_ABOVE4G	0x80

/* map_shadow_stack(2) */
#define LX_SHADOW_STACK_SET_TOKEN	0x1

/* Addresses end here; the highest that a program can map may be lower. */
#define LX_TASK_SIZE	0x7ffffffff000
