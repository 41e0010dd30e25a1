/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getrandom(2).
 */
#pragma once

#define LX_GRND_NONBLOCK	0x1
#define LX_GRND_RANDOM		0x2
#define LX_GRND_INSECURE	0x4
/* ioctls of /dev/random */
#define LX_RNDGETENTCNT		0x80045200
#define LX_RNDADDTOENTCNT	0x40045201
#define LX_RNDADDENTROPY	0x40085203
#define LX_RNDZAPENTCNT		0x5204
#define LX_RNDCLEARPOOL		0x5206
#define LX_RNDRESEEDCRNG	0x5207
