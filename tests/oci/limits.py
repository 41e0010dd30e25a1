#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""linux.resources: what the guest may not pass, what it sees, what the host's groups say, and that they go."""
import glob
import json
import os
import subprocess
import sys

from bundle import bundle, husk, prints, refused
from husk import check, done, wait_for

MIB = 1 << 20
NOWHERE = {"capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
GROUPS = [p for p in glob.glob("/sys/fs/cgroup/*/") + ["/sys/fs/cgroup/"] if os.path.exists(p + "cgroup.procs")]
if os.getuid() != 0 or not GROUPS or not os.access(GROUPS[0], os.W_OK):
    print("SKIP: no cgroups to write to")
    sys.exit(77)


def resources(**kw):
    return lambda c: c["linux"].update(resources=kw)


def left(name):
    return [g for g in glob.glob(f"/sys/fs/cgroup/*/{name}") + glob.glob(f"/sys/fs/cgroup/{name}") if os.path.isdir(g)]


def read(name, *files):
    """The first of these files that is in a group of the container."""
    for g in left(name):
        for f in files:
            if os.path.exists(f"{g}/{f}"):
                with open(f"{g}/{f}", encoding="ascii") as h:
                    return h.read().strip()
    return None


def memory():
    for limit in (16 * MIB, 64 * MIB, 256 * MIB):
        prints("tail /dev/zero 2>/dev/null; echo $?; echo still here", "137\nstill here\n", resources(memory={"limit": limit}))
    prints("grep MemTotal /proc/meminfo", "MemTotal:          65536 kB\n", resources(memory={"limit": 64 * MIB}))
    prints("dd if=/dev/zero of=/tmp/f bs=1M count=200 2>/dev/null; echo $?; rm /tmp/f; echo x > /tmp/g; cat /tmp/g", "1\nx\n",
           resources(memory={"limit": 64 * MIB}))


def tasks():
    prints("i=0; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do (sleep 3) & i=$((i+1)); done 2>/dev/null; echo $i; wait",
           "12\n", resources(pids={"limit": 20}))
    prints("(for n in 1 2 3 4 5 6 7 8 9 10 11 12; do (sleep 1) & done) 2>&1 | grep -c 'Resource temporarily'", "1\n",
           resources(pids={"limit": 8}))


def cpus():
    prints("nproc", "1\n", resources(cpu={"quota": 50000, "period": 100000}))
    prints("nproc; grep -c processor /proc/cpuinfo", "1\n1\n", resources(cpu={"cpus": "0"}))


def inside():
    """The container's own group, as programs look for it."""
    def change(c):
        c["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro", "nosuid"]})
        c["linux"]["resources"] = {"memory": {"limit": 64 * MIB}, "pids": {"limit": 33}, "cpu": {"quota": 50000, "period": 100000}}
    prints("cd /sys/fs/cgroup; cat memory.max pids.max cpu.max; cat /proc/self/cgroup; cat cgroup.procs | head -1; "
           "[ $(cat memory.current) -gt 0 ] && echo used; [ $(cat pids.current) -ge 2 ] && echo tasks; "
           "tail /dev/zero 2>/dev/null; grep oom_kill memory.events",
           f"{64 * MIB}\n33\n50000 100000\n0::/\n1\nused\ntasks\noom_kill 1\n", change)
    prints("cd /sys/fs/cgroup; cat memory.max cpu.max; mkdir x 2>/dev/null || echo no", "max\nmax 100000\nno\n",
           lambda c: c["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup2", "source": "cgroup"}))


def group():
    name = "husk-limits-test"
    path = bundle(["sleep", "100"], resources(memory={"limit": 64 * MIB}, pids={"limit": 10}, cpu={"shares": 512, "quota": 50000, "period": 100000}))
    # the container keeps our standard streams
    check(husk("create", "--bundle", path, name, **NOWHERE).returncode == 0, "create")
    check(read(name, "memory.limit_in_bytes", "memory.max") == str(64 * MIB), "the host's memory limit")
    check(read(name, "pids.max") == "94", f"the host's pids limit: {read(name, 'pids.max')}")
    pids = set()
    for g in left(name):
        with open(g + "/cgroup.procs", encoding="ascii") as f:
            pids.add(tuple(sorted(int(x) for x in f if x.strip() and int(x))))
    check(len(pids) == 1 and len(list(pids)[0]) >= 4, f"all processes of the sandbox are in all groups: {pids}")
    state = json.loads(husk("state", name).stdout)
    check(state["pid"] in list(pids)[0], "the container's pid is one of them")
    check(husk("start", name).returncode == 0, "start")
    e = json.loads(husk("events", "--stats", name).stdout)["data"]
    check(e["memory"]["usage"]["limit"] == 64 * MIB, f"events: memory limit {e['memory']['usage']}")
    check(0 < e["memory"]["usage"]["usage"] < 64 * MIB and e["cpu"]["usage"]["total"] > 0, f"events: {e}")
    check(e["pids"] == {"current": 1, "limit": 10}, f"events: pids {e['pids']}")
    p = husk("delete", "--force", name)
    check(p.returncode == 0, f"delete: {p.stderr}")
    check(wait_for(lambda: not left(name)), f"no group is left: {left(name)}")


def paths():
    p = bundle(["true"], lambda c: c["linux"].update(cgroupsPath="/husk-test-up/deep/one"))
    check(husk("create", "--bundle", p, "deep", **NOWHERE).returncode == 0, "nested path")
    check(left("husk-test-up/deep/one"), "cgroupsPath is honoured")
    husk("delete", "--force", "deep")
    check(wait_for(lambda: not left("husk-test-up/deep/one")), "and removed")
    for g in glob.glob("/sys/fs/cgroup/*/husk-test-up/deep") + glob.glob("/sys/fs/cgroup/*/husk-test-up"):
        os.rmdir(g)
    refused("cgroupsPath", lambda c: c["linux"].update(cgroupsPath="/a/../../b"))


memory()
tasks()
cpus()
inside()
group()
paths()
check(not glob.glob("/sys/fs/cgroup/*/r[0-9]*"), f"nothing is left: {glob.glob('/sys/fs/cgroup/*/c[0-9]*')}")
done()
