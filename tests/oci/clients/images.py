#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""images.py DIR: images for the engines, made here from the host's static busybox, without a network.

DIR/busybox.tar and DIR/pause.tar are archives as `docker load` and `ctr images import` take them,
DIR/busybox.rootfs.tar is a bare root for `docker import`.
"""
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

PASSWD = "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
GROUP = "root:x:0:\nuser:x:1000:\nextra:x:2000:user\nnogroup:x:65534:\n"
PAUSE = """
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static void leave(int sig) { _exit(0); }
static void fetch(int sig) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void)
{
	signal(SIGINT, leave);
	signal(SIGTERM, leave);
	signal(SIGCHLD, fetch);
	for (;;)
		pause();
}
"""


def add(tar, name, data=None, mode=0o755, link=None, kind=None):
    info = tarfile.TarInfo(name)
    info.mode = mode
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    elif data is None:
        info.type = kind or tarfile.DIRTYPE
    else:
        info.size = len(data)
    tar.addfile(info, io.BytesIO(data) if data is not None else None)


def busybox_root(path):
    box = shutil.which("busybox") or "/bin/busybox"
    with open(box, "rb") as f:
        binary = f.read()
    applets = subprocess.run([box, "--list"], capture_output=True, text=True, check=True).stdout.split()
    with tarfile.open(path, "w") as tar:
        for d in ("bin", "etc", "root", "home", "proc", "sys", "dev", "var", "usr", "usr/bin", "mnt"):
            add(tar, d)
        add(tar, "tmp", mode=0o1777)
        add(tar, "bin/busybox", binary)
        for a in applets:
            if a != "busybox":
                add(tar, f"bin/{a}", link="busybox")
        add(tar, "etc/passwd", PASSWD.encode(), 0o644)
        add(tar, "etc/group", GROUP.encode(), 0o644)


def pause_root(path):
    with tempfile.TemporaryDirectory() as d:
        with open(f"{d}/pause.c", "w", encoding="ascii") as f:
            f.write(PAUSE)
        subprocess.run(["cc", "-static", "-Os", "-o", f"{d}/pause", f"{d}/pause.c"], check=True)
        with open(f"{d}/pause", "rb") as f, tarfile.open(path, "w") as tar:
            add(tar, "pause", f.read())


def archive(path, root, ref, config):
    """A docker archive of one layer."""
    with open(root, "rb") as f:
        layer = f.read()
    conf = json.dumps({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine], "os": "linux",
        "config": config, "created": "2024-01-01T00:00:00Z", "history": [],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
    }).encode()
    name = hashlib.sha256(conf).hexdigest() + ".json"
    manifest = [{"Config": name, "RepoTags": [ref], "Layers": ["layer/layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        add(tar, "layer")
        add(tar, "layer/layer.tar", layer, 0o644)
        add(tar, name, conf, 0o644)
        add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)


def main():
    d = sys.argv[1]
    os.makedirs(d, exist_ok=True)
    busybox_root(f"{d}/busybox.rootfs.tar")
    pause_root(f"{d}/pause.rootfs.tar")
    archive(f"{d}/busybox.tar", f"{d}/busybox.rootfs.tar", "docker.io/library/busybox:test",
            {"Cmd": ["sh"], "Env": ["PATH=/bin:/usr/bin"]})
    archive(f"{d}/pause.tar", f"{d}/pause.rootfs.tar", "registry.k8s.io/pause:local", {"Entrypoint": ["/pause"]})


if __name__ == "__main__":
    main()
