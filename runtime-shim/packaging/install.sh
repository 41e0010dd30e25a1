#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install.sh BUILD_DIR DESTDIR PREFIX: the runtime, its systemd helper, the shim, manual pages, completion for bash and zsh.
set -euo pipefail
build=${1:?usage: install.sh BUILD_DIR DESTDIR PREFIX} dest=${2-} prefix=${3:?}
here=$(cd "$(dirname "$0")" && pwd)
put() { install -D -m "$1" "$2" "$dest$prefix/$3"; }
put 755 "$build/runtime-shim/husk" bin/husk
put 644 "$here/husk.8" share/man/man8/husk.8
put 644 "$here/husk.bash" share/bash-completion/completions/husk
[ "$prefix" = /usr ] && zsh=vendor-completions || zsh=site-functions
put 644 "$here/_husk" "share/zsh/$zsh/_husk"
# The helper for systemd's cgroups is looked for beside the runtime.
put 755 "$build/runtime-shim/husk-systemd" bin/husk-systemd
put 755 "$build/runtime-shim/shim/containerd-shim-husk-v1" bin/containerd-shim-husk-v1
put 644 "$here/containerd-shim-husk-v1.8" share/man/man8/containerd-shim-husk-v1.8
