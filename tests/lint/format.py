#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C files are as clang-format 14 leaves them. --fix rewrites; arguments name files, default all."""
import concurrent.futures
import os
import shutil
import subprocess
import sys

from tree import ROOT, Findings, files, text


def formatted(path):
    p = subprocess.run([TOOL, "--style=file", f"--assume-filename={path}"], cwd=ROOT, capture_output=True,
                       input=text(path).encode(), check=True)
    return path, p.stdout.decode()


TOOL = shutil.which("clang-format-14") or shutil.which("clang-format")


def main():
    if not TOOL:
        print("SKIP: no clang-format")
        sys.exit(77)
    fix = "--fix" in sys.argv[1:]
    names = [os.path.relpath(os.path.abspath(a), ROOT) for a in sys.argv[1:] if a != "--fix"]
    found = Findings()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, new in pool.map(formatted, names or files(".c", ".h")):
            old = text(path)
            if old == new:
                continue
            if fix:
                with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
                    f.write(new)
                continue
            a, b = old.splitlines(), new.splitlines()
            line = next((i for i, (x, y) in enumerate(zip(a, b), 1) if x != y), min(len(a), len(b)))
            found.add(path, line, "not formatted: tests/lint/format.py --fix " + path)
    found.done()


if __name__ == "__main__":
    main()
