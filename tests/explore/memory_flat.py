#!/usr/bin/python3
"""The memory of an exploration does not grow with its runs.

    memory_flat.py DETSIM PROGRAM RUNS [SECONDS]

Looks at what the explorer and its workers have for themselves (private memory) while it goes on. Of
the looks after the first tenth, the mean of the last quarter may be 2 MiB above that of the second
quarter. What is counted by its hash (schedules, outcomes) is bounded, but grows at first: PROGRAM
should have few schedules. After SECONDS the exploration is asked to stop, and what it did is judged.
"""
import signal
import subprocess
import sys
import time

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge

DETSIM, PROGRAM, RUNS = sys.argv[1], sys.argv[2], int(sys.argv[3])
SECONDS = int(sys.argv[4]) if len(sys.argv) > 4 else None
GROWTH_KIB_MAX = 2048


def private_kib(pid):
    """Of a process; 0: there is none any more."""
    try:
        with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as file:
            return sum(int(line.split()[1]) for line in file if line.startswith('Private_'))
    except OSError:
        return 0


def workers_of(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def mean(numbers):
    return sum(numbers) / len(numbers)


def looks_at(process, every):
    """What it has for itself, again and again until it ends."""
    looks, began, is_stopped = [], time.monotonic(), False
    while process.poll() is None:
        if SECONDS and not is_stopped and time.monotonic() - began > SECONDS:
            process.send_signal(signal.SIGINT)
            is_stopped = True
        found = [private_kib(pid) for pid in [process.pid, *workers_of(process.pid)]]
        if all(found):
            looks.append(sum(found))
        time.sleep(every)
    return looks


def main(directory):
    process = subprocess.Popen([DETSIM, 'explore', '-q', '--seeds', f'1..{RUNS}', '--dir',
                                directory + '/out', '--', PROGRAM],
                               stdin=subprocess.DEVNULL, cwd=directory)
    looks = looks_at(process, min(5, RUNS / 1000000))
    with open(directory + '/out/runs.jsonl', 'rb') as file:
        runs = sum(line.startswith(b'{"seed"') for line in file)
    looks = looks[len(looks) // 10:]
    if (runs != RUNS and not SECONDS) or len(looks) < 12:
        return check(False, f'{runs} of {RUNS} runs, {len(looks)} looks: too few')
    quarter = len(looks) // 4
    early, late = mean(looks[quarter:2 * quarter]), mean(looks[-quarter:])
    told = f'{runs} of {RUNS} runs: {early:.0f} KiB in the second quarter, {late:.0f} KiB in the last'
    print(told)
    check(late <= early + GROWTH_KIB_MAX, told)


sys.exit(judge(main))
