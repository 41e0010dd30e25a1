#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tar, gzip, xz, bzip2: there and back.
exec 2>&1
export LC_ALL=C
mkdir -p src/sub; seq 20000 > src/numbers; head -c 300000 /dev/zero > src/zero; ln -s numbers src/link; ln src/numbers src/hard
chmod 600 src/zero; echo text > src/sub/t; touch -d @1000000000 src/sub/t
for c in '' -z -J -j; do
	tar -c $c -f a.tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 src
	tar -t $c -f a.tar | wc -l
	rm -rf out; mkdir out; tar -x $c -f a.tar -C out
	diff -r src out/src && echo "same $c"
	stat -c '%a %h %s' out/src/zero out/src/numbers; readlink out/src/link
done
tar -cf - --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar src | sha256sum
gzip -9nc src/numbers | sha256sum; gzip -k src/numbers && gunzip -c src/numbers.gz | cmp - src/numbers && gzip -t src/numbers.gz && echo gz
xz -T2 -kc src/numbers | xz -d | cmp - src/numbers && echo xz
bzip2 -kc src/numbers | bunzip2 | cmp - src/numbers && echo bz2
tar --exclude='*zero*' -cf b.tar src; tar -df b.tar && echo no difference
tar -xf /nonexistent.tar; echo "status $?"
