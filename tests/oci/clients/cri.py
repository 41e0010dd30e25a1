#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cri.py SOCKET HANDLER DIR [KNOWN]: a pod's life through containerd's CRI, as a kubelet leads it.

A small client of its own: messages are dictionaries of field numbers, sent over gRPC. Debian's own Python
is used for its grpc module.
"""
import os
import struct
import sys
import threading
import time

import grpc

IMAGE = "docker.io/library/busybox:test"
counts = {"ok": 0, "FAILED": 0, "skipped": 0}
known = {}


def varint(n):
    out = bytearray()
    n &= (1 << 64) - 1
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def encode(msg):
    out = b""
    for field, value in msg.items():
        for v in value if isinstance(value, list) else [value]:
            if isinstance(v, (int, bool)):
                out += varint(field << 3) + varint(int(v))
                continue
            data = encode(v) if isinstance(v, dict) else v if isinstance(v, bytes) else v.encode()
            out += varint(field << 3 | 2) + varint(len(data)) + data
    return out


def decode(data):
    """{field: [values]}: integers and bytes."""
    out, at = {}, 0

    def number():
        nonlocal at
        n = shift = 0
        while True:
            b = data[at]
            at += 1
            n |= (b & 127) << shift
            shift += 7
            if b < 128:
                return n

    while at < len(data):
        key = number()
        if key & 7 == 0:
            v = number()
        elif key & 7 == 2:
            size = number()
            v = data[at:at + size]
            at += size
        else:
            size = 8 if key & 7 == 1 else 4
            v = struct.unpack_from("<Q" if size == 8 else "<I", data, at)[0]
            at += size
        out.setdefault(key >> 3, []).append(v)
    return out


def first(msg, *fields, dflt=b""):
    for f in fields:
        if isinstance(msg, bytes):
            msg = decode(msg)
        msg = msg.get(f, [dflt])[0]
    return msg


class Cri:
    def __init__(self, socket):
        self.channel = grpc.insecure_channel("unix://" + socket)

    def call(self, method, msg, timeout=60):
        fn = self.channel.unary_unary(f"/runtime.v1.RuntimeService/{method}", request_serializer=encode,
                                      response_deserializer=decode)
        return fn(msg, timeout=timeout)


def check(name, good, why=""):
    word = "ok" if good else "skipped" if name in known else "FAILED"
    if word == "skipped":
        why = "known: " + known[name]
    counts[word] += 1
    print(f"{word:7} {name}" + (f": {why}" if not good else ""), flush=True)
    return good


def attempt(name, fn, *args):
    try:
        out = fn(*args)
        check(name, True)
        return out
    except grpc.RpcError as e:
        check(name, False, e.details()[:300])
        return None


class Pod:
    """One sandbox and its containers."""

    def __init__(self, cri, handler, directory, name, pid_mode=1):
        self.cri, self.handler, self.nr = cri, handler, 0
        self.logs = os.path.join(directory, "logs-" + name)
        os.makedirs(self.logs, exist_ok=True)
        self.config = {1: {1: name, 2: "uid-" + name, 3: "default", 4: 0}, 2: name, 3: self.logs,
                       8: {1: "/husk-clients", 2: {1: {1: 0, 2: pid_mode, 3: 0}}}}
        self.pid_mode = pid_mode

    def run(self):
        r = self.cri.call("RunPodSandbox", {1: self.config, 2: self.handler})
        self.id = first(r, 1).decode()
        return self.id

    def ip(self):
        return first(self.cri.call("PodSandboxStatus", {1: self.id}), 1, 5, 1).decode()

    def state(self):
        return first(self.cri.call("PodSandboxStatus", {1: self.id}), 1, 3, dflt=0)

    def create(self, command, mounts=None, memory=0, tty=False):
        self.nr += 1
        name = f"c{self.nr}"
        linux = {2: {3: {1: 0, 2: self.pid_mode, 3: 0}}}
        if memory:
            linux[1] = {4: memory}
        config = {1: {1: name, 2: 0}, 2: {1: IMAGE}, 3: command, 6: [{1: "WHO", 2: name}],
                  7: [{1: inside, 2: outside} for inside, outside in mounts or []], 11: name + ".log", 14: tty, 15: linux}
        r = self.cri.call("CreateContainer", {1: self.id, 2: config, 3: self.config})
        return first(r, 1).decode()

    def start(self, cid):
        self.cri.call("StartContainer", {1: cid})

    def started(self, command, **kw):
        cid = self.create(command, **kw)
        self.start(cid)
        return cid

    def status(self, cid):
        """(state, exit code, reason): 0 created, 1 running, 2 exited."""
        st = decode(first(self.cri.call("ContainerStatus", {1: cid}), 1))
        return st.get(3, [0])[0], st.get(7, [0])[0], st.get(10, [b""])[0].decode()

    def wait_exit(self, cid, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            st = self.status(cid)
            if st[0] == 2:
                return st
            time.sleep(0.1)
        return st

    def exec(self, cid, *cmd, timeout=30):
        r = self.cri.call("ExecSync", {1: cid, 2: list(cmd), 3: timeout})
        return first(r, 3, dflt=0), first(r, 1).decode().strip(), first(r, 2).decode().strip()

    def log(self, nr):
        with open(os.path.join(self.logs, f"c{nr}.log"), encoding="utf-8") as f:
            return [line.split(" ", 3)[3].rstrip("\n") for line in f]

    def stop(self, cid, timeout=5):
        self.cri.call("StopContainer", {1: cid, 2: timeout})

    def remove(self, cid):
        self.cri.call("RemoveContainer", {1: cid})

    def end(self):
        self.cri.call("StopPodSandbox", {1: self.id})
        self.cri.call("RemovePodSandbox", {1: self.id})


def eventually(fn, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if fn():
            return True
        time.sleep(0.1)
    return False


STAY = ["sh", "-c", "trap 'echo ending; exit 4' TERM; echo started $WHO; while :; do sleep 0.2; done"]


def life(cri, handler, directory):
    pod = Pod(cri, handler, directory, "life")
    if not attempt("RunPodSandbox", pod.run):
        return
    check("the pod is ready", pod.state() == 0)
    check("the pod has an address", pod.ip().startswith("10.88.44."), pod.ip())
    shared = os.path.join(directory, "shared")
    os.makedirs(shared, exist_ok=True)
    one = attempt("CreateContainer", lambda: pod.create(STAY, mounts=[("/shared", shared)]))
    check("created", pod.status(one)[0] == 0, str(pod.status(one)))
    attempt("StartContainer", pod.start, one)
    check("running", pod.status(one)[0] == 1, str(pod.status(one)))
    two = attempt("a second container", lambda: pod.started(STAY, mounts=[("/shared", shared)]))
    check("logs of one", eventually(lambda: pod.log(1) == ["started c1"]), str(pod.log(1)))
    check("logs of the other", eventually(lambda: pod.log(2) == ["started c2"]), str(pod.log(2)))
    r = pod.exec(one, "sh", "-c", "echo out; echo err >&2; exit 3")
    check("ExecSync: status and both streams", r == (3, "out", "err"), str(r))
    r = pod.exec(two, "sh", "-c", "echo $WHO")
    check("ExecSync: in the right container", r[1] == "c2", str(r))
    r = pod.exec(one, "hostname")
    check("the pod's host name", r[1] == "life", str(r))
    pod.exec(one, "sh", "-c", "echo shared > /shared/file; echo own > /tmp/own")
    check("a shared volume", pod.exec(two, "cat", "/shared/file")[1] == "shared")
    check("roots are apart", pod.exec(two, "cat", "/tmp/own")[0] != 0)
    check("process numbers are apart", pod.exec(two, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '")[1].startswith("sh"))
    served = pod.started(["sh", "-c", "echo hi > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"])
    check("one container reaches another on localhost",
          eventually(lambda: pod.exec(one, "wget", "-qO-", "http://127.0.0.1:8080/")[1] == "hi"), str(pod.exec(one, "wget", "-O-", "http://127.0.0.1:8080/")))
    pod.stop(served, 1)
    execs = []
    threads = [threading.Thread(target=lambda i=i: execs.append(pod.exec(one, "echo", str(i))[1])) for i in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check("ten ExecSync at once", sorted(execs) == sorted(str(i) for i in range(10)), str(execs))
    try:
        pod.exec(one, "sleep", "30", timeout=1)
        check("ExecSync: time-out", False, "no error")
    except grpc.RpcError as e:
        check("ExecSync: time-out", e.code() == grpc.StatusCode.DEADLINE_EXCEEDED, e.details())
    try:
        r = pod.exec(one, "/not/there")
        check("ExecSync: a command that is not there", r[0] != 0, str(r))
    except grpc.RpcError:
        check("ExecSync: a command that is not there", True)
    try:
        stats = decode(first(cri.call("ContainerStats", {1: one}), 1))
        check("ContainerStats: processor time", first(stats, 2, 2, 1, dflt=0) > 0)
        check("ContainerStats: memory", first(stats, 3, 2, 1, dflt=0) > 0)
    except grpc.RpcError as e:
        check("ContainerStats", False, e.details())
    attempt("UpdateContainerResources", lambda: cri.call("UpdateContainerResources", {1: one, 2: {4: 256 << 20}}))
    attempt("StopContainer", pod.stop, one)
    st = pod.wait_exit(one)
    check("its own exit code", st[:2] == (2, 4), str(st))
    check("the other goes on", pod.status(two)[0] == 1 and pod.exec(two, "echo", "yes")[1] == "yes")
    attempt("RemoveContainer", pod.remove, one)
    quick = attempt("a container that ends at once", lambda: pod.started(["sh", "-c", "echo quick; exit 9"]))
    st = pod.wait_exit(quick)
    check("its exit code", st[:2] == (2, 9), str(st))
    check("its output", eventually(lambda: pod.log(4) == ["quick"]), str(pod.log(4)))
    deaf = pod.started(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
    attempt("StopContainer of one that does not listen", pod.stop, deaf, 1)
    check("it was killed", pod.wait_exit(deaf)[1] == 137, str(pod.status(deaf)))
    missing = pod.create(["/not/there"])
    try:
        pod.start(missing)
        check("a command that is not there", False, "it started")
    except grpc.RpcError as e:
        check("a command that is not there", "no such file" in e.details() or "not found" in e.details(), e.details())
    lines = pod.started(["sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"])
    pod.wait_exit(lines, 60)
    check("20000 lines of log, all there", eventually(lambda: pod.log(7) == [f"line {i}" for i in range(20000)]), str(len(pod.log(7))))
    hog = pod.started(["sh", "-c", "x=a; while :; do x=$x$x; done"], memory=64 << 20)
    st = pod.wait_exit(hog, 30)
    check("a container over its memory limit" + (" (husk-runc)" if handler == "husk-runc" else ""), st[1] == 137 and st[2] == "OOMKilled", str(st))
    check("the other does not mind", pod.exec(two, "echo", "yes")[1] == "yes")
    attempt("StopPodSandbox and RemovePodSandbox", pod.end)


def shared_pids(cri, handler, directory):
    pod = Pod(cri, handler, directory, "pids", pid_mode=0)
    if not attempt("a pod that shares its process numbers", pod.run):
        return
    one = pod.started(["sleep", "1000"])
    two = pod.started(["sleep", "2000"])
    seen = pod.exec(two, "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")[1]
    check("each sees the other's", "1000" in seen and "2000" in seen, seen)
    check("and the sandbox's own", "pause" in seen, seen)
    pod.stop(one, 0)
    check("one ends, the other stays", pod.status(two)[0] == 1)
    attempt("removed with a container running", pod.end)


def many(cri, handler, directory):
    errors = []

    def one(i):
        try:
            pod = Pod(cri, handler, directory, f"many{i}")
            pod.run()
            cid = pod.started(["sh", "-c", f"exit {i}"])
            if pod.wait_exit(cid)[:2] != (2, i):
                errors.append(str(pod.status(cid)))
            pod.end()
        except grpc.RpcError as e:
            errors.append(e.details()[:200])

    threads = [threading.Thread(target=one, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check("six pods at once", not errors, "; ".join(errors))


def main():
    socket, handler, directory = sys.argv[1:4]
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as f:
            known.update(line.rstrip("\n").split("|", 1) for line in f if "|" in line)
    cri = Cri(socket)
    for _ in range(50):
        try:
            cri.call("Version", {})
            break
        except grpc.RpcError:
            time.sleep(0.2)
    for part in (life, shared_pids, many):
        try:
            part(cri, handler, directory)
        except (grpc.RpcError, OSError, IndexError, UnboundLocalError) as e:
            check(part.__name__, False, "broken off: " + (e.details() if isinstance(e, grpc.RpcError) else repr(e))[:400])
    print(f"cri {handler}: {counts['ok']} passed, {counts['FAILED']} failed, {counts['skipped']} skipped", flush=True)
    sys.exit(1 if counts["FAILED"] else 0)


if __name__ == "__main__":
    main()
