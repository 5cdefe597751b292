"""Threads, a queue, a lock, an event and a thread pool: the sums are known, the order is drawn."""
import concurrent.futures
import queue
import threading
import time

jobs, results = queue.Queue(maxsize=5), queue.Queue()
total, lock, started = 0, threading.Lock(), threading.Event()


def worker():
    global total
    started.wait()
    while (job := jobs.get()) is not None:
        with lock:
            total += job
        if job % 10 == 0:
            time.sleep(0.001)
        results.put(job * job)


workers = [threading.Thread(target=worker) for _ in range(4)]
for thread in workers:
    thread.start()
started.set()
for job in range(100):
    jobs.put(job)
for _ in workers:
    jobs.put(None)
for thread in workers:
    thread.join()
print(total, sum(results.get() for _ in range(100)))
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: n * 2, range(50))))
