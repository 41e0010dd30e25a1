#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deb.sh BUILD_DIR OUT_DIR: Debian packages of what `make install` installs: husk, which needs nothing, and
# husk-shim and husk-systemd, which need the libraries they are linked with.
set -euo pipefail
build=${1:?usage: deb.sh BUILD_DIR OUT_DIR} out=${2:?}
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
version=$(sed -n "s/.*version: '\([0-9.]*\)'.*/\1/p" "$top/meson.build" | head -1)
arch=$(dpkg --print-architecture)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$out"

"$here/install.sh" "$build" "$tree/all" /usr
# package NAME DEPENDS DESCRIPTION FILE...: moves the files into a package of their own.
package() {
	local name=$1 depends=$2 text=$3 dir=$tree/$1 f; shift 3
	for f; do
		mkdir -p "$dir/$(dirname "$f")"
		mv "$tree/all/$f" "$dir/$f"
	done
	mkdir -p "$dir/DEBIAN" "$dir/usr/share/doc/$name"
	cp "$top/COPYING" "$dir/usr/share/doc/$name/copyright"
	{
		printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: husk <husk@localhost>\n' "$name" "$version" "$arch"
		printf 'Section: admin\nPriority: optional\nInstalled-Size: %s\n' "$(du -ks "$dir" | cut -f1)"
		[ -z "$depends" ] || printf 'Depends: %s\n' "$depends"
		printf 'Description: %s\n' "$text"
	} >"$dir/DEBIAN/control"
	find "$dir" -type d -exec chmod 755 {} +
	dpkg-deb --root-owner-group --build "$dir" "$out/${name}_${version}_$arch.deb"
}
package husk-shim "husk (= $version), libc6, libjansson4, libprotobuf-c1" "containerd shim for the husk sandbox
 containerd-shim-husk-v1 runs pods and containers of containerd and Kubernetes in husk sandboxes." \
	usr/bin/containerd-shim-husk-v1 usr/share/man/man8/containerd-shim-husk-v1.8
package husk-systemd "husk (= $version), libc6, libsystemd0" "systemd cgroup driver for the husk sandbox
 With it engines that keep their cgroups through systemd can run husk containers (--systemd-cgroup)." \
	usr/bin/husk-systemd
package husk "" "OCI runtime with a kernel of its own in user space
 Programs in a husk container never talk to the host's kernel: a kernel in user space answers their
 system calls. For docker, podman, containerd and Kubernetes." \
	usr/bin/husk usr/share/man/man8/husk.8 usr/share/bash-completion/completions/husk usr/share/zsh/vendor-completions/_husk
[ -z "$(find "$tree/all" -type f)" ] || { echo "in no package: $(find "$tree/all" -type f)" >&2; exit 1; }
