#!/usr/bin/python3
"""Exploring from the middle: what comes of it depends neither on the number of workers nor on an
interruption; what failed is repeated from its choices; what cannot be branched is named.

    branching_test.py DETSIM PROGRAMS
"""
import json
import os
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM, PROGRAMS = (os.path.abspath(path) for path in sys.argv[1:3])
REPLAYS = 20


def program(name):
    return os.path.join(PROGRAMS, 'branch_' + name)


def explore(where, name, *options):
    """The report, and the rows of its runs."""
    out = where + '.json'
    run(DETSIM, 'explore', '-q', '--dir', where, '--json', out, *options, '--', program(name))
    return load(out), rows_in(where)


def rows_in(where):
    rows = set()
    for line in read(where + '/runs.jsonl').splitlines():
        row = json.loads(line) if line else {}
        if 'seed' in row:
            rows.add((row['seed'], row.get('decision', 0), row.get('child', 0), row['schedule'],
                      row['outcome'], row['exit']))
    return rows


def check_workers(directory):
    for name in ('pool', 'files', 'pipe'):
        options = ['--branch=2', '--runs', '4']
        one, rows = explore(f'{directory}/{name}-1', name, '-j', '1', *options)
        two, rows_of_two = explore(f'{directory}/{name}-2', name, '-j', '2', *options)
        check(rows == rows_of_two, f'{name}: {sorted(rows ^ rows_of_two)} differ')
        branching = one['branching']
        check(branching['roots'] == 4 and branching['children'] == 2 * branching['places'] and
              branching['children'] > 20, f'{name}: {branching}')
        check(one['summary']['runs'] == len(rows) == 4 + branching['children'],
              f'{name}: {one["summary"]}, {len(rows)} rows')
        check(branching['executed_events'] < .9 * branching['events'], f'{name}: {branching}')
        # A pipe that is never empty again has no places behind that.
        expected = 'a pipe holds data' if name == 'pipe' else ''
        check(expected in branching.get('refused', '') and
              (expected or 'refused' not in branching), f'{name}: {branching}')
        for key in ('runs', 'failed', 'distinct_schedules', 'distinct_outcomes'):
            check(one['summary'][key] == two['summary'][key],
                  f'{name}: {key}: {one["summary"]}, {two["summary"]}')


def check_refusal(directory):
    report, _ = explore(directory + '/fork', 'fork', '--branch', '--runs', '2')
    branching = report['branching']
    check('it calls clone' in branching.get('refused', ''), f'{branching}')
    check(branching['children'] > 0, f'places before the child was made: {branching}')
    says('it calls clone', DETSIM, 'explore', '--branch', '--runs', '2', '--dir',
         directory + '/fork-said', '--', program('fork'), code=0)


def failing_branch(where, *options):
    """A failure that only a branch of its seed has; None: there is none, which is a failure."""
    for seed in range(1, 60):
        report, _ = explore(f'{where}-{seed}', 'pool', '--branch=6', '--seeds', f'{seed}..{seed}',
                            *options)
        for failure in report['failures']:
            if 'decision' in failure:
                return failure
    check(False, 'no seed of 60 has a branch that fails where it does not')
    return None


def check_failures(directory):
    """A failure that only a branch has is kept, and repeated."""
    failure = failing_branch(directory + '/failing')
    if failure is None:
        return
    check(failure['dir'] != '' and 'problem' not in failure, f'{failure}')
    for _ in range(REPLAYS):
        says('the same run', DETSIM, 'replay', failure['dir'])
    at = f'{failure["decision"]}:{failure["child"]}'
    named = run(DETSIM, 'run', '--seed', str(failure['seed']), '--strategy', failure['strategy'],
                '--branch-at', at, '--', program('pool'))
    check('a job of the first half ended last' in named.text, f'{failure}: {named.text}')
    merged = directory + '/merged.json'
    run(DETSIM, 'report', 'merge', '--json', merged, os.path.dirname(failure['dir']))
    again = [(one['decision'], one['child']) for one in load(merged)['failures']
             if 'decision' in one]
    check((failure['decision'], failure['child']) in again, f'{again}, {failure}')


# A branch has the draws of its seed: what strikes depends on what its tasks come to ask.
FAULTS = ['--fault', 'proc.cpu_starvation=0.02', '--fault', 'proc.slow=0.01']


def check_struck(directory):
    """With a fault plan: what fails in a branch alone is kept with its strikes, and repeated."""
    where = directory + '/struck'
    one, rows = explore(where + '-1', 'files', '--branch=3', '--runs', '6', '-j', '1',
                        '--fault', 'disk.open_fail=0.01', *FAULTS)
    two, rows_of_two = explore(where + '-2', 'files', '--branch=3', '--runs', '6', '-j', '2',
                               '--fault', 'disk.open_fail=0.01', *FAULTS)
    check(rows == rows_of_two, f'{sorted(rows ^ rows_of_two)} differ')
    check(one['faults'] == two['faults'] and one['branching']['children'] > 100,
          f'{one["faults"]}, {two["faults"]}, {one["branching"]}')
    check(all(rule['strikes'] for rule in one['faults']), f'{one["faults"]}')
    failure = failing_branch(where, *FAULTS)
    if failure is None:
        return
    check('strike ' in read(failure['dir'] + '/choices.txt'), read(failure['dir'] + '/choices.txt'))
    for _ in range(3):
        says('the same run', DETSIM, 'replay', failure['dir'])
    named = run(DETSIM, 'run', '--seed', str(failure['seed']), '--strategy', failure['strategy'],
                '--branch-at', f'{failure["decision"]}:{failure["child"]}', *FAULTS,
                '--fault-log', 'named.jsonl', '--', program('pool'))
    check('a job of the first half ended last' in named.text, f'{failure}: {named.text}')
    check(read('named.jsonl') == read(failure['dir'] + '/strikes.jsonl'),
          f'{failure}: {read("named.jsonl")}')
    says('The switch that decides', DETSIM, 'bisect', '-q', failure['dir'], code=0)


def check_disk(directory):
    """A disk that forgets cannot be copied: it is said, and the seeds are explored."""
    where = directory + '/disk'
    os.makedirs(directory + '/store')
    out = where + '.json'
    said = run(DETSIM, 'explore', '--branch', '--runs', '4', '--dir', where, '--json', out,
               '--disk', directory + '/store', '--', program('pool'))
    branching = load(out)['branching']
    check(branching['roots'] == 4 and branching['children'] == 0, f'{branching}')
    check('a disk that forgets' in branching['refused'] and 'a disk that forgets' in said.text,
          said.text)


def check_resumption(directory):
    """Branches whose seed was not finished are done again, and count once."""
    where = directory + '/resumed'
    whole, rows = explore(where, 'pool', '-j', '1', '--branch=2', '--runs', '4')
    lines = read(where + '/runs.jsonl').splitlines(keepends=True)
    roots = [i for i, line in enumerate(lines)
             if '"seed"' in line and '"child"' not in line]
    write(where + '/runs.jsonl', ''.join(lines[:roots[2] - 3]))
    out = directory + '/resumed-again.json'
    run(DETSIM, 'explore', '-q', '--resume', where, '--json', out)
    again = load(out)
    check(rows_in(where) == rows, 'the runs after an interruption are others')
    for key in ('runs', 'failed', 'distinct_schedules'):
        check(again['summary'][key] == whole['summary'][key],
              f'{key}: {again["summary"]}, {whole["summary"]}')


def check_misuse():
    for words, options in (('--branch: ', ['--branch=0']), ('--branch: ', ['--branch=many']),
                           ('exclude each other', ['--branch', '--no-fork-server'])):
        says(words, DETSIM, 'explore', *options, '--', program('pool'), code=125)
    says('is no branch', DETSIM, 'run', '--branch-at', '12', '--', program('pool'), code=125)


def main(directory):
    os.chdir(directory)
    check_misuse()
    check_workers(directory)
    check_refusal(directory)
    check_failures(directory)
    check_struck(directory)
    check_disk(directory)
    check_resumption(directory)


sys.exit(judge(main))
