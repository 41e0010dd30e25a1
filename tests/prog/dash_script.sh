#!/bin/dash
# SPDX-License-Identifier: Apache-2.0
# dash: pipelines, functions, arithmetic, command substitution, traps, here-documents, exit codes.
exec 2>&1
f() { echo "f: $# $*"; return 3; }
f a "b c" d; echo "status $?"
echo $((2 * (3 + 4) % 5)) "$(echo inner | tr a-z A-Z)"
i=0; while [ $i -lt 5 ]; do echo "line $i"; i=$((i + 1)); done | grep -v 3 | wc -l
cat <<EOF | sed 's/^/> /'
one $i
two $(expr 6 \* 7)
EOF
for x in c a b; do echo $x; done | sort > sorted; cat sorted
trap 'echo trapped TERM' TERM; kill -TERM $$; trap - TERM
(exit 42); echo "subshell $?"
set -- one two three; shift; echo "$1 $#"
case "hello.c" in *.h) echo header;; *.c) echo source;; esac
{ echo out; echo err >&2; } 2>/dev/null
sleep 0.05 & wait $!; echo "waited $?"
sh -c 'kill -9 $$'; echo "killed $?"
nosuchcommand_xyz; echo "not found $?"
printf '%s|%5d|%-5s|\n' abc 42 xy
echo a b c | while read x y; do echo "$x-$y"; done
[ -d . ] && [ ! -e nothing ] && echo tests ok
umask 027; : > masked; ls -l masked | cut -c1-10
trap 'echo bye' EXIT
exit 7
