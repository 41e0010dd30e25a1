/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open flags whose bits are arm's own.
 */
#pragma once

#define LX_O_DIRECTORY	040000
#define LX_O_NOFOLLOW	0100000
#define LX_O_DIRECT	0200000
#define LX_O_LARGEFILE	0400000
