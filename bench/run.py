#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures: native, husk and peers side by side in one run, as medians and ratios.

    bench/run.py --husk build/runtime-shim/husk [--peer /path/to/runsc] [--crun crun] [--json FILE]

Every column runs the same static programs from the same OCI bundle (or on the host, natively); /usr
is a read-only bind mount, the programs and a source tree lie in the container's root.
"""
import argparse
import ctypes
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MICRO = [  # program, arguments, name it prints
    ("bench_syscall", [], "getppid"),
    ("bench_file_read", ["/bench/data"], "open_fstat_read_close"),
    ("bench_stat_missing", ["/bench/data"], "stat_missing"),
    ("bench_fork_exec", [], "fork_exec_wait"),
    ("bench_fault", [], "mmap_touch_munmap_1M"),
    ("bench_pipe_rtt", [], "pipe_round_trip"),
]
PROGRAMS = [
    ("python3_pass", 5, ["/usr/bin/python3", "-c", "pass"]),
    ("grep_r", 5, ["grep", "-r", "static int", "/bench/src"]),
    ("cc_one_file", 3, ["gcc", "-O2", "-c", "/bench/src/one.c", "-o", "/tmp/one.o"]),
]


def make_bundle(where, build):
    root = os.path.join(where, "rootfs")
    bench = os.path.join(root, "bench")
    for d in ["bench/src", "usr", "etc", "proc", "sys", "dev", "tmp", "root"]:
        os.makedirs(os.path.join(root, d), exist_ok=True)
    for link in ["bin", "lib", "lib64", "sbin"]:
        if os.path.islink("/" + link):
            os.symlink("usr/" + link, os.path.join(root, link))
    for name in os.listdir(build):
        if name.startswith("bench_") and os.access(os.path.join(build, name), os.X_OK) and \
                os.path.isfile(os.path.join(build, name)):
            shutil.copy(os.path.join(build, name), bench)
    with open(os.path.join(bench, "data"), "w", encoding="utf-8") as f:
        f.write("x" * 1000)
    top = os.path.dirname(HERE)
    for part in ["gofer", "platform", "sentry", "runtime-shim", "include"]:
        if os.path.isdir(os.path.join(top, part)):
            shutil.copytree(os.path.join(top, part), os.path.join(bench, "src", part), symlinks=True)
    with open(os.path.join(bench, "src", "one.c"), "w", encoding="utf-8") as f:
        f.write("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <pthread.h>\n")
        for i in range(60):
            f.write(f"int f{i}(int x) {{ char b[64]; snprintf(b, sizeof(b), \"%d\", x * {i});"
                    f" return atoi(b) + (int)strlen(b); }}\n")
    return root


def config(where, args):
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc"},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
         "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
        {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
        {"destination": "/etc", "type": "bind", "source": "/etc", "options": ["rbind", "ro"]},
    ]
    spec = {
        "ociVersion": "1.0.2",
        "process": {"terminal": False, "user": {"uid": 0, "gid": 0}, "args": args, "cwd": "/",
                    "env": ["PATH=/usr/bin:/bin", "HOME=/root", "LC_ALL=C"]},
        "root": {"path": "rootfs", "readonly": False}, "hostname": "bench", "mounts": mounts,
        "linux": {"namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")]},
    }
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        json.dump(spec, f)


class Runtime:
    """A column: how a command is run in it."""

    def __init__(self, name, argv, bundle):
        self.name, self.argv, self.bundle, self.nr = name, argv, bundle, 0

    def command(self, args):
        if self.argv is None:
            return [os.path.join(self.bundle, "rootfs") + a if a.startswith("/bench/") else a for a in args]
        config(self.bundle, args)
        self.nr += 1
        return [*self.argv, "run", "--bundle", self.bundle, f"bench-{os.getpid()}-{self.nr}"]

    def run(self, args, timeout=300):
        p = subprocess.run(self.command(args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=timeout, check=False)
        if p.returncode != 0:
            raise RuntimeError(f"{self.name}: {args[0]}: status {p.returncode}: "
                               f"{p.stderr.decode(errors='replace')[-300:]}")
        return p.stdout.decode()


def value(text, name):
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == name:
            return float(words[1])
    raise RuntimeError(f"no figure '{name}' in: {text[:200]}")


def start_time(rt, args, rounds):
    times = []
    for _ in range(rounds + 1):
        cmd = rt.command(args)
        t = time.monotonic()
        subprocess.run(cmd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=True, timeout=60)
        times.append(time.monotonic() - t)
    return statistics.median(times[1:]) * 1e9


def descendants(pid):
    kids = {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                with open(f"/proc/{d}/stat", encoding="utf-8", errors="replace") as f:
                    ppid = int(f.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            kids.setdefault(ppid, []).append(int(d))
    out, todo = [], [pid]
    while todo:
        p = todo.pop()
        out += kids.get(p, [])
        todo += kids.get(p, [])
    return out


def memory(rt):
    """PSS and RSS in bytes of everything that an idle sandbox consists of."""
    p = subprocess.Popen(rt.command(["/bench/bench_idle"]), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        p.stdout.readline()
        time.sleep(0.5)
        pss = rss = 0
        for pid in [p.pid, *descendants(p.pid)]:
            try:
                with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as f:
                    for line in f:
                        if line.startswith("Pss:"):
                            pss += int(line.split()[1]) * 1024
                        elif line.startswith("Rss:"):
                            rss += int(line.split()[1]) * 1024
            except OSError:
                pass
        return pss, rss
    finally:
        if rt.argv is None:
            p.kill()
        else:
            subprocess.run([*rt.argv, "kill", rt_id(rt), "KILL"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        try:
            p.wait(timeout=10)
        except subprocess.TimeoutExpired:
            p.kill()
            p.wait()


def rt_id(rt):
    return f"bench-{os.getpid()}-{rt.nr}"


def plain_cgroups():
    """Where the host mounts cgroup v1 beside v2, some runtimes refuse to run: ours is a view with v2 only."""
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        if os.getuid() != 0 or not any(" - cgroup " in line for line in f):
            return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x20000) == 0:
        subprocess.run("mount --make-rprivate / && mount -t cgroup2 cgroup2 /sys/fs/cgroup", shell=True, check=False)


def measure_all(rt, rounds, results, only):
    def take(name, fn):
        if only and name not in only:
            return
        try:
            results.setdefault(name, {})[rt.name] = fn()
        except (RuntimeError, subprocess.SubprocessError, OSError) as e:
            print(f"{rt.name}: {name}: {e}", file=sys.stderr)
    for prog, args, name in MICRO:
        take(name, lambda p=prog, a=args, n=name: value(rt.run([f"/bench/{p}", *a]), n))
    for name, n, cmd in PROGRAMS:
        take(name, lambda c=cmd, n=n, m=name: value(rt.run(["/bench/bench_timed", m, str(n), *c]), m))
    take("run_true", lambda: start_time(rt, ["/bench/bench_true"], rounds))
    take("idle_pss", lambda: memory(rt)[0])


def human(name, v):
    if name.endswith("_pss"):
        return f"{v / 1048576:.1f} MiB"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if v >= size:
            return f"{v / size:.2f} {unit}"
    return f"{v:.0f} ns"


def table(columns, results):
    print(f"{'':24}" + "".join(f"{c:>16}" for c in columns) +
          "".join(f"{'/' + c:>14}" for c in columns if c != "husk"))
    for name, row in results.items():
        line = f"{name:24}" + "".join(f"{human(name, row[c]) if c in row else '-':>16}" for c in columns)
        for c in columns:
            if c != "husk":
                line += f"{row['husk'] / row[c]:>14.2f}" if c in row and "husk" in row and row[c] else f"{'-':>14}"
        print(line)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--husk", required=True)
    ap.add_argument("--peer", action="append", default=[], help="another OCI runtime; may be repeated")
    ap.add_argument("--crun", default=shutil.which("crun") or "")
    ap.add_argument("--build", help="where the bench programs are (beside husk)")
    ap.add_argument("--rounds", type=int, default=20)
    ap.add_argument("--only", action="append", default=[])
    ap.add_argument("--json")
    opts = ap.parse_args()
    husk = os.path.abspath(opts.husk)
    plain_cgroups()
    build = opts.build or os.path.join(os.path.dirname(os.path.dirname(husk)), "bench")
    results = {}
    with tempfile.TemporaryDirectory(prefix="husk-bench-") as where:
        os.chmod(where, 0o755)
        make_bundle(where, build)
        state = os.path.join(where, "state")
        columns = [Runtime("native", None, where), Runtime("husk", [husk, "--root", state + "-husk"], where)]
        if opts.crun:
            columns.append(Runtime("crun", [opts.crun, "--cgroup-manager=disabled", "--root", state + "-crun"], where))
        for i, peer in enumerate(opts.peer):
            argv = [peer, "--root", state + f"-peer{i}", "--network=none", "--ignore-cgroups"]
            columns.append(Runtime(os.path.basename(peer), argv, where))
        for rt in columns:
            print(f"measuring {rt.name} ...", file=sys.stderr)
            measure_all(rt, opts.rounds, results, opts.only)
        # `do` has no bundle to read: measured beside `run`
        times = []
        for _ in range(opts.rounds + 1):
            t = time.monotonic()
            subprocess.run([husk, "do", "--", os.path.join(where, "rootfs/bench/bench_true")], check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
            times.append(time.monotonic() - t)
        results["do_true"] = {"husk": statistics.median(times[1:]) * 1e9}
    table([c.name for c in columns], results)
    if opts.json:
        with open(opts.json, "w", encoding="utf-8") as f:
            json.dump({"unit": "ns, bytes for _pss", "results": results}, f, indent=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
