#!/usr/bin/python3
"""The tests of disks that forget, with thousands of sequences: `campaign.py KEEP DIRECTORY DETSIM`.

DIRECTORY has the test programs. A line is printed as each case ends, with its seconds. What went well
is kept in KEEP: a later call, with the same programs, goes on with what is left.
"""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from kept import Kept  # noqa: E402  pylint: disable=wrong-import-position

SEQUENCES = '5000'      # of each profile, against the reference
REAL_SEQUENCES = '300'  # on a real ext4
NOT_RUN = 77


def cases(directory):
    """Name and command of each."""
    for program in ('durability_test', 'durability_runs_test'):
        listed = subprocess.run([directory / program, '--list-test-cases', '--no-skip'],
                                stdout=subprocess.PIPE, check=True).stdout.decode()
        for name in listed.splitlines():
            if name and not name.startswith(('[doctest]', '=')):
                pattern = name.replace(',', '\\,')
                yield name, [directory / program, f'--test-case={pattern}']
    yield 'the real ext4', [directory / 'durability_ext4_test', REAL_SEQUENCES]


def main(keep, directory, detsim):
    directory, failed = pathlib.Path(directory).resolve(), 0
    programs = [directory / name for name in
                ('durability_test', 'durability_runs_test', 'durability_ext4_test')]
    detsim = pathlib.Path(detsim)
    kept = Kept(keep, [*programs, detsim, detsim.with_name('libdetsim.so')], SEQUENCES,
                REAL_SEQUENCES)
    for name, command in cases(directory):
        line = kept.find(name)
        if line is not None:
            print(line, '(kept)', flush=True)
            continue
        began_s = time.monotonic()
        done = subprocess.run(command, env={**os.environ, 'SEQUENCES': SEQUENCES},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        words = {0: 'holds', NOT_RUN: 'not run'}.get(done.returncode, 'FAILED')
        line = f'{name}: {words}; {time.monotonic() - began_s:.0f} s'
        print(line, flush=True)
        if done.returncode == 0:
            kept.add(name, line)
        else:
            print(done.stdout.decode(errors='replace')[-3000:], flush=True)
            failed += done.returncode != NOT_RUN
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
