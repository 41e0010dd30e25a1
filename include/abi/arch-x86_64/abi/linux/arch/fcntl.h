/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open flags whose bits are x86's own.
 */
#pragma once

#define LX_O_DIRECT	040000
#define LX_O_DIRECTORY	0200000
#define LX_O_NOFOLLOW	0400000
#define LX_O_LARGEFILE	0100000
