/* SPDX-License-Identifier: Apache-2.0 */
/* UTS namespaces: host and domain name. One exists until unshare(2) is there. */
#include <stdio.h>

#include "kernel/kernel_int.h"

int uts_ns_new(const char *nodename, struct uts_ns **ret_uts)
{
	struct uts_ns *uts = calloc(1, sizeof(*uts));

	if (!uts)
		return -ENOMEM;
	ref_init(&uts->ref);
	mutex_init(&uts->lock, LC_UTS);
	snprintf(uts->nodename, sizeof(uts->nodename), "%s", nodename ? nodename : "husk");
	snprintf(uts->domainname, sizeof(uts->domainname), "(none)");
	*ret_uts = uts;
	return 0;
}

void uts_ns_put(struct uts_ns *uts)
{
	if (uts && ref_put(&uts->ref)) {
		mutex_fini(&uts->lock);
		free(uts);
	}
}
