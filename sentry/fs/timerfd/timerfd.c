/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timerfd: a timer whose expirations are counted and read. While a count is unread the timer rests;
 * reading counts what would have expired and starts it again, so that short periods cost nothing.
 * Locking: timerfd.lock (LC_TIMERFD). Differs from Linux: TFD_TIMER_CANCEL_ON_SET never cancels,
 * since nobody can set the clock.
 */
#include "fs/timerfd/timerfd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/timerfd.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "lock_class.h"
#include "time/clock.h"
#include "time/timer.h"
#include "vfs/file.h"

struct timerfd {
	int clock;         /* const after init */
	struct ktimer *kt; /* owned */
	struct waitq *wq;  /* borrowed from the file; const after init */
	struct mutex lock; /* LC_TIMERFD: guards all below */
	int64_t deadline;  /* on its clock; 0: not armed */
	int64_t period;
	uint64_t ticks;
	bool resting; /* expired, has a period, and waits for a reader */
	int settime_flags;
};

static int64_t now_on(const struct timerfd *tf)
{
	int64_t now = 0;

	clock_read(tf->clock, &now);
	return now;
}

static void arm_locked(struct timerfd *tf)
{
	ktimer_set(tf->kt, tf->deadline ? MAX(clock_to_monotonic(tf->clock, tf->deadline), 1) : 0,
		   0);
}

static void expired(struct ktimer *kt, void *arg)
{
	struct timerfd *tf = arg;
	bool tell = false;

	mutex_lock(&tf->lock);
	if (tf->deadline && !tf->resting) {
		if (tf->deadline <= now_on(tf)) {
			tell = true;
			tf->ticks++;
			tf->resting = tf->period != 0;
			if (!tf->period)
				tf->deadline = 0;
		} else {
			arm_locked(tf);
		}
	}
	mutex_unlock(&tf->lock);
	if (tell)
		waitq_wake(tf->wq, LX_POLLIN | LX_POLLRDNORM);
}

/* A resting timer catches up: the periods that passed count, the next one is armed. */
static void catch_up_locked(struct timerfd *tf)
{
	int64_t n;

	if (!tf->resting)
		return;
	n = (now_on(tf) - tf->deadline) / tf->period + 1;
	tf->ticks += (uint64_t)(n > 0 ? n - 1 : 0);
	tf->deadline = time_add(tf->deadline, MAX(n, 1) * tf->period);
	tf->resting = false;
	arm_locked(tf);
}

static ssize_t timerfd_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct timerfd *tf = f->priv;
	uint64_t ticks;

	if (uio_left(dst) < sizeof(ticks))
		return -EINVAL;
	mutex_lock(&tf->lock);
	ticks = tf->ticks;
	if (ticks) {
		catch_up_locked(tf);
		ticks = tf->ticks;
		tf->ticks = 0;
	}
	mutex_unlock(&tf->lock);
	return ticks ? uio_write(dst, &ticks, sizeof(ticks)) : -EAGAIN;
}

static uint32_t timerfd_poll(struct file *f)
{
	struct timerfd *tf = f->priv;
	uint32_t ev;

	mutex_lock(&tf->lock);
	ev = tf->ticks ? LX_POLLIN | LX_POLLRDNORM : 0;
	mutex_unlock(&tf->lock);
	return ev;
}

static void value_locked(const struct timerfd *tf, struct timerfd_value *ret_v)
{
	int64_t left = tf->deadline ? tf->deadline - now_on(tf) : 0;

	ret_v->period = tf->period;
	ret_v->value = tf->deadline ? MAX(left, 1) : 0;
}

static long timerfd_ioctl(struct file *f, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct timerfd *tf = f->priv;
	uint64_t ticks;

	if (cmd != LX_TFD_IOC_SET_TICKS)
		return -ENOTTY;
	if (copyin(t, &ticks, arg, sizeof(ticks)) < 0)
		return -EFAULT;
	if (!ticks)
		return -EINVAL;
	mutex_lock(&tf->lock);
	tf->ticks = ticks;
	mutex_unlock(&tf->lock);
	waitq_wake(tf->wq, LX_POLLIN | LX_POLLRDNORM);
	return 0;
}

static int timerfd_fdinfo(struct file *f, char *buf, size_t size)
{
	struct timerfd *tf = f->priv;
	struct timerfd_value v;
	uint64_t ticks;
	int flags;

	mutex_lock(&tf->lock);
	value_locked(tf, &v);
	ticks = tf->ticks;
	flags = tf->settime_flags;
	mutex_unlock(&tf->lock);
	return snprintf(buf, size,
			"clockid: %d\nticks: %" PRIu64 "\nsettime flags: 0%o\nit_value: (%" PRId64
			", %" PRId64 ")\nit_interval: (%" PRId64 ", %" PRId64 ")\n",
			tf->clock, ticks, (unsigned int)flags, v.value / NS_PER_SEC,
			v.value % NS_PER_SEC, v.period / NS_PER_SEC, v.period % NS_PER_SEC);
}

static void timerfd_release(struct file *f)
{
	struct timerfd *tf = f->priv;

	ktimer_free(tf->kt);
	mutex_fini(&tf->lock);
	free(tf);
}

static const struct file_ops timerfd_ops = {
	.name = "[timerfd]",
	.flags = FOP_STREAM,
	.seek = vfs_noop_seek,
	.read = timerfd_read,
	.poll = timerfd_poll,
	.ioctl = timerfd_ioctl,
	.release = timerfd_release,
	.fdinfo = timerfd_fdinfo,
};

int timerfd_new(int clock, unsigned int flags, const struct cred *cred, struct file **ret_file)
{
	struct timerfd *tf = calloc(1, sizeof(*tf));
	struct file *f;
	int ret;

	if (!tf)
		return -ENOMEM;
	tf->clock = clock;
	mutex_init(&tf->lock, LC_TIMERFD);
	ret = ktimer_new(expired, tf, &tf->kt);
	if (ret == 0)
		ret = file_new_anon(&timerfd_ops, tf, LX_O_RDWR | (flags & LX_TFD_NONBLOCK), cred,
				    "[timerfd]", &f);
	if (ret < 0) {
		ktimer_free(tf->kt);
		mutex_fini(&tf->lock);
		free(tf);
		return ret;
	}
	f->wq = &f->own_wq;
	tf->wq = f->wq;
	*ret_file = f;
	return 0;
}

int timerfd_set(struct file *f, int flags, const struct timerfd_value *v,
		struct timerfd_value *ret_old)
{
	struct timerfd *tf = f->priv;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&tf->lock);
	catch_up_locked(tf);
	value_locked(tf, ret_old);
	tf->period = v->period;
	tf->deadline = v->value == 0                ? 0 :
		       flags & LX_TFD_TIMER_ABSTIME ? v->value :
						      time_add(now_on(tf), v->value);
	tf->ticks = 0;
	tf->resting = false;
	tf->settime_flags = flags;
	arm_locked(tf);
	mutex_unlock(&tf->lock);
	return 0;
}

int timerfd_get(struct file *f, struct timerfd_value *ret_v)
{
	struct timerfd *tf = f->priv;

	if (f->ops != &timerfd_ops)
		return -EINVAL;
	mutex_lock(&tf->lock);
	catch_up_locked(tf);
	value_locked(tf, ret_v);
	mutex_unlock(&tf->lock);
	return 0;
}
