/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths every subsystem must agree on.
 */
#pragma once

#define LX_PAGE_SIZE		4096
#define LX_PAGE_SHIFT		12
#define LX_PATH_MAX		4096
#define LX_NAME_MAX		255
#define LX_XATTR_NAME_MAX	255
#define LX_XATTR_SIZE_MAX	65536
#define LX_XATTR_LIST_MAX	65536
#define LX_NGROUPS_MAX		65536
#define LX_PIPE_BUF		4096
#define LX_SYMLOOP_MAX		40
#define LX_MAX_ARG_STRLEN	131072
