#!/usr/bin/python3
"""Shards, and merging what they found: the report is that of one exploration, also when shards died
or ran twice.

    shards_test.py DETSIM CLUSTER_SAMPLES PROGRAM FAULTY_PROGRAM PLAN
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

DETSIM, SAMPLES, PROGRAM, FAULTY, PLAN = sys.argv[1:6]
SEEDS, SHARDS = 60, 4
FAILED = []


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def run(*words, code=None, **environment):
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(('SLURM_', 'PARALLEL', 'JOB_'))}
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=200,
                          check=False, env=clean | environment)
    done.text = (done.stdout + done.stderr).decode(errors='replace')
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.text}')
    return done


def explore(directory, *words, code=None, command=(PROGRAM,), **environment):
    return run(DETSIM, 'explore', '--seeds', f'1..{SEEDS}', '--dir', directory, *words, '--',
               *command, code=code, **environment)


def report_of(directories, out, code=None):
    done = run(DETSIM, 'report', 'merge', '--json', out, *directories, code=code)
    with open(out, encoding='utf-8') as file:
        report = json.load(file)
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
    with open(whole + '.json', encoding='utf-8') as file:
        check(json.load(file)['summary']['failed'] == one['summary']['failed'] > 0, 'as explored')
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
    check(some['failures'] == one['failures'] and some['summary']['runs'] == SEEDS, 'died')
    alone, words = report_of([twice], directory + '/alone.json')
    check(alone['summary']['interrupted'] and 'have not been run' in words, words)


def refuses(directory, whole):
    other = directory + '/other'
    explore(other, '--cpus', '3')
    done = run(DETSIM, 'report', 'merge', whole, other, code=125)
    check("'cpus' is not the same" in done.text, done.text)
    run(DETSIM, 'report', 'merge', directory + '/nothing', code=125)
    run(DETSIM, 'report', 'merge', code=125)
    explore(other, '--shard', '5/4', code=125)
    explore(other, '--shard', 'auto/4', code=125)
    explore(other, '--shard', 'auto/4', PARALLEL_SEQ='5', code=125)
    with open(other + '/exploration.json', 'w', encoding='utf-8') as file:
        file.write('{"schema": 9}')
    check('another version' in run(DETSIM, 'report', 'merge', other, code=125).text, 'version')


def keeps_nothing_needless(directory):
    here = directory + '/here'
    os.mkdir(here)
    subprocess.run([DETSIM, 'explore', '-q', '-n', '3', '--', '/bin/true'], cwd=here, timeout=100,
                   check=True)
    check(os.listdir(here) == [], f'{os.listdir(here)} is left though nothing failed')


def counts_faults(directory):
    out = directory + '/faults'
    words = ['--faults', PLAN, '--json', out + '.json', '--markdown', out + '.md']
    said = explore(out, *words, command=(FAULTY,)).text
    with open(out + '.json', encoding='utf-8') as file:
        report = json.load(file)
    rules = report['faults']
    check(rules and rules[0]['strikes'] > 0, rules)
    for rule in rules:
        check(rule['runs_struck'] <= rule['runs_with_opportunity'] <= SEEDS, rule)
        check(rule['struck_runs_failed'] <= rule['runs_struck'] <= rule['strikes'], rule)
    check('faults that struck' in said, said)
    with open(out + '.md', encoding='utf-8') as file:
        check('| fault | strikes |' in file.read(), 'Markdown has the faults')
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
    done = run(SAMPLES + '/parallel.sh', PROGRAM, code=1, DIR=results, SEEDS=f'1..{SEEDS}',
               SHARDS=str(SHARDS), DETSIM=DETSIM, HOME=directory)
    check(f'{SEEDS} runs in' in done.text, done.text)
    check(os.path.exists(results + '/report.html'), 'a page')


def main():
    directory = tempfile.mkdtemp(prefix='detsim-shards-')
    try:
        whole, parts, one = merges(directory)
        survives(directory, parts, one)
        refuses(directory, whole)
        keeps_nothing_needless(directory)
        counts_faults(directory)
        runs_in_parallel(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
