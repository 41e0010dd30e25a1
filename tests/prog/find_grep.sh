#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# find and grep over a large read-only tree, and over a written one.
exec 2>&1
export LC_ALL=C
find /usr/include -name '*.h' | sort | sha256sum
find /usr/include -type d | wc -l
find /usr/share/doc -maxdepth 1 -mindepth 1 -printf '%y %f %m\n' | sort | sha256sum
find /usr/lib -type l -printf '%p %l\n' | sort | sha256sum
grep -r --include='*.h' -l 'define EAGAIN' /usr/include | sort
grep -rc 'printf' /usr/include/stdio.h /usr/include/wchar.h
grep -rn 'struct stat' /usr/include | sort | sha256sum
# times of files are those of the clock's last tick
mkdir -p t/a/b; sleep 0.1; for i in $(seq 200); do echo "line $i" > t/a/b/f$i; done
grep -rl 'line 1' t | wc -l
find t -type f -newer t/a -size -2 | wc -l
find t -name 'f1*' -exec cat {} + | sort -n | sha256sum
find t -name 'f2*' -delete; find t -type f | wc -l
find t -type f -print0 | xargs -0 -n 50 -P 2 cat | wc -l
find /nonexistent; echo "status $?"
