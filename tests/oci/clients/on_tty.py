#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""on_tty.py [-r ROWS COLS] ROWS COLS COMMAND...: runs COMMAND on a terminal of that size and prints what it showed.

With -r the terminal gets the other size after 1.5 seconds.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def main():
    args, later = sys.argv[1:], None
    if args[0] == "-r":
        later, args = (int(args[1]), int(args[2])), args[3:]
    rows, cols, cmd = int(args[0]), int(args[1]), args[2:]
    ours, theirs = pty.openpty()
    size(ours, rows, cols)
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        for i in range(3):
            os.dup2(theirs, i)
        os.execvp(cmd[0], cmd)
    os.close(theirs)
    out, start = b"", time.monotonic()
    while time.monotonic() - start < 60:
        if later and time.monotonic() - start > 1.5:
            size(ours, *later)
            later = None
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        out += data
    else:
        os.kill(pid, 9)
    sys.stdout.write(out.decode(errors="replace").replace("\r", ""))
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)


if __name__ == "__main__":
    main()
