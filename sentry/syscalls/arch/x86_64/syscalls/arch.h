/* SPDX-License-Identifier: Apache-2.0 */
/* What the system call layer must know of this architecture; the include path picks the file. */
#pragma once

/* Which of a row's two numbers is this architecture's. */
#define ARCH_NR(x86_64, aarch64) (x86_64)

/* uname(2), and under PER_LINUX32 */
#define ARCH_MACHINE    "x86_64"
#define ARCH_MACHINE_32 "i686"

/* which arguments of clone(2) these are */
#define ARCH_CLONE_TLS       4
#define ARCH_CLONE_CHILD_TID 3

/* seccomp: the architecture of struct lx_seccomp_data (abi/linux/seccomp.h) */
#define ARCH_AUDIT LX_AUDIT_ARCH_X86_64
/* what the result register held at the call */
#define ARCH_ROLLBACK(nr, args) (nr)
