#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python3: asyncio with loopback sockets, Unix sockets, subprocesses and signals; socketserver and http over loopback."""
import asyncio, http.server, os, signal, socket, threading, urllib.request


async def echo(r, w):
    while data := await r.read(4096):
        w.write(data.upper())
        await w.drain()
    w.close()


async def main():
    srv = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = srv.sockets[0].getsockname()[1]

    async def client(n):
        r, w = await asyncio.open_connection("127.0.0.1", port)
        w.write(f"client {n}".encode() * 1000)
        w.write_eof()
        data = await r.read()
        w.close()
        return len(data), data[:8]
    print(await asyncio.gather(*[client(n) for n in range(10)]))
    us = await asyncio.start_unix_server(echo, "sock")
    r, w = await asyncio.open_unix_connection("sock")
    w.write(b"unix")
    print(await r.readexactly(4))
    w.close()
    p = await asyncio.create_subprocess_exec("sh", "-c", "echo out; exit 3", stdout=asyncio.subprocess.PIPE)
    print(await p.stdout.read(), await p.wait())
    loop, got = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(got.wait(), 5)
    print("signal")
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError:
        print("timeout")
    print(await loop.run_in_executor(None, lambda: sum(range(100))))
    srv.close()
    us.close()

asyncio.run(main())


class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"path " + self.path.encode())

    def log_message(self, *a):
        pass


s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
threading.Thread(target=s.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/x").read())
s.shutdown()
a, b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(("127.0.0.1", 0))
b.sendto(b"datagram", a.getsockname())
print(a.recv(100))
s6 = socket.socket(socket.AF_INET6)
s6.bind(("::1", 0))
s6.listen()
c6 = socket.create_connection(("::1", s6.getsockname()[1]))
x, _ = s6.accept()
c6.sendall(b"six")
print(x.recv(10))
try:
    socket.create_connection(("127.0.0.1", 1), timeout=2)
except ConnectionRefusedError as e:
    print(e.errno)
sp = socket.socketpair()
socket.send_fds(sp[0], [b"fd"], [1])
m, fds, _, _ = socket.recv_fds(sp[1], 10, 1)
print(m, len(fds))
