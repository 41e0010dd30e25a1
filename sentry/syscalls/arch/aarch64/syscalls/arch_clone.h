/* SPDX-License-Identifier: Apache-2.0 */
/* Which arguments of clone(2) are which: the order differs by architecture. */
#pragma once

#define CLONE_ARG_TLS       3
#define CLONE_ARG_CHILD_TID 4
