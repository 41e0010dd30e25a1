#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures: native, husk on each platform, and peers side by side in one run, as medians and ratios.

    bench/run.py --husk build-release/runtime-shim/husk [--peer /path/to/runsc] [--only PATTERN]... [--quick]

Every column runs the same programs from the same OCI bundle (or on the host, natively), row by row, so
that what else the machine does hits all columns alike. rows.py holds the rows and their goals.
"""
import argparse
import ctypes
import fnmatch
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import report
import rows as table_of_rows
import tree

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"}


class Failed(Exception):
    pass


class Runtime:
    """A column: how a command is run in it."""

    def __init__(self, name, argv, where, do=None):
        self.name, self.argv, self.where, self.nr, self.do = name, argv, where, 0, do
        self.root = os.path.join(where, "rootfs")

    def native_args(self, args):
        """/bench in the words of a command is the tree in the temporary directory."""
        return [re.sub(r"(?<![\w.])/bench(?![\w-])", self.root + "/bench", a) for a in args]

    def command(self, args, env):
        if self.argv is None:
            return self.native_args(args)
        tree.config(self.where, args, env)
        self.nr += 1
        return [*self.argv, "run", "--bundle", self.where, self.id()]

    def id(self):
        return f"bench-{os.getpid()}-{self.nr}"

    def start_command(self, how, args, env):
        if how == "do" and self.argv is None:
            return self.native_args(args)
        if how == "do" and self.do:
            return [*self.do, *self.native_args(args)]
        return self.command(args, env)


def bound(row, cmd):
    return ["taskset", "-c", str(min(os.sched_getaffinity(0))), *cmd] if row.cpu1 else cmd


def run(rt, row, args, env, timeout=140):
    cmd = bound(row, rt.command(args, env))
    p = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=timeout, check=False, env={**os.environ, **env})
    if p.returncode != 0:
        raise Failed(f"status {p.returncode}: {p.stderr.decode(errors='replace')[-300:]}")
    return p.stdout.decode()


def value(text, name):
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == name:
            return float(words[1])
    raise Failed(f"no figure '{name}' in: {text[:200]}")


def start_time(rt, row, env, rounds):
    times = []
    for _ in range(rounds + 1):
        cmd = bound(row, rt.start_command(row.argv[0], row.argv[1:], env))
        t = time.monotonic()
        p = subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           check=False, timeout=60, env={**os.environ, **env})
        times.append(time.monotonic() - t)
        if p.returncode != 0:
            raise Failed(f"status {p.returncode}: {p.stderr.decode(errors='replace')[-300:]}")
    return statistics.median(times[1:]) * 1e9


def family(pid):
    kids = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                with open(f"/proc/{d}/stat", encoding="utf-8", errors="replace") as f:
                    ppid = int(f.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            kids.setdefault(ppid, []).append(int(d))
    out, todo = [pid], [pid]
    while todo:
        p = todo.pop()
        out += kids.get(p, [])
        todo += kids.get(p, [])
    return out


def pss(pids):
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
                total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
        except OSError:
            pass
    return total


def cpu_ns(pids):
    total = 0
    for pid in pids:
        try:
            for tid in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="utf-8") as f:
                    total += int(f.read().split()[0])
        except OSError:
            pass
    return total


def idle(rt, row, env, quick):
    """PSS, or CPU time in 10 s, of everything that an idle sandbox consists of, command included."""
    p = subprocess.Popen(rt.command(row.argv, env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    try:
        p.stdout.readline()
        time.sleep(0.5)
        if row.kind == "idle_pss":
            return float(pss(family(p.pid)))
        before = cpu_ns(family(p.pid))
        wait = 2 if quick else 10
        time.sleep(wait)
        return float(cpu_ns(family(p.pid)) - before) * 10 / wait
    finally:
        if rt.argv is None:
            p.kill()
        else:
            subprocess.run([*rt.argv, "kill", rt.id(), "KILL"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        try:
            p.wait(timeout=10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def rewritten(rt, row, env):
    """Share of the system calls that went through rewritten sites, in %, as the debug log says at the end."""
    log = os.path.join(rt.where, "debug.log")
    if os.path.exists(log):
        os.remove(log)
    cmd = rt.command(row.argv, env)
    p = subprocess.run([cmd[0], "--debug", f"--debug-log={log}", *cmd[1:]], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=140, check=False,
                       env={**os.environ, **env})
    if p.returncode != 0:
        raise Failed(f"status {p.returncode}: {p.stderr.decode(errors='replace')[-300:]}")
    with open(log, encoding="utf-8", errors="replace") as f:
        found = re.findall(r"sandbox: .*share rewritten ([\d.]+) %", f.read())
    if not found:
        raise Failed("the debug log does not tell")
    return float(found[-1])


def plain_cgroups():
    """Where the host mounts cgroup v1 beside v2, some runtimes refuse to run: ours is a view with v2 only."""
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        if os.getuid() != 0 or not any(" - cgroup " in line for line in f):
            return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x20000) == 0:
        subprocess.run("mount --make-rprivate / && mount -t cgroup2 cgroup2 /sys/fs/cgroup", shell=True, check=False)


def measure(rt, row, opts, cache):
    env = {**ENV, **({"BENCH_QUICK": "1"} if opts.quick else {})}
    if row.kind == "micro":
        key = (rt.name, tuple(row.argv), row.cpu1)  # one run gives all figures of a program
        if key not in cache:
            cache[key] = run(rt, row, row.argv, env)
        return value(cache[key], row.prints)
    if row.kind == "command":
        rounds = max(1, row.rounds // 2) if opts.quick else row.rounds
        return value(run(rt, row, ["/bench/bench_timed", row.name, str(rounds), *row.argv], env), row.name)
    if row.kind == "rewritten":
        return rewritten(rt, row, env)
    if row.kind == "start":
        return start_time(rt, row, env, 5 if opts.quick else opts.rounds)
    return idle(rt, row, env, opts.quick)


def husk_columns(opts, where):
    husk = os.path.abspath(opts.husk)
    known = [p for p in report.output([husk, "help", "platforms"]).split() if p != "fake"]
    out = []
    for p in [p for p in ("systrap", "ptrace", "kvm") if p in known]:
        if not opts.platform or p in opts.platform:
            argv = [husk, f"--platform={p}", "--root", os.path.join(where, f"state-{p}")]
            out.append(Runtime(f"husk-{p}", argv, where, [husk, f"--platform={p}", "do", "--"]))
    return out


def all_columns(opts, where):
    out = [Runtime("native", None, where), *husk_columns(opts, where)]
    for i, peer in enumerate(opts.peer):
        argv = [peer, "--root", os.path.join(where, f"state-peer{i}"), "--platform=systrap", "--network=none",
                "--ignore-cgroups"]
        out.append(Runtime(os.path.basename(peer), argv, where, [*argv, "do"]))
    if opts.crun:
        argv = [opts.crun, "--cgroup-manager=disabled", "--root", os.path.join(where, "state-crun")]
        out.append(Runtime("crun", argv, where))
    return [c for c in out if not opts.column or any(fnmatch.fnmatch(c.name, x) for x in opts.column)]


def chosen(opts):
    def wanted(row):
        return not opts.only or any(fnmatch.fnmatch(row.name, x) or fnmatch.fnmatch(row.group, x) for x in opts.only)
    return [r for r in table_of_rows.ROWS if wanted(r)]


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--husk", required=True)
    ap.add_argument("--platform", action="append", default=[], help="only these platforms of husk")
    ap.add_argument("--peer", action="append", default=[], help="another OCI runtime (as runsc); may be repeated")
    ap.add_argument("--crun", default=shutil.which("crun") or "")
    ap.add_argument("--build", help="where the bench programs are (beside husk)")
    ap.add_argument("--rounds", type=int, default=15, help="of whole sandboxes")
    ap.add_argument("--only", action="append", default=[], metavar="PATTERN", help="rows or groups; may be repeated")
    ap.add_argument("--column", action="append", default=[], metavar="PATTERN", help="columns; may be repeated")
    ap.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    ap.add_argument("--list", action="store_true", help="say which rows there are")
    ap.add_argument("--json", metavar="FILE")
    ap.add_argument("--svg", metavar="FILE")
    return ap.parse_args()


def main():
    opts = arguments()
    rows = chosen(opts)
    if opts.list:
        for r in rows:
            print(f"{r.group:12} {r.name}")
        return 0
    plain_cgroups()
    build = opts.build or os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(opts.husk))), "bench")
    results = {}
    with tempfile.TemporaryDirectory(prefix="husk-bench-") as where:
        os.chmod(where, 0o755)
        tree.make_bundle(where, build, sorted({d for r in rows for d in r.data}))
        columns = all_columns(opts, where)
        machine = report.facts(columns)
        cache = {}
        for row in rows:
            print(f"{row.name} ...", end="", file=sys.stderr, flush=True)
            for rt in columns:
                if rt.name == "crun" and not row.crun or row.kind == "rewritten" and rt.name != "husk-systrap":
                    continue
                try:
                    results.setdefault(row.name, {})[rt.name] = measure(rt, row, opts, cache)
                except (Failed, subprocess.SubprocessError, OSError) as e:
                    print(f"\n{rt.name}: {row.name}: {e}", file=sys.stderr)
            print("", file=sys.stderr)
    names = [c.name for c in columns if any(c.name in r for r in results.values())]
    husks = [n for n in names if n.startswith("husk-")]
    peers = [n for n in names if n not in husks and n not in ("native", "crun")]
    main_column = husks[0] if husks else names[0]
    peer = peers[0] if peers else None
    report.print_facts(machine)
    report.table(rows, names, results, main_column, peer)
    if opts.json:
        report.save_json(opts.json, rows, names, results, main_column, peer, machine)
    if opts.svg:
        report.save_svg(opts.svg, rows, names, results, machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
