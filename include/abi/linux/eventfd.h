/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eventfd(2).
 */
#pragma once

#define LX_EFD_SEMAPHORE	01
#define LX_EFD_CLOEXEC		02000000
#define LX_EFD_NONBLOCK		04000
