/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What uname(2), /proc/version and /proc/sys/kernel say: the Linux release whose interface husk
 * follows. A leaf header.
 */
#pragma once

#define UNAME_SYSNAME "Linux"
#define UNAME_RELEASE "6.12.0-husk"
#define UNAME_VERSION "#1 SMP PREEMPT_DYNAMIC Sun Nov 17 22:15:08 UTC 2024"
