#!/usr/bin/python3
"""Explore, replay and bisect, as their users meet them, on a sample.

    explore_test.py DETSIM SAMPLE DEADLOCK_SAMPLE
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

DETSIM, SAMPLE, DEADLOCK = sys.argv[1:4]
FAILED = []


def run(*words, code=None):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                          check=False)
    done.text = (done.stdout + done.stderr).decode(errors='replace')
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.text}')
    return done


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def explores(directory):
    out = directory + '/failures'
    found = run(DETSIM, 'explore', '--seeds', '1..60', '--dir', out, '--json', out + '.json',
                '--junit', out + '.xml', '--markdown', out + '.md', '--', SAMPLE, code=1)
    report = json.load(open(out + '.json'))
    summary = report['summary']
    check(summary['runs'] == 60, summary)
    check(summary['failed'] == sum(f['count'] for f in report['failures']) > 0, summary)
    check(1 < summary['distinct_schedules'] <= 60, summary)
    check(xml.parse(out + '.xml').getroot().find('testsuite').get('failures') ==
          str(len(report['failures'])), 'JUnit counts the ways')
    check('| failure |' in open(out + '.md').read(), 'Markdown has a table')
    check('replay' in found.text, found.text)
    again = run(DETSIM, 'explore', '-j', '1', '-q', '--seeds', '1..60', '--dir', out + '2',
                '--json', out + '2.json', '--', SAMPLE, code=1)
    other = json.load(open(out + '2.json'))
    check(again.text == '', 'quiet says nothing')
    for name in ('failed', 'distinct_schedules', 'distinct_outcomes'):
        check(other['summary'][name] == summary[name], f'{name} depends on the jobs')
    first = run(DETSIM, 'explore', '--until-failure', '--dir', out + '3', '--', SAMPLE, code=1)
    check('failed' in first.text, first.text)
    return report['failures'][0]


def replays(failure):
    for _ in range(5):
        same = run(DETSIM, 'replay', failure['dir'])
        check('the same run' in same.text, same.text)
    check('runs next' in run(DETSIM, 'replay', '--print', failure['dir'], code=0).text, 'events')
    until = run(DETSIM, 'replay', '--until', '40', failure['dir'], code=0)
    check('task 1000' in until.text, until.text)


def reduces(failure, switches):
    words = run(DETSIM, 'bisect', failure['dir'], code=0).text
    reduced = open(failure['dir'] + '/reduced.txt').read()
    check(reduced.count('switch ') <= switches, words)
    check('The switch that decides' in words, words)
    check('Without it the run passes' in words, words)
    code = run(DETSIM, 'run', '--quiet', '--seed', str(failure['seed']), '--choices',
               failure['dir'] + '/reduced.txt', '--', SAMPLE).returncode
    check(code != 0, f'the reduced run ends with {code}')


def says_what_changed(directory):
    program = directory + '/program'
    shutil.copy(SAMPLE, program)
    out = directory + '/changed'
    run(DETSIM, 'explore', '-q', '--runs', '60', '--dir', out, '--json', out + '.json', '--',
        program, code=1)
    kept = json.load(open(out + '.json'))['failures'][0]['dir']
    with open(program, 'ab') as file:
        file.write(b'\0')
    check('CHANGED: ' + program in run(DETSIM, 'replay', kept).text, 'a changed program is named')
    os.unlink(kept + '/choices.txt')
    check('choices.txt' in run(DETSIM, 'replay', kept, code=125).text, 'half a directory')
    with open(kept + '/failure.json', 'w') as file:
        file.write('{"schema": 1')
    check('another version' in run(DETSIM, 'bisect', kept, code=125).text, 'damaged')
    run(DETSIM, 'replay', directory + '/nothing', code=125)


def refuses(directory):
    run(DETSIM, 'explore', '--', '/no/such/program', code=127)
    run(DETSIM, 'explore', '--seeds', '5..1', '--', SAMPLE, code=125)
    run(DETSIM, 'explore', '--seeds', 'x', '--', SAMPLE, code=125)
    run(DETSIM, 'explore', '--until-failure', '--keep-going', '--', SAMPLE, code=125)
    run(DETSIM, 'explore', '-q', '--runs', '5', '--dir', directory + '/none', '--', '/bin/true',
        code=0)
    check(not os.path.exists(directory + '/none'), 'nothing failed, nothing is kept')


def deadlocks(directory):
    out = directory + '/deadlock'
    run(DETSIM, 'explore', '-q', '--runs', '60', '--dir', out, '--json', out + '.json', '--',
        DEADLOCK, code=1)
    failures = json.load(open(out + '.json'))['failures']
    check(len(failures) == 1 and failures[0]['kind'] == 'deadlock', failures)
    words = run(DETSIM, 'bisect', failures[0]['dir'], code=0).text
    check(open(failures[0]['dir'] + '/reduced.txt').read().count('switch ') <= 2, words)
    check('lock' in words, words)


def main():
    directory = tempfile.mkdtemp(prefix='detsim-explore-')
    try:
        failure = explores(directory)
        replays(failure)
        reduces(failure, 2)
        says_what_changed(directory)
        refuses(directory)
        deadlocks(directory)
    finally:
        shutil.rmtree(directory)
    return 1 if FAILED else 0


sys.exit(main())
