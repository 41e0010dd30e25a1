# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: starting husk, looking at its processes, counting checks.

Each test is `NAME.py HUSK PROGRAMS_DIR [N]`; it prints what failed and exits 1, or 77 where the host cannot run it.
"""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HUSK = os.path.abspath(sys.argv[1])
PROGS = os.path.abspath(sys.argv[2])
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print(f"FAILED: {what}", flush=True)
    return ok


def done():
    print(f"{failures} failures")
    sys.exit(1 if failures else 0)


def prog(name):
    """A static test program, at a path every user can reach."""
    return os.path.join(SCRATCH, name)


def run(args, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("timeout", 60)
    return subprocess.run([HUSK, *args], capture_output=True, text=True, check=False, **kw)


def start(args, **kw):
    kw.setdefault("stdin", subprocess.DEVNULL)
    kw.setdefault("stdout", subprocess.PIPE)
    kw.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen([HUSK, *args], text=True, **kw)


def stat_fields(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return None


def children(pid):
    out = []
    for d in os.listdir("/proc"):
        if d.isdigit():
            f = stat_fields(d)
            if f and int(f[1]) == pid and f[0] != "Z":
                out.append(int(d))
    return out


def descendants(pid):
    out = []
    for c in children(pid):
        out += [c, *descendants(c)]
    return out


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().split(b"\0")
    except OSError:
        return []


def role(pid):
    words = cmdline(pid)
    return words[1].decode() if len(words) > 1 and words[0].endswith(b"husk") else ""


def processes(command):
    """{role: pid} of a sandbox by the pid of its command, and the pids of its stubs."""
    named = {role(p): p for p in children(command)}
    stubs = [p for p in descendants(named["boot"]) if p] if "boot" in named else []
    return named, stubs


def status(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def wait_for(cond, limit=10.0):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if cond():
            return True
        time.sleep(0.01)
    return False


def all_processes():
    return {int(d) for d in os.listdir("/proc") if d.isdigit()}


def ours(pids):
    """Those of pids that belong to a husk of this test: its executable, or in a pid namespace of its own."""
    out = []
    for p in pids:
        try:
            exe = os.readlink(f"/proc/{p}/exe")
        except OSError:
            continue
        if exe == HUSK or exe == HUSK + " (deleted)":
            out.append(p)
    return out


def own_mounts():
    """A mount namespace of this test's own, so that what others mount meanwhile is not seen."""
    if os.getuid() == 0 and ctypes.CDLL(None).unshare(0x20000) == 0:  # CLONE_NEWNS
        subprocess.run(["mount", "--make-rprivate", "/"], check=False)


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        return f.read()


SCRATCH = tempfile.mkdtemp(prefix="husk-oci-")
os.chmod(SCRATCH, 0o755)
STATE = os.path.join(SCRATCH, "state")
_bench = os.path.join(PROGS, "../../bench")
for _name in os.listdir(_bench):
    _p = os.path.join(_bench, _name)
    if os.path.isfile(_p) and os.access(_p, os.X_OK):
        shutil.copy(_p, SCRATCH)


def _clean():
    shutil.rmtree(SCRATCH, ignore_errors=True)


import atexit  # noqa: E402  (after the directory exists)
atexit.register(_clean)
signal.signal(signal.SIGTERM, lambda s, f: sys.exit(1))
