#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sentry enters the host kernel only through platform/host: what its objects import from the C library
must be on the list of functions that compute or allocate, below.

    imports.py NM SENTRY_ARCHIVE ARCHIVE..."""
import re
import subprocess
import sys

PURE = re.compile(r"""^(
    mem\w+ | str\w+ | stpcpy | malloc | calloc | realloc | reallocarray | free | aligned_alloc | abort | qsort\w* | bsearch
    | snprintf | vsnprintf | sscanf | is[a-z]+ | to(lower|upper) | ato[il]+
    | pthread_\w+ | sem_\w+ | _setjmp | longjmp | __sigsetjmp | siglongjmp
    | __errno_location | __stack_chk_fail | __(v?snprintf|mem\w+|str\w+|stpcpy|longjmp)_chk | __ctype_\w+ | __isoc99_\w+
    | __tls_get_addr | _GLOBAL_OFFSET_TABLE_ | __assert_fail | getauxval | __aarch64_\w+ | __popcountdi2 | __udivti3
    | asprintf | mallopt
    | close                          # by auto_close, of host descriptors
    | std(err|out) | fprintf | fputs | fputc | fwrite | fflush | ferror | putchar | puts | printf | vfprintf
)$""", re.X)


def symbols(nm, archive, what):
    out = subprocess.run([nm, what, archive], capture_output=True, check=True, text=True).stdout
    where, syms = "", {}
    for line in out.splitlines():
        if line.endswith(":"):
            where = line[:-1]
        elif line.split():
            syms.setdefault(line.split()[-1], where)
    return syms


def main():
    nm, sentry, *others = sys.argv[1:]
    defined = set()
    for a in [sentry, *others]:
        defined |= set(symbols(nm, a, "--defined-only"))
    bad = {s: w for s, w in symbols(nm, sentry, "--undefined-only").items()
           if s not in defined and not PURE.match(s)}
    for sym, where in sorted(bad.items()):
        print(f"{where}: imports {sym}: only platform/host, the gofer and the runtime make host calls")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
