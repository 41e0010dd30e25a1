#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vim and less driven through a pseudo-terminal; a shell with job control in one."""
import fcntl, os, pty, re, select, shutil, signal, struct, sys, termios, time


def drive(argv, steps, size=(24, 80)):
    """Starts argv in a pty; steps are (wait for this text or seconds, then send this). Returns output and status."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(argv[0], argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    out = b""

    def pump(until, limit=20.0):
        nonlocal out
        start, end = len(out), time.monotonic() + limit
        while time.monotonic() < end:
            if isinstance(until, bytes) and until in out[start:]:
                return True
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    d = os.read(fd, 65536)
                except OSError:
                    return False
                if not d:
                    return False
                out += d
        return False
    for wait, send in steps:
        pump(wait, 20.0 if isinstance(wait, bytes) else wait)
        try:
            os.write(fd, send)
        except OSError:
            break
    pump(None, 20.0)
    _, st = os.waitpid(pid, 0)
    os.close(fd)
    return out, os.waitstatus_to_exitcode(st)


open("f.txt", "w").write("".join(f"line {i}\n" for i in range(200)))
if shutil.which("vim"):
    _, st = drive(["vim", "-u", "NONE", "-N", "f.txt"], [(b"line 0", b"3Goinserted\x1b"), (0.3, b":%s/line 1\\>/LINE/\r"), (0.3, b":wq\r")])
    print("vim", st, open("f.txt").read().splitlines()[:5])
if shutil.which("less"):
    out, st = drive(["less", "f.txt"], [(b"line 1", b"G"), (b"line 199", b"q")])
    print("less", st, b"line 199" in out)
out, st = drive(["sh", "-i"], [(b"$" if os.getuid() else b"#", b"stty size; tty | sed 's/[0-9]*$/N/'\n"), (b"/dev/pts/N", b"cat\n"), (1.0, b"typed\n"), (b"typed\r\ntyped", b"\x03"),
                               (1.0, b"sleep 50\n"), (1.0, b"\x1a"), (b"topped", b"kill -9 %1\n"), (0.5, b"exit 6\n"), (0.3, b"exit 6\n")])
text = out.decode(errors="replace")
print("sh", st, "24 80" in text, text.count("typed"), "^C" in text, "^Z" in text, "topped" in text)
signal.alarm(0)
sys.exit(0)
