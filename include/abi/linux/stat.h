/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File types and mode bits, statx(2), statfs(2) and file system magic numbers. struct lx_stat
 * differs between architectures and is in arch/stat.h.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/arch/stat.h>

#define LX_S_IFMT	0170000
#define LX_S_IFSOCK	0140000
#define LX_S_IFLNK	0120000
#define LX_S_IFREG	0100000
#define LX_S_IFBLK	060000
#define LX_S_IFDIR	040000
#define LX_S_IFCHR	020000
#define LX_S_IFIFO	010000
#define LX_S_ISUID	04000
#define LX_S_ISGID	02000
#define LX_S_ISVTX	01000
#define LX_S_IRWXU	0700
#define LX_S_IRUSR	0400
#define LX_S_IWUSR	0200
#define LX_S_IXUSR	0100
#define LX_S_IRWXG	070
#define LX_S_IRGRP	040
#define LX_S_IWGRP	020
#define LX_S_IXGRP	010
#define LX_S_IRWXO	07
#define LX_S_IROTH	04
#define LX_S_IWOTH	02
#define LX_S_IXOTH	01
#define LX_S_IRWXUGO	00777
#define LX_S_IALLUGO	07777
#define LX_S_ISLNK(m)	(((m) & LX_S_IFMT) == LX_S_IFLNK)
#define LX_S_ISREG(m)	(((m) & LX_S_IFMT) == LX_S_IFREG)
#define LX_S_ISDIR(m)	(((m) & LX_S_IFMT) == LX_S_IFDIR)
#define LX_S_ISCHR(m)	(((m) & LX_S_IFMT) == LX_S_IFCHR)
#define LX_S_ISBLK(m)	(((m) & LX_S_IFMT) == LX_S_IFBLK)
#define LX_S_ISFIFO(m)	(((m) & LX_S_IFMT) == LX_S_IFIFO)
#define LX_S_ISSOCK(m)	(((m) & LX_S_IFMT) == LX_S_IFSOCK)

/* dev_t as user space sees it (new_encode_dev) */
static inline uint64_t lx_makedev(uint32_t major, uint32_t minor)
{
	return (uint64_t)((minor & 0xff) | ((major & 0xfff) << 8)) |
	       ((uint64_t)(minor & ~0xffu) << 12) | ((uint64_t)(major & ~0xfffu) << 32);
}

static inline uint32_t lx_major(uint64_t dev)
{
	return (uint32_t)(((dev >> 8) & 0xfff) | ((dev >> 32) & ~0xfffull));
}

static inline uint32_t lx_minor(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | ((dev >> 12) & ~0xffull));
}

/* statx mask and attributes */
#define LX_STATX_TYPE			0x1
#define LX_STATX_MODE			0x2
#define LX_STATX_NLINK			0x4
#define LX_STATX_UID			0x8
#define LX_STATX_GID			0x10
#define LX_STATX_ATIME			0x20
#define LX_STATX_MTIME			0x40
#define LX_STATX_CTIME			0x80
#define LX_STATX_INO			0x100
#define LX_STATX_SIZE			0x200
#define LX_STATX_BLOCKS			0x400
#define LX_STATX_BASIC_STATS		0x7ff
#define LX_STATX_BTIME			0x800
#define LX_STATX_MNT_ID			0x1000
#define LX_STATX_DIOALIGN		0x2000
#define LX_STATX_MNT_ID_UNIQUE		0x4000
#define LX_STATX_SUBVOL			0x8000
#define LX_STATX_WRITE_ATOMIC		0x10000
#define LX_STATX_ALL			0xfff
#define LX_STATX__RESERVED		0x80000000u
#define LX_STATX_ATTR_COMPRESSED	0x4
#define LX_STATX_ATTR_IMMUTABLE		0x10
#define LX_STATX_ATTR_APPEND		0x20
#define LX_STATX_ATTR_NODUMP		0x40
#define LX_STATX_ATTR_ENCRYPTED		0x800
#define LX_STATX_ATTR_AUTOMOUNT		0x1000
#define LX_STATX_ATTR_MOUNT_ROOT	0x2000
#define LX_STATX_ATTR_VERITY		0x100000
#define LX_STATX_ATTR_DAX		0x200000
#define LX_STATX_ATTR_WRITE_ATOMIC	0x400000

struct lx_statx_timestamp {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t reserved;
};

struct lx_statx {
	uint32_t stx_mask;
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t spare0;
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct lx_statx_timestamp stx_atime;
	struct lx_statx_timestamp stx_btime;
	struct lx_statx_timestamp stx_ctime;
	struct lx_statx_timestamp stx_mtime;
	uint32_t stx_rdev_major;
	uint32_t stx_rdev_minor;
	uint32_t stx_dev_major;
	uint32_t stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align;
	uint32_t stx_dio_offset_align;
	uint64_t stx_subvol;
	uint32_t stx_atomic_write_unit_min;
	uint32_t stx_atomic_write_unit_max;
	uint32_t stx_atomic_write_segments_max;
	uint32_t spare1;
	uint64_t spare3[9];
};

struct lx_statfs {
	int64_t f_type;
	int64_t f_bsize;
	uint64_t f_blocks;
	uint64_t f_bfree;
	uint64_t f_bavail;
	uint64_t f_files;
	uint64_t f_ffree;
	int32_t f_fsid[2];
	int64_t f_namelen;
	int64_t f_frsize;
	int64_t f_flags;
	int64_t f_spare[4];
};

/* ustat(2), as it was */
struct lx_ustat {
	int32_t f_tfree;
	uint32_t pad0;
	uint64_t f_tinode;
	char f_fname[6];
	char f_fpack[6];
	uint32_t pad1;
};

/* statfs f_flags */
#define LX_ST_VALID		0x20
#define LX_ST_RDONLY		0x1
#define LX_ST_NOSUID		0x2
#define LX_ST_NODEV		0x4
#define LX_ST_NOEXEC		0x8
#define LX_ST_SYNCHRONOUS	0x10
#define LX_ST_MANDLOCK		0x40
#define LX_ST_NOATIME		0x400
#define LX_ST_NODIRATIME	0x800
#define LX_ST_RELATIME		0x1000
#define LX_ST_NOSYMFOLLOW	0x2000

/* statfs f_type */
#define LX_TMPFS_MAGIC			0x1021994
#define LX_PROC_SUPER_MAGIC		0x9fa0
#define LX_SYSFS_MAGIC			0x62656572
#define LX_RAMFS_MAGIC			0x858458f6
#define LX_OVERLAYFS_SUPER_MAGIC	0x794c7630
#define LX_DEVPTS_SUPER_MAGIC		0x1cd1
#define LX_CGROUP_SUPER_MAGIC		0x27e0eb
#define LX_CGROUP2_SUPER_MAGIC		0x63677270
#define LX_DEBUGFS_MAGIC		0x64626720
#define LX_SECURITYFS_MAGIC		0x73636673
#define LX_TRACEFS_MAGIC		0x74726163
#define LX_BPF_FS_MAGIC			0xcafe4a11
#define LX_HUGETLBFS_MAGIC		0x958458f6
#define LX_EXT4_SUPER_MAGIC		0xef53
#define LX_BTRFS_SUPER_MAGIC		0x9123683e
#define LX_F2FS_SUPER_MAGIC		0xf2f52010
#define LX_ISOFS_SUPER_MAGIC		0x9660
#define LX_MSDOS_SUPER_MAGIC		0x4d44
#define LX_NFS_SUPER_MAGIC		0x6969
#define LX_FUSE_SUPER_MAGIC		0x65735546
#define LX_SQUASHFS_MAGIC		0x73717368
#define LX_ANON_INODE_FS_MAGIC		0x9041934
#define LX_PIPEFS_MAGIC			0x50495045
#define LX_SOCKFS_MAGIC			0x534f434b
#define LX_NSFS_MAGIC			0x6e736673
#define LX_BINFMTFS_MAGIC		0x42494e4d
#define LX_XFS_SUPER_MAGIC		0x58465342
#define LX_EROFS_SUPER_MAGIC		0xe0f5e1e2
#define LX_V9FS_MAGIC			0x01021997
#define LX_MQUEUE_MAGIC			0x19800202
#define LX_PID_FS_MAGIC			0x50494446
#define LX_CONFIGFS_MAGIC		0x62656570
