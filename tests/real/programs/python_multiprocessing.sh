# CPython's multiprocessing: fork, spawn and forkserver; pools, queues, locks, shared memory.
packages="python3"
run() {
  cat > work.py <<'END'
import multiprocessing as m, os, signal, sys
def square(x): return x * x
def put(queue, lock, value, n):
    with lock: value.value += n
    queue.put(n)
def crash(): os.kill(os.getpid(), signal.SIGKILL)
if __name__ == "__main__":
    m.set_start_method(sys.argv[1])
    with m.Pool(3) as pool:
        print(pool.map(square, range(10)), sum(pool.imap_unordered(square, range(20), 3)))
    queue, lock, value = m.Queue(), m.Lock(), m.Value("i", 0)
    workers = [m.Process(target=put, args=(queue, lock, value, n)) for n in range(4)]
    for worker in workers: worker.start()
    print(sorted(queue.get() for _ in workers), [w.join() or w.exitcode for w in workers], value.value)
    killed = m.Process(target=crash); killed.start(); killed.join(); print(killed.exitcode)
END
  for method in fork spawn forkserver; do /usr/bin/python3 work.py $method; done
  rm work.py
}
