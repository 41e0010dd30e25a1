#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C files are as clang-format 14 leaves them. --fix rewrites; arguments name files, default all."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import textwrap

from tree import ROOT, Findings, files, text


LIMIT = 100
TRAILING_RE = re.compile(r"^(\s*)([^\s#/*].*[;,{])\s*(/\*(?:(?!\*/).)*\*/)\s*$")
ALONE_RE = re.compile(r"^(\s*)/\* ?((?:(?!\*/).)*?) ?\*/\s*$")


def comment(indent, words):
    """A comment above a line: on one line, or in block form when it is too long for that."""
    width = LIMIT - len(indent.expandtabs(8))
    if len(words) + 6 <= width:
        return [f"{indent}/* {words} */"]
    lines = textwrap.wrap(words, width - 3, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}/*"] + [f"{indent} * {x}" for x in lines] + [f"{indent} */"]


def move_long_comments(src):
    """clang-format breaks declarations to make room for a trailing comment: put long ones above instead."""
    out, fenced = [], False
    for line in src.split("\n"):
        fenced = "clang-format off" in line or fenced and "clang-format on" not in line
        m = None
        if not fenced and len(line.expandtabs(8)) > LIMIT:
            m = ALONE_RE.match(line)
            if m:
                out += comment(m.group(1), m.group(2))
                continue
            m = TRAILING_RE.match(line)
            if m:
                out += comment(m.group(1), m.group(3)[2:-2].strip())
                line = m.group(1) + m.group(2)
        out.append(line)
    return "\n".join(out)


def formatted(path, src=None):
    p = subprocess.run([TOOL, "--style=file", f"--assume-filename={path}"], cwd=ROOT, capture_output=True,
                       input=(src or text(path)).encode(), check=True)
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
        paths = names or files(".c", ".h")
        sources = [move_long_comments(text(x)) if fix and not x.startswith("include/abi/") else None for x in paths]
        for path, new in pool.map(formatted, paths, sources):
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
