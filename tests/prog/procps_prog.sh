#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ps, top, free, df, mount, lscpu, nproc and the like find what they read in /proc and /sys, and agree with each other.
exec 2>&1
export LC_ALL=C COLUMNS=200
sleep 30 & p=$!
until read -r _ c s _ < /proc/$p/stat && [ "$c $s" = "(sleep) S" ]; do sleep 0.05; done
ps -o comm= -p $p; ps -o ppid= -p $p | tr -d ' ' | sed "s/^$$\$/parent/"; ps -o stat=,args= -p $p; pgrep -P $$ sleep | sed "s/^$p\$/found/"
ps aux | grep -c '[s]leep 30'; ps -e -o pid= | grep -cw $p; top -b -n 1 | grep -c '^MiB Mem'; top -b -n 1 -p $p | tail -1 | awk '{ print $NF }'
free | awk '/Mem/ { print ($2 > 0), ($2 >= $3) }'; df / | awk 'NR == 2 { print ($2 > 0), $6 }'; mount | grep -c ' on / '; mount | grep -c ' on /proc type proc'
[ "$(lscpu | awk '/^CPU\(s\):/ { print $2 }')" = "$(grep -c ^processor /proc/cpuinfo)" ] && echo cpus agree; [ "$(nproc)" -ge 1 ] && echo nproc
uptime | grep -c 'load average'; vmstat 2> /dev/null | wc -l; w -h > /dev/null && echo w; pidof sleep | grep -cw $p; kill $p; wait $p 2> /dev/null; echo $?
cat /proc/self/comm; tr '\0' ' ' < /proc/self/cmdline; echo; readlink /proc/self/exe; ls -l /proc/self/fd | wc -l; grep -c . /proc/self/maps | awk '{ print $1 > 5 }'
awk '/^(Name|State|Threads|Uid)/ { print $1 }' /proc/self/status; head -c 4 /proc/stat; echo; awk '{ print NF }' /proc/loadavg /proc/uptime; grep -c : /proc/meminfo | awk '{ print $1 > 20 }'
cat /proc/sys/kernel/ostype /proc/sys/kernel/pid_max | head -1; wc -l < /proc/self/limits; cut -d: -f2 /proc/self/cgroup | head -c 0; ls /sys | grep -c kernel; hostname | grep -c .; getconf _NPROCESSORS_ONLN | grep -c .
