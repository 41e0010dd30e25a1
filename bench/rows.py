# SPDX-License-Identifier: Apache-2.0
"""What is measured, and the goal of each figure. One Row per line of the table that run.py prints.

kind   micro    a program of this folder, run inside; prints "NAME VALUE ns"
       command  a command timed inside (bench_timed)
       start    start to finish of a whole sandbox, timed outside (`run`, `do`)
       idle_pss, idle_cpu   an idle sandbox seen from outside
       rewritten            % of the command's system calls that go through rewritten sites (systrap only)
cpu1   the whole sandbox is bound to one CPU
goals  ("max", ns or bytes)            at most this
       ("min", %)                      at least this
       ("native", ratio)               at most this many times native
       ("peer", ratio)                 at most this share of the peer's figure
       ("peer-row", ratio, row)        at most this share of the peer's figure in another row
       ("over", ratio)                 time above native at most this share of the peer's time above native
Words in arguments: /bench/ is the tree that tree.py makes, wherever it lies.
"""
from dataclasses import dataclass, field

NS, US, MS, MIB = 1, 1000, 1000000, 1048576


@dataclass
class Row:
    name: str
    kind: str
    argv: list
    goals: list = field(default_factory=list)
    group: str = ""
    prints: str = ""     # micro: the name in its output, if not name
    rounds: int = 5      # command: runs inside
    cpu1: bool = False
    data: tuple = ()     # what tree.py has to make for it
    crun: bool = False   # measured in crun too


def micro(name, prog, *args, goals=(), prints="", **kw):
    return Row(name, "micro", [f"/bench/bench_{prog}", *args], list(goals), prints=prints or name, **kw)


def command(name, *argv, goals=(), **kw):
    return Row(name, "command", list(argv), list(goals), **kw)


HALF, THIRD = ("peer", 1 / 2), ("peer", 1 / 3)
STUB = [("max", 60 * NS), ("native", 1.0), ("peer", 1 / 10)]
SENTRY = [("max", 450 * NS), ("peer-row", 2 / 3, "getppid_wrapper")]
PROGRAM = [("native", 1.5)]
OVER = [("over", 1 / 2)]


def share(name, *argv, **kw):
    return Row("rewritten_" + name, "rewritten", list(argv), [("min", 99)], group="rewritten calls", **kw)


PY_FILES = """import os
for i in range(3000):
    n = f"/tmp/f{i}"
    with open(n, "w") as f: f.write("x" * i)
    with open(n) as f: f.read()
    os.stat(n), os.unlink(n)
"""


def sh(script):
    return ["bash", "-c", script]


ROWS = [
    micro("getppid_wrapper", "syscall", goals=STUB, group="calls"),
    micro("getppid_syscall", "syscall", goals=STUB, group="calls"),
    micro("lseek_tmpfs", "sentry_call", goals=SENTRY, group="calls"),
    micro("dupfd_close", "sentry_call", goals=[("max", 900 * NS), ("peer-row", 4 / 3, "getppid_wrapper")],
          group="calls"),
    micro("lseek_tmpfs_1cpu", "sentry_call", goals=[("max", 6 * US), ("peer", 1 / 2)], prints="lseek_tmpfs",
          cpu1=True, group="calls"),
    micro("dupfd_close_1cpu", "sentry_call", goals=[("max", 12 * US), ("peer", 1 / 2)], prints="dupfd_close",
          cpu1=True, group="calls"),

    micro("open_fstat_read_close", "file_read", "/bench/data", goals=[THIRD], group="files"),
    micro("stat_missing", "stat_missing", "/bench/data", goals=[THIRD], group="files"),
    micro("getdents_10k", "getdents", "/bench/flat", prints="getdents", goals=[THIRD], data=("flat",), group="files"),
    command("grep_source", "grep", "-r", "static int", "/bench/src", goals=[THIRD], group="files"),

    micro("pipe_round_trip", "pipe_rtt", goals=[HALF], group="round trips"),
    micro("futex_round_trip", "futex_rtt", goals=[HALF], group="round trips"),
    micro("unix_round_trip", "socket_rtt", goals=[HALF], group="round trips"),
    micro("tcp_round_trip", "socket_rtt", goals=[HALF], group="round trips"),
    micro("pipe_round_trip_1cpu", "pipe_rtt", prints="pipe_round_trip", cpu1=True, group="round trips"),
    micro("futex_round_trip_1cpu", "futex_rtt", prints="futex_round_trip", cpu1=True, group="round trips"),

    micro("fork_exec_wait", "fork_exec", goals=[("native", 2.0), ("max", 1.2 * MS), THIRD], group="processes"),
    micro("fork_exec_wait_1cpu", "fork_exec", prints="fork_exec_wait", cpu1=True, group="processes"),
    micro("thread_create_join", "thread", goals=[HALF], group="processes"),
    micro("mmap_touch_munmap_1M", "fault", goals=[HALF], group="processes"),
    micro("fork_100M_dirty", "fork_dirty", goals=[HALF], group="processes"),

    Row("do_true", "start", ["do", "/bench/bench_true"], [("max", 12 * MS)], group="start", crun=True),
    Row("do_python", "start", ["do", "python3", "-c", "pass"], OVER, group="start", crun=True),
    Row("run_true", "start", ["run", "/bench/bench_true"], [("max", 15 * MS)], group="start", crun=True),
    Row("idle_pss", "idle_pss", ["/bench/bench_idle"], [("max", 6 * MIB)], group="start", crun=True),
    Row("idle_cpu_10s", "idle_cpu", ["/bench/bench_idle"], [("max", 100 * US)], group="start", crun=True),

    command("grep_usr_include", "grep", "-r", "static inline", "/usr/include", goals=PROGRAM, group="programs", rounds=3),
    command("find_usr_share", "find", "/usr/share", "-size", "+100k", goals=PROGRAM, group="programs", rounds=3),
    command("python_pass", "python3", "-c", "pass", goals=OVER, group="programs"),
    command("python_imports", "python3", "-c", "import asyncio, json, sqlite3, ssl", goals=[*PROGRAM, *OVER],
            group="programs"),
    command("bash_200_forks", *sh("for i in {1..200}; do /bin/true; done"), goals=[("native", 2.0)],
            group="programs", rounds=3),
    command("gcc_5000_lines", "gcc", "-O2", "-c", "/bench/cc/big.c", "-o", "/tmp/big.o", goals=OVER,
            data=("cc",), group="programs", rounds=3),
    command("make_j2", "make", "-s", "-B", "-j2", "-C", "/bench/cc", "all", goals=OVER, data=("cc",),
            group="programs", rounds=3),
    command("git_add_2k", *sh("cd /bench/git2k && rm -rf .git && git init -q . && git add ."), goals=PROGRAM,
            data=("git2k",), group="programs", rounds=3),
    command("git_status_2k", "git", "-C", "/bench/git2k.done", "status", "--short", goals=PROGRAM, data=("git2k",),
            group="programs"),
    command("git_status_20k", "git", "-C", "/bench/git20k", "status", "--short", goals=OVER,
            data=("git20k",), group="programs", rounds=3),
    command("tar_2k", "tar", "-cf", "/tmp/bench.tar", "-C", "/bench", "git2k.done", goals=PROGRAM, data=("git2k",),
            group="programs"),
    command("sqlite_100k_rows", *sh("rm -f /bench/out.db && sqlite3 /bench/out.db < /bench/rows.sql"), goals=PROGRAM,
            data=("sql",), group="programs", rounds=3),
    command("dd_4k_100M", "dd", "if=/dev/zero", "of=/bench/out.dd", "bs=4k", "count=25600", "status=none", goals=PROGRAM,
            group="programs", rounds=3),
    command("node_start", "node", "-e", "0", goals=PROGRAM, group="programs"),
    command("node_walk_10k", "node", "/bench/walk.js", "/bench/npm", goals=OVER, data=("npm",),
            group="programs", rounds=3),

    share("python", "/usr/bin/python3", "-c", PY_FILES),
    share("node", "node", "/bench/walk.js", "/bench/npm", data=("npm",)),
    share("git", *sh("cd /bench/git2k && rm -rf .git && git init -q . && git add ."), data=("git2k",)),
    share("gcc", "gcc", "-O2", "-c", "/bench/cc/big.c", "-o", "/tmp/big.o", data=("cc",)),
    share("bash", *sh("for i in {1..300}; do /bin/true; echo $i >> /tmp/log; done")),
]
