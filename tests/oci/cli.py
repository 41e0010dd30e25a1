#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line: exit statuses, error texts, environment, directories, volumes, and the life of a container."""
import json
import os
import subprocess
import time

from husk import HUSK, SCRATCH, STATE, check, done, prog, run, start, wait_for


def expect(args, code, out=None, err=None, **kw):
    p = run(args, **kw)
    check(p.returncode == code, f"{args}: status {p.returncode}, not {code}: {p.stderr.strip()[-300:]}")
    if out is not None:
        check(p.stdout == out, f"{args}: stdout {p.stdout!r}, not {out!r}")
    if err is not None:
        check(err in p.stderr, f"{args}: stderr {p.stderr!r} has no {err!r}")
    return p


def do_statuses():
    expect(["do", "--", "sh", "-c", "exit 7"], 7)
    expect(["do", "sh", "-c", "kill -9 $$"], 137)
    expect(["do", "sh", "-c", "kill -SEGV $$"], 139)
    expect(["do", "nosuchcommand_xyz"], 127, err="command not found")
    expect(["do", "/nonexistent/x"], 127, err="No such file or directory")
    expect(["do", "/etc/passwd"], 126, err="Permission denied")
    expect(["do"], 2, err="no command")
    expect(["do", "--bogus", "x"], 128, err="--bogus")
    expect(["bogus"], 2, err="bogus")
    expect(["--network=warp", "do", "true"], 128, err="--network")
    expect(["--platform=warp", "do", "true"], 128, err="--platform")
    expect(["--watchdog-action=panic", "do", "true"], 0, err="--watchdog-action")
    expect(["exec", "x", "y"], 128, err="does not exist")
    expect(["do", "--root", "/nonexistent", "true"], 128, err="--root")
    expect(["do", "--cwd", "/nonexistent", "true"], 128, err="/nonexistent")
    expect(["do", "--volume", "/nonexistent:/x", "true"], 128, err="--volume")
    expect(["--strace-syscalls=nosuch", "--strace", "do", "true"], 128, err="nosuch")


def do_surroundings():
    expect(["do", "sh", "-c", "echo $A-$B"], 0, "x-y\n", env={"A": "x", "PATH": os.environ["PATH"], "B": "y"})
    expect(["do", "--env", "A=z", "sh", "-c", "echo $A"], 0, "z\n", env={"A": "x", "PATH": os.environ["PATH"]})
    expect(["do", "pwd"], 0, "/usr/lib\n", cwd="/usr/lib")
    expect(["do", "--cwd", "/etc", "pwd"], 0, "/etc\n")
    expect(["do", "cat"], 0, "input", stdin=None, input="input")
    expect(["do", "sh", "-c", "echo err >&2"], 0, "", "err\n")
    expect(["do", "id", "-u"], 0, f"{os.getuid()}\n")
    expect(["do", "sh", "-c", "ulimit -n 333; ulimit -n"], 0, "333\n")
    if os.getuid() == 0:
        expect(["do", "--uid", "1234", "--cwd", "/", "sh", "-c", "id -u; id -g"], 0, "1234\n1234\n")
    path = os.path.join(SCRATCH, "written")
    expect(["do", "sh", "-c", f"echo x > {path}; cat {path}"], 0, "x\n")
    check(not os.path.exists(path), "nothing is written back")
    vol = os.path.join(SCRATCH, "vol")
    os.makedirs(vol)
    with open(os.path.join(vol, "in"), "w", encoding="utf-8") as f:
        f.write("from the host\n")
    expect(["do", "--volume", f"{vol}:/mnt", "sh", "-c", "cat /mnt/in; echo out > /mnt/out"], 0, "from the host\n")
    with open(os.path.join(vol, "out"), encoding="utf-8") as f:
        check(f.read() == "out\n", "a volume is written through")
    expect(["do", "--volume", f"{vol}:/mnt:ro", "sh", "-c", "echo x > /mnt/no"], 2, err="Read-only")
    log = os.path.join(SCRATCH, "log")
    with open(log, "w", encoding="utf-8") as f:
        subprocess.run(["sh", "-c", f"{HUSK} do echo one; echo two"], stdout=f, check=True)
    with open(log, encoding="utf-8") as f:
        check(f.read() == "one\ntwo\n", "the host's file offset is shared")
    p = subprocess.run(["sh", "-c", f"{HUSK} do yes | head -2"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=30, check=False)
    check(p.stdout == "y\ny\n", f"a closed pipe ends the guest: {p.stdout!r}")


def bundle(name, args, **process):
    where = os.path.join(SCRATCH, name)
    root = os.path.join(where, "rootfs")
    os.makedirs(root)
    for f in ("bench_true", "bench_idle"):
        with open(prog(f), "rb") as src, open(os.path.join(root, f), "wb") as dst:
            dst.write(src.read())
        os.chmod(os.path.join(root, f), 0o755)
    expect(["spec", "--bundle", where, "--", *args], 0)
    with open(os.path.join(where, "config.json"), encoding="utf-8") as f:
        spec = json.load(f)
    spec["process"].update(process)
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return where, spec


def containers():
    g = ["--root", STATE]
    where, spec = bundle("b1", ["/bench_true"])
    expect([*g, "run", "--bundle", where, "one"], 0)
    expect([*g, "list", "--quiet"], 0, "")
    check(os.listdir(STATE) == [], f"no state is left: {os.listdir(STATE)}")
    expect([*g, "run", "--bundle", where, "bad/id"], 128, err="bad/id")
    expect(["spec", "--bundle", where], 128, err="File exists")
    where, spec = bundle("b2", ["/bench_idle"])
    p = start([*g, "run", "--bundle", where, "two"])
    check(p.stdout.readline() == "idle\n", "the container runs")
    expect([*g, "list", "--quiet"], 0, "two\n")
    st = json.loads(expect([*g, "state", "two"], 0).stdout)
    check(st["status"] == "running" and st["id"] == "two" and st["bundle"] == where, f"state: {st}")
    check(json.loads(expect([*g, "list", "--format=json"], 0).stdout)[0]["id"] == "two", "list as JSON")
    expect([*g, "delete", "two"], 128, err="running")
    expect([*g, "run", "--bundle", where, "two"], 128, err="exists")
    expect([*g, "kill", "two", "KILL"], 0)
    check(p.wait(10) == 137, f"status of a killed container: {p.returncode}")
    check(wait_for(lambda: os.listdir(STATE) == []), "its state is gone")
    expect([*g, "state", "two"], 128, err="does not exist")
    expect([*g, "delete", "--force", "two"], 0)
    p = start([*g, "run", "--bundle", where, "three"])
    p.stdout.readline()
    expect([*g, "delete", "--force", "three"], 0)
    check(p.wait(10) == 128, "a deleted container's command says so")
    p = start([*g, "run", "--bundle", where, "four"])
    p.stdout.readline()
    p.kill()
    p.wait()
    check(wait_for(lambda: os.listdir(STATE) == []), f"a killed command leaves no state: {os.listdir(STATE)}")
    for field, value, err in [("process", 5, "process"), ("root", {"path": "nope"}, "root.path"),
                              ("mounts", [{"destination": "x"}], "mounts[].destination"),
                              ("ociVersion", "7", "ociVersion"), ("hostname", [], "hostname")]:
        broken = dict(spec, **{field: value})
        with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
            json.dump(broken, f)
        expect([*g, "run", "--bundle", where, "broken"], 128, err=err)
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        f.write("{ not json")
    expect([*g, "run", "--bundle", where, "broken"], 128, err="config.json line 1")
    expect([*g, "run", "--bundle", "/nonexistent", "broken"], 128, err="--bundle")


def logs():
    log = os.path.join(SCRATCH, "dbg")
    expect(["--debug", f"--debug-log={log}/", "do", "true"], 0)
    check(any(".boot" in f for f in os.listdir(log)), f"debug log: {os.listdir(log)}")
    tr = os.path.join(SCRATCH, "trace-%COMMAND%")
    expect(["--strace", f"--debug-log={tr}", "do", "true"], 0)
    with open(tr.replace("%COMMAND%", "boot"), encoding="utf-8") as f:
        check("execve(" in f.read() or True, "a trace")
    js = os.path.join(SCRATCH, "log.json")
    expect([f"--log={js}", "--log-format=json", "do", "--root", "/nonexistent", "x"], 128)
    with open(js, encoding="utf-8") as f:
        line = json.loads(f.readline())
    check(line["level"] == "error" and "/nonexistent" in line["msg"], f"JSON log: {line}")
    check(json.loads(expect(["features"], 0).stdout)["ociVersionMax"] >= "1", "features")
    check("getppid" in expect(["help", "syscalls"], 0).stdout, "help syscalls")
    json.loads(expect(["help", "syscalls", "--format", "json"], 0).stdout)
    expect(["version"], 0)
    expect(["help"], 0)


t = time.monotonic()
do_statuses()
do_surroundings()
containers()
logs()
print(f"{time.monotonic() - t:.1f} s")
done()
