#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each field of config.json, seen from inside the container."""
import os
import subprocess
import sys

from bundle import bundle, husk, prints, refused, rootfs, runs, warned
from husk import SCRATCH, check, done

if os.getuid() != 0:
    print("needs root")
    sys.exit(77)


def process(**kw):
    return lambda c: c["process"].update(kw)


def linux(**kw):
    return lambda c: c["linux"].update(kw)


def mount(**kw):
    return lambda c: c["mounts"].append(kw)


def do_process():
    prints(["echo", "a b", "c"], "a b c\n")
    prints("echo $A-$HOME-$PATH", "1-/root-/bin\n", process(env=["PATH=/bin", "A=0", "A=1"]))
    prints("echo $HOME", "/home/user\n", process(user={"uid": 1000, "gid": 1000}))
    prints("echo $HOME", "/\n", process(user={"uid": 4711, "gid": 0}))
    prints("echo $HOME", "/x\n", process(env=["PATH=/bin", "HOME=/x"]))
    prints("pwd", "/tmp\n", process(cwd="/tmp"))
    prints("pwd", "/new/dir\n", process(cwd="/new/dir"))
    prints("id -u; id -g; id -G; umask", "7\n8\n8 9 10\n0077\n",
           process(user={"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 0o77}))
    prints("umask", "0022\n")
    prints("ulimit -n; ulimit -Hn; ulimit -c", "100\n200\n0\n",
           process(rlimits=[{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]))
    caps = {"bounding": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"],
            "inheritable": [], "ambient": []}
    prints("grep -E 'Cap(Prm|Eff|Bnd)' /proc/self/status", "CapPrm:\t0000000000000021\nCapEff:\t0000000000000021\nCapBnd:\t0000000000000021\n",
           process(capabilities=caps))
    prints("grep -E 'Cap(Prm|Eff|Amb)' /proc/self/status", "CapPrm:\t0000000000000001\nCapEff:\t0000000000000001\nCapAmb:\t0000000000000001\n",
           process(user={"uid": 5, "gid": 5}, capabilities={k: ["CAP_CHOWN"] for k in ("bounding", "effective", "permitted", "inheritable", "ambient")}))
    prints("grep Eff /proc/self/status", "CapEff:\t0000000000000000\n", process(user={"uid": 5, "gid": 5}))
    prints("grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t1\n", process(noNewPrivileges=True))
    prints("grep NoNewPrivs /proc/self/status", "NoNewPrivs:\t0\n")
    prints("cat /proc/self/oom_score_adj", "500\n", process(oomScoreAdj=500))
    warned("process.scheduler", process(scheduler={"policy": "SCHED_BATCH"}))
    refused("process.args", process(args=[]))
    refused("process.cwd", process(cwd="tmp"))
    refused("rlimits", process(rlimits=[{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}]))
    refused("executable file not found in $PATH", process(args=["nosuch"]))
    refused('exec: "/nosuch": stat /nosuch: no such file or directory', process(args=["/nosuch"]))
    refused('exec: "/etc/passwd": permission denied', process(args=["/etc/passwd"]))
    refused('exec: "/etc": is a directory', process(args=["/etc"]))


def do_root():
    prints("echo x > /file; cat /file", "x\n")
    prints("echo x > /file || echo no", "no\n", lambda c: c["root"].update(readonly=True))
    prints("hostname", "box\n")
    prints("cat /proc/sys/kernel/domainname", "example.org\n", lambda c: c.update(domainname="example.org"))
    refused("root.path", lambda c: c["root"].update(path="/nonexistent"))
    refused("ociVersion", lambda c: c.update(ociVersion="2.0"))
    prints("true", "", lambda c: c.update(ociVersion="1.9.9", somethingNew={"a": 1}))
    prints("true", "", lambda c: c.pop("hostname"))


def do_mounts():
    vol = os.path.join(SCRATCH, "volume")
    os.makedirs(vol)
    with open(os.path.join(vol, "f"), "w", encoding="utf-8") as f:
        f.write("data\n")
    b = {"type": "bind", "source": vol, "destination": "/vol"}
    prints("cat /vol/f; echo out > /vol/g", "data\n", mount(**b, options=["rbind", "rprivate"]))
    check(open(os.path.join(vol, "g"), encoding="utf-8").read() == "out\n", "a bind mount is written through")
    prints("echo x > /vol/h || echo no", "no\n", mount(**b, options=["bind", "ro"]))
    prints("echo x > /vol/h || echo no", "no\n", mount(**b, options=["rbind", "rro"]))
    prints("cat /etc/one", "data\n", mount(type="bind", source=vol + "/f", destination="/etc/one", options=["bind"]))
    prints("cat /deep/er/one", "data\n", mount(type="bind", source=vol + "/f", destination="/deep/er/one", options=["bind"]))
    prints("grep ' /vol ' /proc/mounts | grep -o nosuid,nodev,noexec", "nosuid,nodev,noexec\n",
           mount(**b, options=["rbind", "nosuid", "nodev", "noexec"]))
    prints("df -k /t | tail -1 | awk '{print $2}'; stat -c %a /t; grep ' /t ' /proc/mounts | grep -c noexec", "1024\n1770\n1\n",
           mount(type="tmpfs", source="tmpfs", destination="/t", options=["noexec", "size=1m", "mode=1770"]))
    prints("ls /etc2", "group\npasswd\n", lambda c: c["mounts"].append(
        {"type": "bind", "source": c["root"]["path"] + "/etc", "destination": "/etc2", "options": ["bind"]}))
    prints("ls /etc", "group\npasswd\n", mount(type="tmpfs", source="tmpfs", destination="/etc", options=["tmpcopyup"]))
    prints("ls /dev | tr '\\n' ' '", "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ")
    prints("stat -c '%a %g' /dev/pts; ls -l /dev/ptmx | grep -o 'pts/ptmx'; stat -c %a /dev/shm /dev/mqueue", "755 0\npts/ptmx\n1777\n1777\n")
    prints("echo x > /dev/nul && cat /dev/nul", "", mount(type="bind", source="/dev/null", destination="/dev/nul", options=["bind"]))
    prints("ls -d /sys/fs/cgroup", "/sys/fs/cgroup\n",
           mount(type="cgroup", source="cgroup", destination="/sys/fs/cgroup", options=["ro", "nosuid", "noexec", "nodev", "relatime"]))
    refused("mounts[].source", mount(type="bind", source="/nonexistent/x", destination="/x"))
    refused("no file system 'floppyfs'", mount(type="floppyfs", source="x", destination="/x"))
    refused("mounts[].destination", mount(type="tmpfs", source="x"))


def do_linux():
    prints("cat /proc/kcore | wc -c", "0\n")
    prints("ls /proc/scsi2 2>/dev/null; echo x > /proc/sys/kernel/hostname || echo ro", "ro\n")
    prints("cat /proc/sys/kernel/hostname", "set\n", linux(sysctl={"kernel.hostname": "set"}, readonlyPaths=[]))
    warned("linux.sysctl: kernel.nonsense", linux(sysctl={"kernel.nonsense": "1"}))
    dev = [{"path": "/dev/mynull", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 3, "gid": 4}]
    prints("stat -c '%a %u %g %t:%T' /dev/mynull; echo x > /dev/mynull && echo ok", "640 3 4 1:3\nok\n", linux(devices=dev))
    prints("test -p /run2/fifo && echo fifo", "fifo\n", linux(devices=[{"path": "/run2/fifo", "type": "p"}]))
    warned("no device behind /dev/fuse", linux(devices=[{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229}]))
    warned("linux.personality", linux(personality={"domain": "LINUX32"}))
    refused("namespaces", linux(namespaces=[{"type": "pid"}, {"type": "pid"}]))
    refused("namespaces", linux(namespaces=[{"type": "warp"}]))
    prints("hostname", "box\n", linux(namespaces=[]))
    prints("true", "", lambda c: c.pop("linux"))


def do_user_namespace():
    top = os.path.join(SCRATCH, "mapped-root")
    subprocess.run(["cp", "-a", rootfs(), top], check=True)
    subprocess.run(["chown", "-hR", "100000:100000", top], check=True)
    one = [{"containerID": 0, "hostID": 100000, "size": 65536}]

    def mapped(c):
        c["root"]["path"] = top
        c["linux"].update(uidMappings=one, gidMappings=one)
        c["linux"]["namespaces"].append({"type": "user"})

    prints("stat -c '%u %g' /etc/passwd; id -u", "0 0\n0\n", mapped)
    name = bundle("echo x > /made; chown 5:6 /made; stat -c '%u %g' /made", mapped)
    p = husk("--overlay2=none", "run", "--bundle", name, "mapped")
    check(p.stdout == "5 6\n", f"files made in a mapped tree: {p}")
    st = os.stat(os.path.join(top, "made"))
    check((st.st_uid, st.st_gid) == (100005, 100006), f"their owner outside: {st.st_uid} {st.st_gid}")
    refused("uidMappings", lambda c: c["linux"]["namespaces"].append({"type": "user"}))


def do_seccomp():
    rule = {"names": ["mkdir", "mkdirat", "nosuchcall"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}
    prints("mkdir /tmp/x 2>&1; grep Seccomp: /proc/self/status", "mkdir: can't create directory '/tmp/x': No space left on device\nSeccomp:\t2\n",
           linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    rule = {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}
    prints("kill -USR1 $$ 2>&1 | grep -o 'not permitted'; kill -0 $$ && echo ok", "not permitted\nok\n",
           linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))
    p = runs("true; mkdir /tmp/x; echo $?", linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]}))
    check(p.stdout.endswith("159\n"), f"killed by SIGSYS: {p.stdout!r}")
    refused("SCMP_ACT_NOTIFY", linux(seccomp={"defaultAction": "SCMP_ACT_NOTIFY"}))
    name = bundle("mkdir /tmp/x && echo made", linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}))
    check(husk("--oci-seccomp=false", "run", "--bundle", name, "noseccomp").stdout == "made\n", "--oci-seccomp=false")


do_process()
do_root()
do_mounts()
do_linux()
do_seccomp()
do_user_namespace()
done()
