#!/usr/bin/python3
"""Random runs of real programs, each replayed from the choices in its trace: the replay must have
the same trace, event by event.

    replay_fidelity.py DETSIM COMBINATIONS [FIRST_SEED] -- PROGRAM...

A combination is a program, a strategy, a fault plan and a seed. All of them follow from FIRST_SEED.
"""
import os
import random
import subprocess
import sys
import tempfile

STRATEGIES = ['random', 'round-robin', 'pct:2', 'pct:3', 'pct:8', 'pos', 'surw', 'surw:9']
PLANS = ['none', 'none', 'calm', 'moderate', 'chaos', 'swarm']


def run(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                          check=False)
    return done.returncode, done.stderr.decode(errors='replace')


def main():
    split = sys.argv.index('--')
    detsim, programs = sys.argv[1], sys.argv[split + 1:]
    combinations = int(sys.argv[2])
    draw = random.Random(int(sys.argv[3]) if split > 3 else 1)
    wrong = 0
    directory = tempfile.mkdtemp(prefix='detsim-fidelity-')
    first, again = directory + '/first.trace', directory + '/again.trace'
    for _ in range(combinations):
        program, strategy = draw.choice(programs), draw.choice(STRATEGIES)
        seed = str(draw.getrandbits(32))
        common = [detsim, 'run', '--quiet', '--seed', seed, '--faults', draw.choice(PLANS)]
        command = ['--', program]
        code, words = run(common + ['--strategy', strategy, '--trace', first] + command)
        if code == 125:
            print(f'{program} {strategy} {seed}: cannot run: {words}')
            wrong += 1
            continue
        code_again, said = run(common + ['--choices', first, '--trace', again] + command)
        same, _ = run([detsim, 'report', first, again])
        if code != code_again or same != 0 or 'did not fit' in said:
            print(f'{program} {strategy} {common[-1]} {seed}: {code} became {code_again}: {said}')
            wrong += 1
    for path in (first, again):
        os.path.exists(path) and os.unlink(path)
    os.rmdir(directory)
    print(f'{combinations} combinations, {wrong} not replayed')
    return 1 if wrong else 0


sys.exit(main())
