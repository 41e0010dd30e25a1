# SPDX-License-Identifier: Apache-2.0
"""Bundles for the tests of the OCI command line: a root of busybox, a configuration as engines write it, and changes to it."""
import copy
import json
import os
import shutil
import subprocess

from husk import HUSK, SCRATCH, check

GLOBALS = []  # flags of every command
ROOT = os.path.join(SCRATCH, "oci-state")
CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_MKNOD",
        "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE"]
BASE = {
    "ociVersion": "1.0.2-dev",
    "process": {
        "terminal": False, "user": {"uid": 0, "gid": 0}, "args": ["true"], "cwd": "/",
        "env": ["PATH=/bin", "TERM=xterm"],
        "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")},
        "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
    },
    "root": {"path": "rootfs"},
    "hostname": "box",
    "mounts": [
        {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
    ],
    "linux": {
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")],
        "maskedPaths": ["/proc/kcore", "/proc/timer_list"],
        "readonlyPaths": ["/proc/sys"],
    },
}


def rootfs():
    path = os.path.join(SCRATCH, "bundle-root")
    if os.path.exists(path):
        return path
    for d in ("bin", "etc", "proc", "dev", "sys", "tmp", "root", "mnt"):
        os.makedirs(os.path.join(path, d))
    shutil.copy("/bin/busybox", os.path.join(path, "bin"))
    for name in subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if name != "busybox":
            os.symlink("busybox", os.path.join(path, "bin", name))
    with open(os.path.join(path, "etc/passwd"), "w", encoding="utf-8") as f:
        f.write("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:a user:/home/user:/bin/sh\n")
    with open(os.path.join(path, "etc/group"), "w", encoding="utf-8") as f:
        f.write("root:x:0:\ntty:x:5:\nuser:x:1000:\n")
    os.chmod(os.path.join(path, "tmp"), 0o1777)
    os.makedirs(os.path.join(path, "home/user"))
    return path


_count = 0


def bundle(args, change=None):
    """A directory with config.json: change(config) alters a copy of BASE."""
    global _count
    _count += 1
    where = os.path.join(SCRATCH, f"bundle-{_count}")
    os.makedirs(where)
    conf = copy.deepcopy(BASE)
    conf["root"]["path"] = rootfs()
    conf["process"]["args"] = args if isinstance(args, list) else ["sh", "-c", args]
    if change:
        change(conf)
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        json.dump(conf, f)
    return where


def husk(*args, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("timeout", 60)
    kw.setdefault("capture_output", True)
    return subprocess.run([HUSK, "--root", ROOT, *GLOBALS, *args], text=True, check=False, **kw)


def ok(*args, **kw):
    p = husk(*args, **kw)
    check(p.returncode == 0, f"{args}: status {p.returncode}: {(p.stderr or '').strip()[-300:]}")
    return p


def runs(args, change=None, **kw):
    """Runs it in the foreground."""
    name = f"r{_count}"
    return husk("run", "--bundle", bundle(args, change), name, **kw)


def prints(args, want, change=None, status=0):
    p = runs(args, change)
    check(p.returncode == status and p.stdout == want,
          f"{args}: status {p.returncode}, printed {p.stdout!r}, not {want!r}: {p.stderr.strip()[-300:]}")
    return p


def refused(what, change):
    p = runs("true", change)
    check(p.returncode == 128 and what in p.stderr, f"not refused with {what!r}: {p.returncode} {p.stderr!r}")


def warned(what, change):
    p = runs("true", change)
    check(p.returncode == 0 and what in p.stderr, f"no warning {what!r}: {p.returncode} {p.stderr!r}")


def state(name):
    p = husk("state", name)
    return json.loads(p.stdout) if p.returncode == 0 else {}
