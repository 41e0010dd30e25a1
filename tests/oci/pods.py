#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several containers in one sandbox: what each has of its own, what they share, whose end ends what, and what stays."""
import ctypes
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import bundle as b
from bundle import ROOT, bundle, husk, ok, state
from husk import PROGS, SCRATCH, all_processes, check, done, mounts, ours, own_mounts, wait_for

if os.getuid() != 0:
    print("needs root")
    sys.exit(77)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # we reap, as an engine's shim does

CRI = ("io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id", "sandbox")
CRIO = ("io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.SandboxID", "sandbox")
DOCKER = ("io.kubernetes.docker.type", "io.kubernetes.sandbox.id", "podsandbox")
STAY = "trap 'exit 4' TERM; echo up; while :; do sleep 0.05; done"
GROUP = f"/husk-pods-{os.getpid()}"


def path(name):
    return os.path.join(SCRATCH, name)


def text(file):
    with open(file, encoding="utf-8") as f:
        return f.read()


def reap(pid, limit=10):
    """The exit status of a child of ours."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            p, st = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None
        if p == pid:
            return os.waitstatus_to_exitcode(st)
        time.sleep(0.002)
    return None


def reap_all():
    """What became ours when its parent ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def own_root(name):
    """A root of its own: what is written in one is not seen in another."""
    where = path("root-" + name)
    if not os.path.exists(where):
        shutil.copytree(b.rootfs(), where, symlinks=True)
        shutil.copy(os.path.join(PROGS, "oci_watch"), os.path.join(where, "bin/oci_watch"))
        with open(os.path.join(where, "etc/who"), "w", encoding="utf-8") as f:
            f.write(name + "\n")
    return where


class C:
    """A container: made, with its output in a file."""

    def __init__(self, name, args, sandbox=None, change=None, names=CRI, flags=()):
        self.name, self.out = name, path(name + ".out")

        def all_changes(c):
            c["annotations"] = {names[0]: names[2] if sandbox is None else "container", names[1]: sandbox.name if sandbox else name}
            c["root"]["path"] = own_root(name)
            c["linux"]["cgroupsPath"] = f"{GROUP}/{name}"
            c["hostname"] = "the-pod" if sandbox is None else "own-" + name
            ns = c["linux"]["namespaces"]
            if sandbox is not None:
                for n in ns:
                    if n["type"] in ("network", "ipc", "uts"):
                        kind = {"network": "net"}.get(n["type"], n["type"])
                        n["path"] = f"/proc/{sandbox.pid}/ns/{kind}"
            if change:
                change(c)
        with open(self.out, "w", encoding="utf-8") as f:
            p = husk("create", "--bundle", bundle(args, all_changes), "--pid-file", path(name + ".pid"), *flags, name,
                     capture_output=False, stdout=f, stderr=f)
        self.made = p.returncode == 0
        self.pid = int(text(path(name + ".pid"))) if self.made else 0

    def error(self):
        return text(self.out)

    def start(self, words="up"):
        check(self.made, f"create {self.name}: {text(self.out)[-300:]}")
        ok("start", self.name)
        if words:
            check(wait_for(lambda: words in text(self.out)), f"{self.name} says {words!r}: {text(self.out)!r}")
        return self

    def exec(self, script):
        p = husk("exec", self.name, "sh", "-c", script)
        return p.stdout.strip() if p.returncode == 0 else f"status {p.returncode}: {p.stdout} {p.stderr}"

    def saved(self):
        return json.loads(text(os.path.join(ROOT, self.name, "state.json")))

    def delete(self, *flags):
        ok("delete", *flags, self.name)

    def end(self):
        """Killed, reaped, deleted."""
        husk("kill", self.name, "KILL")
        check(reap(self.pid) == 137, f"{self.name} ends when it is killed")
        self.delete()


def pod(name, *members, **kw):
    """A running sandbox and running members of these names."""
    s = C(name, STAY, **kw).start()
    return [s, *[C(m, STAY, s).start() for m in members]]


def is_same(what, got, want):
    check(got == want, f"{what}: {got!r}, not {want!r}")


def left_alone():
    """After a step that failed half-way: nothing of it is to trouble the others."""
    for c in sorted(os.listdir(ROOT)):
        husk("delete", "--force", c)
    reap_all()


def do_own():
    s, one, two = pod("own", "own1", "own2")
    for c in (s, one, two):
        is_same("its own root", c.exec("cat /etc/who"), c.name)
        name, nr = c.exec("cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l").split()
        check(name == "sh" and int(nr) <= 6, f"its own process numbers: {name} {nr}")
    one.exec("touch /tmp/mark; mkdir /tmp/m; mount -t tmpfs x /tmp/m 2>/dev/null; true")
    is_same("files of one are not in another", two.exec("ls /tmp | wc -l"), "0")
    is_same("nor are its mounts", two.exec("grep -c /tmp/m /proc/mounts; true"), "0")
    two.exec("sleep 71 >/dev/null 2>&1 &")
    is_same("one cannot see the other's processes", one.exec("ps -o args | grep -c '[s]leep 71'; true"), "0")
    is_same("the pod's host name", one.exec("hostname"), "the-pod")
    boots = [p for p in all_processes() if b"boot" in text_of(p)]
    check(len([p for p in boots if b"own" in text_of(p)]) == 1, "one sandbox")
    ids = ok("list", "-q").stdout.split()
    check(set(ids) == {"own", "own1", "own2"}, f"list: {ids}")
    for c in (one, two):
        check(state(c.name)["pid"] == c.pid and state(c.name)["status"] == "running", f"state of {c.name}")
        check(c.saved()["sandbox"] == "own" and c.saved()["number"] > 0, "which sandbox")
    rows = ok("ps", "own1").stdout.splitlines()
    check(1 < len(rows) <= 3 and rows[1].endswith(" sh"), f"ps shows its own processes: {rows}")
    p = husk("kill", "--all", "own2", "TERM")
    is_same("a signal to all of one", (p.returncode, reap(two.pid)), (0, 4))
    is_same("leaves the others", (one.exec("echo well"), s.exec("echo well")), ("well", "well"))
    two.delete()
    check("unable" not in one.exec("true"), "and so does its deletion")
    one.end()
    s.end()


def text_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read()
    except OSError:
        return b""


def do_status():
    s = C("st", STAY).start()
    for n, (script, want) in enumerate((("exit 7", 7), ("sh -c 'kill -9 $$'; exit $?", 137), ("true", 0), ("exec nosuch", 127))):
        c = C(f"st{n}", script, s).start(None)
        is_same(script, reap(c.pid), want)
        is_same("wait says it too", json.loads(ok("wait", c.name).stdout)["exitStatus"], want)
        is_same("stopped", state(c.name)["status"], "stopped")
        check("cannot start a container that has stopped" in husk("start", c.name).stderr, "no second start")
        c.delete()
    c = C("st-no", ["nosuch"], s)
    words = c.error() if not c.made else husk("start", c.name).stderr
    check("executable file not found in $PATH" in words, f"a program that is not there: {words}")
    husk("delete", "--force", "st-no")
    c = C("st-new", STAY, s)
    check(c.made and state("st-new")["status"] == "created", "created")
    ok("kill", "st-new", "KILL")
    is_same("killed before the start", reap(c.pid), 137)
    c.delete()
    c = C("st-del", STAY, s)
    c.delete()
    check(reap(c.pid) is not None and husk("state", "st-del").returncode != 0, "deleted before the start")
    c = C("st-same", STAY, s).start()
    check("exists" in C("st-same", STAY, s).error(), "an id is used once")
    c.end()
    is_same("the sandbox goes on", s.exec("echo well"), "well")
    s.end()


def do_refused():
    c = C("orphan", STAY, type("X", (), {"name": "nobody", "pid": os.getpid()}))
    check(not c.made and "sandbox 'nobody' does not exist" in c.error() and "created first" in c.error(), c.error())
    s = C("rf", STAY).start()
    m = C("rf1", STAY, s).start()
    c = C("rf2", STAY, m)
    check(not c.made and "has no sandbox of its own" in c.error(), c.error())
    c = C("rf3", STAY, s, lambda c: c["annotations"].pop(CRI[1]))
    check(not c.made and "does not say which" in c.error(), c.error())
    c = C("rf4", STAY, s, lambda c: c["annotations"].update({CRI[0]: "other"}))
    check(not c.made and "neither sandbox nor container" in c.error(), c.error())
    file = os.path.join(ROOT, "rf/state.json")
    saved = text(file)
    with open(file, "w", encoding="utf-8") as f:
        f.write(saved.replace(json.loads(saved)["version"], "0.0.1"))
    c = C("rf5", STAY, s)
    check(not c.made and "was made by husk 0.0.1" in c.error(), c.error())
    with open(file, "w", encoding="utf-8") as f:
        f.write(saved)
    ok("kill", "rf", "KILL")
    reap(s.pid)
    c = C("rf6", STAY, s)
    check(not c.made and "has stopped" in c.error(), c.error())
    is_same("the end of the sandbox is its members'", reap(m.pid), 137)
    check(set(ok("list", "-q").stdout.split()) == {"rf", "rf1"}, "nothing is left of those refused")
    s.delete()
    is_same("a member without a sandbox", state("rf1")["status"], "stopped")
    m.delete()


def do_exec():
    s, one, two = pod("ex", "ex1", "ex2")
    for c in (s, one, two):
        p = husk("exec", "--env", "A=b", c.name, "sh", "-c", "cat /etc/who; echo $A >&2; exit 9")
        is_same("exec", (p.returncode, p.stdout, p.stderr), (9, c.name + "\n", "b\n"))
        is_same("its input", husk("exec", c.name, "cat", stdin=None, input="through\n").stdout, "through\n")
    with open(path("x.out"), "w", encoding="utf-8") as f:
        husk("exec", "--detach", "--pid-file", path("x.pid"), "ex1", "sleep", "100", capture_output=False, stdout=f, stderr=f)
    xpid = int(text(path("x.pid")))
    check(xpid in json.loads(ok("ps", "--format", "json", "ex1").stdout), "its monitor is listed")
    check(xpid not in json.loads(ok("ps", "--format", "json", "ex2").stdout), "and not in another")
    ok("kill", "ex1", "TERM")
    is_same("the end of a container", (reap(one.pid), reap(xpid)), (4, 137))
    check("stopped" in husk("exec", "ex1", "true").stderr, "no exec any more")
    one.delete()
    ok("pause", "ex2")
    is_same("one is paused", (state("ex2")["status"], state("ex")["status"]), ("paused", "running"))
    is_same("the other is not", s.exec("echo well"), "well")
    check("paused" in husk("exec", "ex2", "true").stderr, "no exec while paused")
    ok("resume", "ex2")
    is_same("it goes on", two.exec("echo well"), "well")
    two.end()
    s.end()


def do_shared():
    s = C("sh", STAY).start()

    def pids(whose):
        def change(c):
            for n in c["linux"]["namespaces"]:
                if n["type"] == "pid":
                    n["path"] = f"/proc/{whose.pid}/ns/pid"
        return change
    one = C("sh1", STAY, s, pids(s)).start()
    two = C("sh2", "echo up; exec sleep 77", s).start()
    three = C("sh3", STAY, s, pids(two)).start()
    check("sleep 77" in three.exec("ps -o args") and "sleep 77" not in one.exec("ps -o args"), "numbers shared with one")
    is_same("its first process is not number 1", three.exec("cat /proc/1/comm"), "sleep")
    s.exec("sleep 78 >/dev/null 2>&1 &")
    check("sleep 78" in one.exec("ps -o args"), "nor with the sandbox")
    is_same("the network", one.exec("(nc -l -p 7077 > /tmp/got & until nc -w 1 127.0.0.1 7077 </etc/who; do sleep 0.05; done; wait; cat /tmp/got) 2>/dev/null"), "sh1")
    one.exec("(nc -l -p 7078 > /tmp/got2; echo done >> /tmp/got2) >/dev/null 2>&1 &")
    for _ in range(50):
        if "status" not in three.exec("echo hello | nc -w 1 127.0.0.1 7078"):
            break
        time.sleep(0.05)
    check(wait_for(lambda: "hello" in one.exec("cat /tmp/got2")), "loopback from one container to another")
    is_same("host names", {c.exec("hostname") for c in (s, one, two, three)}, {"the-pod"})
    own = C("sh4", STAY, s, lambda c: [n.pop("path", None) for n in c["linux"]["namespaces"] if n["type"] == "uts"]).start()
    is_same("a host name of its own", own.exec("hostname"), "own-sh4")
    ok("kill", "sh1", "KILL")
    is_same("the end of one that shares", reap(one.pid), 137)
    is_same("leaves the other", s.exec("echo well"), "well")
    one.delete()
    for c in (own, three, two, s):
        c.end()


def do_volumes():
    base = path(f"volumes{len(b.GLOBALS[1])}")
    kube = os.path.join(base, "var/lib/kubelet/pods/u1/volumes/kubernetes.io~empty-dir")
    hinted, tmpfs = os.path.join(base, "hinted"), os.path.join(base, "tmpfs")
    for d in (kube + "/cache", kube + "/ro", hinted, tmpfs):
        os.makedirs(d)

    def vol(*pairs):
        return lambda c: c["mounts"].extend({"destination": d, "type": "bind", "source": src, "options": ["rbind", "rprivate", *o]}
                                            for src, d, *o in pairs)
    hints = {"dev.gvisor.spec.mount.h.source": hinted, "dev.gvisor.spec.mount.h.type": "bind", "dev.gvisor.spec.mount.h.share": "pod",
             "dev.gvisor.spec.mount.t.source": tmpfs, "dev.gvisor.spec.mount.t.type": "tmpfs",
             "dev.gvisor.spec.mount.t.share": "container"}
    s = C("vo", STAY, None, lambda c: c["annotations"].update(hints)).start()
    where = ((kube + "/cache", "/cache"), (hinted, "/hinted"), (tmpfs, "/t"), (kube + "/ro", "/ro"))
    first = C("vo0", "echo init > /cache/init; echo up", s, vol((kube + "/cache", "/cache", "rw"))).start()
    is_same("an init container", reap(first.pid), 0)
    first.delete()
    one = C("vo1", STAY, s, vol(*where)).start()
    two = C("vo2", STAY, s, vol(*where[:3], (kube + "/ro", "/ro", "ro"))).start()
    is_same("what the init container left", one.exec("cat /cache/init"), "init")
    for d in ("/cache", "/hinted"):
        one.exec(f"echo one > {d}/f")
        is_same(f"{d} is shared", two.exec(f"cat {d}/f"), "one")
        with open(path("watch.out"), "w", encoding="utf-8") as f:
            w = subprocess.Popen([b.HUSK, "--root", ROOT, "exec", "vo2", "/bin/oci_watch", d], stdout=f, stderr=f, stdin=subprocess.DEVNULL)
        check(wait_for(lambda: "watching" in text(path("watch.out"))), f"watching: {text(path('watch.out'))}")
        one.exec(f"echo x > {d}/fresh")
        check(wait_for(lambda: "fresh" in text(path("watch.out"))), f"inotify across containers in {d}: {text(path('watch.out'))!r}")
        w.terminate()
        w.wait()
    check("Read-only" in two.exec("touch /ro/x"), "read-only in one")
    is_same("and not in the other", one.exec("echo y > /ro/y; cat /ro/y"), "y")
    is_same("seen in the first", two.exec("cat /ro/y"), "y")
    one.exec("echo x > /t/x")
    is_same("a container's own tmpfs", (two.exec("ls /t"), os.listdir(tmpfs)), ("", []))
    one.end()
    is_same("a volume outlives its first user", two.exec("echo more >> /cache/f; cat /cache/f"), "one\nmore")
    two.end()
    s.end()
    is_same("and is the host's directory", text(kube + "/cache/f"), "one\nmore\n")
    bad = C("vb", STAY, None, lambda c: (c["annotations"].update({"dev.gvisor.spec.mount.h.source": hinted, "dev.gvisor.spec.mount.h.share": "all"}),
                                         vol((hinted, "/h"))(c)))
    check(not bad.made and "share: 'all' is none of" in bad.error(), bad.error())


def do_limits():
    def limit(**kw):
        return lambda c: c["linux"].update(resources=kw)
    s = C("li", STAY, None, limit(cpu={"shares": 2})).start()
    one = C("li1", STAY, s, limit(pids={"limit": 8}, memory={"limit": 32 << 20})).start()
    two = C("li2", STAY, s).start()
    check("Resource temporarily" in one.exec("(for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.3 & done; wait) 2>&1; true"), "its tasks are limited")
    check("Resource temporarily" not in two.exec("(for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 0.3 & done; wait) 2>&1; true"), "others' are not")
    is_same("its memory is limited", one.exec("tail /dev/zero 2>/dev/null; echo $?"), "137")
    is_same("others' is not", two.exec("dd if=/dev/zero of=/dev/shm/x bs=1M count=48 2>/dev/null; rm /dev/shm/x; echo well"), "well")
    two.exec("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
    ev = {c.name: json.loads(ok("events", "--stats", c.name).stdout)["data"] for c in (s, one, two)}
    check(ev["li2"]["cpu"]["usage"]["total"] > ev["li"]["cpu"]["usage"]["total"], f"CPU time of each: {ev}")
    check(ev["li1"]["memory"]["usage"]["limit"] == 32 << 20 and ev["li1"]["pids"]["limit"] == 8, f"limits of one: {ev['li1']}")
    check(all(1 <= ev[n]["pids"]["current"] <= 3 and 0 < ev[n]["memory"]["usage"]["usage"] < 32 << 20 for n in ev), f"figures: {ev}")
    groups = glob.glob(f"/sys/fs/cgroup/*{GROUP}/li1") + glob.glob(f"/sys/fs/cgroup{GROUP}/li1")
    check(groups and all(str(one.pid) in text(g + "/cgroup.procs").split() for g in groups), f"the monitor is in the container's group: {groups}")
    check(all("2" != text(f).strip() for f in glob.glob(f"/sys/fs/cgroup/cpu*{GROUP}/li/cpu.shares")), "the sandbox does not have the pause program's share")
    for c in (one, two, s):
        c.end()


def do_crash():
    s, one, two, three = pod("cr", "cr1", "cr2", "cr3")
    os.kill(one.pid, signal.SIGKILL)
    reap(one.pid)
    check(wait_for(lambda: state("cr1").get("status") == "stopped"), "a killed monitor is a stopped container")
    check(wait_for(lambda: s.exec("ls /proc | grep -c '^[0-9]'") and two.exec("echo well") == "well"), "and of no other")
    use = C("cr-use", STAY, s, lambda c: [n.update(path=f"/proc/{s.pid}/ns/pid") for n in c["linux"]["namespaces"] if n["type"] == "pid"]).start()
    is_same("processes of one whose numbers are the sandbox's", s.exec("ps -o args | grep -c '[e]cho up'"), "2")
    os.kill(use.pid, signal.SIGKILL)
    reap(use.pid)
    check(wait_for(lambda: s.exec("ps -o args | grep -c '[e]cho up'") == "1"), "end with its monitor")
    use.delete()
    one.delete()
    check(wait_for(lambda: "cr1" not in str([text_of(p) for p in ours(all_processes())])), "nothing of it stays")
    os.kill(two.saved()["goferPid"], signal.SIGKILL)
    is_same("a container whose gofer is killed", reap(two.pid), 137)
    two.delete()
    is_same("the others live", (three.exec("echo well"), s.exec("echo well")), ("well", "well"))
    for delay in (0.001, 0.004, 0.008, 0.012, 0.02):
        d = bundle(STAY, lambda c: c.update(annotations={CRI[0]: "container", CRI[1]: "cr"}))
        with open(os.devnull, "w", encoding="utf-8") as null:
            p = subprocess.Popen([b.HUSK, "--root", ROOT, "create", "--bundle", d, "half"], stdin=subprocess.DEVNULL, stdout=null, stderr=null)
        time.sleep(delay)
        p.kill()
        p.wait()
        time.sleep(0.1)
        ok("delete", "--force", "half")
        check(not os.path.exists(os.path.join(ROOT, "half")), f"half made after {delay}: deleted")
    is_same("the pod lives", three.exec("echo well"), "well")
    os.kill(s.saved()["sentryPid"], signal.SIGKILL)
    is_same("a killed sentry ends all", (reap(s.pid), reap(three.pid)), (137, 137))
    check({e["id"]: e["status"] for e in json.loads(ok("list", "--format=json").stdout)} == {"cr": "stopped", "cr3": "stopped"}, "list")
    three.delete()
    s.delete()


def do_orders():
    s, one, two = pod("or", "or1", "or2")
    check("running" in husk("delete", "or").stderr, "the sandbox runs")
    check("running" in husk("delete", "or1").stderr, "the container runs")
    ok("delete", "--force", "or1")
    reap(one.pid)
    is_same("the rest lives", two.exec("echo well"), "well")
    ok("delete", "--force", "or")
    is_same("the sandbox's deletion ends its members", (reap(s.pid), reap(two.pid)), (137, 137))
    is_same("stopped", state("or2")["status"], "stopped")
    two.delete()
    s, one = pod("or", "or1")
    ok("kill", "or", "TERM")
    is_same("the end of the first container", (reap(s.pid), reap(one.pid)), (4, 137))
    ok("delete", "or", "or1")
    ok("delete", "--force", "or", "or1")
    for names in (CRIO, DOCKER):
        s = C("di", STAY, names=names).start()
        one = C("di1", STAY, s, names=names).start()
        is_same(names[0], one.saved()["sandbox"], "di")
        one.end()
        s.end()
    s = C("fg", STAY).start()
    d = bundle("echo here; exit 5", lambda c: c.update(annotations={CRI[0]: "container", CRI[1]: "fg"}))
    p = husk("run", "--bundle", d, "fg1")
    is_same("run in the foreground", (p.returncode, p.stdout), (5, "here\n"))
    s.end()


STEPS = (do_own, do_status, do_refused, do_exec, do_shared, do_volumes, do_limits, do_crash, do_orders)
own_mounts()
before, mounted = all_processes(), mounts()
for platform in ("ptrace", "systrap") if os.uname().machine == "x86_64" else ("ptrace",):
    b.GLOBALS[:] = ["--platform", platform]
    for step in STEPS:
        if len(sys.argv) < 5 or sys.argv[4] in (step.__name__[3:], platform):
            print(platform, step.__name__, flush=True)
            try:
                step()
            except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as e:
                check(False, f"{step.__name__}: {e!r}")
                left_alone()
reap_all()
check(wait_for(lambda: (reap_all(), not ours(all_processes() - before))[1]), f"no process stays: {[text_of(p) for p in ours(all_processes() - before)]}")
check(mounts() == mounted, "no mount stays")
check(os.listdir(ROOT) == [], f"no state stays: {os.listdir(ROOT)}")
left = [g for g in glob.glob(f"/sys/fs/cgroup/*{GROUP}/*") + glob.glob(f"/sys/fs/cgroup{GROUP}/*") if os.path.isdir(g)]
check(not left, f"no group stays: {left}")
for g in glob.glob(f"/sys/fs/cgroup/*{GROUP}") + glob.glob(f"/sys/fs/cgroup{GROUP}"):
    os.rmdir(g)
done()
