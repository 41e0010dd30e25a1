#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman.sh RUNTIME: run, exec, logs, stop, pods with podman, which has no daemon.
. "$(dirname "$0")/lib.sh"
RT=${1:?usage: podman.sh RUNTIME}
need podman conmon
begin
mkdir "$W/conf"
printf '[engine]\nevents_logger = "file"\ncgroup_manager = "cgroupfs"\n[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]\n' >"$W/conf/containers.conf"
printf '[storage]\ndriver = "overlay"\nrunroot = "%s/run"\ngraphroot = "%s/store"\n' "$W" "$W" >"$W/conf/storage.conf"
printf '{"default": [{"type": "insecureAcceptAnything"}]}' >"$W/conf/policy.json"
export CONTAINERS_CONF=$W/conf/containers.conf CONTAINERS_STORAGE_CONF=$W/conf/storage.conf
pm() { timeout -k 3 "${LIMIT:-60}" nsenter --net="$W/netns" -- podman --tmpdir "$W/tmp" --runtime "$RT" --network-config-dir "$W/net" "$@"; }
at_end() { pm pod rm -af -t 0; pm rm -af -t 0; } >/dev/null 2>&1
B=busybox:test
in_pod() { pm import -q "$W/images/$1.rootfs.tar" "localhost/$2" >/dev/null 2>"$W/out" || { cat "$W/out" >&2; exit 1; }; }
in_pod busybox $B
in_pod pause pause:test
r() { pm run --rm --network none "$@"; }
until_is() { local want=$1 end=$((SECONDS + 15)); shift; while [ $SECONDS -lt $end ]; do [ "$("$@" 2>/dev/null)" = "$want" ] && return 0; sleep .1; done; return 1; }

is "run: output" hello r $B echo hello
status "run: exit status" 42 r $B sh -c 'exit 42'
status "run: a command that is not there" 127 r $B /bin/nothere
is "run: environment and directory" "v /mnt" r -e X=v -w /mnt $B sh -c 'echo $X $(pwd)'
is "run: user" 1000 r -u 1000 $B id -u
like "run: a terminal" '/dev/(pts/[0-9]+|console)' python3 "$HERE/on_tty.py" 24 80 nsenter --net="$W/netns" -- podman --tmpdir "$W/tmp" \
	--runtime "$RT" run --rm -it --network none $B tty
ok "run -d" pm run -d --network none --name stay $B sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.2; done'
ok "logs" until_is started pm logs stay
is "exec" inside pm exec stay echo inside
status "exec: exit status" 9 pm exec stay sh -c 'exit 9'
is "ps" stay pm ps --format '{{.Names}}'
ok "pause" pm pause stay
ok "unpause" pm unpause stay
ok "stop" pm stop -t 5 stay
is "its exit status" 3 pm inspect -f '{{.State.ExitCode}}' stay
ok "start again" pm start stay
ok "kill" pm kill stay
ok "rm" pm rm -f -t 0 stay
mkdir "$W/vol"; echo from-host >"$W/vol/file"
is "-v" from-host r -v "$W/vol:/data" $B cat /data/file
like "--read-only" 'Read-only' r --read-only $B touch /file
ok "a pod" pm pod create --name pod --infra-image localhost/pause:test --infra-command /pause --network none
ok "a container in it" pm run -d --pod pod --name one $B sh -c 'echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'
ok "another" pm run -d --pod pod --name two $B sleep 1000
ok "they share the network" until_is hi pm exec two wget -qO- http://127.0.0.1:8080/
ok "the pod stops" pm pod stop -t 1 pod
ok "the pod goes" pm pod rm -f pod
result "podman $(podman --version | awk '{print $3}') $(basename "$RT")"
