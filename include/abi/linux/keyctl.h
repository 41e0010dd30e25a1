/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyctl(2): the special key ids and the operations.
 */
#pragma once

#define LX_KEY_SPEC_THREAD_KEYRING		(-1)
#define LX_KEY_SPEC_PROCESS_KEYRING		(-2)
#define LX_KEY_SPEC_SESSION_KEYRING		(-3)
#define LX_KEY_SPEC_USER_KEYRING		(-4)
#define LX_KEY_SPEC_USER_SESSION_KEYRING	(-5)
#define LX_KEYCTL_GET_KEYRING_ID		0
#define LX_KEYCTL_JOIN_SESSION_KEYRING		1
#define LX_KEYCTL_UPDATE			2
#define LX_KEYCTL_REVOKE			3
#define LX_KEYCTL_CHOWN				4
#define LX_KEYCTL_SETPERM			5
#define LX_KEYCTL_DESCRIBE			6
#define LX_KEYCTL_CLEAR				7
#define LX_KEYCTL_LINK				8
#define LX_KEYCTL_UNLINK			9
#define LX_KEYCTL_SEARCH			10
#define LX_KEYCTL_READ				11
