#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python3: json, sqlite3, ssl, tempfile, mmap, ctypes, os, select, signal, shutil, zlib, hashlib."""
import ctypes, hashlib, json, mmap, os, select, shutil, signal, sqlite3, ssl, stat, struct, sys, tempfile, time, zlib

print(json.dumps({"b": [1, 2.5, None], "a": "ü"}, sort_keys=True), json.loads("[1, {\"x\": true}]"))
db = sqlite3.connect("py.db")
db.execute("pragma journal_mode=wal")
db.execute("create table t(a, b)")
db.executemany("insert into t values(?, ?)", [(i, str(i)) for i in range(1000)])
db.commit()
print(db.execute("select count(*), sum(a) from t").fetchone())
print(bool(ssl.OPENSSL_VERSION), len(ssl.create_default_context().get_ciphers()) > 5)
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, "x")
    with open(p, "wb") as f:
        f.write(b"0123456789" * 1000)
    with open(p, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        m[0:4] = b"MMAP"
        m.flush()
        print(m.find(b"9"), len(m))
    with open(p, "rb") as f:
        print(f.read(6))
    print(sorted(os.listdir(d)), stat.filemode(os.stat(p).st_mode))
anon = mmap.mmap(-1, 8192)
anon.write(b"shared")
pid = os.fork()
if pid == 0:
    anon.seek(0)
    anon.write(b"SHARED")
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
anon.seek(0)
print(anon.read(6))
libc = ctypes.CDLL(None)
print(libc.abs(-5), libc.getpid() == os.getpid())
cb = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))(lambda a, b: a[0] - b[0])
arr = (ctypes.c_int * 5)(5, 3, 1, 4, 2)
libc.qsort(arr, 5, 4, cb)
print(list(arr))
signal.signal(signal.SIGALRM, lambda s, f: print("alarm", s))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.2)
r, w = os.pipe()
print(select.select([r], [], [], 0)[0])
os.write(w, b"x")
print(select.select([r], [], [], 5)[0] == [r])
ep = select.epoll()
ep.register(r, select.EPOLLIN)
print(ep.poll(1)[0][1])
print(hashlib.sha256(b"abc").hexdigest(), zlib.crc32(b"abc"), struct.pack("<IH", 1, 2))
os.makedirs("a/b/c")
open("a/b/f", "w").write("1")
shutil.copytree("a", "z")
print([(b, sorted(dirs), sorted(fs)) for b, dirs, fs in sorted(os.walk("z"))])
shutil.rmtree("a")
print(os.path.exists("a"), os.access("z", os.W_OK), os.getcwd() == os.path.realpath("."))
os.symlink("z", "ln")
print(os.readlink("ln"), os.path.islink("ln"))
try:
    open("nope")
except FileNotFoundError as e:
    print(e.errno, e.strerror)
print(time.strftime("%Y", time.gmtime(0)), time.monotonic() > 0, os.cpu_count() > 0, len(os.urandom(16)))
print(os.sched_getaffinity(0) != set(), os.get_terminal_size.__name__, sys.platform)
sys.exit(4)
