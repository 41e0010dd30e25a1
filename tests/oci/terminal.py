#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""husk do on a terminal: what the guest sees of it, Ctrl-C, Ctrl-Z, resizing, and the host's terminal afterwards."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from husk import HUSK, check, done


class Term:
    """A session leader on a new pty that runs argv in the foreground, as a shell would."""

    def __init__(self, argv, size=(24, 80)):
        self.out = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
            os.execvp(argv[0], argv)

    def expect(self, text, limit=15.0, start=0):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if text in self.out[start:]:
                return True
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    d = os.read(self.fd, 65536)
                except OSError:
                    return text in self.out[start:]
                self.out += d
        return False

    def send(self, data):
        os.write(self.fd, data)

    def wait(self, limit=15.0):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            pid, st = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(st)
            self.expect(b"\0never\0", 0.05)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        return "timeout"


def guest_sees_a_terminal():
    t = Term([HUSK, "do", "--", "sh", "-c", "tty; stty size; test -t 0 -a -t 1 -a -t 2 && echo all three; exit 5"])
    t.expect(b"all three")
    check(t.wait() == 5, "exit status through a terminal")
    check(b"/dev/pts/" in t.out and b"24 80" in t.out, f"the guest's terminal: {t.out!r}")
    check(b"\r\n" in t.out, "lines end as on a terminal")


def ctrl_c():
    t = Term([HUSK, "do", "--", "sh", "-c", "echo ready; sleep 100"])
    t.expect(b"ready")
    time.sleep(0.2)
    t.send(b"\x03")
    check(t.wait() == 130, "Ctrl-C ends the guest")
    check(b"^C" in t.out, "Ctrl-C is echoed")


def resize():
    t = Term([HUSK, "do", "--", "sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"])
    t.expect(b"ready")
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    check(t.wait() == 0 and b"50 132" in t.out, f"the new size arrives: {t.out!r}")


def stop_and_continue():
    """Under a shell with job control: Ctrl-Z gives the shell back, fg goes on."""
    t = Term(["bash", "--norc", "--noprofile", "-i"])
    t.send(b"PS1='pr''ompt '\n")
    t.expect(b"prompt ")
    t.send(f"{HUSK} do -- sh -c 'echo rea''dy; cat; echo status $?'\n".encode())
    t.expect(b"ready\r\n")
    time.sleep(0.2)
    t.send(b"\x1a")
    check(t.expect(b"Stopped"), f"Ctrl-Z stops it: {t.out[-300:]!r}")
    t.send(b"stty -a | grep -o ' icanon'; echo in the sh''ell\n")
    check(t.expect(b"in the shell"), "the shell is back")
    check(b" icanon" in t.out, "and its terminal is as it was")
    t.send(b"fg\n")
    time.sleep(0.5)
    at = len(t.out)
    t.send(b"hello\n")
    check(t.expect(b"hello\r\nhello", start=at), f"fg continues it: {t.out[at:]!r}")
    t.send(b"\x04")
    check(t.expect(b"status 0", start=at), f"Ctrl-D ends its input: {t.out[at:]!r}")
    # what is typed before the prompt may still go to the sandbox
    t.expect(b"prompt ", start=t.out.rindex(b"status 0"))
    t.send(b"stty -a | grep -o ' icanon'; exit 3\n")
    check(t.wait() == 3, f"the shell ends: {t.out[at:]!r}")


def shell_inside():
    t = Term([HUSK, "do", "--", "bash", "--norc", "--noprofile", "-i"])
    t.send(b"PS1='in''side '\n")
    t.expect(b"inside ")
    t.send(b"sleep 100\n")
    time.sleep(0.5)
    t.send(b"\x1a")
    check(t.expect(b"Stopped"), f"Ctrl-Z inside: {t.out[-200:]!r}")
    t.send(b"jobs | wc -l; kill %1; echo go''ne\n")
    check(t.expect(b"gone"), "the shell inside has job control")
    t.send(b"cat\n")
    time.sleep(0.3)
    t.send(b"\x03")
    t.send(b"exit 4\n")
    check(t.wait() == 4, f"the shell inside ends: {t.out[-200:]!r}")


def much_output():
    t = Term([HUSK, "do", "--", "sh", "-c", "seq 20000; echo the e''nd"])
    check(t.expect(b"the end", 30), "much output arrives")
    check(t.wait() == 0 and b"\n20000\r\nthe end" in t.out, f"and in order: {t.out[-60:]!r}")


for test in (guest_sees_a_terminal, ctrl_c, resize, stop_and_continue, shell_inside, much_output):
    test()
done()
