/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number the connection has in a serving gofer: the seccomp program names it, so it is fixed.
 */
#pragma once

#define GOFER_CONN_FD  3
#define BROKER_CONN_FD 3
