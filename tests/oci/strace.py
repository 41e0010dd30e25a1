#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--strace: what husk prints of a program is what strace(1) prints of it natively, but for numbers and addresses."""
import os
import re
import shutil
import subprocess
import sys

from husk import HUSK, SCRATCH, check, done, run

LINE = re.compile(r"^\[ *(\d+)\] (\S+) (.*)$")
# What differs for good reasons: the exec before the first line, rseq, what the host's kernel or file system says
# of itself, and calls that only show how two processes raced.
OTHER = re.compile(r"^(execve\(|rseq\(|<\.\.\.|uname\(|sysinfo\(|statfs\(|getdents64\(|.*<unfinished|--- SIGCHLD|"
                   r"--- SIGTERM|sched_getaffinity\(|getpgrp|times\(|kill\()")


def shape(line):
    line = re.sub(r'"(\\.|[^"\\])*"(\.\.\.)?', '"S"', line)
    line = re.sub(r"\b0x[0-9a-f]+\b|\b\d+\b", "N", line)
    line = re.sub(r"stx_mask=[A-Z_|]*", "stx_mask=M", line)  # the file system's choice
    line = re.sub(r" */\* [^*]*\*/", "", line)
    return re.sub(r" +", " ", line).strip()


def native(cmd):
    log = os.path.join(SCRATCH, "native.log")
    subprocess.run(["strace", "-f", "-o", log, *cmd], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                   check=False)
    with open(log, encoding="utf-8", errors="replace") as f:
        return [line.split(None, 1)[1].rstrip("\n") for line in f]


def traced(cmd, *flags):
    """Lines of husk's, without the prefix; the prefix itself is checked."""
    log = os.path.join(SCRATCH, "husk.log")
    if os.path.exists(log):
        os.unlink(log)
    run(["--strace", *flags, f"--debug-log={log}", "do", "--", *cmd])
    out = []
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            _, mark, text = line.rstrip("\n").partition(" strace: ")
            if mark:
                m = LINE.match(text)
                if check(m, f"no prefix: {text!r}"):
                    out.append(m.group(3))
    return out


def reads_like_strace(cmd):
    ours = {shape(line): line for line in traced(cmd)}
    check(ours, f"{cmd}: nothing traced")
    for line in native(cmd):
        if not OTHER.match(line) and shape(line) not in ours:
            check(False, f"{cmd}: strace has a line we do not have: {line}")


def main():
    if not shutil.which("strace"):
        print("no strace here")
        sys.exit(77)
    reads_like_strace(["/bin/ls", "/usr/lib/python3"])
    reads_like_strace(["/bin/ls", "-l", "/etc/hostname", "/nonexistent"])
    reads_like_strace(["/bin/cat", "/etc/hostname"])
    reads_like_strace(["/bin/true"])

    lines = traced(["/bin/sh", "-c", "exit 3"])
    check(lines[-1] == "+++ exited with 3 +++", f"last line: {lines[-1]}")
    check(any(re.match(r"exit_group\(3\) +=", line) for line in lines), "exit_group(3) is not there")
    lines = traced(["/bin/sh", "-c", "kill -9 $$"])
    check(lines[-1] == "+++ killed by SIGKILL +++", f"last line: {lines[-1]}")
    lines = traced(["/bin/cat", "/etc/hostname"], "--strace-syscalls=openat,close")
    names = {line.split("(")[0] for line in lines if "(" in line}
    check(names == {"openat", "close"}, f"a filter lets through {names}")
    done()


if __name__ == "__main__":
    assert HUSK
    main()
