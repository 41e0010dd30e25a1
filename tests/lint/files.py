#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules that one file can break by itself: licence line, opening paragraph, architecture #ifdefs
outside arch/, tests and sources that no Meson list names, paths of somebody's machine. With --report it
prints overlong files and functions instead, as places to look; that is never an error."""
import os
import re
import sys

from tree import Findings, files, text

ARCH_RE = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*\b(__x86_64__|__aarch64__|__i386__|__arm__)", re.M)
MACHINE_RE = re.compile(r"(?<![\w.])/(?:work|var/folders|Users)/\w|\b(?:artifactory|nexus)\.|\bregistry\.[a-z.-]+\.(?:com|net|org|io)\b")
HEADER_DIRS = ("platform/", "sentry/", "gofer/", "runtime-shim/")
LONG_FILE, LONG_FUNCTION = 1000, 80


def listed(path):
    """True if a meson.build of the file's folder or of one above names it."""
    base, d = os.path.basename(path), os.path.dirname(path)
    words = {base, base[:-2]}
    for suffix in ("_test.c", "_fuzz.c"):
        words.add(base.removesuffix(suffix))
    while d:
        build = os.path.join(d, "meson.build")
        try:
            src = text(build)
        except FileNotFoundError:
            src = ""
        if any(re.search(rf"['/]{re.escape(w)}'", src) for w in words):
            return True
        d = os.path.dirname(d)
    return path == "sentry/main.c"       # linked into the executable by runtime-shim


def check():
    found = Findings()
    for path in files():
        if path == "COPYING" or path.endswith((".png", ".bin", ".tar")) or "/corpus/" in path:
            continue
        src = text(path)
        code = path.endswith((".c", ".h", ".S", ".def"))
        if code or path.endswith((".py", ".sh", ".build", ".lds")) or path in ("Makefile", ".ci/run"):
            if "SPDX-License-Identifier: Apache-2.0" not in src[:200]:
                found.add(path, 1, "no SPDX line")
        for m in MACHINE_RE.finditer(src):
            if path != "tests/lint/files.py":
                found.add(path, src.count("\n", 0, m.start()) + 1, f"machine path or host name: {m.group(0)}")
        if not code:
            continue
        if "/* " not in src[40:400] and "/*\n" not in src[40:400]:
            found.add(path, 2, "no opening paragraph")
        if path.endswith(".h") and "#pragma once" not in src and "/arch/" not in path:
            found.add(path, 1, "no #pragma once")
        if "arch" not in path and not path.startswith(("tests/", "bench/")):
            for m in ARCH_RE.finditer(src):
                found.add(path, src.count("\n", 0, m.start()) + 1, f"{m.group(1)} outside arch/")
        if path.endswith(".c") and not path.startswith("tests/lib/") and not listed(path):
            found.add(path, 1, "named in no meson.build")
    found.done()


def report():
    for path in files(".c", ".h", ".S"):
        lines = text(path).splitlines()
        if len(lines) > LONG_FILE:
            print(f"{path}: {len(lines)} lines")
        start = None
        for nr, line in enumerate(lines, 1):
            if line == "{":
                start = nr
            elif line == "}" and start:
                if nr - start > LONG_FUNCTION:
                    print(f"{path}:{start}: function of {nr - start} lines")
                start = None


if __name__ == "__main__":
    report() if "--report" in sys.argv[1:] else check()
