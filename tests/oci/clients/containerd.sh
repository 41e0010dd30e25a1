#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# containerd.sh RUNTIME SHIM_DIR [RUNTIME_TYPE]: containers through ctr, with our shim driving RUNTIME.
. "$(dirname "$0")/lib.sh"
RT=${1:?usage: containerd.sh RUNTIME SHIM_DIR [RUNTIME_TYPE]} SHIMS=${2:?} TYPE=${3:-io.containerd.husk.v1}
begin
printf 'binary_name = "%s"\nroot = "%s/runtime-root"\n' "$RT" "$W" >"$W/husk.toml"
containerd_up "$RT" "$SHIMS"
C="in_net $CTR"
IMG=docker.io/library/busybox:test
run() { in_net $CTR run --runtime "$TYPE" --runtime-config-path "$W/husk.toml" "$@"; }
at_end() {
	for t in $($CTR tasks ls -q 2>/dev/null); do $CTR tasks kill -s KILL "$t"; sleep .2; $CTR tasks rm -f "$t"; done >/dev/null 2>&1
	for c in $($CTR containers ls -q 2>/dev/null); do $CTR containers rm "$c"; done >/dev/null 2>&1
}
nr() { run --rm $IMG "q$RANDOM$RANDOM" "$@"; }
exec_in() { local c=$1; shift; in_net $CTR tasks exec --exec-id "e$RANDOM$RANDOM" "$c" "$@"; }
gone() { for _ in $(seq 50); do [ -z "$($CTR tasks ls -q | grep -x "$1")" ] && return 0; sleep .1; done; return 1; }
is_status() { for _ in $(seq 50); do [ "$($CTR tasks ls | awk -v c="$1" '$1==c {print $3}')" = "$2" ] && return 0; sleep .1; done; return 1; }

is "output" hello nr /bin/echo hello
status "exit status" 7 nr /bin/sh -c 'exit 7'
status "exit by a signal" 137 nr /bin/sh -c 'sh -c "kill -9 \$\$"; exit $?'
is "arguments and environment" "a b" run --rm --env X="a b" $IMG t1 /bin/sh -c 'echo "$X"'
is "working directory" /mnt run --rm --cwd /mnt $IMG t2 /bin/pwd
like "a command that is not there" "no such file|not found" nr /bin/nothere
fast_exits() { local i; for i in $(seq 20); do nr /bin/true || return 1; done; }
ok "20 containers that end at once" fast_exits
big_out() { nr /bin/sh -c 'yes 0123456789abcdef | head -c 50000000' | sha256sum | cut -c1-16; }
is "50 MB of output, whole" "$(yes 0123456789abcdef | head -c 50000000 | sha256sum | cut -c1-16)" big_out
slow_out() { nr /bin/sh -c 'yes 0123456789abcdef | head -c 3000000' | (sleep 3; sha256sum | cut -c1-16); }
is "output that is read late, whole" "$(yes 0123456789abcdef | head -c 3000000 | sha256sum | cut -c1-16)" slow_out

ok "a container that stays" run -d $IMG stay /bin/sh -c 'trap "exit 5" TERM; while :; do sleep 1; done'
ok "runs" is_status stay RUNNING
is "exec" in-exec exec_in stay /bin/echo in-exec
status "exec's status" 9 exec_in stay /bin/sh -c 'exit 9'
many_execs() { local i p=(); for i in $(seq 10); do exec_in stay /bin/true & p+=($!); done; for i in "${p[@]}"; do wait "$i" || return 1; done; }
ok "10 execs at once" many_execs
# The shim keeps nothing of execs that are gone.
shim_of() { for p in /proc/[0-9]*; do cat "$p/cmdline" 2>/dev/null | tr '\0' ' ' | grep -q "containerd-shim-.*-id $1 .*$W" && echo "${p#/proc/}"; done | head -1; }
SHIM=$(shim_of stay)
fds() { ls "/proc/$SHIM/fd" | wc -l; }
exec_in stay /bin/true; BEFORE=$(fds)
fifty() { local i; for i in $(seq 50); do exec_in stay /bin/true || return 1; done; }
ok "50 execs one after the other" fifty
no_more_fds() { for _ in $(seq 30); do [ "$(fds)" -le "$BEFORE" ] && return 0; sleep .1; done; fds; return 1; }
ok "the shim has no more descriptors than before" no_more_fds
say "shim: $(awk '/VmRSS|RssAnon|Threads/ {printf "%s %s  ", $1, $2}' "/proc/$SHIM/status")"
exec_in_bg() { timeout 20 nsenter --net="$W/netns" -- $CTR tasks exec --exec-id bg1 stay /bin/sh -c 'sleep 300 & echo started'; }
is "exec that leaves something in the background returns" started exec_in_bg
exec_tty() { python3 - "$W/netns" $CTR tasks exec -t --exec-id tty1 stay /bin/sh -c 'sleep 1; tty >/dev/null && stty size' <<'P'
import os, pty, sys, fcntl, termios, struct
pid, fd = pty.fork()
if pid == 0:
    os.execvp("nsenter", ["nsenter", f"--net={sys.argv[1]}", "--", *sys.argv[2:]])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
out = b""
while True:
    try:
        b = os.read(fd, 4096)
    except OSError:
        break
    if not b:
        break
    out += b
print(out.decode().split("\n")[-2].strip() if b"\n" in out else out)
P
}
like "terminal in an exec" '[0-9]+ [0-9]+' exec_tty
logged() { run -d --log-uri "file://$W/logged" $IMG logs /bin/sh -c 'echo to-file; echo and-err >&2' && gone_or_stopped logs; }
gone_or_stopped() { is_status "$1" STOPPED; }
ok "log to a file" logged
is "both streams in it" "and-err to-file" sh -c "sort '$W/logged' | tr '\\n' ' ' | sed 's/ \$//'"
$C tasks rm logs >/dev/null 2>&1; $C containers rm logs >/dev/null 2>&1
printf '#!/bin/sh\nexec 5>&-\ncat <&3 >"%s/by-program.$CONTAINER_ID"\n' "$W" >"$W/logger"; chmod 755 "$W/logger"
by_program() { run -d --log-uri "binary://$W/logger" $IMG logs2 /bin/echo to-program && gone_or_stopped logs2; }
ok "log to a program" by_program
ok "what it got" sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do grep -qx to-program '$W/by-program.logs2' && exit 0; sleep .2; done; exit 1"
$C tasks rm logs2 >/dev/null 2>&1; $C containers rm logs2 >/dev/null 2>&1
ok "metrics" $C tasks metrics stay
like "metrics: memory is counted" 'memory.usage|memory.usage_in_bytes|MEMORY|memory' $C tasks metrics stay
ok "pause" $C tasks pause stay
ok "is paused" is_status stay PAUSED
ok "resume" $C tasks resume stay
ok "runs again" is_status stay RUNNING
like "ps" '^[0-9]+' sh -c "$CTR tasks ps stay | tail -n +2"

# containerd killed with its containers running, and started again.
kill -9 "$(cat "$W/containerd.pid")"; sleep 1; rm -f "$W/containerd.sock"
PATH=$SHIMS:$(dirname "$CONTAINERD"):$PATH spawn containerd "$CONTAINERD" -c "$W/containerd.toml"
await_socket "$W/containerd.sock"; sleep 1
ok "still runs after containerd was killed" is_status stay RUNNING
is "exec after that" again exec_in stay /bin/echo again

ok "kill" $C tasks kill -s TERM stay
ok "stops" is_status stay STOPPED
like "its exit status" "exit code 5" $C tasks rm stay
ok "container removed" $C containers rm stay

# The shim killed: its container must go, and containerd must hear of it.
ok "a second one" run -d $IMG orphan /bin/sleep 1000
P=$($CTR tasks ls | awk '$1=="orphan" {print $2}')
S=$(shim_of orphan)
ok "its shim is killed" kill -9 "$S"
dead() { for _ in $(seq 100); do kill -0 "$P" 2>/dev/null || return 0; sleep .1; done; return 1; }
ok "and its container goes" dead
$C tasks rm -f orphan >/dev/null 2>&1
ok "and can be removed" $C containers rm orphan
ok "the same name again" run --rm $IMG orphan /bin/true

# Events for memory: one that is killed for it, and one that has only much to do.
timeout 120 nsenter --net="$W/netns" -- $CTR events >"$W/events" 2>/dev/null &
EVENTS=$!
sleep .5
run --rm --memory-limit 67108864 $IMG hog /bin/sh -c 'sh -c "x=a; while :; do x=\$x\$x; done"; exit 0' >/dev/null 2>&1
run --rm --memory-limit 67108864 $IMG calm /bin/sh -c 'kill -9 $$' >/dev/null 2>&1
sleep .5
kill $EVENTS 2>/dev/null
like "a kill for memory is told" '/tasks/oom.*hog' cat "$W/events"
not_told() { ! grep -q '/tasks/oom.*calm' "$W/events"; }
ok "another is not" not_told

case $TYPE in *husk*)
	STALE=/run/containerd/s/$(printf %064d 1)
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$STALE" && touch -d '10 minutes ago' "$STALE"
	nr /bin/true
	ok "a dead shim's socket is removed" test ! -e "$STALE" ;;
esac

left_shims() { for p in /proc/[0-9]*; do cat "$p/cmdline" 2>/dev/null | tr '\0' ' ' | grep "containerd-shim-husk.*$W"; done | wc -l; }
no_shims() { for _ in $(seq 50); do [ "$(left_shims)" = 0 ] && return 0; sleep .1; done; return 1; }
case $TYPE in *husk*) ok "no shim is left" no_shims ;; esac
is "no root is left mounted" 0 sh -c "grep -c ' $W/state/.*/rootfs ' /proc/mounts"
result "containerd $("$CONTAINERD" --version | awk '{print $3}') $TYPE $(basename "$RT")"
