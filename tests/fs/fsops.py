#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random file operations (fsops.c) on a tree that exists already: natively, and in husk over an overlay and
over a writable volume. Output must be the same; what the overlay lies over must not change, and the volume
must end as the native tree does.

    fsops.py HUSK FSOPS [--seed N] [--rounds N] [--count N]
"""
import argparse
import difflib
import os
import shutil
import subprocess
import sys
import tempfile


def populate(top):
    os.umask(0o022)
    os.makedirs(top)
    for d in ("d0", "d1", "d0/d0", "d0/d1", "d1/d2"):
        os.mkdir(f"{top}/{d}")
    for d in ("", "d0/", "d0/d0/", "d1/"):
        for n, size in (("f0", 10), ("f1", 5000), ("f2", 0)):
            with open(f"{top}/{d}{n}", "wb") as f:
                f.write((d + n).encode() * (size // len(d + n) + 1) if size else b"")
        os.symlink("f0", f"{top}/{d}l0")
        os.link(f"{top}/{d}f1", f"{top}/{d}h0")


def snapshot(top):
    """Everything about a tree that must not change behind an overlay."""
    out = []
    for dirpath, dirs, files in os.walk(top):
        for n in sorted(dirs + files):
            p = os.path.join(dirpath, n)
            st = os.lstat(p)
            text = os.readlink(p) if os.path.islink(p) else open(p, "rb").read() if os.path.isfile(p) else b""
            out.append((os.path.relpath(p, top), st.st_mode, st.st_nlink, st.st_mtime_ns if os.path.isfile(p) else 0,
                        text))
    return sorted(out, key=lambda e: e[0])


def run(cmd, cwd):
    p = subprocess.run(cmd, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=120, check=False)
    return p.returncode, p.stdout.decode(errors="backslashreplace"), p.stderr.decode(errors="backslashreplace")


def differ(what, seed, a, b):
    if a[:2] == b[:2]:
        return 0
    print(f"not ok - {what} seed {seed}: status {a[0]} natively, {b[0]} in husk")
    diff = list(difflib.unified_diff(a[1].splitlines(), b[1].splitlines(), "native", "husk", lineterm="", n=3))
    print("\n".join("    " + x for x in diff[:40]))
    print("\n".join("    " + x for x in b[2].splitlines()[-20:]))
    return 1


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("husk")
    p.add_argument("fsops")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rounds", type=int, default=4)
    p.add_argument("--count", type=int, default=600)
    p.add_argument("--only", choices=("overlay", "volume"))
    p.add_argument("--flag", action="append", default=[])
    o = p.parse_args()
    husk = [os.path.abspath(o.husk)] + o.flag
    prog = os.path.abspath(o.fsops)
    bad = 0
    tmp = tempfile.mkdtemp(prefix="husk-fsops-")
    os.chmod(tmp, 0o755)
    try:
        for seed in range(o.seed, o.seed + o.rounds):
            args = [prog, str(seed), str(o.count)]
            native, lower, volume = (f"{tmp}/{n}{seed}" for n in ("n", "o", "v"))
            for d in (native, lower, volume):
                populate(d)
            want = run(args, native)
            if o.only != "volume":
                before = snapshot(lower)
                bad |= differ("overlay", seed, want, run(husk + ["do", "--cwd", lower, "--"] + args, lower))
                if snapshot(lower) != before:
                    print(f"not ok - seed {seed}: the tree below the overlay changed")
                    bad = 1
            if o.only != "overlay":
                bad |= differ("volume", seed, want,
                              run(husk + ["do", "--volume", f"{volume}:{volume}", "--cwd", volume, "--"] + args, volume))
                a, b = ([e[:3] + e[4:] for e in snapshot(d)] for d in (native, volume))
                if a != b:
                    print(f"not ok - seed {seed}: the volume ended differently")
                    bad = 1
            if not bad:
                print(f"ok - seed {seed}")
            for d in (native, lower, volume):
                shutil.rmtree(d, ignore_errors=True)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return bad


if __name__ == "__main__":
    sys.exit(main())
