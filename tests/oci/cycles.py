#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""create, start, wait, delete of `true`, N times one after the other and some side by side: no failure, nothing left, and what a
cycle takes, beside crun and runc where they are installed and work here. Times are printed, not judged."""
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from bundle import ROOT, bundle
from husk import HUSK, ROUNDS, SCRATCH, all_processes, check, done, mounts, ours, wait_for

if os.getuid() != 0:
    print("needs root")
    sys.exit(77)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def call(cmd, *args):
    with open(os.path.join(SCRATCH, "err"), "wb") as err:
        p = subprocess.run([*cmd, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err, check=False, timeout=60)
    if p.returncode:
        with open(os.path.join(SCRATCH, "err"), encoding="utf-8", errors="replace") as f:
            return f.read().strip()[-300:] or f"status {p.returncode}"
    return None


def cycle(cmd, where, name, times):
    pidfile = os.path.join(SCRATCH, f"{name}.pid")
    t = [time.monotonic()]
    why = call(cmd, "create", "--bundle", where, "--pid-file", pidfile, name)
    if why:
        return f"create: {why}"
    t.append(time.monotonic())
    why = call(cmd, "start", name)
    if why:
        return f"start: {why}"
    t.append(time.monotonic())
    with open(pidfile, encoding="utf-8") as f:
        _, st = os.waitpid(int(f.read()), 0)
    t.append(time.monotonic())
    why = call(cmd, "delete", name)
    t.append(time.monotonic())
    if why or st:
        return f"delete: {why}, status {st}"
    for i in range(4):
        times[i] += t[i + 1] - t[i]
    return None


def serial(label, cmd, where, n):
    times = [0.0] * 4
    for i in range(n):
        why = cycle(cmd, where, f"cycle{i}", times)
        if why:
            return why
    ms = [1000 * x / n for x in times]
    print(f"{label}: {sum(ms):.1f} ms a cycle (create {ms[0]:.1f}, start {ms[1]:.1f}, wait {ms[2]:.1f}, delete {ms[3]:.1f}), {n} cycles", flush=True)
    return None


def side_by_side(where, n, at_once):
    names = iter(range(n))
    lock = threading.Lock()
    bad = []

    def worker():
        while True:
            with lock:
                i = next(names, None)
            if i is None or bad:
                return
            why = cycle([HUSK, "--root", ROOT], where, f"side{i}", [0.0] * 4)
            if why:
                bad.append(why)

    t = time.monotonic()
    workers = [threading.Thread(target=worker) for _ in range(at_once)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    check(not bad, f"side by side: {bad}")
    print(f"{n / (time.monotonic() - t):.0f} sandboxes a second, {at_once} at a time", flush=True)


def cgroups():
    out = []
    for top, dirs, _ in os.walk("/sys/fs/cgroup"):
        out += [os.path.join(top, d) for d in dirs if d.startswith(("cycle", "side"))]
    return out


where = bundle("true", lambda c: c["process"].update(args=["true"]))
before, mounted, files = all_processes(), mounts(), len(os.listdir("/proc/self/fd"))
why = serial("husk", [HUSK, "--root", ROOT], where, ROUNDS)
check(not why, f"husk: {why}")
side_by_side(where, ROUNDS, min(50, ROUNDS))
check(wait_for(lambda: not ours(all_processes() - before)), "no process stays")
check(mounts() == mounted, "no mount stays")
check(os.listdir(ROOT) == [], f"no state stays: {os.listdir(ROOT)}")
check(cgroups() == [], f"no cgroup stays: {cgroups()[:5]}")
check(len(os.listdir("/proc/self/fd")) == files, "no descriptor stays")
with open(os.path.join(where, "config.json"), encoding="utf-8") as f:
    conf = json.load(f)
conf["mounts"] = [m for m in conf["mounts"] if m["type"] != "mqueue"]
with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
    json.dump(conf, f)
for other in ("crun", "runc"):
    if shutil.which(other):
        root = tempfile.mkdtemp(prefix="oci-other-")
        why = serial(other, [other, "--root", root], where, min(ROUNDS, 50))
        if why:
            print(f"{other} does not run here: {why}")
            subprocess.run([other, "--root", root, "delete", "--force", "cycle0"], check=False, capture_output=True)
        shutil.rmtree(root, ignore_errors=True)
done()
