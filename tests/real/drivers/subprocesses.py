"""Subprocesses with pipes and timeouts, and a multiprocessing pool."""
import multiprocessing
import subprocess
import sys


def square(n):
    return n * n


if __name__ == "__main__":
    print(subprocess.run(["cat"], input=b"through a pipe", capture_output=True).stdout)
    print(subprocess.run([sys.executable, "-S", "-c", "print(6 * 7)"], capture_output=True).stdout)
    try:
        subprocess.run(["sleep", "10"], timeout=0.05)
    except subprocess.TimeoutExpired as late:
        print("late", late.cmd[0])
    children = [subprocess.Popen(["sh", "-c", f"exit {n}"]) for n in range(4)]
    print([child.wait() for child in children])
    with multiprocessing.Pool(3) as pool:
        print(sum(pool.map(square, range(40))))
