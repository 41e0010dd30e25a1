#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bash: arrays, process substitution, coprocesses, PIPESTATUS, regexes, traps, here-strings, redirections.
exec 2>&1
a=(one two "three four"); echo "${#a[@]} ${a[2]} ${a[@]:1}"
declare -A m=([x]=1 [y]=2); for k in $(printf '%s\n' "${!m[@]}" | sort); do echo "$k=${m[$k]}"; done
diff <(printf 'a\nb\n') <(printf 'a\nc\n'); echo "diff $?"
true | false | (exit 3); echo "${PIPESTATUS[@]}"
set -o pipefail; false | true; echo "pipefail $?"; set +o pipefail
[[ "abc123" =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
coproc CAT { cat; }; echo hello >&"${CAT[1]}"; read -r line <&"${CAT[0]}"; echo "coproc: $line"
eval "exec ${CAT[1]}>&-"; wait "$CAT_PID"; echo "cat $?"
tr a-z A-Z <<< "here string"
exec 5> five; echo to five >&5; exec 5>&-; cat five
exec 6< five; read -r -u 6 x; echo "from six: $x"; exec 6<&-
trap 'echo "USR1 $BASHPID" | sed "s/[0-9]* *$//;s/ $//"' USR1; kill -USR1 $$
trap 'echo "ERR at a failing command"' ERR; false; trap - ERR
echo {1..5} {a..c}{x,y} ~root | tr '~' _
x=abcdefabc; echo "${x//abc/X} ${x#abc} ${x%abc} ${x^^} ${#x} ${x:2:3}"
printf '%q %s\n' "a b'c" "$(printf 'q\tw')"
time_it() { local s=$SECONDS; sleep 1; ((SECONDS - s >= 1)) && echo slept; }; time_it
for ((i = 0; i < 3; i++)); do (exit $i) & pids[i]=$!; done; for i in 0 1 2; do wait "${pids[i]}"; echo "child $i: $?"; done
shopt -s nullglob; touch g1 g2; echo g* none*
mapfile -t lines < <(seq 3); echo "${lines[@]}"
(ulimit -n 64; ulimit -n); ulimit -c 0; ulimit -c
yes | head -3; echo "${PIPESTATUS[0]}"
kill -l 15; type -t cd ls nosuch
read -t 0.1 v < <(sleep 2); echo "read timeout $((($?) > 128))"
bash -c 'exec -a renamed sh -c "echo \$0"'
exit 5
