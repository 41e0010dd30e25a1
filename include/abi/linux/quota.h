/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quotactl(2), as far as refusing it properly needs.
 */
#pragma once

#define LX_Q_SYNC	0x800001
#define LX_Q_QUOTAON	0x800002
#define LX_Q_QUOTAOFF	0x800003
#define LX_Q_GETFMT	0x800004
#define LX_Q_GETINFO	0x800005
#define LX_Q_SETINFO	0x800006
#define LX_Q_GETQUOTA	0x800007
#define LX_Q_SETQUOTA	0x800008
#define LX_USRQUOTA	0
#define LX_GRPQUOTA	1
#define LX_PRJQUOTA	2
