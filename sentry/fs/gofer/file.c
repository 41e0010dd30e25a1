/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular files: the descriptors the gofer donates, and reading, writing and mapping through them,
 * without the gofer. What was donated is looked at before it is used: the same regular file, the
 * access that was asked for, nothing else.
 *
 * An open file holds its own reference on the descriptor it was opened with; the inode keeps one
 * for the next open and for mappings, and the inodes with one are in a list, so that the least
 * recently used ones can be given back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/fcntl.h>
#include <abi/linux/mman.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "fs/gofer/int.h"
#include "mm/mm.h"
#include "vfs/chrdev.h"

/* --- descriptors --- */

/*
 * Descriptors are given out from below, so a high one says that the table is nearly full. What is
 * left is for what the sandbox itself needs: pidfds of new processes, the next container.
 */
bool gofer_fd_scarce(int fd)
{
	unsigned int limit = host_fd_limit();

	return (unsigned int)fd >= limit - limit / 4;
}

static bool is_mapped(struct ginode *gi)
{
	bool mapped;

	mutex_lock(&gi->map.lock);
	mapped = !list_empty(&gi->map.mappings);
	mutex_unlock(&gi->map.lock);
	return mapped;
}

void gofer_trim_fds(struct gofer_sb *gsb)
{
	unsigned int max = MIN((unsigned int)GOFER_FDS_MAX, host_fd_limit() / 4);

	for (unsigned int tries = 0; tries < 8; tries++) {
		struct backing_file *bf = NULL;
		struct ginode *gi, *old = NULL;
		bool mapped;

		mutex_lock(&gsb->lock);
		if (gsb->nr_fds > max) {
			gi = list_last_entry(&gsb->fds, struct ginode, fd_link);
			if (ref_get_unless_zero(&gi->i.ref))
				old = gi;
		}
		mutex_unlock(&gsb->lock);
		if (!old)
			return;
		mapped = is_mapped(old);
		mutex_lock(&old->lock);
		mutex_lock(&gsb->lock);
		if (!list_empty(&old->fd_link)) {
			list_del_init(&old->fd_link);
			gsb->nr_fds--;
		}
		mutex_unlock(&gsb->lock);
		/* One mapped since asks for another when a page is missing. */
		if (!mapped)
			bf = STEAL(old->bf);
		mutex_unlock(&old->lock);
		if (bf)
			backing_file_put(bf);
		inode_put(&old->i);
	}
}

static void used_locked(struct ginode *gi)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);

	mutex_lock(&gsb->lock);
	if (list_empty(&gi->fd_link))
		gsb->nr_fds++;
	list_move(&gi->fd_link, &gsb->fds);
	mutex_unlock(&gsb->lock);
}

/* Is this descriptor what was asked for? Also learns the attributes: they came for nothing. */
static int check_fd(struct ginode *gi, int fd, bool write)
{
	struct host_stat st;
	int access, ret;

	access = host_fd_access(fd);
	if (access < 0)
		return access;
	if (access != (HOST_FD_READ | (write ? HOST_FD_WRITE : 0)))
		return -EIO;
	ret = host_fstat(fd, &st);
	if (ret < 0)
		return ret;
	return LX_S_ISREG(st.mode) && st.ino == gi->ino ? 0 : -EIO;
}

/* Asks for a descriptor, by id or by name. fd is the caller's. */
static int ask_fd_locked(struct ginode *gi, uint64_t dir_nid, bool write, bool trunc, int *ret_fd,
			 struct ginode **ret_dir, char **ret_name) REQUIRES(gi->lock);
static int ask_fd_locked(struct ginode *gi, uint64_t dir_nid, bool write, bool trunc, int *ret_fd,
			 struct ginode **ret_dir, char **ret_name)
{
	struct gofer_sb *gsb = gofer_sb_of(&gi->i);
	struct gofer_open_req q = {
		.node = gi->nid ? gi->nid : dir_nid,
		.flags = (write ? GOFER_OPEN_WRITE : 0) | (trunc ? GOFER_OPEN_TRUNC : 0),
	};
	struct gofer_open_rep r;
	struct gofer_str name = { gi->name, gi->name ? (uint32_t)strlen(gi->name) : 0 };
	struct gofer_call call = {
		.op = GOFER_OPEN,
		.req = &q,
		.names = &name,
		.nr_names = !gi->nid,
		.rep = &r,
	};
	auto_close int fd = -1;
	int ret;

	ret = gofer_call(gsb->conn, &call);
	if (ret < 0)
		return ret;
	fd = call.fd;
	if (!gi->nid) {
		ret = ginode_take_nid_locked(gi, &r.node, ret_dir, ret_name);
		if (ret < 0)
			return ret;
	}
	if (fd < 0)
		return -EIO;
	if (gofer_fd_scarce(fd))
		return -ENFILE;
	ret = check_fd(gi, fd, write);
	if (ret == 0)
		*ret_fd = STEAL_FD(fd);
	return ret;
}

int ginode_backing(struct ginode *gi, bool write, bool trunc, struct backing_file **ret_bf)
{
	struct backing_file *old = NULL, *bf = NULL;
	struct ginode *up = NULL, *dir = NULL;
	uint64_t dir_nid = 0;
	char *name = NULL;
	int fd, early = -1, ret;

	if (write && gofer_sb_of(&gi->i)->ro)
		return -EROFS;
	mutex_lock(&gi->lock);
	write = write || gi->ever_written;
	if (!gi->bf && !gi->nid && gi->dir)
		up = ginode_of(inode_get(&gi->dir->i));
	mutex_unlock(&gi->lock);
	if (up) {
		ret = ginode_nid(up, &dir_nid);
		if (ret == 0 && !write && !trunc)
			early = ahead_fd(up, dir_nid, gi);
		inode_put(&up->i);
		if (ret < 0)
			return ret;
	}
	mutex_lock(&gi->lock);
	ret = 0;
	if (!gi->bf || (write && !gi->bf_writable) || trunc) {
		if (early >= 0 && !write && !gofer_fd_scarce(early) &&
		    check_fd(gi, early, false) == 0)
			fd = STEAL_FD(early);
		else
			ret = gi->nid || (dir_nid && gi->name) ?
				      ask_fd_locked(gi, dir_nid, write, trunc, &fd, &dir, &name) :
				      -ESTALE;
		if (ret == 0)
			ret = backing_file_new_fd(fd, write, &bf);
		if (ret == 0) {
			old = gi->bf;
			gi->bf = bf;
			gi->bf_writable = gi->ever_written = write;
		}
	}
	if (ret == 0) {
		used_locked(gi);
		ginode_mark(gi, GI_OPENED);
		*ret_bf = backing_file_get(gi->bf);
	}
	mutex_unlock(&gi->lock);
	if (early >= 0)
		host_close(early);
	ginode_put_dir(dir, name);
	/*
	 * Mappings of a read-only descriptor stay: it is the same file and the same pages. One that
	 * is to become writable asks translate() again.
	 */
	if (old)
		backing_file_put(old);
	if (bf)
		gofer_trim_fds(gofer_sb_of(&gi->i));
	return ret;
}

struct backing_file *ginode_backing_cached(struct ginode *gi)
{
	struct backing_file *bf;

	mutex_lock(&gi->lock);
	bf = gi->bf ? backing_file_get(gi->bf) : NULL;
	mutex_unlock(&gi->lock);
	return bf;
}

void ginode_give_fd(struct ginode *gi, int fd)
{
	struct backing_file *bf = NULL;
	int ret = check_fd(gi, fd, true);

	if (ret < 0) {
		host_close(fd);
		return; /* an open asks again and reports it */
	}
	if (backing_file_new_fd(fd, true, &bf) < 0)
		return;
	mutex_lock(&gi->lock);
	if (!gi->bf) {
		gi->bf = STEAL(bf);
		gi->bf_writable = gi->ever_written = true;
		used_locked(gi);
	}
	mutex_unlock(&gi->lock);
	if (bf)
		backing_file_put(bf);
	gofer_trim_fds(gofer_sb_of(&gi->i));
}

/* --- open files --- */

int gofer_open(struct inode *i, struct file *f, const struct vfs_caller *c)
{
	struct ginode *gi = ginode_of(i);
	struct backing_file *bf;
	int ret;

	if (LX_S_ISDIR(i->mode)) {
		f->ops = &gofer_dir_ops;
		return 0;
	}
	if (LX_S_ISCHR(i->mode))
		return chrdev_open(i, f, c);
	if (!LX_S_ISREG(i->mode))
		return -ENXIO; /* a socket or a disk; vfs opens FIFOs itself */
	ret = ginode_backing(gi, f->mode & FMODE_WRITE, false, &bf);
	if (ret < 0)
		return ret;
	f->priv = bf;
	f->ops = &gofer_file_ops;
	return 0;
}

static void file_release(struct file *f)
{
	if (f->priv)
		backing_file_put(f->priv);
	f->priv = NULL;
}

static ssize_t file_read(struct file *f, struct uio *dst, int64_t *pos, int rwf)
{
	struct ginode *gi = ginode_of(f->inode);
	int fd = backing_file_fd(f->priv);
	ssize_t done = 0;

	/*
	 * Every reader asks once more at the end. Where nobody else writes, we know where that is.
	 */
	if (gofer_sb_of(f->inode)->ttl_ns == GOFER_TTL_FOREVER &&
	    (uint64_t)*pos >= READ_ONCE(gi->i.size))
		return 0;
	while (uio_left(dst) > 0) {
		struct uio_pin pin;
		ssize_t want = uio_pin(dst, uio_left(dst), true, &pin), n;

		if (want <= 0)
			return done ? done : want;
		n = host_preadv(fd, (const struct host_iov *)pin.iov, (int)pin.nr, (uint64_t)*pos);
		uio_unpin(&pin);
		if (n < 0)
			return done ? done : n;
		uio_advance(dst, (size_t)n);
		*pos += n;
		done += n;
		if (n < want)
			break;
	}
	/* The host may have noted the time of the access. */
	if (done && !gofer_sb_of(f->inode)->ro)
		ginode_mark(gi, GI_STALE);
	return done;
}

/* The end of the file as the host has it: others may append in shared mode. */
static int file_end(struct ginode *gi, int fd, int64_t *ret_end)
{
	struct host_stat st;
	int ret;

	if (gofer_sb_of(&gi->i)->ttl_ns == GOFER_TTL_FOREVER) {
		*ret_end = (int64_t)gi->i.size;
		return 0;
	}
	ret = host_fstat(fd, &st);
	if (ret == 0)
		*ret_end = (int64_t)st.size;
	return ret;
}

static ssize_t file_write(struct file *f, struct uio *src, int64_t *pos, int rwf)
{
	struct ginode *gi = ginode_of(f->inode);
	struct inode *i = &gi->i;
	int fd = backing_file_fd(f->priv), ret = 0;
	unsigned int flags = atomic_load(&f->flags);
	bool append = (flags & LX_O_APPEND && !(rwf & LX_RWF_NOAPPEND)) || rwf & LX_RWF_APPEND;
	ssize_t done = 0;
	int64_t at = *pos;

	mutex_lock(&i->io_lock);
	if (append) {
		ret = file_end(gi, fd, &at);
		if (ret < 0) {
			done = ret;
			goto out;
		}
	}
	while (uio_left(src) > 0) {
		struct uio_pin pin;
		ssize_t want = uio_pin(src, uio_left(src), false, &pin), n;

		if (want <= 0) {
			ret = (int)want;
			break;
		}
		n = host_pwritev(fd, (const struct host_iov *)pin.iov, (int)pin.nr, (uint64_t)at);
		uio_unpin(&pin);
		if (n < 0) {
			ret = (int)n;
			break;
		}
		uio_advance(src, (size_t)n);
		at += n;
		done += n;
		if (n < want)
			break;
	}
	if (done) {
		ginode_mark(gi, GI_STALE | GI_MODIFIED);
		rwlock_wrlock(&i->lock);
		if ((uint64_t)at > i->size)
			i->size = (uint64_t)at;
		rwlock_unlock(&i->lock);
		*pos = at;
		if (flags & LX_O_DSYNC || rwf & (LX_RWF_DSYNC | LX_RWF_SYNC)) {
			ret = host_fsync(fd,
					 !((flags & LX_O_SYNC) == LX_O_SYNC || rwf & LX_RWF_SYNC));
			if (ret < 0)
				done = ret;
		}
	} else {
		done = ret;
	}
out:
	mutex_unlock(&i->io_lock);
	return done;
}

static int64_t file_seek(struct file *f, int64_t off, int whence)
{
	int64_t base = 0, ret;

	switch (whence) {
	case LX_SEEK_SET:
		base = 0;
		break;
	case LX_SEEK_CUR:
		base = f->pos;
		break;
	case LX_SEEK_END:
		ret = file_end(ginode_of(f->inode), backing_file_fd(f->priv), &base);
		if (ret < 0)
			return ret;
		break;
	case LX_SEEK_DATA:
	case LX_SEEK_HOLE:
		ret = host_lseek(backing_file_fd(f->priv), off,
				 whence == LX_SEEK_DATA ? HOST_SEEK_DATA : HOST_SEEK_HOLE);
		if (ret >= 0)
			f->pos = ret;
		return ret;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, off, &ret))
		return -EOVERFLOW;
	if (ret < 0)
		return -EINVAL;
	f->pos = ret;
	return ret;
}

static int file_fsync(struct file *f, bool data_only)
{
	return host_fsync(backing_file_fd(f->priv), data_only);
}

static int file_fallocate(struct file *f, int mode, int64_t off, int64_t len)
{
	struct ginode *gi = ginode_of(f->inode);
	struct gofer_fallocate_req q = {
		.mode = (uint32_t)mode,
		.offset = (uint64_t)off,
		.length = (uint64_t)len,
	};
	struct gofer_fallocate_rep r;
	struct gofer_call call = { .op = GOFER_FALLOCATE, .req = &q, .rep = &r };
	int ret;

	if (q.mode & ~GOFER_FALLOC_ALL)
		return -EOPNOTSUPP;
	ret = ginode_nid(gi, &q.node);
	if (ret == 0)
		ret = gofer_call(gofer_sb_of(&gi->i)->conn, &call);
	ginode_mark(gi, GI_STALE | GI_MODIFIED);
	return ret < 0 ? ret : ginode_set_attr(gi, &r.attr);
}

static int file_mmap(struct file *f, struct mm_mmap_req *req)
{
	struct ginode *gi = ginode_of(f->inode);

	req->mappable = &gi->map;
	return 0;
}

const struct file_ops gofer_file_ops = {
	.name = "gofer",
	.flags = FOP_KILLABLE,
	.read = file_read,
	.write = file_write,
	.seek = file_seek,
	.mmap = file_mmap,
	.fsync = file_fsync,
	.fallocate = file_fallocate,
	.release = file_release,
};

/* --- mappable --- */

static struct ginode *ginode_of_map(struct mappable *m)
{
	return container_of(m, struct ginode, map);
}

static void map_get(struct mappable *m)
{
	inode_get(&ginode_of_map(m)->i);
}

static void map_put(struct mappable *m)
{
	inode_put(&ginode_of_map(m)->i);
}

static int map_translate(struct mappable *m, uint64_t off, uint64_t size, bool write,
			 struct backing *ret_b)
{
	struct ginode *gi = ginode_of_map(m);
	struct backing_file *bf;
	int64_t end = 0;
	int ret;

	ret = ginode_backing(gi, write, false, &bf);
	if (ret < 0)
		return ret == -EROFS ? -EACCES : ret == -ENOMEM ? ret : -EIO;
	ret = file_end(gi, backing_file_fd(bf), &end);
	if (ret == 0 && off >= page_up((uint64_t)end))
		ret = -ENXIO;
	if (ret < 0) {
		backing_file_put(bf);
		return ret;
	}
	*ret_b = (struct backing){
		.file = bf,
		.off = off,
		.size = MIN(size, page_up((uint64_t)end) - off),
		.writable = gi->bf_writable,
	};
	return 0;
}

static int map_sync(struct mappable *m, uint64_t off, uint64_t size)
{
	struct backing_file *bf = ginode_backing_cached(ginode_of_map(m));
	int ret;

	if (!bf)
		return 0;
	ret = host_fsync(backing_file_fd(bf), true);
	backing_file_put(bf);
	return ret;
}

static void map_id(struct mappable *m, struct mappable_id *ret_id)
{
	struct ginode *gi = ginode_of_map(m);

	*ret_id = (struct mappable_id){
		.dev_major = gi->i.sb->dev_major,
		.dev_minor = gi->i.sb->dev_minor,
		.ino = gi->i.ino,
	};
}

const struct mappable_ops gofer_mappable_ops = {
	.get = map_get,
	.put = map_put,
	.translate = map_translate,
	.sync = map_sync,
	.id = map_id,
};
