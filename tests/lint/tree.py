# SPDX-License-Identifier: Apache-2.0
"""What the lint scripts share: the files of the tree, and how findings are reported."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(*suffixes):
    """Paths, relative to the root, of the tree's files (tracked or new, not ignored)."""
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                         capture_output=True, check=False)
    if out.returncode == 0:
        names = out.stdout.decode().split("\0")
    else:                                # an unpacked archive
        names = [os.path.relpath(os.path.join(d, f), ROOT)
                 for d, dirs, fs in os.walk(ROOT) for f in fs
                 if not os.path.relpath(d, ROOT).startswith(("build", ".git"))]
    return sorted(n for n in set(names) if n and n.endswith(tuple(suffixes) or "")
                  and os.path.isfile(os.path.join(ROOT, n)))


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


class Findings:
    def __init__(self):
        self.nr = 0

    def add(self, path, line, what):
        self.nr += 1
        print(f"{path}:{line}: {what}")

    def done(self):
        if self.nr:
            print(f"{self.nr} findings")
        sys.exit(1 if self.nr else 0)
