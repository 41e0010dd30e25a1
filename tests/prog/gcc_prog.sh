#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# gcc: compile, link and run; static and dynamic; errors; threads.
exec 2>&1
cat > hello.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) { printf("hello %d %s\n", argc, getenv("X") ? getenv("X") : "-"); return argc; }
EOF
gcc -O2 -Wall hello.c -o hello && X=y ./hello a b; echo "status $?"
gcc -static hello.c -o hello_s && ./hello_s; echo "status $?"
echo 'int main(void) { return undeclared; }' > bad.c; gcc bad.c -o bad | grep -c error; ls bad
cat > th.c <<'EOF'
#include <pthread.h>
#include <stdio.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; static long n;
static void *f(void *a) { for (int i = 0; i < 10000; i++) { pthread_mutex_lock(&m); n++; pthread_mutex_unlock(&m); } return a; }
int main(void) { pthread_t t[8]; for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, f, 0); for (int i = 0; i < 8; i++) pthread_join(t[i], 0); printf("%ld\n", n); }
EOF
gcc -pthread th.c -o th && ./th
printf 'int sq(int x) { return x * x; }' > lib.c; gcc -shared -fPIC lib.c -o libsq.so
printf '#include <stdio.h>\nint sq(int);int main(void){printf("%%d\\n",sq(12));}' > use.c; gcc use.c -L. -lsq -Wl,-rpath,. -o use && ./use
gcc -O2 -S hello.c -o - | grep -c main; gcc -E hello.c | grep -c 'int main'; ar rcs l.a hello.o 2> /dev/null; gcc -c hello.c && nm hello.o | grep ' T '; size hello.o | wc -l
command -v g++ > /dev/null && { printf '#include <iostream>\n#include <vector>\nint main(){std::vector<int> v{3,1,2};try{throw 5;}catch(int e){std::cout<<v.size()+e<<std::endl;}}' > c.cc; g++ c.cc -o cc && ./cc; }
