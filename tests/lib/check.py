#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All gates, as `make check` runs them. Ends with "N passed, N failed, N skipped" alone on a line.

Each build counts as one test, and each Meson test as one. Exit status 0 only if nothing failed; with
MUST_RUN=1 in the environment a skip counts as a failure too, except the differences listed in
tests/known.txt. --only NAME runs some of the steps; --list names them.
"""
import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# name: (build directory, meson setup arguments, environment, ninja targets, test suites)
STEPS = {
    "gcc": ("build", [], {}, [], ["lint", "unit", "attack", "diff", "prog", "oci", "fuzz", "stress"]),
    "clang": ("build-clang", [], {"CC": "clang"}, [], []),
    "aarch64": ("build-aarch64", ["--cross-file", "tests/lib/aarch64-linux-gnu.ini"], {}, [], ["unit"]),
    "asan": ("build-asan", ["-Db_sanitize=address,undefined"], {}, ["unit", "fuzz"], ["unit", "fuzz"]),
    "tsan": ("build-tsan", ["-Db_sanitize=thread"], {}, ["unit"], ["unit"]),
}
LONG_SUITES = ["long"]

counts = {"passed": 0, "failed": 0, "skipped": 0}
trouble = []


def say(text):
    print(text, flush=True)


def count(kind, name, why=None):
    counts[kind] += 1
    if kind != "passed":
        trouble.append((kind, name, why or ""))


def run(cmd, log, env=None):
    with open(log, "ab") as f:
        return subprocess.run(cmd, cwd=ROOT, stdout=f, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}).returncode


def tail(log, nr=40):
    with open(log, encoding="utf-8", errors="replace") as f:
        lines = f.read().splitlines()
    errors = [x for x in lines if "error:" in x or "FAILED" in x or "ERROR" in x]
    return "\n".join((errors or lines)[-nr:])


def build(name, opts):
    where, setup, env, targets, _ = STEPS[name]
    log = os.path.join(opts.logs, f"build-{name}.log")
    ok = os.path.exists(os.path.join(ROOT, where, "build.ninja")) or \
        run(["meson", "setup", where, *setup], log, env) == 0
    ok = ok and run(["ninja", "-C", where, "-j", str(opts.jobs), *targets], log) == 0
    count("passed" if ok else "failed", f"build {name}", None if ok else tail(log))
    return ok


def test(name, suites, opts):
    where = STEPS[name][0]
    base = f"check-{name}"
    log = os.path.join(opts.logs, f"test-{name}.log")
    listing = os.path.join(ROOT, where, "meson-logs", base + ".json")
    if os.path.exists(listing):
        os.unlink(listing)
    known = subprocess.run(["meson", "introspect", "--tests", where], cwd=ROOT, capture_output=True,
                           check=True).stdout
    have = {s.split(":")[-1] for t in json.loads(known) for s in t["suite"]}
    args = [x for s in suites if s in have for x in ("--suite", s)]
    if not args:
        return
    status = run(["meson", "test", "-C", where, "--no-rebuild", "--logbase", base,
                  "--num-processes", str(opts.jobs), *args], log)
    nr = 0
    if os.path.exists(listing):
        with open(listing, encoding="utf-8") as f:
            for line in f:
                nr += 1
                one_test(name, json.loads(line))
    if nr == 0 or status not in (0, 1) and not trouble:
        count("failed", f"test {name}", f"meson test ended with {status}\n" + tail(log))


def one_test(step, t):
    name = f"{step}: {t['name']}"
    out = (t.get("stdout") or "") + (t.get("stderr") or "")
    if t["result"] in ("OK", "EXPECTEDFAIL"):
        count("passed", name)
    elif t["result"] == "SKIP":
        reason = [x for x in out.splitlines() if "SKIP" in x.upper()][:1] or out.splitlines()[-1:]
        count("skipped", name, "".join(reason).strip())
    else:
        count("failed", name, t["result"] + "\n" + "\n".join(out.splitlines()[-60:]))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--long", action="store_true", help="also the suites of check-long")
    p.add_argument("--only", action="append", choices=list(STEPS))
    p.add_argument("--list", action="store_true")
    opts = p.parse_args()
    if opts.list:
        print("\n".join(STEPS))
        return 0
    opts.logs = os.path.join(ROOT, "build", "check-logs")
    os.makedirs(opts.logs, exist_ok=True)
    for f in os.listdir(opts.logs):
        os.unlink(os.path.join(opts.logs, f))
    for name in opts.only or STEPS:
        before, start = dict(counts), time.monotonic()
        suites = STEPS[name][4] + (LONG_SUITES if opts.long and name == "gcc" else [])
        if build(name, opts) and suites:
            test(name, suites, opts)
        did = ", ".join(f"{counts[k] - before[k]} {k}" for k in counts)
        say(f"{name:8} {did} in {time.monotonic() - start:.0f} s")
    for kind, name, why in trouble:
        say(f"\n{kind.upper()} {name}")
        for line in why.splitlines():
            say(f"    {line}")
    say("")
    say(", ".join(f"{counts[k]} {k}" for k in ("passed", "failed", "skipped")))
    must = os.environ.get("MUST_RUN") == "1"
    unexcused = [x for x in trouble if x[0] == "skipped" and "SKIP known:" not in x[2]]
    return 1 if counts["failed"] or (must and unexcused) else 0


if __name__ == "__main__":
    sys.exit(main())
