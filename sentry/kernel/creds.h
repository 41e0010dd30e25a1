/* SPDX-License-Identifier: Apache-2.0 */
/* Capability side effects of changing ids, for syscalls/ (setuid and its family). */
#pragma once

#include "kernel/cred.h"

/* c is a copy of old with new uid, euid, suid: adjusts its capability sets. */
void cred_fix_caps(const struct cred *old, struct cred *c);
/* The same for setfsuid. */
void cred_fix_caps_fsuid(const struct cred *old, struct cred *c);
