#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make -j2 of a small C project, twice: the second time nothing is to do.
exec 2>&1
for i in $(seq 12); do printf 'int f%d(void) { return %d; }\n' $i $i > f$i.c; done
{ for i in $(seq 12); do echo "int f$i(void);"; done; echo '#include <stdio.h>'; echo 'int main(void) { int s = 0;'
for i in $(seq 12); do echo "s += f$i();"; done; echo 'printf("%d\n", s); }'; } > main.c
cat > Makefile <<'EOF'
OBJS := $(patsubst %.c,%.o,$(wildcard *.c))
prog: $(OBJS)
	@$(CC) -o $@ $^
%.o: %.c
	@$(CC) -O1 -c $< -o $@
clean:
	@rm -f *.o prog
fail:
	@exit 3
EOF
make -j2 && ./prog; make; touch f3.c; make -n | wc -l; make -j2 && ./prog; make clean; ls | wc -l; make fail; echo "status $?"
