#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Containers of an ordinary user: with and without ranges of ids, inside user namespaces, without cgroups."""
import os
import shutil
import subprocess
import sys

import bundle
from husk import HUSK, SCRATCH, check, done, own_mounts

UID = 20000
NAME = "husker"
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/"}
AS = {"user": UID, "group": UID, "extra_groups": [], "env": ENV, "cwd": "/"}


def lay_over(path, text):
    """A file of this mount namespace only."""
    mine = os.path.join(SCRATCH, "over-" + os.path.basename(path))
    with open(mine, "w", encoding="utf-8") as f:
        f.write(text)
    if not os.path.exists(path):
        with open(path, "w", encoding="utf-8"):
            pass
    return subprocess.run(["mount", "--bind", mine, path], check=False).returncode == 0


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def call(args, before=(), **kw):
    p = subprocess.run([*before, husk, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                       check=False, **{**AS, **kw})
    return p


def expect(what, p, status=0, out=None, err=None):
    check(p.returncode == status and (out is None or p.stdout == out) and (err is None or err in p.stderr),
          f"{what}: status {p.returncode}, {p.stdout!r}, {p.stderr.strip()[-400:]!r}; wanted {status}, {out!r}, {err!r}")


def run(name, args, change=None, before=(), where=None, **kw):
    b = bundle.bundle(args, change)
    return call(["--root", where or state, "run", "--bundle", b, name], before, **kw)


def add_volume(conf):
    conf["mounts"].append({"destination": "/mnt", "type": "bind", "source": volume, "options": ["rbind", "rw"]})


def life():
    """create, start, exec, list, kill, delete; nothing is left."""
    b = bundle.bundle("trap 'exit 5' TERM; while :; do sleep 0.1; done")

    def h(*args):
        return call(["--root", state, *args])
    # a container's standard streams are kept: not a pipe that somebody reads to its end
    p = subprocess.run([husk, "--root", state, "create", "--bundle", b, "life"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=60, **AS)
    check(p.returncode == 0, f"create: {p.returncode}")
    expect("start", h("start", "life"))
    expect("exec", h("exec", "life", "id", "-u"), out="0\n")
    p = h("list")
    check("life" in p.stdout and "running" in p.stdout, f"list: {p.stdout!r}")
    expect("pause", h("pause", "life"))
    expect("resume", h("resume", "life"))
    expect("kill", h("kill", "life", "TERM"))
    expect("wait", h("wait", "life"))
    expect("delete", h("delete", "life"))
    check(os.listdir(state) == [] or all(n.startswith(".") for n in os.listdir(state)), f"left: {os.listdir(state)}")


def limits(conf):
    conf["linux"]["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 30}}
    conf["linux"]["cgroupsPath"] = "/husk-rootless-test"


def main():
    expect("run", run("a", "id -u; stat -c %u:%g /etc/passwd"), out="0\n0:0\n")
    expect("its status", run("b", "exit 7"), status=7)
    expect("a file of the user's, written", run("c", "echo x >/mnt/plain && stat -c %u /mnt/plain", add_volume), out="0\n")
    st = os.stat(os.path.join(volume, "plain"))
    check(st.st_uid == UID, f"owned by {st.st_uid}")
    expect("limits without cgroups", run("d", "awk '/MemTotal/ {print $2}' /proc/meminfo; sh -c 'x=a; while :; do x=$x$x; done'; echo $?", limits),
           out=f"{64 << 10}\n137\n", err="limits hold for what the guest uses only")
    life()

    # Inside a user namespace: one id, whoever it is.
    mapped = ["unshare", "-Ur"]
    if subprocess.run([*mapped, "true"], check=False, capture_output=True, **AS).returncode == 0:
        expect("do, as the only user there", call(["do", "id", "-u"], mapped), out="0\n")
        expect("do, a file", call(["do", "sh", "-c", "echo x >/tmp/husk-in-ns && cat /tmp/husk-in-ns"], mapped), out="x\n")
        expect("run, as the only user there", run("e", "id -u; stat -c %u /etc/passwd", None, mapped), out="0\n0\n")
        expect("two deep", run("f", "echo deep", None, ["unshare", "-Ur", "unshare", "-Ur"]), out="deep\n")
        expect("limits there", run("g", "echo on", limits, mapped), out="on\n", err="limits hold for what the guest uses only")
        expect("as root of the host's", run("h", "id -u", None, ["unshare", "-Ur"], SCRATCH + "/r", user=0, group=0), out="0\n")
    p = call(["do", "true"], ["unshare", "-U"])
    check(p.returncode == 128 and "no id" in p.stderr, f"nobody: {p.returncode} {p.stderr!r}")

    # Ranges of ids.
    def ranges(conf):
        conf["linux"]["namespaces"].append({"type": "user"})
        for key in ("uidMappings", "gidMappings"):
            conf["linux"][key] = [{"containerID": 0, "hostID": UID, "size": 1}, {"containerID": 1, "hostID": 300000, "size": 1000}]

    def volume_and_ranges(conf):
        add_volume(conf)
        ranges(conf)
    chown = "echo x >/mnt/given && chown 5:6 /mnt/given && stat -c %u:%g /mnt/given"
    expect("an id that is nobody's", run("i", chown, add_volume), status=1)
    helper = shutil.which("newuidmap")
    if not helper or not all((lay_over("/etc/passwd", text_of("/etc/passwd") + f"{NAME}:x:{UID}:{UID}::/:/bin/sh\n"),
                              lay_over("/etc/subuid", f"{NAME}:300000:65536\n"), lay_over("/etc/subgid", f"{UID}:300000:65536\n"))):
        print("without newuidmap, or mounts: ranges of ids are not tested")
        done()
    for name, change in (("j", add_volume), ("k", volume_and_ranges)):
        expect(f"ranges {name}", run(name, chown, change), out="5:6\n")
        st = os.stat(os.path.join(volume, "given"))
        check((st.st_uid, st.st_gid) == (300004, 300005), f"owned by {st.st_uid}:{st.st_gid}")
        os.unlink(os.path.join(volume, "given"))

    def beyond(conf):
        ranges(conf)
        conf["linux"]["uidMappings"][1]["hostID"] = 1
    expect("ranges of others", run("l", "true", beyond), status=128, err="newuidmap")
    # the helpers are gone: one id, and what needs more says why
    for name in ("newuidmap", "newgidmap"):
        subprocess.run(["mount", "--bind", "/dev/null", shutil.which(name)], check=True)
    expect("no helper, one id", run("m", "id -u", None), out="0\n")
    expect("no helper, ranges", run("n", "true", ranges), status=128, err="newuidmap")
    done()


if os.getuid() != 0:
    print("needs root, to be somebody else")
    sys.exit(77)
husk = os.path.join(SCRATCH, "husk")
shutil.copy(HUSK, husk)
os.chmod(husk, 0o755)
if subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True, **AS).returncode:
    print("no user namespaces for ordinary users here")
    sys.exit(77)
own_mounts()
state, volume = os.path.join(SCRATCH, "state"), os.path.join(SCRATCH, "volume")
os.makedirs(state)
os.makedirs(volume)
subprocess.run(["chown", "-R", f"{UID}:{UID}", state, volume, bundle.rootfs()], check=True)
main()
