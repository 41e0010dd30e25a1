/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/kernel_int.h"
void itimers_exit(struct tgroup *tg) {}
void itimers_exec(struct tgroup *tg) {}
void itimers_cpu_limit_changed(struct tgroup *tg) {}
