#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh HUSK: runs an untrusted program in a sandbox and shows what it could and could not see.
set -eu
husk=$(realpath "$1")
dir=$(mktemp -d /tmp/husk-demo.XXXXXX)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
echo "a secret of the host" > secret
sleep 300 &
secret_pid=$!
trap 'kill $secret_pid 2> /dev/null; rm -rf "$dir"' EXIT

cat > untrusted.py <<'EOF'
import os, platform, socket, subprocess, sys

def show(what, fn):
    try:
        print(f"  {what:46} {fn()}")
    except OSError as e:
        print(f"  {what:46} refused: {e.strerror}")

dir, host_pid = sys.argv[1], int(sys.argv[2])
print("What the program can do:")
show("kernel it talks to", lambda: platform.release())
show("write to /etc/passwd and read it back", lambda: (open("/etc/passwd", "a").write("intruder:x:0:0::/:/bin/sh\n"),
     "intruder" in open("/etc/passwd").read())[1])
show("delete the host's file", lambda: (os.remove(dir + "/secret"), not os.path.exists(dir + "/secret"))[1])
show("run other programs", lambda: subprocess.run(["sh", "-c", "seq 1000 | sort -r | head -1"], capture_output=True, text=True).stdout.strip())
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
show("listen on loopback", lambda: socket.create_connection(s.getsockname()).getpeername())
print("What it cannot:")
show("see the host's processes (it sees)", lambda: sorted(int(p) for p in os.listdir("/proc") if p.isdigit()))
show(f"kill process {host_pid} of the host", lambda: os.kill(host_pid, 9))
show("reach the network", lambda: socket.create_connection(("1.1.1.1", 53), timeout=2))
show("load a kernel module", lambda: open("/proc/modules", "r").read() or "no modules here")
show("read the host's disk", lambda: open("/dev/sda", "rb").read(1))
EOF

echo "== husk do -- python3 untrusted.py"
"$husk" do -- python3 untrusted.py "$dir" "$secret_pid"
echo "== and afterwards, on the host:"
printf '  %-46s %s\n' "the file is still there" "$(cat secret)"
printf '  %-46s %s\n' "intruder in /etc/passwd" "$(grep -c intruder /etc/passwd || true)"
printf '  %-46s %s\n' "the host's process is alive" "$(kill -0 $secret_pid && echo yes)"
