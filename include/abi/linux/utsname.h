/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uname(2).
 */
#pragma once

#define LX_UTS_LEN	64
struct lx_utsname {
	char sysname[LX_UTS_LEN + 1];
	char nodename[LX_UTS_LEN + 1];
	char release[LX_UTS_LEN + 1];
	char version[LX_UTS_LEN + 1];
	char machine[LX_UTS_LEN + 1];
	char domainname[LX_UTS_LEN + 1];
};
