#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Job control in bash: stop, continue, foreground, background, wait -n, disown, process groups.
exec 2>&1
set -m
sleep 100 & p=$!
[ "$(ps -o pgid= -p $p | tr -d ' ')" = "$p" ] && echo own group
kill -STOP %1; for i in {1..100}; do sleep 0.1; [ -n "$(jobs -s)" ] && break; done; jobs -s | sed 's/ *sleep/ sleep/'
kill -CONT %1; for i in {1..100}; do sleep 0.1; [ -n "$(jobs -r)" ] && break; done; jobs -r | wc -l
kill %1; wait $p; echo "ended $?"
(sleep 0.1; exit 4) & wait -n; echo "wait -n $?"
sh -c 'kill -TSTP $$; echo resumed' & for i in {1..100}; do sleep 0.1; [ -n "$(jobs -s)" ] && break; done; jobs -s | wc -l; fg %1 > /dev/null; echo "fg $?"
sleep 50 | cat & jobs | wc -l; kill %%; wait %% 2> /dev/null; jobs > /dev/null; echo done
set +m
(trap '' HUP; sleep 0.2; echo survived) & disown; sleep 0.5
# bash prints the pid, padded: not comparable
{ sleep 60 & kill -USR1 $!; wait $!; r=$?; } 2> /dev/null; echo "usr1 $r"
