#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--network=host in network namespaces of the test's own: two of them, joined by a veth pair. What Linux gives, husk must
give; what leads out of the container's network must not be there."""
import ctypes
import os
import signal
import socket
import subprocess
import sys

from husk import HUSK, check, done, processes, start, status, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "net_guest.py")
PLATFORMS = ["ptrace", "systrap"] if os.uname().machine == "x86_64" else ["ptrace"]
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def sh(*cmd):
    subprocess.run(cmd, check=True)


def namespaces():
    """We in one namespace (10.99.0.1), a sleeping child in another (10.99.0.2). The child."""
    if os.getuid() != 0 or LIBC.unshare(CLONE_NEWNET) != 0:
        print("SKIP: no network namespaces here")
        sys.exit(77)
    sh("ip", "link", "set", "lo", "up")
    other = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
    ours = os.readlink("/proc/self/ns/net")
    wait_for(lambda: os.readlink(f"/proc/{other.pid}/ns/net") != ours)
    with open("/proc/sys/net/ipv6/conf/default/accept_dad", "w", encoding="ascii") as f:
        f.write("0")  # addresses that change their state while two programs look differ
    sh("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", str(other.pid))
    sh("ip", "addr", "add", "10.99.0.1/24", "dev", "veth0")
    sh("ip", "link", "set", "veth0", "up")
    for cmd in (["link", "set", "lo", "up"], ["addr", "add", "10.99.0.2/24", "dev", "veth1"], ["link", "set", "veth1", "up"]):
        sh("nsenter", "-t", str(other.pid), "-n", "ip", *cmd)
    with open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write("0 2147483647")
    return other


ECHO = """import socket
l = socket.create_server(("10.99.0.2", 7000))
print("up", flush=True)
while True:
    c = l.accept()[0]
    while d := c.recv(65536):
        c.sendall(d)
    c.close()
"""


def in_other(other, *cmd, **kw):
    return subprocess.Popen(["nsenter", "-t", str(other.pid), "-n", *cmd], text=True, **kw)


def guest(platform, *cmd, flags=()):
    p = subprocess.run([HUSK, f"--platform={platform}", *flags, "--network=host", "do", "--", *cmd], capture_output=True,
                       text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
    return p


def same_as_linux(platform):
    env = dict(os.environ, PEER="10.99.0.2")
    native = subprocess.run(["python3", GUEST], capture_output=True, text=True, check=False, env=env).stdout.splitlines()
    inside = guest(platform, "env", "PEER=10.99.0.2", "python3", GUEST)
    got = inside.stdout.splitlines()
    check(len(native) > 150 and "b'over the wire'" in "\n".join(native), "the program works natively")
    check(native == got, f"{platform}: same as Linux; {[x for x in zip(native, got) if x[0] != x[1]][:5]} {inside.stderr[-300:]}")
    for cmd in (["ip", "-o", "addr"], ["ip", "route"], ["ip", "route", "get", "10.99.0.2"], ["ip", "-6", "route"],
                ["ip", "-o", "link"], ["ss", "-Htln"]):
        want = subprocess.run(cmd, capture_output=True, text=True, check=False).stdout
        have = guest(platform, *cmd)
        check(want == have.stdout, f"{platform}: {cmd}: {want!r} and {have.stdout!r} {have.stderr!r}")


def server_inside(platform, other):
    """A web server in husk, clients from the other namespace; many at once."""
    p = start([f"--platform={platform}", "--network=host", "do", "--cwd", HERE, "--", "python3", "-m", "http.server", "80"])
    fetch = "import urllib.request as u; print(len(u.urlopen('http://10.99.0.1/net_guest.py', timeout=10).read()))"
    size = str(os.path.getsize(GUEST))
    ok = wait_for(lambda: in_other(other, "python3", "-c", fetch, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                  .communicate()[0].strip() == size)
    check(ok, f"{platform}: a server on port 80 is reached from the other namespace")
    clients = [in_other(other, "python3", "-c", fetch, stdout=subprocess.PIPE) for _ in range(8)]
    check([c.communicate()[0].strip() for c in clients] == [size] * 8, f"{platform}: eight clients at once")
    named, _ = processes(p.pid)
    check("broker" in named, "there is a broker")
    look_at_broker(named["broker"])
    p.send_signal(signal.SIGTERM)
    p.wait(10)
    check(wait_for(lambda: not any(os.path.exists(f"/proc/{x}") for x in named.values())), "nothing is left of it")


def look_at_broker(pid):
    st = status(pid)
    check(st["Seccomp"] == "2" and st["NoNewPrivs"] == "1", "broker has a filter and no_new_privs")
    check(int(st["CapEff"], 16) & ~((1 << 10) | (1 << 13)) == 0, f"broker's capabilities: {st['CapEff']}")
    check(os.listdir(f"/proc/{pid}/root/") == [], "broker's root is empty")
    check(os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net"), "broker is in the container's network")
    links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    check(len(links) <= 5, f"broker's descriptors: {links}")


WALLS = """import socket, errno
def err(f, *a):
    try:
        return f(*a)
    except OSError as e:
        return errno.errorcode.get(e.errno, e.errno)
for fam, typ, proto in ((17, 3, 768), (40, 1, 0), (16, 3, 9), (16, 3, 12), (38, 5, 0), (44, 3, 0), (2, 3, 255), (2, 3, 6), (10, 3, 17)):
    r = err(socket.socket, fam, typ, proto)
    print(fam, typ, proto, r if isinstance(r, str) else "OPEN")
s = socket.socket(socket.AF_UNIX)
print(err(s.connect, "\\0husk-test-abstract"))
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
print(err(s.sendto, b"x", "\\0husk-test-abstract-dgram"))
t = socket.socket()
print(err(t.setsockopt, 1, 26, b"\\0" * 16), err(t.setsockopt, 1, 36, 1), err(t.setsockopt, 1, 50, b"\\0" * 4))
"""


def walls(platform):
    lis, dg = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    lis.bind("\0husk-test-abstract")
    dg.bind("\0husk-test-abstract-dgram")
    lis.listen()
    p = guest(platform, "python3", "-c", WALLS)
    check("OPEN" not in p.stdout, f"{platform}: no socket of another kind: {p.stdout}")
    check(p.stdout.count("ECONNREFUSED") == 2, f"{platform}: no abstract socket of the host: {p.stdout} {p.stderr}")
    check(p.stdout.splitlines()[-1] == "ENOPROTOOPT EPERM ENOPROTOOPT", f"{platform}: no filters, no marks: {p.stdout}")
    lis.close()
    dg.close()
    p = guest(platform, "sh", "-c", "exec setpriv --reuid 1000 --clear-groups --bounding-set -all python3 -c \"\n"
              "import socket\ntry:\n  socket.create_server(('', 99))\nexcept OSError as e: print(e.errno)\"")
    check(p.stdout.strip() == "13", f"{platform}: low ports need the capability: {p.stdout} {p.stderr}")
    p = subprocess.run([HUSK, f"--platform={platform}", "do", "--", "ip", "-o", "addr"], capture_output=True, text=True,
                       check=False, timeout=60)
    check("veth0" not in p.stdout, f"{platform}: do without --network=host has loopback only: {p.stdout}")


EXHAUST = """import os, resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))
kept = []
try:
    while True:
        kept.append(socket.socket())
except OSError as e:
    print(e.errno, len(kept) > 500)
print(os.spawnlp(os.P_WAIT, "true", "true"), len(open("/etc/passwd").read()) > 0)
l = kept.pop()
l.bind(("127.0.0.1", 0))
l.listen(9)
kept.pop().close()
print(socket.create_connection(l.getsockname()).fileno() >= 0)
"""


def exhausted(platform):
    p = guest(platform, "python3", "-c", EXHAUST)
    check(p.stdout == "23 True\n0 True\nTrue\n", f"{platform}: sockets leave descriptors for the rest: {p.stdout} {p.stderr}")


LIVING = """import socket, sys
c = socket.create_connection(("10.99.0.2", 7000))
print("up", flush=True)
sys.stdin.readline()
try:
    socket.socket()
    print("a socket")
except OSError as e:
    print(e.errno)
c.sendall(b"alive")
print(c.recv(9), flush=True)
"""


def killed_broker(platform):
    p = start([f"--platform={platform}", "--network=host", "do", "--", "python3", "-u", "-c", LIVING], stdin=subprocess.PIPE)
    check(p.stdout.readline() == "up\n", f"{platform}: a client runs")
    named, _ = processes(p.pid)
    os.kill(named["broker"], signal.SIGKILL)
    check(wait_for(lambda: not os.path.exists(f"/proc/{named['broker']}")), "a killed broker is reaped at once")
    out, err = p.communicate("go\n", timeout=30)
    check(out == "100\nb'alive'\n", f"{platform}: no new sockets (ENETDOWN), the old ones go on: {out!r}")
    check("network broker" in err, f"{platform}: it is said: {err!r}")


def main():
    other = namespaces()
    echo = in_other(other, "python3", "-c", ECHO, stdout=subprocess.PIPE)
    try:
        check(echo.stdout.readline() == "up\n", "echo server")
        for platform in PLATFORMS:
            same_as_linux(platform)
            server_inside(platform, other)
            walls(platform)
            exhausted(platform)
            killed_broker(platform)
    finally:
        for p in (echo, other):
            p.kill()
            p.wait()
    done()


main()
