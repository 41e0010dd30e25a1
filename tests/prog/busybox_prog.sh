#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# busybox: the static multi-call binary and its shell.
exec 2>&1
bb=$(command -v busybox) || exit 77
$bb sh -c 'echo $((6 * 7)); for i in 1 2 3; do echo $i; done | busybox tac; busybox seq 5 | busybox sort -r | busybox head -2
busybox printf "%s\n" "$(busybox echo sub)"; busybox ls -d /usr /etc; busybox wc -l < /etc/passwd | busybox grep -c .
busybox mkdir bd && cd bd && busybox touch a b && busybox ls && busybox tar cf ../x.tar . && busybox tar tf ../x.tar | busybox sort
busybox vi --help 2>&1 | busybox head -1 | busybox cut -c1-7; busybox awk "BEGIN { print 1 + 2 }"; busybox sed -n 1p /etc/hostname | busybox wc -l
busybox md5sum a; busybox sleep 0.1; busybox true && ! busybox false && echo logic; busybox id -u | busybox grep -c .; exit 6'
echo "status $?"
