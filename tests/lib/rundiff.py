#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs natively and in husk and compares what they print and how they end.

    rundiff.py build/tests/diff/eventfd_overflow              # by hand, one or several
    rundiff.py --platform ptrace --husk build/runtime-shim/husk PROG...
    rundiff.py --arg 7 PROG                                   # arguments for the program
    rundiff.py --self PROG                                    # natively twice, to check the test

Each program runs in an empty scratch directory of the same name both times. Exit status: 0 the same,
1 different, 77 different as tests/known.txt says. A known entry that agrees is a failure: delete it.
"""
import argparse
import concurrent.futures
import ctypes
import difflib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SKIP = 77


def known_failures():
    """{(test, platform): "reason (issue)"} from tests/known.txt."""
    known = {}
    with open(os.path.join(TESTS, "known.txt"), encoding="utf-8") as f:
        for nr, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            fields = [x.strip() for x in line.split("|")]
            if len(fields) != 4 or not all(fields):
                sys.exit(f"known.txt:{nr}: wants: test | platform | reason | issue")
            known[fields[0], fields[1]] = f"{fields[2]} ({fields[3]})"
    return known


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_us():
    """In the child: a runner that is killed hard leaves nothing running."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(cmd, cwd, timeout, tmp, sandboxed):
    """(exit status as a shell sees it, stdout, stderr); kills the whole session on a timeout."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": cwd, "LANG": "C", "LC_ALL": "C",
           "TMPDIR": cwd, "TZ": "UTC"}
    for name in ("HUSK_DEBUG_LOG", "ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    # Files, not pipes: a process left behind must not keep us waiting.
    with tempfile.TemporaryFile(dir=tmp) as out, tempfile.TemporaryFile(dir=tmp) as err:
        p = subprocess.Popen(cmd, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                             start_new_session=True, umask=0o022, restore_signals=True,
                             preexec_fn=die_with_us if sandboxed else None)
        try:
            status = p.wait(timeout)
        except subprocess.TimeoutExpired:
            status = "timeout"
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            p.wait()
        out.seek(0)
        err.seek(0)
        if isinstance(status, int) and status < 0:
            status = 128 - status
        return status, out.read(), err.read()


def show_diff(native, husk):
    a = native.decode(errors="backslashreplace").splitlines()
    b = husk.decode(errors="backslashreplace").splitlines()
    lines = list(difflib.unified_diff(a, b, "native", "husk", lineterm="", n=2))
    return lines[:60] + ([f"... {len(lines) - 60} more lines"] if len(lines) > 60 else [])


def compare(prog, platform, opts, tmp):
    """(0 or 1, lines of explanation)."""
    name = os.path.basename(prog)
    cwd = os.path.join(tmp, f"{name}.{platform}")
    results = []
    husk = [opts.husk, f"--platform={platform}"] + opts.flag + ["do", "--", prog]
    for cmd in ([prog], [prog] if opts.self else husk):
        os.mkdir(cwd, 0o755)
        results.append(run(cmd + opts.arg, cwd, opts.timeout, tmp, sandboxed=cmd is husk))
        shutil.rmtree(cwd, ignore_errors=True)
        if len(results) == 1 and results[0][0] == SKIP:
            return SKIP, ["skipped natively: " + results[0][1].decode(errors="replace").strip()]
        if len(results) == 1 and results[0][0] in (99, "timeout"):
            return 1, [f"the test itself fails natively: {results[0][0]}"] + \
                results[0][1].decode(errors="replace").splitlines()[-5:]
    (nstat, nout, _), (hstat, hout, herr) = results
    why = []
    if nstat != hstat:
        why.append(f"exit status: native {nstat}, husk {hstat}")
    if nout != hout:
        why += show_diff(nout, hout)
    if why and herr:
        why.append("husk's stderr:")
        why += herr.decode(errors="backslashreplace").splitlines()[-30:]
    return (1 if why else 0), why


def main():
    for sig in (signal.SIGINT, signal.SIGQUIT):  # a shell ignores them for what it runs in the background
        signal.signal(sig, signal.SIG_DFL)
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--husk", help="default: the husk of the program's build directory")
    p.add_argument("--platform", action="append", help="default: ptrace; may be repeated")
    p.add_argument("--flag", action="append", default=[], help="another flag for husk (--strace ...)")
    p.add_argument("--arg", action="append", default=[], help="argument for the program")
    p.add_argument("--timeout", type=float, default=float(os.environ.get("RUNDIFF_TIMEOUT", 60)))
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--name", help="name of the test in known.txt; default: that of the program")
    p.add_argument("--self", action="store_true", help="natively twice: does the test agree with itself?")
    p.add_argument("prog", nargs="+")
    opts = p.parse_args()
    progs = [os.path.abspath(x) for x in opts.prog]
    if not opts.husk:
        opts.husk = os.path.join(os.path.dirname(progs[0]), "../../runtime-shim/husk")
    opts.husk = os.path.abspath(opts.husk)
    known = known_failures()
    jobs = [(x, pl) for x in progs for pl in opts.platform or ["ptrace"]]
    worst = 0
    tmp = tempfile.mkdtemp(prefix="husk-diff-")
    os.chmod(tmp, 0o755)
    try:
        with concurrent.futures.ThreadPoolExecutor(opts.jobs) as pool:
            done = pool.map(lambda j: compare(j[0], j[1], opts, tmp), jobs)
            for nr, ((prog, platform), (ret, why)) in enumerate(zip(jobs, done), 1):
                name = opts.name or os.path.basename(prog)
                reason = known.get((name, platform)) or known.get((name, "*"))
                note = ""
                if reason and ret == 0:
                    ret, why = 1, [f"listed in known.txt but agrees now: delete the entry ({reason})"]
                elif reason and ret == 1:
                    ret, note = SKIP, f" # SKIP known: {reason}"
                elif ret == SKIP:
                    note = " # SKIP " + " ".join(why)
                print(f"{'not ok' if ret == 1 else 'ok'} {nr} - {name} {platform}{note}", flush=True)
                for line in why:
                    print(f"    {line}")
                worst = 1 if 1 in (ret, worst) else max(ret, worst)
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    if len(jobs) > 1:
        print(f"1..{len(jobs)}")
        worst = 0 if worst == SKIP else worst
    return worst


if __name__ == "__main__":
    sys.exit(main())
