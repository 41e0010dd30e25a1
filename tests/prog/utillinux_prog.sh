#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Signals, sessions and limits as shells and tools use them.
exec 2>&1
setsid sh -c 'ps -o sid= -p $$ | tr -d " " | sed "s/^$$\$/leader/"'
nohup sh -c 'kill -HUP $$; echo alive' < /dev/null; timeout -s INT 0.2 sleep 9; echo $?
bash -c 'ulimit -f 10; head -c 100000 /dev/zero > big' 2> /dev/null; echo "fsize $?"; stat -c %s big
bash -c 'ulimit -v 100000; python3 -c "x = bytearray(500000000)"' | tail -1
flock lock -c 'flock -n lock -c true; echo "locked $?"'; (flock -x 9; echo in) 9> lock
script -qec 'tty; stty size; echo in pty' /dev/null < /dev/null | tr -d '\r' | sed 's/[0-9]*$/N/' ; unshare -U true 2> /dev/null; echo end
prlimit --nofile=100:200 sh -c 'ulimit -Sn; ulimit -Hn'; taskset -c 0 nproc; chrt -p $$ | head -1 | sed 's/[0-9][0-9]*//'; ionice -p $$ | head -c 4; echo; renice -n 5 $$ | sed 's/^[0-9]*//'; mcookie | wc -c; getopt -o ab: -- -a -b x y; 
