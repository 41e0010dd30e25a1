#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest looks for files outside its root (guest_escape.c) while the host exchanges entries of the tree it is
given: files, links that lead out, directories, FIFOs. Once as the root under an overlay, once as a writable
volume.

    guest_escape.py HUSK GUEST_ESCAPE
"""
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import threading

TEXT = "only outside the root"
AT_FDCWD, RENAME_EXCHANGE = -100, 2
libc = ctypes.CDLL(None, use_errno=True)


def put(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def make_tree(base, guest):
    root = f"{base}/root"
    os.makedirs(f"{base}/outdir")
    put(f"{base}/outside", TEXT)
    put(f"{base}/outdir/secret", TEXT)
    for d in ("", "/d", "/d2", "/.d2", "/.dir", "/proc", "/dev", "/sys", "/tmp"):
        os.makedirs(f"{root}{d}", exist_ok=True)
    shutil.copy(guest, f"{root}/guest")
    for f in ("x", ".file", "d2/secret", ".d2/secret"):
        put(f"{root}/{f}", "inside\n")
    os.symlink("../outside", f"{root}/link")
    os.symlink(f"{base}/outside", f"{root}/abs")
    os.symlink("../outdir", f"{root}/outdirlink")
    os.symlink("..", f"{root}/up")
    os.symlink("../outside", f"{root}/.link")
    os.symlink("../outdir", f"{root}/.outdir")
    os.mkfifo(f"{root}/.fifo")
    return root


def exchange(a, b):
    libc.renameat2(AT_FDCWD, a.encode(), AT_FDCWD, b.encode(), RENAME_EXCHANGE)


def hostile_host(root, stop):
    kinds = [".file", ".link", ".dir", ".fifo", ".outdir"]
    n = 0
    while not stop.is_set():
        k, d = f"{root}/{kinds[n % 5]}", f"{root}/{('.outdir', '.d2')[n & 1]}"
        exchange(k, f"{root}/x")
        if d != k:
            exchange(d, f"{root}/d2")
            exchange(d, f"{root}/d2")
        exchange(k, f"{root}/x")
        n += 1


def attack(husk, base, guest, volume):
    root = make_tree(base, guest)
    stop = threading.Event()
    host = threading.Thread(target=hostile_host, args=(root, stop))
    if volume:
        # Below a root of its own, or an absolute link would rightly lead to the host's file.
        for d in ("mnt", "proc", "dev", "sys", "tmp"):
            os.makedirs(f"{base}/small/{d}")
        shutil.copy(guest, f"{base}/small/guest")
        cmd = [husk, "do", "--root", f"{base}/small", "--volume", f"{root}:/mnt", "--", "/guest", TEXT, "/mnt", "3"]
    else:
        cmd = [husk, "do", "--root", root, "--", "/guest", TEXT, "/", "3"]
    host.start()
    try:
        p = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                           check=False)
    finally:
        stop.set()
        host.join()
    out = p.stdout.decode(errors="backslashreplace")
    ok = p.returncode == 0 and "opened something" in out
    with open(f"{base}/outside", encoding="ascii") as f:
        ok = ok and f.read() == TEXT
    print(f"{'ok' if ok else 'not ok'} - {'volume' if volume else 'root'}: status {p.returncode}")
    if not ok:
        print(out)
    return not ok


def main():
    husk, guest = (os.path.abspath(x) for x in sys.argv[1:3])
    bad = False
    for volume in (False, True):
        base = tempfile.mkdtemp(prefix="husk-escape-")
        os.chmod(base, 0o755)
        try:
            bad |= attack(husk, base, guest, volume)
        finally:
            shutil.rmtree(base, ignore_errors=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
