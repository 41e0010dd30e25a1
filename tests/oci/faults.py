#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the sentry, the gofer, a stub or the command at random moments: nothing is left, and the caller is told."""
import os
import random
import signal
import subprocess
import sys
import time

from husk import ROUNDS, SCRATCH, all_processes, check, done, mounts, ours, own_mounts, processes, prog, start, wait_for

SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1 << 32)
print(f"seed {SEED}", flush=True)
rnd = random.Random(SEED)


def victim(p, kind):
    """The pid to kill; None while it is not there."""
    if kind == "command":
        return p.pid
    named, stubs = processes(p.pid)
    if kind == "stub":
        return rnd.choice(stubs) if stubs else None
    return named.get({"sentry": "boot", "gofer": "gofer"}[kind])


def one(n, kind, before, mounted):
    busy = ["/bin/sh", "-c", "while :; do /bin/true; echo x > /tmp/f; done"]
    cmd = rnd.choice([[prog("bench_idle")], busy])
    p = start(["do", "--", *cmd], stdout=subprocess.DEVNULL, cwd="/")
    delay = rnd.uniform(0, 0.15)
    time.sleep(delay)
    what = f"round {n}: {kind} after {delay * 1000:.1f} ms of {cmd[0]}"
    pid = None
    for _ in range(200):
        pid = victim(p, kind)
        if pid or p.poll() is not None:
            break
        time.sleep(0.005)
    if pid:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pid = None
    if kind == "stub" or not pid:
        # the guest's process ends; with it the sandbox if it was the first one
        time.sleep(0.05)
        if p.poll() is None:
            p.send_signal(signal.SIGKILL)
        p.wait(20)
    else:
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            check(False, what + ": the command hangs")
            p.kill()
            p.wait()
        err = p.stderr.read()
        if kind != "command":
            check(p.returncode == 128, f"{what}: exit status {p.returncode}")
            check(kind in err or "ended" in err, f"{what}: says what happened: {err!r}")
    p.stderr.close()
    check(wait_for(lambda: not ours(all_processes() - before), 10), f"{what}: processes are left: "
          f"{ours(all_processes() - before)}")
    check(mounts() == mounted, f"{what}: mounts are left")


def main():
    own_mounts()
    before, mounted = all_processes(), mounts()
    files = set(os.listdir("/tmp")) | set(os.listdir(SCRATCH))
    for n in range(ROUNDS):
        one(n, ["sentry", "gofer", "stub", "command"][n % 4], before, mounted)
    left = {f for f in (set(os.listdir("/tmp")) | set(os.listdir(SCRATCH))) - files if "husk" in f and "diff" not in f and
            not f.startswith(("husk-oci-", "husk-clients."))}
    check(not left, f"files are left: {left}")
    done()


if os.getuid() != 0 and ROUNDS > 100:
    sys.exit(77)
main()
