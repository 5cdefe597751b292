#!/usr/bin/python3
"""Random runs of real programs, each replayed from the choices in its trace: the replay must have
the same trace, event by event.

    replay_fidelity.py DETSIM COMBINATIONS [FIRST_SEED] -- PROGRAM...

A combination is a program, a strategy, a fault plan and a seed. All of them follow from FIRST_SEED.
"""
import random
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import FAILED, check, judge, run

STRATEGIES = ['random', 'round-robin', 'pct:2', 'pct:3', 'pct:8', 'pos', 'surw', 'surw:9']
PLANS = ['none', 'none', 'calm', 'moderate', 'chaos', 'swarm']


def replays(detsim, program, draw, directory):
    first, again = directory + '/first.trace', directory + '/again.trace'
    strategy, seed = draw.choice(STRATEGIES), str(draw.getrandbits(32))
    common = [detsim, 'run', '--quiet', '--seed', seed, '--faults', draw.choice(PLANS)]
    recorded = run(*common, '--strategy', strategy, '--trace', first, '--', program)
    what = f'{program} {strategy} {common[-1]} {seed}'
    if recorded.returncode == 125:
        return check(False, f'{what}: cannot run: {recorded.text}')
    replayed = run(*common, '--choices', first, '--trace', again, '--', program)
    compared = run(detsim, 'report', first, again)
    check(replayed.returncode == recorded.returncode and compared.returncode == 0 and
          'did not fit' not in replayed.text,
          f'{what}: {recorded.returncode} became {replayed.returncode}: {replayed.text}'
          f'{compared.text}')


def main(directory):
    split = sys.argv.index('--')
    detsim, programs = sys.argv[1], sys.argv[split + 1:]
    combinations = int(sys.argv[2])
    draw = random.Random(int(sys.argv[3]) if split > 3 else 1)
    for _ in range(combinations):
        replays(detsim, draw.choice(programs), draw, directory)
    print(f'{combinations} combinations, {len(FAILED)} not replayed')


sys.exit(judge(main))
