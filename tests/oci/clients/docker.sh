#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docker.sh RUNTIME SHIM_DIR [NAME]: what people do with docker, some fifty checks.
# NAME: runc (the engine's own), husk (RUNTIME under the runc shim) or husk-shim (dockerd 23 and later).
. "$(dirname "$0")/lib.sh"
RT=${1:?usage: docker.sh RUNTIME SHIM_DIR [NAME]} SHIMS=${2:?} NAME=${3:-husk}
begin
printf 'binary_name = "%s"\nroot = "%s/runtime-root"\n' "$RT" "$W" >"$W/husk.toml"
# containers whose writes the engine can see
WRITES=$NAME
[ "$NAME" != husk ] || WRITES=husk-writes
DEFAULT_RUNTIME=$WRITES docker_up "$RT" "$SHIMS" "$W/husk.toml"
[ "$NAME" != husk-shim ] || [ -n "$SHIM_RUNTIME" ] || skip_all "this dockerd knows no shims but runc's"
at_end() { dk ps -aq 2>/dev/null | while read -r c; do dk rm -f "$c"; done >/dev/null 2>&1; }
r() { dk run --rm --runtime "$NAME" "$@"; }
bg() { local n=$1; shift; dk run -d --runtime "${BY:-$NAME}" --name "$n" "$@" >/dev/null; }
B=busybox:test
inspect() { dk inspect -f "$2" "$1"; }
until_is() { local want=$1 end=$((SECONDS + 20)); shift; while [ $SECONDS -lt $end ]; do [ "$("$@" 2>/dev/null)" = "$want" ] && return 0; sleep .1; done; return 1; }
tty_run() { python3 "$(dirname "$0")/on_tty.py" "$@"; }

# Once through.
is "run: output" hello r $B echo hello
status "run: exit status" 42 r $B sh -c 'exit 42'
status "run: a command that is not there" 127 r $B /bin/nothere
status "run: a file that cannot be executed" 126 r $B /etc/passwd
status "run: a directory" 126 r $B /etc
status "run: ended by a signal" 137 r $B sh -c 'sh -c "kill -9 \$\$"; exit $?'
is "run: stderr is apart" err sh -c "timeout 60 docker run --rm --runtime $NAME $B sh -c 'echo out; echo err >&2' 2>&1 >/dev/null"
is "run: environment" "a b" r -e X="a b" $B sh -c 'echo "$X"'
is "run: user by number" 1000:1000 r -u 1000:1000 $B sh -c 'echo $(id -u):$(id -g)'
is "run: user by name, with its groups" "1000 2000" r -u user $B sh -c 'id -G | tr " " "\n" | sort -n | tr "\n" " " | sed "s/ $//"'
is "run: added group" "0 10 1234" r --group-add 1234 --group-add 10 $B sh -c 'id -G'
is "run: working directory" /mnt/new r -w /mnt/new $B pwd
is "run: host name" tester r -h tester $B hostname
is "run: entry point" "x y" r --entrypoint echo $B x y
is "run: piped input" 5 sh -c "printf hello | timeout 60 docker run -i --rm --runtime $NAME $B wc -c"
like "run: a terminal" '/dev/(pts/[0-9]+|console)' tty_run 24 80 docker run -it --rm --runtime "$NAME" $B tty
is "run: a terminal's size" "41 111" tty_run 41 111 docker run -it --rm --runtime "$NAME" $B sh -c 'sleep 1; stty size'
is "run: a terminal resized" "50 132" tty_run -r 50 132 24 80 docker run -it --rm --runtime "$NAME" $B sh -c 'sleep 3; stty size'
sum() { sha256sum | cut -c1-32; }
NR=${BIG:-134217728}
big() { yes 0123456789abcdef | head -c $NR | LIMIT=300 dk run -i --rm --runtime "$NAME" $B cat | sum; }
is "run: $NR bytes through cat" "$(yes 0123456789abcdef | head -c $NR | sum)" big

# A container that stays.
BY=$WRITES
ok "run -d" bg stay --label a=b --memory 128m --cpus 0.5 --pids-limit 40 $B \
	sh -c 'echo started; trap "echo term; exit 3" TERM; while :; do sleep 0.2; done'
BY=
ok "logs" until_is started dk logs stay
is "inspect: running" true inspect stay '{{.State.Running}}'
like "ps" stay dk ps
is "exec: output" inside dk exec stay echo inside
status "exec: exit status" 9 dk exec stay sh -c 'exit 9'
like "exec: a command that is not there" "not found|no such file" dk exec stay nothere
is "exec: user, directory, environment" "1000 /tmp v" dk exec -u 1000 -w /tmp -e X=v stay sh -c 'echo $(id -u) $(pwd) $X'
is "exec: piped input" 3 sh -c "printf abc | timeout 60 docker exec -i stay wc -c"
like "exec: a terminal" '/dev/pts/[0-9]+' tty_run 24 80 docker exec -it stay tty
ok "exec -d" dk exec -d stay sh -c 'echo yes > /tmp/detached'
ok "exec -d ran" until_is yes dk exec stay cat /tmp/detached
like "top" 'sh|husk|exe' dk top stay
like "stats" 'stay.*MiB' dk stats --no-stream stay
is "memory limit, from inside" 134217728 dk exec stay sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -1'
is "pids limit, from inside" 40 dk exec stay sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null | head -1'
is "cpus, from inside" 1 dk exec stay nproc
is "memory, from inside" 131072 dk exec stay awk '/MemTotal/ {print $2}' /proc/meminfo
ok "pause" dk pause stay
is "is paused" paused inspect stay '{{.State.Status}}'
ok "unpause" dk unpause stay
ok "update" dk update --memory 256m --memory-swap 512m --cpus 2 --pids-limit 60 stay
is "the new limit, from inside" 268435456 dk exec stay sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null | head -1'
is "the new memory, in meminfo" 262144 dk exec stay awk '/MemTotal/ {print $2}' /proc/meminfo
is "the new cpus, from inside" "$(nproc)" dk exec stay nproc
is "the new pids limit, from inside" 60 dk exec stay sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null | head -1'
echo copied >"$W/to-copy"
ok "cp into it" dk cp "$W/to-copy" stay:/tmp/copied
is "and seen there" copied dk exec stay cat /tmp/copied
ok "cp out of it" dk cp stay:/etc/passwd "$W/passwd"
like "diff" 'A /tmp/copied|A /tmp/detached' dk diff stay
ok "stop" dk stop -t 10 stay
is "its exit status" 3 inspect stay '{{.State.ExitCode}}'
like "logs at the end" term dk logs stay
ok "start again" dk start stay
is "runs again" true inspect stay '{{.State.Running}}'
ok "restart" dk restart -t 5 stay
ok "kill" dk kill stay
until_is exited inspect stay '{{.State.Status}}'
is "killed: exit status" 137 inspect stay '{{.State.ExitCode}}'
ok "rm" dk rm stay

# What it is given.
mkdir "$W/vol"; echo from-host >"$W/vol/file"
is "-v" from-host r -v "$W/vol:/data" $B cat /data/file
ok "-v: written" r -v "$W/vol:/data" $B sh -c 'echo back > /data/new'
is "-v: seen on the host" back cat "$W/vol/new"
like "-v :ro" 'Read-only' r -v "$W/vol:/data:ro" $B sh -c 'echo no > /data/no'
like "--tmpfs" 'tmpfs /scratch' r --tmpfs /scratch:size=1m $B grep /scratch /proc/mounts
like "--read-only" 'Read-only' r --read-only $B touch /file
is "a named volume" kept sh -c "timeout 60 docker run --rm --runtime $NAME -v vol1:/v $B sh -c 'echo kept > /v/f' && timeout 60 docker run --rm --runtime $NAME -v vol1:/v $B cat /v/f"
is "--cap-drop ALL" 0000000000000000 r --cap-drop ALL $B awk '/CapEff/ {print $2}' /proc/self/status
is "--ulimit" 123 r --ulimit nofile=123:456 $B sh -c 'ulimit -n'
is "--sysctl" 1 r --sysctl net.ipv4.ip_unprivileged_port_start=1 $B cat /proc/sys/net/ipv4/ip_unprivileged_port_start
is "--shm-size" 8192 r --shm-size 8m $B sh -c 'df -k /dev/shm | awk "NR==2 {print \$2}"'
is "--init" 1 r --init $B sh -c 'test $$ != 1 && echo 1'
oom() { r --memory 64m --memory-swap 64m $B sh -c 'x=a; while :; do x=$x$x; done'; }
status "--memory: too much is killed" 137 oom
oom_told() { dk run --runtime "$NAME" --name hog --memory 64m --memory-swap 64m $B sh -c 'x=a; while :; do x=$x$x; done'; inspect hog '{{.State.OOMKilled}}'; dk rm -f hog >/dev/null; }
is "--memory: and said so" true oom_told
like "--pids-limit" "can't fork|fork|resource" r --pids-limit 20 $B sh -c 'i=0; while [ $i -lt 40 ]; do sleep 2 & i=$((i+1)); done; wait'
is "secrets of the host are hidden" 0 r $B sh -c 'cat /proc/kcore /proc/timer_list 2>/dev/null | wc -c'

# Networks.
is "--network none" lo r --network none $B sh -c 'ls /sys/class/net | tr "\n" " " | sed "s/ $//"'
like "--network bridge: an address" 'inet (addr:)?172\.31\.77' r $B ifconfig eth0
ok "--network bridge: the gateway answers" r $B ping -c 1 -W 3 172.31.77.1
ok "a server behind -p" bg web -p 127.0.0.1:18080:80 $B sh -c 'echo served > /tmp/index.html; exec httpd -f -p 80 -h /tmp'
fetch() { in_net timeout 5 busybox wget -qO- "$1"; }
ok "answers" until_is served fetch http://127.0.0.1:18080/
WEB=$(inspect web '{{.NetworkSettings.IPAddress}}')
is "container to container" served r $B timeout 5 wget -qO- "http://$WEB/"
dk rm -f web >/dev/null
ok "a network of one's own" dk network create net1
bg one --network net1 $B sh -c 'echo named > /tmp/index.html; exec httpd -f -p 80 -h /tmp'
bg two --network net1 $B sleep 1000
ok "names on it" until_is named dk exec two timeout 5 wget -qO- http://one/
like "--network host" 'docker0' r --network host $B ls /sys/class/net
is "--network container:" named r --network container:one $B timeout 5 wget -qO- http://127.0.0.1/
dk rm -f one two >/dev/null; dk network rm net1 >/dev/null

# Looked after by the engine.
ok "--restart" bg again --restart on-failure:2 $B sh -c 'echo x >> /tmp/n; exit 1'
ok "--restart: three runs" until_is 2 inspect again '{{.RestartCount}}'
dk rm -f again >/dev/null
ok "health check" bg health --health-cmd 'test -f /tmp/well' --health-interval 1s --health-retries 1 $B sh -c 'sleep 1; touch /tmp/well; sleep 1000'
ok "health check: healthy" until_is healthy inspect health '{{.State.Health.Status}}'
dk rm -f health >/dev/null
if [ "$NAME" = runc ] && ! capsh --has-p=cap_sys_resource 2>/dev/null; then
	skip "--privileged" "runc wants every capability, and this host has not"
else
	ok "--privileged" r --privileged $B true
fi
commit_it() { dk run --runtime "$WRITES" --name base $B sh -c 'echo layer > /file' && dk commit base made:1 && dk rm base; }
ok "commit" commit_it
is "the image made" layer r made:1 cat /file
mkdir "$W/build"; printf 'FROM busybox:test\nRUN echo built > /built\nRUN test -f /built && echo two >> /built\nCMD ["cat", "/built"]\n' >"$W/build/Dockerfile"
DOCKER_BUILDKIT=0 LIMIT=120 ok "build" dk build -q -t built:1 "$W/build"
like "what was built" two r built:1
ok "create" dk create --runtime "$NAME" --name again2 -i $B sh -c 'read x; echo "got $x"; exit 4'
is "start -ai: input and output" "got word" sh -c "printf 'word\n' | timeout 60 docker start -ai again2"
is "start -ai: exit status" 4 inspect again2 '{{.State.ExitCode}}'
dk rm -f again2 >/dev/null
ok "attach: a container" bg att $B sh -c 'while [ ! -e /tmp/go ]; do sleep 0.1; done; echo said; exit 6'
(sleep 1; dk exec att touch /tmp/go) &
attach_status() { dk attach --no-stdin att; echo "$?"; }
is "attach: output and status" "said
6" attach_status
dk rm -f att >/dev/null
group() {
	local i p=()
	for i in 1 2 3; do bg "g$i" $B sh -c "echo $i; sleep 1000" & p+=($!); done
	wait "${p[@]}"
	for i in 1 2 3; do until_is "$i" dk logs "g$i" || return 1; done
	dk rm -f g1 g2 g3 >/dev/null
}
ok "three at once" group
short() { local i; for i in $(seq 10); do [ "$(r $B echo "$i")" = "$i" ] || return 1; done; }
ok "ten short ones, none loses its output" short

left() { at_end; sleep 1; for p in /proc/[0-9]*; do cat "$p/cmdline" 2>/dev/null | tr '\0' ' ' | grep -E "shim.*$W"; done; }
is "nothing is left" "" left
result "docker $("$DOCKERD" --version | awk '{print $3}' | tr -d ,) $NAME $(basename "$RT")"
