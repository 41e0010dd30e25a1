/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor tables. Only tasks that hold a table change it, so the one holder of an unshared table
 * reads it without the lock; everybody else, and everybody on a shared one, takes it for the few
 * instructions of a look-up. Files are closed after the lock is dropped. Locking: fdtable.lock
 * (LC_FDTABLE).
 */
#include <base/bits.h>

#include "kernel/kernel_int.h"

#define FD_FIRST_SIZE 64u
#define FD_MAX_SIZE   (1u << 20) /* fs.nr_open */

struct fdtable {
	struct ref ref;
	struct mutex lock;       /* LC_FDTABLE */
	unsigned int size;       /* entries; GUARDED_BY(lock) for writers */
	unsigned int first_free; /* nothing below is free; GUARDED_BY(lock) */
	struct file **files;     /* owned references */
	unsigned char *flags;    /* LX_FD_CLOEXEC_FLAG */
};

static int grow_locked(struct fdtable *fds, unsigned int want)
{
	unsigned int size = fds->size ? fds->size : FD_FIRST_SIZE;
	unsigned char *flags;
	struct file **files;

	if (want <= fds->size)
		return 0;
	if (want > FD_MAX_SIZE)
		return -EMFILE;
	while (size < want)
		size *= 2;
	files = calloc(size, sizeof(*files));
	flags = calloc(size, 1);
	if (!files || !flags) {
		free(files);
		free(flags);
		return -ENOMEM;
	}
	if (fds->size) {
		memcpy(files, fds->files, fds->size * sizeof(*files));
		memcpy(flags, fds->flags, fds->size);
	}
	free(fds->files);
	free(fds->flags);
	fds->files = files;
	fds->flags = flags;
	fds->size = size;
	return 0;
}

int fdtable_new(struct fdtable **ret_fds)
{
	struct fdtable *fds = calloc(1, sizeof(*fds));
	int ret;

	if (!fds)
		return -ENOMEM;
	ref_init(&fds->ref);
	mutex_init(&fds->lock, LC_FDTABLE);
	ret = grow_locked(fds, FD_FIRST_SIZE);
	if (ret < 0) {
		fdtable_put(fds);
		return ret;
	}
	*ret_fds = fds;
	return 0;
}

int fdtable_copy(struct fdtable *src, struct fdtable **ret_fds)
{
	struct fdtable *fds;
	unsigned int top;
	int ret;

	ret = fdtable_new(&fds);
	if (ret < 0)
		return ret;
	mutex_lock(&src->lock);
	for (top = src->size; top > 0 && !src->files[top - 1]; top--)
		;
	ret = grow_locked(fds, MAX(top, FD_FIRST_SIZE));
	for (unsigned int i = 0; ret == 0 && i < top; i++) {
		fds->files[i] = src->files[i] ? file_get(src->files[i]) : NULL;
		fds->flags[i] = src->flags[i];
	}
	fds->first_free = src->first_free;
	mutex_unlock(&src->lock);
	if (ret < 0) {
		fdtable_put(fds);
		return ret;
	}
	*ret_fds = fds;
	return 0;
}

struct fdtable *fdtable_get(struct fdtable *fds)
{
	ref_get(&fds->ref);
	return fds;
}

static void close_file(struct fdtable *fds, struct file *f)
{
	vfs_close_fd(f, fds);
	file_put(f);
}

void fdtable_put(struct fdtable *fds)
{
	if (!fds || !ref_put(&fds->ref))
		return;
	for (unsigned int i = 0; i < fds->size; i++) {
		if (fds->files[i])
			close_file(fds, fds->files[i]);
	}
	free(fds->files);
	free(fds->flags);
	mutex_fini(&fds->lock);
	free(fds);
}

bool fdtable_shared(struct fdtable *fds)
{
	return ref_read(&fds->ref) > 1;
}

/* Limit of the current task; service threads have none. */
static unsigned int fd_limit(void)
{
	struct task *t = task_current();
	uint64_t lim = t ? task_rlimit(t, LX_RLIMIT_NOFILE) : FD_MAX_SIZE;

	return lim < FD_MAX_SIZE ? (unsigned int)lim : FD_MAX_SIZE;
}

int fd_install_min(struct fdtable *fds, int min, struct file *f, int fd_flags)
{
	unsigned int limit = fd_limit(), fd;
	int ret = 0;

	if (min < 0 || (unsigned int)min >= limit)
		return min < 0 || min > 0 ? -EINVAL : -EMFILE;
	mutex_lock(&fds->lock);
	fd = MAX((unsigned int)min, fds->first_free);
	while (fd < fds->size && fds->files[fd])
		fd++;
	if (fd >= limit)
		ret = -EMFILE;
	else
		ret = grow_locked(fds, fd + 1);
	if (ret == 0) {
		fds->files[fd] = file_get(f);
		fds->flags[fd] = fd_flags & LX_FD_CLOEXEC_FLAG;
		if ((unsigned int)min <= fds->first_free)
			fds->first_free = fd + 1;
		ret = (int)fd;
	}
	mutex_unlock(&fds->lock);
	return ret;
}

bool fd_room(struct fdtable *fds)
{
	unsigned int limit = fd_limit(), fd;
	bool room;

	mutex_lock(&fds->lock);
	fd = fds->first_free;
	while (fd < fds->size && fds->files[fd])
		fd++;
	room = fd < limit;
	mutex_unlock(&fds->lock);
	return room;
}

int fd_install(struct fdtable *fds, struct file *f, int fd_flags)
{
	return fd_install_min(fds, 0, f, fd_flags);
}

int fd_install_at(struct fdtable *fds, int fd, struct file *f, int fd_flags)
{
	struct file *old = NULL;
	int ret;

	if (fd < 0 || (unsigned int)fd >= fd_limit())
		return -EBADF;
	mutex_lock(&fds->lock);
	ret = grow_locked(fds, (unsigned int)fd + 1);
	if (ret == 0) {
		old = fds->files[fd];
		fds->files[fd] = file_get(f);
		fds->flags[fd] = fd_flags & LX_FD_CLOEXEC_FLAG;
		ret = fd;
	}
	mutex_unlock(&fds->lock);
	if (old)
		close_file(fds, old);
	return ret;
}

/* NO_THREAD_SAFETY: a table of one thread needs no lock. */
NO_THREAD_SAFETY struct file *fd_get_any(struct fdtable *fds, int fd)
{
	bool lock = fdtable_shared(fds);
	struct file *f = NULL;

	if (lock)
		mutex_lock(&fds->lock);
	if (fd >= 0 && (unsigned int)fd < fds->size && fds->files[fd])
		f = file_get(fds->files[fd]);
	if (lock)
		mutex_unlock(&fds->lock);
	return f;
}

struct file *fd_get(struct fdtable *fds, int fd)
{
	struct file *f = fd_get_any(fds, fd);

	if (f && (f->mode & FMODE_PATH)) {
		file_put(f);
		return NULL;
	}
	return f;
}

static struct file *take_locked(struct fdtable *fds, unsigned int fd)
{
	struct file *f = fds->files[fd];

	fds->files[fd] = NULL;
	fds->flags[fd] = 0;
	if (f && fd < fds->first_free)
		fds->first_free = fd;
	return f;
}

int fd_close(struct fdtable *fds, int fd)
{
	struct file *f = NULL;
	int ret;

	mutex_lock(&fds->lock);
	if (fd >= 0 && (unsigned int)fd < fds->size)
		f = take_locked(fds, (unsigned int)fd);
	mutex_unlock(&fds->lock);
	if (!f)
		return -EBADF;
	ret = vfs_close_fd(f, fds);
	file_put(f);
	return ret;
}

int fd_close_range(struct fdtable *fds, unsigned int first, unsigned int last, bool cloexec_only)
{
	if (first > last)
		return -EINVAL;
	for (unsigned int fd = first; fd <= last; fd++) {
		struct file *f = NULL;
		bool end;

		mutex_lock(&fds->lock);
		while (fd < fds->size && fd <= last && !fds->files[fd])
			fd++;
		end = fd >= fds->size || fd > last;
		if (!end && cloexec_only)
			fds->flags[fd] |= LX_FD_CLOEXEC_FLAG;
		else if (!end)
			f = take_locked(fds, fd);
		mutex_unlock(&fds->lock);
		if (f)
			close_file(fds, f);
		if (end)
			break;
	}
	return 0;
}

int fd_get_flags(struct fdtable *fds, int fd)
{
	int ret = -EBADF;

	mutex_lock(&fds->lock);
	if (fd >= 0 && (unsigned int)fd < fds->size && fds->files[fd])
		ret = fds->flags[fd];
	mutex_unlock(&fds->lock);
	return ret;
}

int fd_set_flags(struct fdtable *fds, int fd, int fd_flags)
{
	int ret = -EBADF;

	mutex_lock(&fds->lock);
	if (fd >= 0 && (unsigned int)fd < fds->size && fds->files[fd]) {
		fds->flags[fd] = fd_flags & LX_FD_CLOEXEC_FLAG;
		ret = 0;
	}
	mutex_unlock(&fds->lock);
	return ret;
}

int fd_next(struct fdtable *fds, int fd, struct file **ret_file, int *ret_flags)
{
	int ret = -1;

	mutex_lock(&fds->lock);
	for (unsigned int i = fd < 0 ? 0 : (unsigned int)fd; i < fds->size; i++) {
		if (!fds->files[i])
			continue;
		*ret_file = file_get(fds->files[i]);
		*ret_flags = fds->flags[i];
		ret = (int)i;
		break;
	}
	mutex_unlock(&fds->lock);
	return ret;
}

void fd_close_on_exec(struct fdtable *fds)
{
	for (unsigned int fd = 0;; fd++) {
		struct file *f = NULL;
		bool end;

		mutex_lock(&fds->lock);
		while (fd < fds->size && !(fds->files[fd] && (fds->flags[fd] & LX_FD_CLOEXEC_FLAG)))
			fd++;
		end = fd >= fds->size;
		if (!end)
			f = take_locked(fds, fd);
		mutex_unlock(&fds->lock);
		if (end)
			return;
		close_file(fds, f);
	}
}
