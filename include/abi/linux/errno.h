/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errno values that only ever travel inside the kernel; every other E* is taken from
 * <errno.h>, whose numbers are the same on both architectures. The restart codes never
 * reach the guest: syscalls/restart.c turns them into a restart or into EINTR.
 */
#pragma once

#include <errno.h>

#define LX_ERESTARTSYS			512
#define LX_ERESTARTNOINTR		513
#define LX_ERESTARTNOHAND		514
#define LX_ENOIOCTLCMD			515
#define LX_ERESTART_RESTARTBLOCK	516
