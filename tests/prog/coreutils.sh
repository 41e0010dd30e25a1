#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# coreutils over files of all kinds.
exec 2>&1
export LC_ALL=C
mkdir -p d/e/f; echo hello > d/a; ln -s a d/link; ln d/a d/hard; mkfifo d/fifo; touch -d '2001-02-03 04:05:06 UTC' d/old
# not the size of directories: it is the file system's business
ls -l d | awk 'NR > 1 { print $1, $2, /^d/ ? "" : $5, $9, $10, $11 }'
ls -laR d | awk '{ print $1 }' | sort | uniq -c
stat -c '%n %F %a %h %s' d/a d/link d/fifo; stat -c '%n %F %a %h' d/e; stat -c '%Y %y' d/old
cp -a d copy; diff -r d/e copy/e && readlink copy/link; cmp d/a copy/a && echo same
mv copy moved; rm -r moved; ls
echo -e 'b 2\na 1\nc 3' > t; sort t; sort -k2 -nr t; cut -d' ' -f2 t; paste t t; join <(sort t) <(sort t); tac t; nl t; rev t | tr -d ' '
head -c 3 t; tail -n 1 t; wc t; od -c t | head -2; md5sum t; sha256sum t; cksum t; base64 t; sum t
seq 1 20 | split -l 7 - part_; wc -l part_* | tail -1; cat part_* | shuf --random-source=/dev/zero | sort -n | tail -1
dd if=/dev/zero of=z bs=1k count=5 2> /dev/null; du -b z; truncate -s 100 z; stat -c %s z; fallocate -l 8192 z; stat -c %s z
chmod 640 t; stat -c %a t; chmod u+x,g-r t; stat -c %a t
echo data | tee one two > /dev/null; cat one two
test -s one && test ! -s /dev/null && echo tests; [ one -nt d/old ] && echo newer
env -i A=b printenv; env -i sh -c 'echo ${PATH:+set}'; pwd | grep -c .
date -u -d @86400 +%F; expr 5 + 3; factor 360; numfmt --to=iec 1048576; printf '%x\n' 255
timeout 0.2 sleep 5; echo "timeout $?"; nice -n 3 nice; id -u | grep -c .; uname -s; nproc | grep -c .
comm -12 <(seq 1 5) <(seq 3 8); uniq -c <(printf 'a\na\nb\n'); fold -w 3 <<< abcdefg; expand <(printf 'a\tb\n'); tr -s l <<< hello
ln -sf nowhere dangling; cat dangling; rm -v one; rmdir d; rm -rf d; ls
sync; mktemp -u XXXX | wc -c; realpath -m x/../y | xargs basename; basename a/b.c .c; dirname a/b.c
install -m 751 t inst; stat -c %a inst; cat /dev/null; echo x > /dev/full; echo "full $?"
tsort <<< 'a b b c'; csplit -s t /a/; ls xx*; ptx <<< 'one two' | wc -l; pr -t <<< hi; tty; stdbuf -oL echo unbuffered
