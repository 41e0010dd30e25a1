# SPDX-License-Identifier: Apache-2.0
"""The bundle that every column runs from: root file system, programs, and the data that rows ask for."""
import json
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
WALK_JS = """const fs = require('fs'), path = require('path');
let files = 0, bytes = 0;
function walk(dir) {
  for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
    const p = path.join(dir, e.name);
    if (e.isDirectory()) walk(p);
    else { fs.statSync(p); bytes += fs.readFileSync(p).length; files++; }
  }
}
walk(process.argv[2]);
console.log(files, bytes);
"""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def small_files(top, nr, per_dir, text):
    for i in range(nr):
        write(os.path.join(top, f"d{i // per_dir}", f"file{i}.txt"), text * (1 + i % 13) + str(i) + "\n")


def git(where, *args):
    env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0"]
    subprocess.run(["git", *who, *args], cwd=where, env=env, check=True, stdout=subprocess.DEVNULL)


def git_repo(where, nr):
    small_files(where, nr, 50, "line of a small file\n")
    git(where, "init", "-q")
    git(where, "add", ".")
    git(where, "commit", "-q", "-m", "all")


def make_git2k(bench):
    small_files(os.path.join(bench, "git2k"), 2000, 50, "line of a small file\n")
    git_repo(os.path.join(bench, "git2k.done"), 2000)


def make_git20k(bench):
    git_repo(os.path.join(bench, "git20k"), 20000)


def make_npm(bench):
    small_files(os.path.join(bench, "npm", "node_modules"), 10000, 10, "module.exports = {};\n")


def make_flat(bench):
    """One directory of 10,000 names."""
    flat = os.path.join(bench, "flat")
    os.makedirs(flat)
    for i in range(10000):
        with open(os.path.join(flat, f"name-of-a-file-{i}"), "wb"):
            pass


def c_source(nr, lines):
    out = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>"]
    i = 0
    while len(out) < lines:
        out += [f"int f{nr}_{i}(int x, const char *s)", "{", "\tchar b[64];", f"\tint sum = {i};", "",
                "\tfor (int k = 0; k < x; k++)", f"\t\tsum += (k ^ {i + 3}) * s[k % {i % 7 + 2}];",
                "\tsnprintf(b, sizeof(b), \"%d\", sum);", "\treturn atoi(b) + (int)strlen(b);", "}"]
        i += 1
    return "\n".join(out) + "\n"


def make_cc(bench):
    cc = os.path.join(bench, "cc")
    write(os.path.join(cc, "big.c"), c_source(0, 5000))
    for i in range(12):
        write(os.path.join(cc, f"part{i}.c"), c_source(i, 300))
    objs = " ".join(f"/tmp/bench-part{i}.o" for i in range(12))
    write(os.path.join(cc, "Makefile"), f"all: {objs}\n/tmp/bench-part%.o: part%.c\n\tgcc -O1 -c $< -o $@\n")


def make_sql(bench):
    rows = "".join(f"INSERT INTO t VALUES({i},'row number {i}',{i * 7 % 1000});\n" for i in range(100000))
    write(os.path.join(bench, "rows.sql"),
          "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, k INTEGER);\nBEGIN;\n" + rows +
          "CREATE INDEX tk ON t(k);\nCOMMIT;\n")


MAKE = {"npm": make_npm, "flat": make_flat, "cc": make_cc, "git2k": make_git2k, "git20k": make_git20k, "sql": make_sql}


def make_bundle(where, build, wanted):
    root = os.path.join(where, "rootfs")
    bench = os.path.join(root, "bench")
    for d in ["bench/src", "usr", "etc", "proc", "sys", "dev", "tmp", "root"]:
        os.makedirs(os.path.join(root, d), exist_ok=True)
    for link in ["bin", "lib", "lib64", "sbin"]:
        if os.path.islink("/" + link):
            os.symlink("usr/" + link, os.path.join(root, link))
    for name in os.listdir(build):
        path = os.path.join(build, name)
        if name.startswith("bench_") and os.access(path, os.X_OK) and os.path.isfile(path):
            shutil.copy(path, bench)
    write(os.path.join(bench, "data"), "x" * 4096)
    write(os.path.join(bench, "walk.js"), WALK_JS)
    top = os.path.dirname(HERE)
    for part in ["gofer", "platform", "sentry", "runtime-shim", "include"]:
        if os.path.isdir(os.path.join(top, part)):
            shutil.copytree(os.path.join(top, part), os.path.join(bench, "src", part), symlinks=True)
    for what in wanted:
        MAKE[what](bench)
    return root


def config(where, args, env):
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
                    "env": [f"{k}={v}" for k, v in env.items()]},
        "root": {"path": "rootfs", "readonly": False}, "hostname": "bench", "mounts": mounts,
        "linux": {"namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")]},
    }
    with open(os.path.join(where, "config.json"), "w", encoding="utf-8") as f:
        json.dump(spec, f)
