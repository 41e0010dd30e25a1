/* SPDX-License-Identifier: Apache-2.0 */
/* mount(8)'s options in words into mount(2)'s flags and data. */
#include "mounts.h"
#include "shim/task.pb-c.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"

#define DATA_MAX 4095

static const struct {
	const char *name;
	unsigned long flag;
	bool clear;
} words[] = {
	{ "ro", MS_RDONLY, false },
	{ "rw", MS_RDONLY, true },
	{ "bind", MS_BIND, false },
	{ "rbind", MS_BIND | MS_REC, false },
	{ "nosuid", MS_NOSUID, false },
	{ "suid", MS_NOSUID, true },
	{ "nodev", MS_NODEV, false },
	{ "dev", MS_NODEV, true },
	{ "noexec", MS_NOEXEC, false },
	{ "exec", MS_NOEXEC, true },
	{ "sync", MS_SYNCHRONOUS, false },
	{ "async", MS_SYNCHRONOUS, true },
	{ "dirsync", MS_DIRSYNC, false },
	{ "remount", MS_REMOUNT, false },
	{ "mand", MS_MANDLOCK, false },
	{ "noatime", MS_NOATIME, false },
	{ "atime", MS_NOATIME, true },
	{ "nodiratime", MS_NODIRATIME, false },
	{ "diratime", MS_NODIRATIME, true },
	{ "relatime", MS_RELATIME, false },
	{ "norelatime", MS_RELATIME, true },
	{ "strictatime", MS_STRICTATIME, false },
	{ "nostrictatime", MS_STRICTATIME, true },
	{ "defaults", 0, false },
};

static bool flag_word(const char *w, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i].name, w) == 0) {
			*flags = words[i].clear ? *flags & ~words[i].flag : *flags | words[i].flag;
			return true;
		}
	}
	return false;
}

/*
 * The kernel takes one page of options. Many layers do not fit: their common directory becomes the
 * working directory (of this thread alone) and is left out of each. Returns it, or NULL.
 */
static char *shorten_layers(const char *lower, char *out, size_t size)
{
	size_t common = strcspn(lower, ":"), n = 0;
	auto_free char *copy = strdup(lower);
	char *save, *dir, *layer;

	for (const char *p = lower; p && *p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
		size_t i = 0;

		while (i < common && p[i] == lower[i])
			i++;
		common = i;
	}
	while (common > 1 && lower[common - 1] != '/')
		common--;
	if (!copy || common < 2)
		return NULL;
	for (layer = strtok_r(copy, ":", &save); layer; layer = strtok_r(NULL, ":", &save)) {
		int k = snprintf(out + n, size - n, "%s%s", n ? ":" : "lowerdir=", layer + common);

		if (k < 0 || (size_t)k >= size - n)
			return NULL;
		n += (size_t)k;
	}
	dir = strndup(lower, common);
	return dir;
}

static int mount_one(const Shim__Mount *m, const char *target, struct rt_err *err)
{
	auto_free char *data = calloc(1, DATA_MAX + 1), *dir = NULL;
	unsigned long flags = 0;
	const char *lower = NULL;
	size_t n = 0;
	bool bind;

	if (!data)
		return rt_fail(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < m->n_options; i++) {
		const char *o = m->options[i];
		int k;

		if (flag_word(o, &flags) || strncmp(o, "X-", 2) == 0 || strncmp(o, "x-", 2) == 0)
			continue;
		if (strncmp(o, "lowerdir=", 9) == 0 && strlen(o) > DATA_MAX / 2) {
			lower = o + 9;
			continue;
		}
		k = snprintf(data + n, DATA_MAX + 1 - n, "%s%s", n ? "," : "", o);
		if (k < 0 || (size_t)k > DATA_MAX - n)
			return rt_fail(err, E2BIG,
				       "rootfs: the mount options are longer than a page");
		n += (size_t)k;
	}
	if (lower) {
		auto_free char *layers = calloc(1, DATA_MAX + 1);

		dir = layers ? shorten_layers(lower, layers, DATA_MAX + 1) : NULL;
		if (!dir || n + 1 + strlen(layers) > DATA_MAX)
			return rt_fail(err, E2BIG,
				       "rootfs: the list of layers is longer than a page");
		snprintf(data + n, DATA_MAX + 1 - n, "%s%s", n ? "," : "", layers);
		if (unshare(CLONE_FS) < 0 || chdir(dir) < 0)
			return rt_fail(err, errno, "%s: %s", dir, strerror(errno));
	}
	bind = (flags & MS_BIND) || strcmp(m->type, "bind") == 0;
	if (bind)
		flags |= MS_BIND;
	if (mount(m->source, target, bind ? NULL : m->type,
		  bind ? flags & (MS_BIND | MS_REC) : flags, bind ? NULL : data) < 0)
		return rt_fail(err, errno, "mount %s (%s) on %s: %s", m->source, m->type, target,
			       strerror(errno));
	if (bind && (flags & ~(unsigned long)(MS_BIND | MS_REC)) &&
	    mount(NULL, target, NULL, flags | MS_REMOUNT, NULL) < 0)
		return rt_fail(err, errno, "remount of %s: %s", target, strerror(errno));
	return 0;
}

int mounts_apply(Shim__Mount *const *mounts, size_t nr, const char *target, struct rt_err *err)
{
	for (size_t i = 0; i < nr; i++) {
		char where[4200];
		int ret;

		snprintf(where, sizeof(where), "%s%s%s", target, *mounts[i]->target ? "/" : "",
			 mounts[i]->target);
		ret = mount_one(mounts[i], where, err);
		if (ret < 0) {
			mounts_undo(target);
			return ret;
		}
	}
	return 0;
}

void mounts_undo(const char *target)
{
	while (umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
}
