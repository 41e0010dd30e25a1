# SPDX-License-Identifier: Apache-2.0
# Private engines for tests: sourced by the scripts here. Every daemon gets its own network namespace,
# data directories and socket under one temporary directory, and all of it goes at exit.
#
#   CONTAINERD, DOCKERD      other engines than those on PATH (their own shims are looked for beside them)
#   KEEP=1                   leaves the directory, to look at logs

set -u
PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CONTAINERD=${CONTAINERD:-$(command -v containerd || true)}
DOCKERD=${DOCKERD:-$(command -v dockerd || true)}
passed=0 failed=0 skipped=0

say() { printf '%s\n' "$*" >&2; }
skip_all() { say "SKIP: $*"; exit 77; }
need() { local p; for p; do command -v "$p" >/dev/null || skip_all "$p is not installed"; done; }

# ok NAME CMD...: passes if CMD succeeds.  is NAME WANTED CMD...: passes if it prints WANTED.
# like NAME PATTERN CMD...: if its output, both streams, matches the extended regular expression.
ok() { local n=$1; shift; if "$@" >"$W/out" 2>&1; then pass "$n"; else fail "$n" "status $?"; fi; }
is() {
	local n=$1 w=$2 got; shift 2
	got=$("$@" 2>"$W/out" | tr -d '\r')
	if [ "$got" = "$w" ]; then pass "$n"; else fail "$n" "printed '$(printf %s "$got" | head -c 300)', wanted '$w'"; fi
}
like() {
	local n=$1 w=$2; shift 2
	"$@" >"$W/out" 2>&1
	if grep -qE -- "$w" "$W/out"; then pass "$n"; else fail "$n" "no match for '$w'"; fi
}
# status NAME WANTED CMD...: passes if it ends with that status.
status() {
	local n=$1 w=$2 st; shift 2
	"$@" >"$W/out" 2>&1; st=$?
	if [ $st = "$w" ]; then pass "$n"; else fail "$n" "status $st, wanted $w"; fi
}
pass() {
	passed=$((passed + 1)); echo "ok      $1"
	[ -z "$(known "$1")" ] || say "        $1 is in known.txt, and passes: take it out"
}
fail() {
	local why
	why=$(known "$1")
	if [ -n "$why" ]; then skip "$1" "known: $why"; return; fi
	failed=$((failed + 1)); echo "FAILED  $1: ${2:-}"
	[ ! -s "$W/out" ] || tail -n 4 "$W/out" | cut -c1-400 | sed 's/^/          /'
}
# Why a check is known to fail with husk; nothing for other runtimes.
known() {
	[[ $(basename "${RT:-}") == *husk* && ${NAME:-} != runc ]] || return 0
	awk -F'|' -v n="$1" '$1 == n { print $2; exit }' "$HERE/known.txt"
}
skip() { skipped=$((skipped + 1)); echo "skipped $1: $2"; }
result() {
	echo "$1: $passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
}

# spawn NAME CMD...: a daemon in the namespace; its number in $W/NAME.pid, its log in $W/NAME.log.
spawn() {
	local name=$1; shift
	setsid nsenter --net="$W/netns" -- bash -c 'echo $$ > "$0"; exec "$@"' "$W/$name.pid" "$@" \
		>"$W/$name.log" 2>&1 </dev/null &
	for _ in $(seq 50); do [ -s "$W/$name.pid" ] && return; sleep .1; done
}
stop() {
	local p
	[ -s "$W/$1.pid" ] || return 0
	p=$(cat "$W/$1.pid")
	kill "$p" 2>/dev/null
	for _ in $(seq 100); do kill -0 "$p" 2>/dev/null || break; sleep .1; done
	kill -9 "$p" 2>/dev/null
	rm -f "$W/$1.pid"
}
await_socket() {
	for _ in $(seq 150); do [ -S "$1" ] && return 0; sleep .2; done
	say "no socket $1"; tail -5 "$W"/*.log >&2; exit 1
}

# Everything under $W, and only that: daemons, shims and what they left, mounts, the namespace.
teardown() {
	local p exe
	declare -F at_end >/dev/null && at_end
	stop dockerd; stop containerd
	for p in /proc/[0-9]*; do
		grep -qz -- "$W" "$p/cmdline" 2>/dev/null || continue
		[ "${p#/proc/}" != $$ ] || continue
		case $(tr '\0' ' ' <"$p/cmdline" 2>/dev/null) in
		*containerd-shim-*|*" boot "*|*gofer*) kill -9 "${p#/proc/}" 2>/dev/null ;;
		esac
	done
	awk -v d="$W/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | while read -r m; do umount -l "$m"; done
	umount -l "$W/netns" 2>/dev/null
	[ -n "${KEEP:-}" ] && say "left: $W" || rm -rf "$W"
}

# begin: the temporary directory, the namespace (a holder process keeps it), what is undone at exit.
begin() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
	need ip nsenter python3 busybox jq
	W=$(mktemp -d /tmp/husk-clients.XXXXXX)
	chmod 755 "$W"
	trap teardown EXIT
	trap 'exit 1' INT TERM
	: >"$W/netns"
	unshare --net="$W/netns" true || skip_all "no network namespace can be made"
	nsenter --net="$W/netns" ip link set lo up
	nsenter --net="$W/netns" sysctl -qw net.ipv4.ip_forward=1
	python3 "$HERE/images.py" "$W/images" || exit 1
}
in_net() { nsenter --net="$W/netns" -- "$@"; }

major() { "$1" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1 | cut -d. -f1; }

# containerd_up RUNTIME SHIM_DIR [CONFIG]: handlers runc, husk-runc (the runc shim with BinaryName) and husk (our shim).
containerd_up() {
	local rt=$1 shims=$2 cfg=${3:-} p bin; bin=$(dirname "$CONTAINERD")
	[ -n "$CONTAINERD" ] || skip_all "containerd is not installed"
	CTR="timeout -k 3 60 $bin/ctr -a $W/containerd.sock"
	mkdir -p "$W/cni"
	cat >"$W/cni/10-bridge.conflist" <<-X
	{"cniVersion":"1.0.0","name":"husk","plugins":[{"type":"bridge","bridge":"husk0","isGateway":true,
	 "ipam":{"type":"host-local","dataDir":"$W/cni-state","ranges":[[{"subnet":"10.88.44.0/24"}]],
	 "routes":[{"dst":"0.0.0.0/0"}]}},{"type":"portmap","capabilities":{"portMappings":true}}]}
	X
	if [ "$(major "$CONTAINERD")" -ge 2 ]; then
		p='"io.containerd.cri.v1.runtime"'
		cat <<-X
		version = 3
		[plugins."io.containerd.nri.v1.nri"]
		  disable = true
		[plugins."io.containerd.cri.v1.images"]
		  snapshotter = "overlayfs"
		  use_local_image_pull = true
		[plugins."io.containerd.cri.v1.images".pinned_images]
		  sandbox = "registry.k8s.io/pause:local"
		[plugins."io.containerd.grpc.v1.cri"]
		  stream_server_address = "127.0.0.1"
		  stream_server_port = "0"
		[plugins.$p.cni]
		  bin_dirs = ["/usr/lib/cni"]
		  conf_dir = "$W/cni"
		[plugins.$p]
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		X
	else
		p='"io.containerd.grpc.v1.cri"'
		cat <<-X
		version = 2
		[plugins.$p.cni]
		  bin_dir = "/usr/lib/cni"
		  conf_dir = "$W/cni"
		[plugins.$p]
		  sandbox_image = "registry.k8s.io/pause:local"
		  restrict_oom_score_adj = true
		  disable_apparmor = true
		  stream_server_address = "127.0.0.1"
		  stream_server_port = "0"
		X
	fi >"$W/body.toml"
	{
		head -1 "$W/body.toml"
		printf 'root = "%s/root"\nstate = "%s/state"\n[grpc]\n  address = "%s/containerd.sock"\n' "$W" "$W" "$W"
		printf '[debug]\n  level = "debug"\n[plugins."io.containerd.internal.v1.opt"]\n  path = "%s/opt"\n' "$W"
		tail -n +2 "$W/body.toml"
		echo "[plugins.$p.containerd]"
		[ "$(major "$CONTAINERD")" -ge 2 ] || echo '  snapshotter = "overlayfs"'
		echo '  default_runtime_name = "runc"'
		handler() { printf '[plugins.%s.containerd.runtimes.%s]\n  runtime_type = "%s"\n  pod_annotations = ["dev.*", "io.*"]\n' "$p" "$1" "$2"; }
		handler runc io.containerd.runc.v2
		handler husk-runc io.containerd.runc.v2
		printf '  [plugins.%s.containerd.runtimes.husk-runc.options]\n    BinaryName = "%s"\n' "$p" "$rt"
		handler husk io.containerd.husk.v1
		[ -z "$cfg" ] || printf '  [plugins.%s.containerd.runtimes.husk.options]\n    TypeUrl = "io.containerd.husk.v1.options"\n    ConfigPath = "%s"\n' "$p" "$cfg"
	} >"$W/containerd.toml"
	# Its own runc shim first, so that a newer containerd gets the one it came with.
	OLD_PATH=$PATH PATH=$shims:$bin:$PATH spawn containerd "$CONTAINERD" -c "$W/containerd.toml"
	await_socket "$W/containerd.sock"
	for _ in $(seq 50); do $CTR version >/dev/null 2>&1 && break; sleep .2; done
	for i in busybox pause; do
		for ns in default k8s.io; do
			in_net $CTR -n $ns images import --snapshotter overlayfs "$W/images/$i.tar" >/dev/null || exit 1
		done
	done
}

# docker_up RUNTIME SHIM_DIR [SHIM_CONFIG]: runtimes runc, husk (the runc shim driving RUNTIME), husk-writes (what a
# container writes to its root is in the engine's storage: for cp, diff, commit and build) and, where dockerd
# knows it, husk-shim. DK is the client.
docker_up() {
	local rt=$1 shims=$2 cfg=${3:-} bin; bin=$(dirname "$CONTAINERD")
	[ -n "$DOCKERD" ] || skip_all "docker.io is not installed"
	[ -n "$CONTAINERD" ] || skip_all "containerd is not installed"
	need docker iptables
	cat >"$W/containerd.toml" <<-X
	version = 2
	root = "$W/ctrd/root"
	state = "$W/ctrd/state"
	disabled_plugins = ["io.containerd.grpc.v1.cri"]
	[grpc]
	  address = "$W/containerd.sock"
	[debug]
	  level = "debug"
	X
	SHIM_RUNTIME=
	[ "$(major "$DOCKERD")" -lt 23 ] || SHIM_RUNTIME=husk-shim
	jq -n --arg rt "$rt" --arg cfg "$cfg" --arg shim "$SHIM_RUNTIME" --arg default "${DEFAULT_RUNTIME:-runc}" '{"features":{"buildkit":false},
		"exec-opts":["native.cgroupdriver=cgroupfs"], "default-runtime": $default,
		"runtimes": ({"husk":{"path":$rt}, "husk-writes":{"path":$rt, "runtimeArgs":["--overlay2=none","--file-access=shared"]}} + (if $shim == "" then {} else
		{($shim):{"runtimeType":"io.containerd.husk.v1","options":{"TypeUrl":"io.containerd.husk.v1.options","ConfigPath":$cfg}}} end))}' \
		>"$W/daemon.json"
	PATH=$shims:$(dirname "$DOCKERD"):$bin:$PATH spawn containerd "$CONTAINERD" -c "$W/containerd.toml"
	await_socket "$W/containerd.sock"
	PATH=$shims:$(dirname "$DOCKERD"):$bin:$PATH spawn dockerd "$DOCKERD" --config-file "$W/daemon.json" \
		--data-root "$W/data" --exec-root "$W/exec" --pidfile "$W/dockerd.own.pid" -H "unix://$W/docker.sock" \
		--containerd "$W/containerd.sock" --storage-driver overlay2 --ip6tables=false --bip 172.31.77.1/24 --debug
	await_socket "$W/docker.sock"
	export DOCKER_HOST=unix://$W/docker.sock DOCKER_CONFIG=$W/docker-config
	dk load -qi "$W/images/busybox.tar" >/dev/null || { tail -5 "$W/dockerd.log" >&2; exit 1; }
}
dk() { timeout -k 3 "${LIMIT:-60}" docker "$@"; }
