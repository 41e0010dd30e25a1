/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message queues. Senders and receivers sleep on the queue's wait queue and look again. References:
 * the table's until msg_remove, and one per call under way. Locking: g_msg.lock for everything.
 */
#include "ipc/msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/poll.h>

#include "ipc/ipc.h"
#include "kernel/task.h"
#include "lock_class.h"

#define MSG_BYTES_MAX (64ull << 20) /* of all queues: memory of the sentry */

struct msg_queue {
	struct ipc_obj o;
	unsigned int refs;
	int64_t stime, rtime, ctime;
	uint64_t cbytes, qnum, qbytes;
	int lspid, lrpid;
	struct msg *first, **last;
	struct waitq wq;
};

static struct ipc_ids g_msg = IPC_IDS_INIT;
static uint64_t g_bytes, g_nr_msgs;

static struct msg_queue *queue_of(struct ipc_obj *o)
{
	return o ? container_of(o, struct msg_queue, o) : NULL;
}

static void queue_put_locked(struct msg_queue *q)
{
	if (--q->refs > 0)
		return;
	while (q->first) {
		struct msg *m = q->first;

		q->first = m->next;
		g_bytes -= m->size;
		g_nr_msgs--;
		free(m);
	}
	waitq_fini(&q->wq);
	free(q);
}

static int msg_new_locked(struct task *t, int key, int flags)
{
	struct msg_queue *q = calloc(1, sizeof(*q));
	int ret;

	if (!q)
		return -ENOMEM;
	q->refs = 1;
	q->last = &q->first;
	q->qbytes = LX_MSGMNB;
	q->ctime = ipc_now();
	ret = ipc_add_locked(&g_msg, &q->o, t, key, flags, LX_MSGMNI);
	if (ret < 0) {
		free(q);
		return ret;
	}
	waitq_init(&q->wq);
	return q->o.id;
}

int msg_get(struct task *t, int key, int flags)
{
	struct msg_queue *q = NULL;
	int ret;

	mutex_lock(&g_msg.lock);
	if (key != LX_IPC_PRIVATE)
		q = queue_of(ipc_find_key_locked(&g_msg, key));
	if (!q)
		ret = key == LX_IPC_PRIVATE || (flags & LX_IPC_CREAT) ?
			      msg_new_locked(t, key, flags) :
			      -ENOENT;
	else if ((flags & LX_IPC_CREAT) && (flags & LX_IPC_EXCL))
		ret = -EEXIST;
	else
		ret = ipc_access(t, &q->o.perm, flags);
	if (ret == 0 && q)
		ret = q->o.id;
	mutex_unlock(&g_msg.lock);
	return ret;
}

/* One attempt of a call. 1: would block. Lock held. */
struct msg_call {
	struct msg_queue *q;
	struct msg *m; /* to send, or received */
	size_t size;
	int64_t type;
	int flags;
};

static int try_send_locked(struct task *t, struct msg_call *c)
{
	struct msg_queue *q = c->q;
	struct msg *m = c->m;

	if (m->size + q->cbytes > q->qbytes || q->qnum + 1 > q->qbytes ||
	    g_bytes + m->size > MSG_BYTES_MAX)
		return c->flags & LX_IPC_NOWAIT ? -EAGAIN : 1;
	m->next = NULL;
	*q->last = m;
	q->last = &m->next;
	q->cbytes += m->size;
	q->qnum++;
	g_bytes += m->size;
	g_nr_msgs++;
	q->lspid = t->tg->tgid;
	q->stime = ipc_now();
	return 0;
}

static bool matches(const struct msg *m, int64_t type, int flags)
{
	if (type == 0)
		return true;
	if (type < 0)
		return m->type <= -type;
	return flags & LX_MSG_EXCEPT ? m->type != type : m->type == type;
}

static struct msg **pick_locked(struct msg_call *c)
{
	struct msg **best = NULL;
	int64_t n = 0;

	for (struct msg **p = &c->q->first; *p; p = &(*p)->next) {
		if (c->flags & LX_MSG_COPY) {
			if (n++ == c->type)
				return p;
			continue;
		}
		if (!matches(*p, c->type, c->flags))
			continue;
		if (c->type >= 0)
			return p;
		/* the lowest type first */
		if (!best || (*p)->type < (*best)->type)
			best = p;
	}
	return best;
}

static int try_receive_locked(struct task *t, struct msg_call *c)
{
	struct msg_queue *q = c->q;
	struct msg **p = pick_locked(c), *m;

	if (!p)
		return c->flags & LX_IPC_NOWAIT ? -ENOMSG : 1;
	m = *p;
	if (m->size > c->size && !(c->flags & LX_MSG_NOERROR))
		return -E2BIG;
	if (c->flags & LX_MSG_COPY) {
		c->m = malloc(sizeof(*m) + m->size);
		if (!c->m)
			return -ENOMEM;
		memcpy(c->m, m, sizeof(*m) + m->size);
		return 0;
	}
	*p = m->next;
	if (q->last == &m->next)
		q->last = p;
	q->cbytes -= m->size;
	q->qnum--;
	g_bytes -= m->size;
	g_nr_msgs--;
	q->lrpid = t->tg->tgid;
	q->rtime = ipc_now();
	c->m = m;
	return 0;
}

static long do_call(struct task *t, int id, int access, struct msg_call *c,
		    int (*attempt)(struct task *t, struct msg_call *c))
{
	struct task_waiter tw;
	long ret = -EINVAL;
	int blocked = 0;

	mutex_lock(&g_msg.lock);
	c->q = queue_of(ipc_find_locked(&g_msg, id));
	if (c->q)
		ret = ipc_access(t, &c->q->o.perm, access);
	if (ret < 0) {
		mutex_unlock(&g_msg.lock);
		return ret;
	}
	c->q->refs++;
	task_waiter_init(&tw, t, LX_POLLIN);
	waitq_add(&c->q->wq, &tw.w);
	for (;;) {
		ret = c->q->o.removed ? -EIDRM : attempt(t, c);
		if (ret != 1)
			break;
		if (blocked < 0) {
			ret = -LX_ERESTARTNOHAND;
			break;
		}
		mutex_unlock(&g_msg.lock);
		blocked = task_block(t, TASK_NO_DEADLINE);
		mutex_lock(&g_msg.lock);
	}
	waitq_del(&c->q->wq, &tw.w);
	if (ret == 0)
		waitq_wake(&c->q->wq, LX_POLLIN);
	queue_put_locked(c->q);
	mutex_unlock(&g_msg.lock);
	return ret;
}

long msg_send(struct task *t, int id, struct msg *m, int flags)
{
	struct msg_call c = { .m = m, .flags = flags };

	return do_call(t, id, 0222, &c, try_send_locked);
}

long msg_receive(struct task *t, int id, size_t size, int64_t type, int flags, struct msg **ret_m)
{
	struct msg_call c = { .size = size, .type = type, .flags = flags };
	long ret = do_call(t, id, 0444, &c, try_receive_locked);

	if (ret == 0)
		*ret_m = c.m;
	return ret;
}

int msg_stat(struct task *t, int id, int cmd, struct lx_msqid_ds *ret_ds)
{
	struct msg_queue *q;
	int ret = -EINVAL;

	mutex_lock(&g_msg.lock);
	q = queue_of(cmd == LX_IPC_STAT ? ipc_find_locked(&g_msg, id) :
					  ipc_find_index_locked(&g_msg, id));
	if (q) {
		ret = cmd == LX_MSG_STAT_ANY ? 0 : ipc_access(t, &q->o.perm, 0444);
		if (ret == 0) {
			*ret_ds = (struct lx_msqid_ds){
				.msg_perm = q->o.perm,
				.msg_stime = q->stime,
				.msg_rtime = q->rtime,
				.msg_ctime = q->ctime,
				.msg_cbytes = q->cbytes,
				.msg_qnum = q->qnum,
				.msg_qbytes = q->qbytes,
				.msg_lspid = q->lspid,
				.msg_lrpid = q->lrpid,
			};
			ret = cmd == LX_IPC_STAT ? 0 : q->o.id;
		}
	}
	mutex_unlock(&g_msg.lock);
	return ret;
}

int msg_set(struct task *t, int id, const struct lx_msqid_ds *ds)
{
	struct msg_queue *q;
	int ret = -EINVAL;

	mutex_lock(&g_msg.lock);
	q = queue_of(ipc_find_locked(&g_msg, id));
	if (q) {
		ret = ipc_owner(t, &q->o.perm);
		if (ret == 0 && ds->msg_qbytes > LX_MSGMNB && !task_capable(t, LX_CAP_SYS_RESOURCE))
			ret = -EPERM;
		if (ret == 0)
			ret = ipc_set_perm(&q->o.perm, &ds->msg_perm);
		if (ret == 0) {
			q->qbytes = ds->msg_qbytes;
			q->ctime = ipc_now();
			waitq_wake(&q->wq, LX_POLLIN);
		}
	}
	mutex_unlock(&g_msg.lock);
	return ret;
}

int msg_remove(struct task *t, int id)
{
	struct msg_queue *q;
	int ret = -EINVAL;

	mutex_lock(&g_msg.lock);
	q = queue_of(ipc_find_locked(&g_msg, id));
	if (q)
		ret = ipc_owner(t, &q->o.perm);
	if (ret == 0) {
		ipc_del_locked(&g_msg, &q->o);
		waitq_wake(&q->wq, LX_POLLIN);
		queue_put_locked(q);
	}
	mutex_unlock(&g_msg.lock);
	return ret;
}

int msg_limits(int cmd, struct lx_msginfo *ret_info)
{
	int ret;

	*ret_info = (struct lx_msginfo){
		.msgmax = LX_MSGMAX,
		.msgmnb = LX_MSGMNB,
		.msgmni = LX_MSGMNI,
		.msgssz = 16,
		.msgseg = 0xffff,
		.msgpool = LX_MSGMNI * LX_MSGMNB / 1024,
		.msgmap = LX_MSGMNB,
		.msgtql = LX_MSGMNB,
	};
	mutex_lock(&g_msg.lock);
	if (cmd == LX_MSG_INFO) {
		ret_info->msgpool = (int)g_msg.nr;
		ret_info->msgmap = (int)g_nr_msgs;
		ret_info->msgtql = (int)g_bytes;
	}
	ret = ipc_max_index_locked(&g_msg);
	mutex_unlock(&g_msg.lock);
	return ret;
}
