#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom.

Each file belongs to a unit (a folder); MAY says which units it may include. Cycles between units and
between headers are refused, and so are host ABI headers in the sentry, whose guest constants are LX_*.
"""
import os
import re

from tree import ROOT, Findings, files, text

BASE = {"include/base"}
ABI = BASE | {"include/abi"}
INCLUDE = ABI | {"include/host", "include/proto", "include/platform"}
PLATFORM = ABI | {"include/host", "include/platform", "platform/stub"}
SENTRY = ABI | {"include/host", "include/proto", "include/platform", "sentry"}

# Low to high; units of one level may include each other as long as no cycle appears.
SENTRY_LEVELS = [["time", "mm"], ["vfs"], ["kernel", "ipc"], ["fs", "net", "loader"], ["checkpoint"],
                 ["syscalls"]]

MAY = {
    "include/base": BASE,
    "include/abi": ABI,
    "include/host": ABI | {"include/host"},
    "include/proto": ABI | {"include/proto"},
    "include/platform": ABI | {"include/platform"},
    "platform/host": ABI | {"include/host"},
    "platform/stub": PLATFORM,
    "platform/ptrace": PLATFORM,
    "platform/systrap": PLATFORM,
    "platform/kvm": PLATFORM,
    "platform/fake": PLATFORM,
    "platform": PLATFORM | {"platform/ptrace", "platform/systrap", "platform/kvm", "platform/fake"},
    "gofer": INCLUDE,
    "runtime-shim": INCLUDE,
}
_below = set()
for _level in SENTRY_LEVELS:
    _below |= {f"sentry/{u}" for u in _level}
    for _u in _level:
        MAY[f"sentry/{_u}"] = SENTRY | _below
MAY["sentry"] = SENTRY | _below

# Leaves that every part of the sentry may include: values and declarations, no calls upwards.
OPEN = {
    "sentry/lock_class.h",
    "sentry/kernel/cred.h",
}

# The C library as a language, not as a face of the host kernel.
C_HEADERS = {"assert.h", "cpuid.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "malloc.h", "pthread.h", "stdalign.h", "stdarg.h",
             "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
             "string.h", "sys/types.h",
             "sys/uio.h"}                # struct iovec, which host_readv() and mm/uio.h share

INCLUDE_RE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)
PATHS = {"sentry": ["include", "sentry"], "platform": ["include", "platform"], "gofer": ["include", "gofer"],
         "runtime-shim": ["include", "runtime-shim"], "include": ["include"]}


def unit(path):
    """The unit a file belongs to: the longest prefix that MAY knows."""
    d = os.path.dirname(path)
    while d and d not in MAY:
        d = os.path.dirname(d)
    return d


def resolve(path, name, quoted):
    top = path.split("/")[0]
    for d in [os.path.dirname(path)] * quoted + PATHS.get(top, []):
        p = os.path.normpath(os.path.join(d, name))
        if os.path.isfile(os.path.join(ROOT, p)):
            return p
    return None


def find_cycle(graph):
    """One cycle of {node: {node}} as a list, or None."""
    state, stack = {}, []

    def visit(n):
        state[n] = 1
        stack.append(n)
        for m in sorted(graph.get(n, ())):
            if state.get(m) == 1:
                return stack[stack.index(m):] + [m]
            if m not in state:
                c = visit(m)
                if c:
                    return c
        stack.pop()
        state[n] = 2
        return None

    for n in sorted(graph):
        if n not in state:
            c = visit(n)
            if c:
                return c
    return None


def main():
    found = Findings()
    units, headers = {}, {}
    for path in files(".c", ".h", ".S", ".def"):
        if path.split("/")[0] in ("tests", "bench"):
            continue
        me = unit(path)
        if not me:
            found.add(path, 1, "belongs to no unit of tests/lint/layers.py")
            continue
        src = text(path)
        for m in INCLUDE_RE.finditer(src):
            line = src.count("\n", 0, m.start()) + 1
            name = m.group(1) or m.group(2)
            target = resolve(path, name, bool(m.group(1)))
            if m.group(2) and not target:
                if me.startswith("sentry") and m.group(2) not in C_HEADERS:
                    found.add(path, line, f"<{m.group(2)}> in the sentry: host ABI (guest constants are LX_*)")
                continue
            if not target:
                continue                 # generated, or the compiler complains
            headers.setdefault(path, set()).add(target)
            to = unit(target)
            if to == me or target in OPEN:
                continue
            units.setdefault(me, {}).setdefault(to, f"{path}:{line}")
            if to not in MAY[me]:
                found.add(path, line, f"{me} may not include {to} ({name})")
    cycle = find_cycle({u: set(to) for u, to in units.items()})
    if cycle:
        found.add(*units[cycle[0]][cycle[1]].rsplit(":", 1), "cycle of units: " + " -> ".join(cycle))
    cycle = find_cycle(headers)
    if cycle:
        found.add(cycle[0], 0, "cycle of headers: " + " -> ".join(cycle))
    found.done()


if __name__ == "__main__":
    main()
