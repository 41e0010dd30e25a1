#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cri.sh RUNTIME SHIM_DIR [HANDLER]: a pod's life through containerd's CRI.
# HANDLER: runc, husk-runc (the runc shim with BinaryName=RUNTIME), husk (our shim).
. "$(dirname "$0")/lib.sh"
RT=${1:?usage: cri.sh RUNTIME SHIM_DIR [HANDLER]} SHIMS=${2:?} HANDLER=${3:-husk}
/usr/bin/python3 -c 'import grpc' 2>/dev/null || skip_all "python3-grpcio is not installed"
[ -x /usr/lib/cni/bridge ] || skip_all "containernetworking-plugins is not installed"
begin
printf 'binary_name = "%s"\nroot = "%s/runtime-root"\n' "$RT" "$W" >"$W/husk.toml"
containerd_up "$RT" "$SHIMS" "$W/husk.toml"
timeout -k 5 "${LIMIT:-300}" /usr/bin/python3 "$HERE/cri.py" "$W/containerd.sock" "$HANDLER" "$W" \
	$([[ $HANDLER == runc || $RT != *husk* ]] || echo "$HERE/known.txt") || failed=1
pods() { for p in /proc/[0-9]*; do cat "$p/cmdline" 2>/dev/null | tr '\0' ' ' | grep -E "shim.*$W"; done; }
for _ in $(seq 50); do [ -z "$(pods)" ] && break; sleep .1; done
is "no shim is left" "" pods
result "containerd $("$CONTAINERD" --version | awk '{print $3}') CRI $HANDLER"
