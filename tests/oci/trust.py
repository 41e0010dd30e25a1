#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the host's /proc says of a running sandbox: namespaces, capabilities, filters, descriptors, root."""
import os
import re

from husk import HUSK, check, done, processes, prog, start, status, wait_for

NAMESPACES = ["user", "pid", "mnt", "ipc", "uts", "net"]
# what a sentry and a gofer may hold, by what the link in /proc/pid/fd says
SENTRY_FDS = re.compile(r"^(socket:\[\d+\]|pipe:\[\d+\]|anon_inode:\[(eventfd|pidfd)\]|pidfd:.*|/memfd:.*|/dev/null|"
                        r"/proc/(cpuinfo|meminfo)|/.*)$")
GOFER_CAPS = {0, 1, 3, 4, 6, 7, 31}  # CHOWN DAC_OVERRIDE FOWNER FSETID SETGID SETUID SETFCAP


def caps(st, name):
    return int(st[name], 16)


def bits(mask):
    return {n for n in range(64) if mask >> n & 1}


def namespaces(pid):
    return {n: os.readlink(f"/proc/{pid}/ns/{n}") for n in NAMESPACES}


def check_sentry(pid, host):
    st = status(pid)
    uids = st["Uid"].split()
    check(len(set(uids)) == 1 and int(uids[0]) >= 65534 or os.getuid() != 0, f"sentry's uid is unprivileged: {uids}")
    check(st["Groups"].strip() == "" or os.getuid() != 0, f"sentry has no groups: {st['Groups']}")
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(caps(st, name) == 0, f"sentry's {name} is empty: {st[name]}")
    check(st["NoNewPrivs"] == "1", "sentry has no_new_privs")
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status", encoding="utf-8") as f:
            check("Seccomp:\t2" in f.read(), f"sentry's thread {tid} has a filter")
    ns = namespaces(pid)
    for n in NAMESPACES:
        check(ns[n] != host[n], f"sentry's {n} namespace is its own")
    check(os.listdir(f"/proc/{pid}/root/") == [], "sentry's root is empty")
    with open(f"/proc/{pid}/mounts", encoding="utf-8") as f:
        lines = f.read().splitlines()
    check(len(lines) == 1 and " ro," in lines[0] + ",", f"sentry sees one read-only mount: {lines}")
    with open(f"/proc/{pid}/environ", "rb") as f:
        check(f.read() == b"", "sentry's environment is empty")
    for fd in os.listdir(f"/proc/{pid}/fd"):
        link = os.readlink(f"/proc/{pid}/fd/{fd}")
        check(not os.path.isdir(f"/proc/{pid}/fd/{fd}"), f"sentry holds no directory: {fd} -> {link}")
        check(SENTRY_FDS.match(link) is not None, f"sentry's descriptor {fd} -> {link}")
    check(st["NSpid"].split()[-1] == "1", "sentry is pid 1 of its namespace")


def check_gofer(pid, host):
    st = status(pid)
    check(bits(caps(st, "CapEff")) <= GOFER_CAPS, f"gofer has file capabilities only: {st['CapEff']}")
    check(bits(caps(st, "CapBnd")) <= GOFER_CAPS, f"gofer's bounding set: {st['CapBnd']}")
    check(st["NoNewPrivs"] == "1" and st["Seccomp"] == "2", "gofer has no_new_privs and a filter")
    ns = namespaces(pid)
    for n in ("mnt", "net", "ipc"):
        check(ns[n] != host[n], f"gofer's {n} namespace is its own")


def check_stub(pid):
    st = status(pid)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        check(caps(st, name) == 0, f"stub's {name} is empty")
    check(st["Seccomp"] == "2" and st["NoNewPrivs"] == "1", "stub has a filter and no_new_privs")
    for fd in os.listdir(f"/proc/{pid}/fd"):
        link = os.readlink(f"/proc/{pid}/fd/{fd}")
        check(not link.startswith("socket:") or fd == "1", f"stub holds a socket: {fd} -> {link}")


def main():
    host = namespaces("self")
    p = start(["do", "--", prog("bench_idle")])
    try:
        check(p.stdout.readline() == "idle\n", "the guest runs")
        named, stubs = processes(p.pid)
        if check(set(named) >= {"boot", "gofer"}, f"sentry and gofer are children: {named}"):
            wait_for(lambda: status(named["boot"])["Seccomp"] == "2", 2)
            check_sentry(named["boot"], host)
            check_gofer(named["gofer"], host)
            check(len(stubs) >= 1, "there are stubs")
            # the first is the zygote, which never runs guest code: stubs get their filters after it
            for s in sorted(stubs)[1:]:
                check_stub(s)
    finally:
        p.kill()
        p.wait()
    check(wait_for(lambda: not any(os.path.exists(f"/proc/{x}") for x in [*named.values(), *stubs])),
          f"nothing is left after the command was killed ({HUSK})")
    done()


main()
