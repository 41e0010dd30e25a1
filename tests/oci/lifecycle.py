#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of containers: create, start, exec, signals, pausing, waiting, deletion; monitors; terminals; hooks; what a crash leaves."""
import array
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time

from bundle import ROOT, bundle, husk, ok, state
from husk import HUSK, SCRATCH, all_processes, check, done, mounts, ours, wait_for

if os.getuid() != 0:
    print("needs root")
    sys.exit(77)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # we reap, as an engine's shim does


def path(name):
    return os.path.join(SCRATCH, name)


def create(name, args, change=None, *flags, **kw):
    """Creates it with its output in a file: the pid of its monitor and the file's name."""
    out = path(f"{name}.out")
    with open(out, "w", encoding="utf-8") as f:
        p = husk(*kw.pop("globals", []), "create", "--bundle", bundle(args, change), "--pid-file", path(f"{name}.pid"), *flags, name,
                 capture_output=False, stdout=f, stderr=f, **kw)
    if not check(p.returncode == 0, f"create {name}: {open(out, encoding='utf-8').read()}"):
        return None, out
    return int(open(path(f"{name}.pid"), encoding="utf-8").read()), out


def text(file):
    with open(file, encoding="utf-8") as f:
        return f.read()


def reap(pid, limit=10):
    """The exit status of a child of ours."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        p, st = os.waitpid(pid, os.WNOHANG)
        if p == pid:
            return os.waitstatus_to_exitcode(st)
        time.sleep(0.002)
    return None


def do_life():
    pid, out = create("one", "echo started; exit 7")
    st = state("one")
    check(st.get("status") == "created" and st.get("pid") == pid, f"state after create: {st}")
    check(text(out) == "", f"nothing runs before start: {text(out)!r}")
    p = husk("create", "--bundle", bundle("true"), "one")
    check(p.returncode == 128 and "exists" in p.stderr, f"an id is used once: {p.stderr}")
    ok("start", "one")
    check(reap(pid) == 7, "the monitor ends with the program's status")
    check(text(out) == "started\n", f"its output: {text(out)!r}")
    check(state("one")["status"] == "stopped", "stopped")
    check(json.loads(ok("wait", "one").stdout) == {"id": "one", "exitStatus": 7}, "wait after the end")
    p = husk("start", "one")
    check(p.returncode != 0 and "cannot start a container that has stopped" in p.stderr, p.stderr)
    p = husk("kill", "one", "TERM")
    check(p.returncode != 0 and "container not running" in p.stderr, p.stderr)
    ok("kill", "--all", "one", "KILL")
    ok("delete", "one")
    check(husk("state", "one").returncode != 0, "it is gone")
    for bad in ("", "a/b", "..", "x" * 1025, "a b"):
        check(husk("create", "--bundle", bundle("true"), bad).returncode != 0, f"id {bad!r}")


def do_signals():
    pid, out = create("sig", "trap 'echo usr1' USR1; trap 'echo term; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    ok("start", "sig")
    check(wait_for(lambda: "ready" in text(out)), "ready")
    p = husk("start", "sig")
    check("cannot start an already running container" in p.stderr, p.stderr)
    p = husk("delete", "sig")
    check(p.returncode != 0 and "running" in p.stderr, p.stderr)
    ok("kill", "sig", "SIGUSR1")
    check(wait_for(lambda: "usr1" in text(out)), "by name")
    os.kill(pid, signal.SIGTERM)
    check(reap(pid) == 3, "signals to the monitor reach the program")
    ok("delete", "sig")
    pid, _ = create("never", "true")
    ok("kill", "never", "9")
    check(reap(pid) == 137, "killed before the start")
    ok("delete", "never")
    pid, _ = create("mon", "sleep 100")
    ok("start", "mon")
    os.kill(pid, signal.SIGKILL)
    reap(pid)
    check(wait_for(lambda: state("mon").get("status") == "stopped"), "the monitor's death is the container's")
    ok("delete", "mon")


def do_exec():
    pid, _ = create("ex", "sleep 100", lambda c: c["process"].update(env=["PATH=/bin", "BASE=1"]))
    p = husk("exec", "ex", "true")
    check(p.returncode != 0 and "created" in p.stderr, p.stderr)
    ok("start", "ex")
    p = husk("exec", "--env", "X=y", "--cwd", "/tmp", "--user", "5:6", "--additional-gids", "9", "ex", "sh", "-c",
             "echo $BASE$X; pwd; id -u; id -g; id -G; echo err >&2; exit 4")
    check((p.returncode, p.stdout, p.stderr) == (4, "1y\n/tmp\n5\n6\n6 9\n", "err\n"), f"exec: {p}")
    check(husk("exec", "ex", "sh", "-c", "kill -9 $$").returncode == 137, "status of a killed program")
    check(husk("exec", "ex", "cat", stdin=None, input="through\n").stdout == "through\n", "standard input")
    for cmd, words in ((["nosuch"], "executable file not found in $PATH"), (["/etc"], "is a directory"),
                       (["/etc/passwd"], "permission denied"), (["/no/such"], "no such file or directory")):
        p = husk("exec", "ex", *cmd)
        check(p.returncode != 0 and words in p.stderr, f"{cmd}: {p.stderr}")
    with open(path("proc.json"), "w", encoding="utf-8") as f:
        json.dump({"args": ["sh", "-c", "echo $A; sleep 0.2; exit 9"], "cwd": "/", "env": ["PATH=/bin", "A=b"], "user": {"uid": 0, "gid": 0}}, f)
    with open(path("x.out"), "w", encoding="utf-8") as f:
        p = husk("exec", "--process", path("proc.json"), "--detach", "--pid-file", path("x.pid"), "ex", capture_output=False, stdout=f, stderr=f)
    xpid = int(text(path("x.pid")))
    check(xpid in json.loads(ok("ps", "--format", "json", "ex").stdout), "its monitor is listed")
    check(reap(xpid) == 9 and text(path("x.out")) == "b\n", "a detached program's status and output")
    with open(path("x.out"), "w", encoding="utf-8") as f:
        husk("exec", "--detach", "--pid-file", path("x.pid"), "ex", "sleep", "100", capture_output=False, stdout=f, stderr=f)
    xpid = int(text(path("x.pid")))
    table = ok("ps", "ex").stdout.splitlines()
    check(table[0].split() == ["UID", "PID", "PPID", "C", "TTY", "STIME", "TIME", "CMD"] and len(table) == 3, f"ps: {table}")
    os.kill(xpid, signal.SIGKILL)
    reap(xpid)
    check(wait_for(lambda: len(ok("ps", "ex").stdout.splitlines()) == 2), "its program dies with the monitor")
    with open(path("x.out"), "w", encoding="utf-8") as f:
        husk("exec", "--detach", "--pid-file", path("x.pid"), "ex", "sleep", "100", capture_output=False, stdout=f, stderr=f)
    ok("kill", "ex", "KILL")
    check(reap(pid) == 137 and reap(int(text(path("x.pid")))) == 137, "the end of the container ends its programs")
    ok("delete", "ex")


def do_pause():
    pid, out = create("pz", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done")
    ok("start", "pz")
    wait_for(lambda: text(out).count("\n") > 3)
    ok("pause", "pz")
    before = text(out)
    check(state("pz")["status"] == "paused", "paused")
    time.sleep(0.2)
    check(text(out) == before, "nothing moves")
    check("paused" in husk("exec", "pz", "true").stderr, "no exec while paused")
    ok("resume", "pz")
    check(wait_for(lambda: text(out) != before), "it goes on")
    ev = json.loads(ok("events", "--stats", "pz").stdout)
    check(ev["type"] == "stats" and ev["id"] == "pz" and ev["data"]["memory"]["usage"]["usage"] > 0 and ev["data"]["pids"]["current"] >= 1, f"events: {ev}")
    w = subprocess.Popen([HUSK, "--root", ROOT, "wait", "pz"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.1)
    ok("pause", "pz")
    ok("kill", "pz", "KILL")
    check(reap(pid) == 137, "a paused container can be killed")
    check(json.loads(w.communicate(timeout=10)[0])["exitStatus"] == 137, "wait saw it")
    ok("delete", "pz")


class Console:
    """The engine's side of --console-socket."""

    def __init__(self, name):
        self.path = path(name)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(self.path)
        self.sock.listen(1)

    def master(self):
        self.sock.settimeout(10)
        c, _ = self.sock.accept()
        _, anc, _, _ = c.recvmsg(256, socket.CMSG_SPACE(4))
        fds = array.array("i")
        fds.frombytes(anc[0][2])
        return fds[0]


def read_until(fd, words, limit=10):
    out = b""
    end = time.monotonic() + limit
    os.set_blocking(fd, False)
    while words not in out and time.monotonic() < end:
        try:
            out += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.005)
        except OSError:
            break
    return out


def do_terminal():
    con = Console("tty.sock")
    pid, _ = create("tt", "tty; stty size; read x; stty size; echo got $x; exit 5",
                    lambda c: c["process"].update(terminal=True, consoleSize={"height": 20, "width": 70}), "--console-socket", con.path)
    fd = con.master()
    ok("start", "tt")
    check(b"/dev/pts/0\r\n20 70\r\n" in read_until(fd, b"70\r\n"), "a terminal of the size asked for")
    import fcntl
    import struct
    import termios
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    time.sleep(0.2)
    os.write(fd, b"word\n")
    out = read_until(fd, b"got word\r\n")
    check(b"33 99\r\n" in out and b"got word\r\n" in out, f"the new size, and what was typed: {out}")
    check(reap(pid) == 5, "status")
    ok("delete", "tt")
    p = husk("create", "--bundle", bundle("true", lambda c: c["process"].update(terminal=True)), "nt")
    check(p.returncode != 0 and "console-socket" in p.stderr, p.stderr)
    pid, _ = create("te", "sleep 100")
    ok("start", "te")
    with open(path("tproc.json"), "w", encoding="utf-8") as f:
        json.dump({"terminal": True, "args": ["sh", "-c", "tty; read x; exit 6"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}, f)
    con = Console("tty2.sock")
    with open(path("x.out"), "w", encoding="utf-8") as f:
        husk("exec", "--process", path("tproc.json"), "--console-socket", con.path, "--detach", "--pid-file", path("x.pid"), "te",
             capture_output=False, stdout=f, stderr=f)
    fd = con.master()
    check(b"/dev/pts/" in read_until(fd, b"\r\n"), "exec with a terminal")
    os.write(fd, b"\x03")
    check(reap(int(text(path("x.pid")))) == 130, "Ctrl-C reaches it")
    ok("delete", "--force", "te")
    reap(pid)


def do_hooks():
    log = path("hooks.log")
    script = path("hook")
    with open(script, "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\necho \"$1 $2 $(cat | tr -d '\\n')\" >> {log}\nexit ${{FAIL:-0}}\n")
    os.chmod(script, 0o755)
    names = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
    hooks = {n: [{"path": script, "args": ["hook", n, "$A"], "env": ["PATH=/bin:/usr/bin", "A=1"]}] for n in names}
    pid, _ = create("hk", "sleep 100", lambda c: c.update(hooks=hooks, annotations={"a": "b"}))
    check([line.split()[0] for line in text(log).splitlines()] == names[:3], f"hooks of create: {text(log)}")
    st = json.loads(text(log).splitlines()[0].split(" ", 2)[2])
    check(st["status"] == "creating" and st["pid"] == pid and st["id"] == "hk" and st["annotations"] == {"a": "b"}, f"state on stdin: {st}")
    ok("start", "hk")
    check([line.split()[0] for line in text(log).splitlines()] == names[:4], "poststart")
    ok("kill", "hk", "KILL")
    reap(pid)
    ok("delete", "hk")
    check([line.split()[0] for line in text(log).splitlines()] == names, "poststop")
    st = json.loads(text(log).splitlines()[4].split(" ", 2)[2])
    check(st["status"] == "stopped" and "pid" not in st, f"state of poststop: {st}")
    bad = {"createRuntime": [{"path": script, "args": ["hook", "x"], "env": ["FAIL=3", "PATH=/bin"]}]}
    p = husk("create", "--bundle", bundle("true", lambda c: c.update(hooks=bad)), "hf")
    check(p.returncode != 0 and "createRuntime hook" in p.stderr and "exit status 3" in p.stderr, p.stderr)
    check(husk("state", "hf").returncode != 0, "a failed hook leaves no container")
    slow = {"prestart": [{"path": "/bin/sleep", "args": ["sleep", "100"], "timeout": 1}]}
    t = time.monotonic()
    p = husk("create", "--bundle", bundle("true", lambda c: c.update(hooks=slow)), "hs")
    check(p.returncode != 0 and "did not end in 1 s" in p.stderr and time.monotonic() - t < 5, p.stderr)
    p = husk("create", "--bundle", bundle("true", lambda c: c.update(hooks={"prestart": [{"path": "x"}]})), "hx")
    check(p.returncode != 0 and "hooks.prestart[0].path" in p.stderr, p.stderr)


def do_crash():
    """Whatever dies at whatever moment: list does not lie, delete works, nothing stays."""
    pid, _ = create("cr", "sleep 100")
    ok("start", "cr")
    sentry = json.loads(text(os.path.join(ROOT, "cr/state.json")))["sentryPid"]
    os.kill(sentry, signal.SIGKILL)
    check(reap(pid) == 137, "a killed sentry is a killed container")
    check(json.loads(ok("list", "--format=json").stdout)[0]["status"] == "stopped", "list")
    ok("delete", "cr")
    for delay in (0.001, 0.003, 0.006, 0.01, 0.02):
        with open(os.devnull, "w", encoding="utf-8") as null:
            p = subprocess.Popen([HUSK, "--root", ROOT, "create", "--bundle", bundle("sleep 100"), "half"], stdin=subprocess.DEVNULL,
                                 stdout=null, stderr=null)
        time.sleep(delay)
        p.kill()
        p.wait()
        time.sleep(0.1)
        ids = ok("list", "-q").stdout.split()
        check(all(i == "half" for i in ids), f"list: {ids}")
        ok("delete", "--force", "half")
        check(not os.path.exists(os.path.join(ROOT, "half")), f"half made after {delay}: deleted")
    with open(path("pf.out"), "w", encoding="utf-8") as f:
        p = husk("run", "--detach", "--bundle", bundle("sleep 100"), "--pid-file", path("pf.pid"), "det", capture_output=False, stdout=f, stderr=f)
    check(p.returncode == 0 and state("det").get("status") == "running", "run --detach")
    ok("delete", "-f", "det")
    reap(int(text(path("pf.pid"))))
    r, w = os.pipe()
    os.write(w, b"passed")
    os.close(w)
    p = subprocess.run([HUSK, "--root", ROOT, "run", "--pass-fd", f"{r}:5", "--bundle", bundle("cat <&5"), "pf"], pass_fds=[r], capture_output=True,
                       check=False, stdin=subprocess.DEVNULL, timeout=60)
    check(p.stdout == b"passed", f"--pass-fd: {p}")


def do_log():
    log = path("log.json")
    with open(os.devnull, "w", encoding="utf-8") as null:
        p = husk("--log", log, "--log-format", "json", "create", "--bundle", bundle(["nosuch"]), "lg", capture_output=False, stdout=null, stderr=null)
    last = json.loads(text(log).splitlines()[-1])
    check(p.returncode != 0 and last["level"] == "error" and "executable file not found in $PATH" in last["msg"], f"log: {last}")
    for cmd in ("checkpoint", "restore", "debug"):
        p = husk(cmd, "x")
        check(p.returncode == 128 and "later" in p.stderr, f"{cmd}: {p.stderr}")
    check(json.loads(ok("features").stdout)["ociVersionMin"] == "1.0.0", "features")


before, mounted = all_processes(), mounts()
for step in (do_life, do_signals, do_exec, do_pause, do_terminal, do_hooks, do_crash, do_log):
    step()
check(wait_for(lambda: not ours(all_processes() - before)), "no process stays")
check(mounts() == mounted, "no mount stays")
check(os.listdir(ROOT) == [], f"no state stays: {os.listdir(ROOT)}")
done()
