#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""python3: subprocess, threading, multiprocessing (fork and spawn), concurrent.futures, queues, locks."""
import concurrent.futures, multiprocessing as mp, os, queue, signal, subprocess, sys, threading, time


def square(x):
    return x * x


def worker(q, lock, n):
    with lock:
        q.put(n * 10)


def main():
    print(subprocess.run(["echo", "hi"], capture_output=True, text=True).stdout.strip())
    p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    print(p.communicate(b"x" * 200000)[0] == b"x" * 200000, p.returncode)
    print(subprocess.run("exit 7", shell=True).returncode, subprocess.run(["sh", "-c", "kill -9 $$"]).returncode)
    try:
        subprocess.run(["sleep", "5"], timeout=0.2)
    except subprocess.TimeoutExpired:
        print("timeout")
    try:
        subprocess.run(["/nonexistent"])
    except FileNotFoundError as e:
        print(e.errno)
    print(subprocess.run([sys.executable, "-c", "import os; print(os.environ['V'], os.getcwd())"], env={"V": "v"}, cwd="/", capture_output=True).stdout)
    total, lock = [0], threading.Lock()

    def add():
        for _ in range(5000):
            with lock:
                total[0] += 1
    ts = [threading.Thread(target=add) for _ in range(8)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    print(total[0], threading.active_count())
    q = queue.Queue()
    threading.Timer(0.05, q.put, ["timer"]).start()
    print(q.get(timeout=5))
    ev, cond = threading.Event(), threading.Condition()
    print(ev.wait(0.05), cond.acquire(), cond.wait(0.05))
    cond.release()
    for method in ("fork", "spawn"):
        ctx = mp.get_context(method)
        with ctx.Pool(3) as pool:
            print(method, pool.map(square, range(10)))
        q, lk = ctx.Queue(), ctx.Lock()
        ps = [ctx.Process(target=worker, args=(q, lk, n)) for n in range(4)]
        for x in ps:
            x.start()
        print(sorted(q.get(timeout=30) for _ in ps))
        for x in ps:
            x.join()
        print([x.exitcode for x in ps])
        v = ctx.Value("i", 5)
        print(v.value)
    with concurrent.futures.ThreadPoolExecutor(4) as ex:
        print(list(ex.map(square, range(5))))
    with concurrent.futures.ProcessPoolExecutor(2) as ex:
        print(list(ex.map(square, range(5))))
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, lambda s, f: os._exit(5))
        while True:
            time.sleep(1)
    time.sleep(0.2)
    os.kill(pid, signal.SIGTERM)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main()
