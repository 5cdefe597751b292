"""What the tests in Python share. What does not hold is noted and told with what was seen instead,
and the test goes on; its verdict comes at its end.

    sys.path.insert(0, sys.path[0] + '/..')
    from checking import check, judge, run
"""
import json
import os
import subprocess
import sys
import tempfile
import time

FAILED = []


def check(holds, words):
    """words: what was seen, so that a failure can be understood from its line alone."""
    if not holds:
        FAILED.append(words)
        print('FAILED:', words, flush=True)


def run(*words, code=None, timeout=300, **more):
    """Runs a command to its end, without input, and checks its exit status where one is given.
    Returns a CompletedProcess whose .text is both outputs."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout,
                          check=False, **more)
    done.text = (done.stdout + done.stderr).decode(errors='replace')
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.text}')
    return done


def says(expected, *words, **more):
    """run(), whose output must have the words that are expected; returns it."""
    said = run(*words, **more).text
    check(expected in said, f'{words}: {expected!r} is not in: {said}')
    return said


def wait_until(holds, seconds=60, every=.02):
    """Asks holds() until what it returns is true, at most for some seconds; returns the last."""
    end = time.monotonic() + seconds
    while not (seen := holds()) and time.monotonic() < end:
        time.sleep(every)
    return seen


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


def load(path):
    return json.loads(read(path))


def write(path, text):
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def judge(main):
    """Runs main(a directory of its own, gone afterwards); returns the exit status of the test."""
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0].replace('_', '-')
    with tempfile.TemporaryDirectory(prefix=f'detsim-{name}-',
                                     ignore_cleanup_errors=True) as directory:
        main(directory)
    return 1 if FAILED else 0
