#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone. Headers of the other architecture's arch/ folder are left to its build.

    headers.py COMPILER ARCH [-I directory of generated headers]..."""
import concurrent.futures
import os
import subprocess
import sys

from tree import ROOT, Findings, files

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only",
         "-Wno-unused-function"]
PATHS = {"sentry": ["include", "sentry"], "platform": ["include", "platform"], "gofer": ["include", "gofer"],
         "runtime-shim": ["include", "runtime-shim"], "include": ["include"], "tests": ["tests", "include", "sentry", "platform", "gofer", "runtime-shim"],
         "bench": ["bench", "include"]}
ARCHES = {"x86_64", "aarch64"}


def compile_alone(job):
    path, cc, arch, extra = job
    inc = PATHS.get(path.split("/")[0], [])
    args = [x for d in inc for x in ("-I", d)]
    # Headers chosen by architecture live in include/*/arch-<arch>/.
    for d in sorted(os.listdir(os.path.join(ROOT, "include"))):
        if os.path.isdir(os.path.join(ROOT, "include", d, f"arch-{arch}")):
            args += ["-I", f"include/{d}/arch-{arch}"]
    own = os.path.join(os.path.dirname(path), "arch", arch)
    args += ["-I", own] if os.path.isdir(os.path.join(ROOT, own)) else []
    # every backend on stubs sees their layout
    args += ["-I", "platform/stub", "-I", f"platform/stub/arch/{arch}"] if path.startswith("platform/") else []
    # A file that includes it, since a header given as the input makes the compiler warn.
    p = subprocess.run([*cc, *FLAGS, *args, *extra, "-x", "c", "-"], cwd=ROOT, capture_output=True,
                       input=f'#include "{os.path.join(ROOT, path)}"\n'.encode(), check=False)
    return path, p.returncode, p.stderr.decode(errors="replace")


def main():
    cc, arch, extra = sys.argv[1].split(), sys.argv[2], sys.argv[3:]
    found = Findings()
    other = ARCHES - {arch}
    jobs = [(p, cc, arch, extra) for p in files(".h")
            if not any(f"/{a}/" in p or f"-{a}/" in p or f"_{a}.h" in p for a in other)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, ret, err in pool.map(compile_alone, jobs):
            if ret:
                found.add(path, 1, "does not compile alone\n" + "\n".join(err.splitlines()[:6]))
    found.done()


if __name__ == "__main__":
    main()
