#!/usr/bin/python3
"""Failures that faults make: kept with their plan, replayed, and reduced to the faults that matter.

    fault_bisect.py DETSIM SAMPLE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

DETSIM, SAMPLE = sys.argv[1:3]
FAILED = []

# Reads are cut short and interrupted all the time, which it bears; a failed fsync it does not bear.
PROGRAM = r"""
import os
fd = os.open('data', os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
for turn in range(20):
    left = b'x' * 100
    while left:
        left = left[os.write(fd, left):]
os.lseek(fd, 0, os.SEEK_SET)
while os.read(fd, 50):
    pass
try:
    os.fsync(fd)
finally:
    os.unlink('data')
"""
PLAN = """
rules:
  - {fault: disk.partial_write, path: "**/data", probability: 0.5}
  - {fault: disk.short_read, path: "**/data", probability: 0.5}
  - {fault: disk.fsync_fail, path: "**/data", probability: 0.5, error: EIO}
"""


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def run(*words, code=None):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                          check=False)
    done.text = (done.stdout + done.stderr).decode(errors='replace')
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.text}')
    return done


def main():
    with open('program.py', 'w') as file:
        file.write(PROGRAM)
    with open('plan.yaml', 'w') as file:
        file.write(PLAN)
    python = ['--', '/usr/bin/python3', '-S', '-E', 'program.py']
    run(DETSIM, 'explore', '-q', '-j', '1', '--runs', '6', '--faults', 'plan.yaml', '--json',
        'found.json', '--dir', 'kept', *python, code=1)
    failures = json.load(open('found.json'))['failures']
    check(len(failures) == 1, failures)
    kept = failures[0]['dir']
    os.unlink('plan.yaml')  # the kept one is used
    listed = open(kept + '/choices.txt').read()
    check(len(re.findall('^strike ', listed, re.M)) > 3, listed)
    check(open(kept + '/strikes.jsonl').read().count('\n') == listed.count('\nstrike '), listed)
    for _ in range(3):
        check('the same run' in run(DETSIM, 'replay', kept).text, 'it is the same run')
    words = run(DETSIM, 'bisect', kept, code=0).text
    reduced = open(kept + '/reduced.txt').read()
    check(len(re.findall('^strike ', reduced, re.M)) == 1, reduced)
    check(reduced.count('plain') == 1, reduced)
    check('It needs 1 fault and 0 context switches' in words, words)
    check(re.search(r'disk.fsync_fail at fsync .*/data: E', words), words)
    repeat = re.search('^repeat: (.*)$', words, re.M).group(1)
    again = run('sh', '-c', repeat)
    check(again.returncode == 1 and 'fsync' in again.text, again.text)
    run(DETSIM, 'seeds', 'add', kept, code=0)
    check('still fails' in run(DETSIM, 'seeds', 'test', code=1).text, 'with its plan')
    applies_no_longer(kept)
    without_faults()
    two_seeds()


# The program has changed so that its choices do not fit, and passes.
def applies_no_longer(kept):
    with open('program.py', 'w') as file:
        file.write('pass\n')
    words = run(DETSIM, 'seeds', 'test', code=125).text
    check('no longer applies' in words, words)
    check('ANOTHER RUN' in run(DETSIM, 'replay', kept, code=121).text, 'the program has changed')


# Faults that have nothing to do with the failure are taken out first.
def without_faults():
    with open('delays.yaml', 'w') as file:
        file.write('rules:\n  - {fault: timer.offset, offset: 1s}\n'
                   '  - {fault: proc.eintr, probability: 0.5}\n')
    run(DETSIM, 'explore', '-q', '--runs', '60', '--faults', 'delays.yaml', '--json', 'race.json',
        '--dir', 'race', '--', SAMPLE, code=1)
    kept = json.load(open('race.json'))['failures'][0]['dir']
    check('\nstrike ' in open(kept + '/choices.txt').read(), 'something struck')
    words = run(DETSIM, 'bisect', kept, code=0).text
    reduced = open(kept + '/reduced.txt').read()
    check('\nstrike ' not in reduced and 1 <= reduced.count('\nswitch ') <= 2, words)


def two_seeds():
    passes = [seed for seed in range(1, 40)
              if run(DETSIM, 'run', '-q', '--seed', str(seed), '--', SAMPLE).returncode == 0]
    fails = [seed for seed in range(1, 40) if seed not in passes]
    if not (passes and fails):
        return check(False, f'no two seeds: {passes} {fails}')
    good, bad = str(passes[0]), str(fails[0])
    words = run(DETSIM, 'bisect', '--good', good, '--bad', bad, '--', SAMPLE, code=0).text
    needed = int(re.search(r'differ in \d+ places. Of these (\d+)', words).group(1))
    check(1 <= needed <= 4 and 'The switch that decides' in words, words)
    repeat = re.search('^repeat: (.*)$', words, re.M).group(1)
    check(run('sh', '-c', repeat).returncode != 0, 'what is left fails')
    check('fails too' in run(DETSIM, 'bisect', '--good', bad, '--bad', good, '--', SAMPLE,
                          code=125).text, 'the wrong way round')
    run(DETSIM, 'bisect', '--good', good, '--', SAMPLE, code=125)
    run(DETSIM, 'bisect', '--cpus', '3', 'nothing', code=125)


DIRECTORY = tempfile.mkdtemp(prefix='detsim-faults-')
try:
    os.chdir(DIRECTORY)
    main()
finally:
    os.chdir('/')
    shutil.rmtree(DIRECTORY)
sys.exit(1 if FAILED else 0)
