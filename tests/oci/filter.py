#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A host call outside the filter kills the sentry: a tracer makes it execute one."""
import subprocess
import sys

from husk import PROGS, check, done, processes, prog, start, wait_for


def main():
    p = start(["do", "--", prog("bench_idle")])
    p.stdout.readline()
    named, _ = processes(p.pid)
    r = subprocess.run([f"{PROGS}/oci_inject", str(named["boot"])], capture_output=True, text=True, timeout=20, check=False)
    if r.returncode == 77:
        p.kill()
        p.wait()
        print(r.stdout)
        sys.exit(77)
    check(r.returncode == 0, f"inject: {r.stdout} {r.stderr}")
    check(wait_for(lambda: p.poll() is not None), "the sandbox is gone")
    p.kill()
    err = p.stderr.read()
    check(p.wait() == 128 and "signal 31" in err, f"the command says why: {p.returncode} {err!r}")
    done()


main()
