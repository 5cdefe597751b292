#!/usr/bin/python3
"""Shards, and merging what they found: the report is that of one exploration, also when shards died
or ran twice.

    shards_test.py DETSIM CLUSTER_SAMPLES PROGRAM FAULTY_PROGRAM PLAN
"""
import os
import shutil
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM, SAMPLES, PROGRAM, FAULTY, PLAN = sys.argv[1:6]
SEEDS, SHARDS = 60, 4


def detsim(*words, code=None, **environment):
    """Without what a scheduler that this test runs under may have set."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(('SLURM_', 'PARALLEL', 'JOB_'))}
    return run(DETSIM, *words, code=code, env=clean | environment)


def explore(directory, *words, code=None, command=(PROGRAM,), **environment):
    return detsim('explore', '--seeds', f'1..{SEEDS}', '--dir', directory, *words, '--',
               *command, code=code, **environment)


def report_of(directories, out, code=None):
    done = detsim('report', 'merge', '--json', out, *directories, code=code)
    report = load(out)
    for name in ['wall_ns', 'runs_per_second']:
        del report['summary'][name]
    for failure in report['failures']:
        del failure['dir'], failure['replay']
    return report, done.text


def compare(one, other, words):
    for key in one:
        check(one[key] == other[key], f'{words}: {key}: {one[key]} and {other[key]}')


def merges(directory):
    whole, parts = directory + '/whole', directory + '/parts'
    explore(whole, '--json', whole + '.json', code=1)
    one, _ = report_of([whole], whole + '-again.json', code=1)
    explored = load(whole + '.json')['summary']
    check(explored['failed'] == one['summary']['failed'] > 0, f'{explored}, {one["summary"]}')
    # The index of a shard from the command line, and from each of the schedulers.
    explore(parts, '--shard', '1/4')
    explore(parts, '--shard', 'auto/4', JOB_COMPLETION_INDEX='1')
    explore(parts, '--shard', 'auto/4', PARALLEL_SEQ='3')
    several, words = report_of([parts], directory + '/three.json', code=1)
    check('15 seeds have not been run' in words, words)
    check(several['summary']['runs'] == 45, several['summary'])
    said = explore(parts, SLURM_ARRAY_TASK_ID='9', SLURM_ARRAY_TASK_MIN='3',
                   SLURM_ARRAY_TASK_MAX='9', SLURM_ARRAY_TASK_STEP='2', SLURM_ARRAY_TASK_COUNT='4')
    check('shard 4 of 4, as SLURM_ARRAY_TASK_ID says' in said.text, said.text)
    several, words = report_of([parts], directory + '/four.json', code=1)
    compare(one, several, 'shards')
    return whole, parts, one


def survives(directory, parts, one):
    """A shard that ran twice, one that died in the middle of a line, one that never began."""
    twice = directory + '/twice'
    shutil.copytree(parts + '/shard-2-of-4', twice)
    both, words = report_of([parts, twice], directory + '/twice.json', code=1)
    compare(one, both, 'twice')
    check('15 runs were done more than once' in words, words)
    with open(twice + '/runs.jsonl', 'r+b') as file:
        file.truncate(os.path.getsize(twice + '/runs.jsonl') * 2 // 3)
    os.mkdir(directory + '/never')
    some, words = report_of([parts, twice, directory + '/never'], directory + '/died.json')
    check('1 lines are damaged' in words and 'has no exploration.json' in words, words)
    check(some['failures'] == one['failures'], f'{some["failures"]}, not {one["failures"]}')
    check(some['summary']['runs'] == SEEDS, some['summary'])
    alone, words = report_of([twice], directory + '/alone.json')
    check(alone['summary']['interrupted'], alone['summary'])
    check('have not been run' in words, words)


def refuses(directory, whole):
    other = directory + '/other'
    explore(other, '--cpus', '3')
    done = detsim('report', 'merge', whole, other, code=125)
    check("'cpus' is not the same" in done.text, done.text)
    detsim('report', 'merge', directory + '/nothing', code=125)
    detsim('report', 'merge', code=125)
    explore(other, '--shard', '5/4', code=125)
    explore(other, '--shard', 'auto/4', code=125)
    explore(other, '--shard', 'auto/4', PARALLEL_SEQ='5', code=125)
    write(other + '/exploration.json', '{"schema": 9}')
    says('another version', DETSIM, 'report', 'merge', other, code=125)


def keeps_nothing_needless(directory):
    here = directory + '/here'
    os.mkdir(here)
    run(DETSIM, 'explore', '-q', '-n', '3', '--', '/bin/true', cwd=here, code=0)
    check(os.listdir(here) == [], f'{os.listdir(here)} is left though nothing failed')


def counts_faults(directory):
    out = directory + '/faults'
    words = ['--faults', PLAN, '--json', out + '.json', '--markdown', out + '.md']
    said = explore(out, *words, command=(FAULTY,)).text
    report = load(out + '.json')
    rules = report['faults']
    check(rules and rules[0]['strikes'] > 0, rules)
    for rule in rules:
        check(rule['runs_struck'] <= rule['runs_with_opportunity'] <= SEEDS, rule)
        check(rule['struck_runs_failed'] <= rule['runs_struck'] <= rule['strikes'], rule)
    check('faults that struck' in said, said)
    check('| fault | strikes |' in read(out + '.md'), read(out + '.md'))
    for shard in ['1/2', '2/2']:
        explore(out + '-parts', '--faults', PLAN, '--shard', shard, command=(FAULTY,))
    one, _ = report_of([out], out + '-one.json')
    parts, _ = report_of([out + '-parts'], out + '-two.json')
    compare(one, parts, 'faults')


def runs_in_parallel(directory):
    if shutil.which('parallel') is None:
        print('GNU parallel is not installed: its sample is not tested')
        return
    results = directory + '/parallel'
    says(f'{SEEDS} runs in', SAMPLES + '/parallel.sh', PROGRAM, code=1,
         env=os.environ | {'DIR': results, 'SEEDS': f'1..{SEEDS}', 'SHARDS': str(SHARDS),
                           'DETSIM': DETSIM, 'HOME': directory})
    check(os.path.exists(results + '/report.html'), os.listdir(results))


def main(directory):
    whole, parts, one = merges(directory)
    survives(directory, parts, one)
    refuses(directory, whole)
    keeps_nothing_needless(directory)
    counts_faults(directory)
    runs_in_parallel(directory)


if __name__ == '__main__':
    sys.exit(judge(main))
