#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# podman.sh RUNTIME [rootless]: run, exec, logs, stop, pods with podman, which has no daemon.
# rootless: by an ordinary user with ranges of ids of its own, known in this mount namespace only.
MODE=${2:-root}
[ "$MODE" = root ] || [ -n "${OWN_MOUNTS:-}" ] || OWN_MOUNTS=1 exec unshare -m -- "$0" "$@"
. "$(dirname "$0")/lib.sh"
RT=${1:?usage: podman.sh RUNTIME [rootless]} NAME=
need podman conmon
begin
mkdir "$W/conf"
printf '[engine]\nevents_logger = "file"\ncgroup_manager = "cgroupfs"\n[containers]\ndefault_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]\n' >"$W/conf/containers.conf"
printf '[storage]\ndriver = "overlay"\nrunroot = "%s/run"\ngraphroot = "%s/store"\n' "$W" "$W" >"$W/conf/storage.conf"
printf '{"default": [{"type": "insecureAcceptAnything"}]}' >"$W/conf/policy.json"
export CONTAINERS_CONF=$W/conf/containers.conf CONTAINERS_STORAGE_CONF=$W/conf/storage.conf
AS=()
# The user is in copies of the files that name users, laid over the machine's own here.
as_user() {
	need newuidmap setpriv
	unshare -U true || skip_all "no user namespaces"
	local f
	mkdir "$W/etc" "$W/home" "$W/run"
	cp /etc/passwd /etc/group "$W/etc"
	echo "husker:x:20000:20000::$W/home:/bin/sh" >>"$W/etc/passwd"
	echo "husker:x:20000:" >>"$W/etc/group"
	echo husker:200000:65536 | tee "$W/etc/subuid" >"$W/etc/subgid"
	for f in passwd group subuid subgid; do
		[ -e "/etc/$f" ] || : >"/etc/$f"
		mount --bind "$W/etc/$f" "/etc/$f" || skip_all "no mounts here"
	done
	if [ -c /dev/net/tun ]; then cp -a /dev/net/tun "$W/tun"; chmod 666 "$W/tun"; mount --bind "$W/tun" /dev/net/tun; fi
	mkdir -p "$W/home/.config/containers" "$W/store" "$W/tmp" "$W/net"
	cp "$W/conf/policy.json" "$W/home/.config/containers"
	chown -R 20000:20000 "$W/home" "$W/run" "$W/store" "$W/tmp" "$W/net" "$W/conf"
	chmod 700 "$W/run"
	install -m 755 "$RT" "$W/$(basename "$RT")"
	RT=$W/$(basename "$RT")
	AS=(setpriv --reuid 20000 --regid 20000 --init-groups env -i "PATH=$PATH" "HOME=$W/home" "XDG_RUNTIME_DIR=$W/run"
		"CONTAINERS_CONF=$CONTAINERS_CONF" "CONTAINERS_STORAGE_CONF=$CONTAINERS_STORAGE_CONF")
	cd /
}
[ "$MODE" = root ] || as_user
PODMAN=(nsenter --net="$W/netns" -- "${AS[@]}" podman --tmpdir "$W/tmp" --runtime "$RT" --network-config-dir "$W/net")
pm() { timeout -k 3 "${LIMIT:-60}" "${PODMAN[@]}" "$@"; }
at_end() {
	pm pod rm -af -t 0; pm rm -af -t 0
	# what holds the user's namespaces
	find "$W/run" "$W/tmp" -name pause.pid 2>/dev/null | while read -r f; do kill -9 "$(cat "$f")"; done
	[ "$MODE" = root ] || "${AS[@]}" podman unshare true
	find "$W/run" "$W/tmp" -name pause.pid 2>/dev/null | while read -r f; do kill -9 "$(cat "$f")"; done
} >/dev/null 2>&1
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
like "run: a terminal" '/dev/(pts/[0-9]+|console)' python3 "$HERE/on_tty.py" 24 80 "${PODMAN[@]}" run --rm -it --network none $B tty
ok "run -d" pm run -d --network none --name stay $B sh -c 'echo started; trap "exit 3" TERM; while :; do sleep 0.2; done'
ok "logs" until_is started pm logs stay
is "exec" inside pm exec stay echo inside
status "exec: exit status" 9 pm exec stay sh -c 'exit 9'
is "ps" stay pm ps --format '{{.Names}}'
if [ "$MODE" = root ]; then
	ok "pause" pm pause stay
	ok "unpause" pm unpause stay
else
	skip "pause" "podman refuses it to an ordinary user on cgroup version 1"
fi
ok "stop" pm stop -t 5 stay
is "its exit status" 3 pm inspect -f '{{.State.ExitCode}}' stay
ok "start again" pm start stay
ok "kill" pm kill stay
ok "rm" pm rm -f -t 0 stay
mkdir -m 777 "$W/vol"; echo from-host >"$W/vol/file"
is "-v" from-host r -v "$W/vol:/data" $B cat /data/file
is "-v: written" 0 r -v "$W/vol:/data" $B sh -c 'echo back >/data/new && chown 5:6 /data/new && stat -c %u:%g /data/new >/dev/null; echo $?'
if [ "$MODE" = root ]; then
	is "-v: whose it is on the host" 5:6 stat -c %u:%g "$W/vol/new"
else
	is "-v: whose it is on the host" 200004:200005 stat -c %u:%g "$W/vol/new"
	is "the root inside" "0 0" r $B sh -c 'echo $(id -u) $(stat -c %u /etc/passwd)'
	is "--userns keep-id" 20000 r --userns keep-id $B id -u
	like "--network host" lo pm run --rm --network host $B ls /sys/class/net
	if [ -c "$W/tun" ] && command -v slirp4netns >/dev/null; then
		is "--network slirp4netns: an address" 1 pm run --rm --network slirp4netns $B sh -c 'ifconfig tap0 | grep -c "inet addr:10\.0\.2\.100"'
		echo served >"$W/vol/index.html"
		ok "a server behind -p" pm run -d --name web --network slirp4netns -p 127.0.0.1:18081:8080 -v "$W/vol:/web" $B httpd -f -p 8080 -h /web
		ok "it answers" until_is served in_net timeout 5 busybox wget -qO- http://127.0.0.1:18081/
		pm rm -f -t 0 web >/dev/null
	fi
	like "--memory: no cgroup of the user's, a warning" inside r --memory 128m --pids-limit 50 $B echo inside
fi
like "--read-only" 'Read-only' r --read-only $B touch /file
ok "a pod" pm pod create --name pod --infra-image localhost/pause:test --infra-command /pause --network none
ok "a container in it" pm run -d --pod pod --name one $B sh -c 'echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'
ok "another" pm run -d --pod pod --name two $B sleep 1000
ok "they share the network" until_is hi pm exec two wget -qO- http://127.0.0.1:8080/
ok "the pod stops" pm pod stop -t 1 pod
ok "the pod goes" pm pod rm -f pod
result "podman $(podman --version | awk '{print $3}') $(basename "$RT") $MODE"
