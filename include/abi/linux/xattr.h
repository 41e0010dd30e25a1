/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes.
 */
#pragma once

#include <stdint.h>

#define LX_XATTR_CREATE			0x1
#define LX_XATTR_REPLACE		0x2
#define LX_XATTR_SECURITY_PREFIX	"security."
#define LX_XATTR_SYSTEM_PREFIX		"system."
#define LX_XATTR_TRUSTED_PREFIX		"trusted."
#define LX_XATTR_USER_PREFIX		"user."
#define LX_XATTR_NAME_CAPS		"security.capability"
#define LX_XATTR_NAME_POSIX_ACL_ACCESS	"system.posix_acl_access"
#define LX_XATTR_NAME_POSIX_ACL_DEFAULT	"system.posix_acl_default"

struct lx_xattr_args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};
