/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to a reply: decodes, calls the handler of the row in gofer.def, and puts the reply
 * together. The only place that looks at headers.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

typedef int (*handler_fn)(struct gofer_server *s, const struct gofer_req *req, struct reply *rep);

static const handler_fn handlers[GOFER_NR_OPS] = {
#define GOFER_OP(nr, NAME, name, nmin, nmax, kind, reqblob, repblob, fds) [nr] = op_##name,
#include "proto/gofer.def"
#undef GOFER_OP
};

long gofer_dispatch(struct gofer_server *s, const void *req_buf, size_t req_size, void *rep_buf,
		    int *ret_fds, unsigned int *ret_nr_fds)
{
	struct gofer_hdr *h = rep_buf;
	struct reply rep = { .fixed = h + 1 };
	struct gofer_req req;
	int ret;

	ret = gofer_req_decode(req_buf, req_size, &req);
	if (ret == -EBADMSG)
		return ret;
	if (ret == 0) {
		memset(rep.fixed, 0, req.info->rep_size);
		rep.blob = (char *)rep.fixed + req.info->rep_size;
		rep.blob_max = req.info->rep_blob_max;
		ret = handlers[req.op](s, &req, &rep);
	}
	*h = (struct gofer_hdr){ .size = sizeof(*h), .op = req.op, .tag = req.tag, .error = ret };
	if (ret == 0)
		h->size += (uint32_t)(req.info->rep_size + rep.blob_size);
	if (ret < 0 || req.tag == GOFER_TAG_NONE) {
		for (unsigned int i = 0; i < rep.nr_fds; i++)
			close(rep.fds[i]);
		rep.nr_fds = 0;
	}
	if (req.tag == GOFER_TAG_NONE)
		return 0;
	memcpy(ret_fds, rep.fds, rep.nr_fds * sizeof(*ret_fds));
	*ret_nr_fds = rep.nr_fds;
	return h->size;
}
