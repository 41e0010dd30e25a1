/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentry's seccomp program, made at build time from platform/host/filter/filter.def. From its
 * installation on any host call that is not on that list kills the sentry. Nothing that a child
 * needs afterwards is allowed: the zygote is forked before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

/*
 * For all threads there are and will be; also sets no_new_privs. net: with the calls on donated
 * sockets of filter_net.def.
 */
int host_filter_install(bool net);
/* The program as it would be installed in process pid, for tests: its length, or -errno. */
int host_filter_program(bool net, uint32_t pid, struct bpf_insn *room, size_t nr);
