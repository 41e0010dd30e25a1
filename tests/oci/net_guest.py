#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Internet sockets in many ways; prints what it saw. network.py runs it natively and in husk: the same must come out."""
import array
import errno
import fcntl
import os
import select
import socket
import struct
import threading

PEER = os.environ.get("PEER", "")


def err(f, *a):
    try:
        return f(*a)
    except OSError as e:
        return errno.errorcode.get(e.errno, e.errno)


def pair(family=socket.AF_INET, host="127.0.0.1"):
    lis = socket.socket(family)
    lis.bind((host, 0))
    lis.listen()
    a = socket.socket(family)
    a.connect(lis.getsockname())
    b, _ = lis.accept()
    lis.close()
    return a, b


def kinds():
    for fam in (socket.AF_INET, socket.AF_INET6):
        for typ in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, socket.SOCK_RDM):
            for proto in (0, 6, 17, 132, 300, -1):
                if typ == socket.SOCK_RAW and proto not in (300, -1):
                    continue
                s = err(socket.socket, fam, typ, proto)
                print(int(fam), int(typ), proto, s if isinstance(s, str) else "ok")


def streams():
    for fam, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        a, b = pair(fam, host)
        a.sendall(b"abcdef")
        print(b.recv(3, socket.MSG_PEEK), b.recv(6, socket.MSG_WAITALL))
        buf = array.array("i", [0])
        a.send(b"12345")
        select.select([b], [], [], 5)
        fcntl.ioctl(b, 0x541B, buf)
        print("waiting", buf[0], b.recv(2, socket.MSG_TRUNC), b.recv(9))
        a.send(b"x", socket.MSG_OOB)
        print(select.select([], [], [b], 5)[2] == [b], b.recv(1, socket.MSG_OOB))
        a.shutdown(socket.SHUT_WR)
        print(b.recv(5), b.send(b"back"), a.recv(9))
        p = select.poll()
        p.register(b)
        print("poll", p.poll(0)[0][1])
        a.close()
        b.close()
    a, b = pair()
    b.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    b.close()
    select.select([a], [], [], 5)
    print("reset", err(a.recv, 1), err(a.send, b"x"))
    a, b = pair()
    b.settimeout(0.05)
    print("timeout", err(b.recv, 1) is None or "timed out")


def timeouts():
    a, b = pair()
    b.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, 50000))
    print("rcvtimeo", err(b.recv, 1))
    a.setblocking(False)
    n = 0
    try:
        while True:
            n += a.send(b"z" * 65536)
    except BlockingIOError:
        print("full", n > 65536)
    got = 0
    while got < n:
        got += len(b.recv(1 << 20))
    print("drained", select.select([], [a], [], 5)[1] == [a])


def refused():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
    s.close()
    print("refused", err(socket.create_connection, ("127.0.0.1", port)))
    s = socket.socket()
    s.setblocking(False)
    e = s.connect_ex(("127.0.0.1", port))
    print(errno.errorcode[e], errno.errorcode[s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])
    print("unreachable", err(socket.create_connection, ("203.0.113.7", 9)))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.setsockopt(0, 11, 1)  # IP_RECVERR
    u.connect(("127.0.0.1", port))
    u.send(b"to nobody")
    select.select([u], [], [u], 5)
    data, anc, flags, addr = u.recvmsg(100, 512, socket.MSG_ERRQUEUE)
    print("errqueue", data, [(x[0], x[1], x[2][:8]) for x in anc], flags & socket.MSG_ERRQUEUE != 0, addr[0])
    print(err(u.recv, 1) if False else errno.errorcode.get(u.getsockopt(1, 4), 0))


def datagrams():
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", 0))
    u.setsockopt(0, 8, 1)   # IP_PKTINFO
    u.setsockopt(0, 12, 1)  # IP_RECVTTL
    u.setsockopt(0, 13, 1)  # IP_RECVTOS
    v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    v.sendmsg([b"hello ", b"there"], [(0, 2, struct.pack("i", 33))], 0, u.getsockname())
    data, anc, flags, addr = u.recvmsg(5, 512)
    print(data, flags, sorted((x[0], x[1], x[2]) for x in anc), addr[0])
    print("empty", v.sendto(b"", u.getsockname()), u.recv(9))
    big = bytes(range(256)) * 200
    v.sendto(big, u.getsockname())
    print("big", u.recv(70000) == big, err(v.sendto, b"q" * 70000, u.getsockname()))
    v.sendmsg([bytes([i]) for i in range(100)], [], 0, u.getsockname())
    print("scattered", u.recv(200) == bytes(range(100)))
    bufs = [bytearray(3) for _ in range(40)]
    v.sendto(bytes(range(100)), u.getsockname())
    print(u.recvmsg_into(bufs)[0], b"".join(bufs)[:100] == bytes(range(100)))
    s6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s6.bind(("::", 0))
    v.sendto(b"mapped", ("127.0.0.1", s6.getsockname()[1]))
    d, a = s6.recvfrom(10)
    print(d, a[0])
    print("broadcast", err(v.sendto, b"x", ("127.255.255.255", 9)))


def options():
    t = socket.socket()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for s in (t, u):
        for level, opt, val in ((1, 2, 1), (1, 6, 1), (1, 9, 1), (1, 7, 20000), (1, 8, 20000), (1, 12, 5), (1, 15, 1),
                                (1, 18, 4), (1, 29, 1), (1, 3, 5), (1, 4, 1), (0, 1, 16), (0, 2, 7),
                                (0, 2, 300), (0, 33, 3), (0, 34, 0), (0, 10, 2), (6, 1, 1), (6, 2, 1000),
                                (6, 4, 33), (6, 5, 11), (6, 6, 3), (6, 9, 5), (6, 18, 4000), (6, 12, 0), (17, 1, 0), (41, 26, 1),
                                (99, 1, 1), (1, 999, 1)):
            r = err(s.setsockopt, level, opt, val)
            g = err(s.getsockopt, level, opt)
            print(s.type.name, level, opt, r, g)
    print(t.getsockopt(6, 13, 16).rstrip(b"\0"), len(t.getsockopt(6, 11, 300)) > 100, t.getsockopt(1, 25, 16))
    print(t.getsockopt(1, 38), t.getsockopt(1, 39), t.getsockopt(1, 3), t.getsockopt(1, 30))
    print("names", t.getsockname(), err(t.getpeername), err(t.listen), err(u.listen), err(t.accept) if False else "")


def binds():
    a = socket.socket()
    print("low", err(a.bind, ("127.0.0.1", 81)))
    b = socket.socket()
    print("again", err(b.bind, ("127.0.0.1", 81)), err(b.bind, ("203.0.113.9", 0)), err(b.bind, ("127.0.0.1", 0)), err(b.bind, ("127.0.0.1", 0)))


def events():
    lis = socket.socket()
    lis.bind(("127.0.0.1", 0))
    lis.listen()
    ep = select.epoll()
    ep.register(lis, select.EPOLLIN)
    a = socket.create_connection(lis.getsockname())
    print("accept", [e for _, e in ep.poll(5)])
    b, _ = lis.accept()
    ep.register(b, select.EPOLLIN | select.EPOLLET)
    a.send(b"one")
    print([e for f, e in ep.poll(5) if f == b.fileno()], [e for f, e in ep.poll(0.05) if f == b.fileno()])
    a.send(b"two")
    print([e for f, e in ep.poll(5) if f == b.fileno()], b.recv(100))
    done = []

    def reader():
        done.append(b.recv(10))
    th = threading.Thread(target=reader)
    th.start()
    a.send(b"wake")
    th.join()
    print(done)
    r, w = os.pipe()
    a.send(b"spliced")
    select.select([b], [], [], 5)
    print("splice", os.splice(b.fileno(), w, 100) if hasattr(os, "splice") else 7, os.read(r, 100) if hasattr(os, "splice") else b.recv(9))
    with open(__file__, "rb") as f:
        print("sendfile", os.sendfile(a.fileno(), f.fileno(), 0, 50), b.recv(100) == open(__file__, "rb").read(50))


def many():
    lis = socket.socket()
    lis.bind(("127.0.0.1", 0))
    lis.listen(200)
    cl = [socket.create_connection(lis.getsockname()) for _ in range(100)]
    sv = [lis.accept()[0] for _ in range(100)]
    for i, c in enumerate(cl):
        c.send(b"%d" % i)
    print("many", sorted(int(s.recv(10)) for s in sv) == list(range(100)))


def names():
    print(socket.if_nameindex())
    with open("/proc/net/dev", encoding="ascii") as f:
        print([x.split(":")[0].strip() for x in f.readlines()[2:]])
    with open("/proc/net/route", encoding="ascii") as f:
        print(f.read())
    with open("/proc/net/if_inet6", encoding="ascii") as f:
        print(f.read())
    req = struct.pack("16s24x", b"lo")
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for cmd in (0x8913, 0x8915, 0x891b, 0x8921, 0x8933, 0x8927, 0x8942):
        r = err(fcntl.ioctl, s, cmd, req)
        print(hex(cmd), r[:24] if isinstance(r, bytes) else r)


def ping():
    s = err(socket.socket, socket.AF_INET, socket.SOCK_DGRAM, 1)
    if isinstance(s, str):
        print("ping", s)
        return
    s.settimeout(5)
    s.sendto(struct.pack("!BBHHH", 8, 0, 0, 1, 1) + b"payload", ("127.0.0.1", 0))
    print("ping", s.recv(100)[8:])


def peer():
    if PEER:
        c = socket.create_connection((PEER, 7000), 5)
        c.sendall(b"over the wire")
        c.shutdown(socket.SHUT_WR)
        print("peer", c.makefile("rb").read())


for part in (kinds, streams, timeouts, refused, datagrams, options, binds, events, many, names, ping, peer):
    print("==", part.__name__)
    print(err(part) or "")
