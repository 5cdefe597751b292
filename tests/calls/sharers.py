#!/usr/bin/python3
"""Calls on a descriptor that nobody else has are no scheduling points, and all others are.

    sharers.py DETSIM EPOLL_SHARERS

The program changes an epoll instance 64 times while another process could run. How many of the
changes another task came before, is seen in the trace.
"""
import json
import subprocess
import sys
import tempfile

CHANGES = 64


def decisions(detsim, program, kind, seed):
    """How often there was a choice between the first change and the last."""
    with tempfile.NamedTemporaryFile() as trace:
        subprocess.run([detsim, 'run', '--quiet', '--seed', str(seed), '--trace', trace.name, '--',
                        program, kind], check=True, timeout=60, stdout=subprocess.DEVNULL)
        lines = subprocess.run([detsim, 'report', '--json', trace.name], check=True, timeout=60,
                               capture_output=True).stdout.decode().splitlines()
    events = [json.loads(line) for line in lines]
    changes = [i for i, event in enumerate(events) if event.get('call') == 'epoll_ctl']
    assert len(changes) > CHANGES, f'{kind}: {len(changes)} changes'
    between = events[changes[-1 - CHANGES]:changes[-1]]
    return sum(1 for event in between if event['kind'] == 'decision')


def main():
    detsim, program = sys.argv[1:]
    failures = 0
    for seed in range(1, 6):
        for kind in ('nobody', 'copy', 'process', 'thread', 'around'):
            found = decisions(detsim, program, kind, seed)
            # Every 64th call that nobody sees lets others run all the same.
            wrong = found > 2 if kind == 'nobody' else found < CHANGES
            if wrong:
                print(f'{kind}, seed {seed}: {found} choices at {CHANGES} changes')
            failures += wrong
    sys.exit(1 if failures else 0)


main()
