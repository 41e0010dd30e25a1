/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings a sandbox up and takes it down.
 */
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "host/host.h"
#include "proto/control.h"

#define LOG_TAG "boot"
#include "base/log.h"

int boot(const struct boot_fds *fds, const struct boot_conf *conf)
{
	uint64_t buf[64];
	struct ctl_ready r = { 0 };
	struct ctl_exit e = { 0 };

	host_send(fds->ctl, buf, ctl_encode(buf, CTL_READY, 0, &r, NULL, 0), NULL, 0, 0);
	host_send(fds->ctl, buf, ctl_encode(buf, CTL_EXIT, 0, &e, NULL, 0), NULL, 0, 0);
	return 0;
}
