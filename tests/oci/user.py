#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""husk do for an ordinary user, through a user namespace; as root, the user is nobody."""
import os
import shutil
import subprocess
import sys

from husk import HUSK, SCRATCH, check, done

UID = 65534


def main():
    husk = os.path.join(SCRATCH, "husk")
    shutil.copy(HUSK, husk)
    os.chmod(husk, 0o755)
    if os.getuid() == 0:
        kw = {"user": UID, "group": UID, "extra_groups": []}
        uid = UID
    else:
        kw, uid = {}, os.getuid()
    env = {"PATH": "/usr/bin:/bin", "HOME": "/"}
    if subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True, **kw).returncode:
        print("no user namespaces for ordinary users here")
        sys.exit(77)

    def expect(args, code, out):
        p = subprocess.run([husk, *args], capture_output=True, text=True, cwd="/", env=env, timeout=60,
                           stdin=subprocess.DEVNULL, check=False, **kw)
        check(p.returncode == code and (out is None or p.stdout == out),
              f"{args}: status {p.returncode}, {p.stdout!r}, {p.stderr.strip()[-300:]}")
    expect(["do", "id", "-u"], 0, f"{uid}\n")
    expect(["do", "sh", "-c", "echo x > /tmp/husk-user-test && cat /tmp/husk-user-test"], 0, "x\n")
    check(not os.path.exists("/tmp/husk-user-test"), "nothing is written back")
    expect(["do", "cat", "/etc/shadow"], 1, "")
    expect(["do", "sh", "-c", "exit 9"], 9, None)
    expect(["do", "python3", "-c", "print(6 * 7)"], 0, "42\n")
    done()


main()
