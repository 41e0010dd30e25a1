#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deps.sh SET...: installs the Debian packages of the sets that are missing. Quick when none is.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

declare -A sets=(
	[build]="gcc libc6-dev meson ninja-build pkgconf python3 libseccomp-dev libcap-dev libelf-dev libjansson-dev libprotobuf-c-dev libsystemd-dev
		protobuf-c-compiler"
	[check]="clang clang-format libclang-rt-14-dev binutils libcmocka-dev busybox-static qemu-user-static
		gcc-aarch64-linux-gnu bash dash coreutils findutils grep sed tar gzip xz-utils bzip2 file diffutils
		perl git make g++ sqlite3 openssl python3 nodejs procps psmisc util-linux bsdextrautils iproute2 vim less strace python3-yaml uidmap dbus-daemon"
	[arm64]="libc6-dev:arm64 libseccomp-dev:arm64 libcap-dev:arm64 libelf-dev:arm64 libjansson-dev:arm64 libcmocka-dev:arm64 libprotobuf-c-dev:arm64"
	[long]="golang-go default-jre-headless default-jdk-headless"
	[clients]="containerd docker.io podman runc containernetworking-plugins iptables iproute2 jq busybox-static gcc libc6-dev
		uidmap slirp4netns
		util-linux libcap2-bin python3-grpcio python3-protobuf protobuf-compiler"
	[bench]="python3 gcc bash git grep findutils tar make nodejs sqlite3 util-linux"
)
want=()
for set in "$@"; do
	[ -n "${sets[$set]:-}" ] || { echo "deps.sh: no set $set" >&2; exit 2; }
	want+=(${sets[$set]})
	[ "$set" != arm64 ] || [ "$(dpkg --print-architecture)" = arm64 ] || foreign=arm64
done

installed=" $(dpkg-query -W -f '${db:Status-Abbrev}${Package} ${Package}:${Architecture}\n' 2>/dev/null |
	sed -n 's/^ii //p' | tr '\n' ' ') "
missing=()
for p in "${want[@]}"; do
	[[ $installed == *" $p "* ]] || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "These packages are missing; install them as root with: tests/lib/deps.sh $*" >&2
	echo "  ${missing[*]}" >&2
	exit 1
fi
echo "installing: ${missing[*]}"
if [ -n "${foreign:-}" ] && ! dpkg --print-foreign-architectures | grep -qx "$foreign"; then
	dpkg --add-architecture "$foreign"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get -q update && apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "${missing[@]}"; } \
	>"$log" 2>&1; then
	tail -30 "$log" >&2
	exit 1
fi
