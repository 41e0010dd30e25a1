#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--systemd-cgroup on a bus of our own with a stand-in for systemd: what it is asked, and that the groups are the unit's."""
import os
import shutil
import subprocess
import sys

import bundle
from husk import HUSK, PROGS, SCRATCH, check, done, own_mounts, wait_for

BUS = os.path.join(SCRATCH, "bus")
LOG = os.path.join(SCRATCH, "calls")
CONF = f"""<busconfig><type>system</type><listen>unix:path={BUS}</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>"""


def calls(first):
    with open(LOG, encoding="utf-8") as f:
        return [line.split() for line in f if line.startswith(first)]


def words(line):
    return dict(w.split("=", 1) for w in line[2:])


def limits(path):
    def change(conf):
        conf["linux"]["cgroupsPath"] = path
        conf["linux"]["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 30},
                                      "cpu": {"shares": 512, "quota": 50000, "period": 100000}}
    return change


def h(*args, **kw):
    return bundle.husk("--systemd-cgroup", *args, **kw)


def tests():
    b = bundle.bundle("sleep 100", limits("huskt-a.slice:box:one"))
    p = h("create", "--bundle", b, "one", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, capture_output=False)
    if not check(p.returncode == 0, f"create: {p.returncode}"):
        print(h("run", "--bundle", b, "oneagain").stderr)
        return
    monitor = bundle.state("one")["pid"]
    start = calls("start")
    check(len(start) == 1 and start[0][1] == "box-one.scope", f"start: {start}")
    got = words(start[0])
    want = {"Slice": "huskt-a.slice", "Delegate": "true", "DefaultDependencies": "false", "MemoryMax": str(64 << 20),
            "TasksMax": str(30 * 3 + 64), "CPUShares": "512", "CPUQuotaPerSecUSec": "500000", "PIDs": f"[{monitor}]"}
    for k, v in want.items():
        check(got.get(k) == v, f"{k} is {got.get(k)}, not {v}")
    with open(f"/proc/{monitor}/cgroup", encoding="utf-8") as f:
        groups = f.read()
    check("/huskt.slice/huskt-a.slice/box-one.scope" in groups, f"not in the unit's groups: {groups}")
    check(h("start", "one").returncode == 0, "start")
    p = h("update", "--memory", str(128 << 20), "--cpu-quota", "80000", "one")
    check(p.returncode == 0, f"update: {p.stderr}")
    got = [words(c) for c in calls("set box-one.scope")]
    check(got and got[-1].get("MemoryMax") == str(128 << 20), f"set: {got}")
    p = h("exec", "one", "awk", "/MemTotal/ {print $2}", "/proc/meminfo")
    check(p.stdout == f"{128 << 10}\n", f"inside: {p.stdout!r} {p.stderr!r}")
    p = h("delete", "--force", "one")
    check(p.returncode == 0, f"delete: {p.stderr}")
    check(["stop", "box-one.scope"] in calls("stop"), f"stop: {calls('stop')}")

    # no path: the container's own name, in system.slice
    p = h("run", "--bundle", bundle.bundle("true"), "two")
    check(p.returncode == 0, f"run: {p.returncode} {p.stderr}")
    start = [c for c in calls("start") if c[1] == "two.scope"]
    check(start and words(start[0])["Slice"] == "system.slice", f"start: {start}")
    p = h("run", "--bundle", bundle.bundle("true", limits("huskt-a.slice:bad:x")), "three")
    check(p.returncode == 128 and "bad-x.scope" in p.stderr, f"a job that fails: {p.returncode} {p.stderr!r}")
    p = h("run", "--bundle", bundle.bundle("true", limits("/no/systemd/path")), "four")
    check(p.returncode == 128 and "slice:prefix:name" in p.stderr, f"a path: {p.returncode} {p.stderr!r}")


if os.getuid() != 0 or not shutil.which("dbus-daemon") or not os.path.exists(os.path.join(os.path.dirname(HUSK), "husk-systemd")) \
        or not os.path.exists(os.path.join(PROGS, "fake_systemd")):
    print("needs root, dbus-daemon and husk-systemd")
    sys.exit(77)
own_mounts()
with open(os.path.join(SCRATCH, "bus.conf"), "w", encoding="utf-8") as f:
    f.write(CONF)
os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={BUS}"
daemon = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={SCRATCH}/bus.conf"], stderr=subprocess.DEVNULL)
fake = None
try:
    check(wait_for(lambda: os.path.exists(BUS)), "the bus came up")
    with open(LOG, "wb") as log:
        fake = subprocess.Popen([os.path.join(PROGS, "fake_systemd")], stdout=log)
    if check(wait_for(lambda: calls("ready")), "the stand-in came up"):
        tests()
finally:
    for p in (fake, daemon):
        if p:
            p.kill()
            p.wait()
    for top in os.listdir("/sys/fs/cgroup"):
        for d in ("huskt.slice/huskt-a.slice", "huskt.slice", "system.slice"):
            try:
                os.rmdir(os.path.join("/sys/fs/cgroup", top, d))
            except OSError:
                pass
print(f"{len(calls('start')) + len(calls('set')) + len(calls('stop'))} calls were seen")
done()
