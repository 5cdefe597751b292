#!/usr/bin/python3
"""An exploration that was interrupted - asked to, killed, by a full disk - goes on, and reports what
it would have without.

    resume_test.py DETSIM SAMPLE
"""
import json
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, run, says, wait_until, write

DETSIM, SAMPLE = (os.path.abspath(path) for path in sys.argv[1:3])
SEEDS = '1..2000'


def explore(directory, *more):
    return [DETSIM, 'explore', '--seeds', SEEDS, '--dir', directory, *more, '--', SAMPLE]


def report_of(path):
    report = load(path)
    for name in ('wall_ns', 'runs_per_second'):
        del report['summary'][name]
    for failure in report['failures']:
        failure['dir'] = os.path.basename(failure['dir'])
        del failure['replay']
    return report


def goes_on(directory, whole, words):
    out = directory + '.json'
    run(DETSIM, 'explore', '-q', '--resume', directory, '--json', out, code=1)
    report = report_of(out)
    for key in whole:
        check(report[key] == whole[key], f'{words}: {key}: {report[key]} and {whole[key]}')
    for failure in report['failures']:
        kept = os.path.join(directory, failure['dir'])
        says('the same run', DETSIM, 'replay', kept)
    run(DETSIM, 'report', 'merge', '--json', out, directory, code=1)
    again = report_of(out)['summary']
    check(again == whole['summary'], f'{words}: {again}, not {whole["summary"]}')


def lines_in(directory):
    try:
        with open(directory + '/runs.jsonl', 'rb') as file:
            return file.read().count(b'\n')
    except FileNotFoundError:
        return 0


def interrupted(directory, number, *more):
    # Slowly enough that it is still at work when the signal comes.
    slowly = ['-j', '1', '--no-fork-server']
    process = subprocess.Popen(explore(directory, *slowly, *more), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    begun = wait_until(lambda: lines_in(directory) >= 20)
    check(begun, f'{directory}: {lines_in(directory)} runs are written down')
    in_use = run(DETSIM, 'explore', '--resume', directory).text if number is None else ''
    process.send_signal(number or signal.SIGINT)
    words = process.communicate(timeout=60)[0].decode()
    return in_use + words


def survives(directory, whole):
    asked = directory + '/asked'
    words = interrupted(asked, signal.SIGINT)
    check(f'explore --resume {asked}' in words, words)
    goes_on(asked, whole, 'asked to stop')
    goes_on(asked, whole, 'nothing is left to do')
    killed = directory + '/killed'
    interrupted(killed, signal.SIGKILL)
    goes_on(killed, whole, 'killed')
    # Killed again and again, with half a line at the end, and without the examples.
    with open(killed + '/runs.jsonl', 'r+b') as file:
        file.truncate(os.path.getsize(killed + '/runs.jsonl') // 2)
    for failure in whole['failures']:
        kept = os.path.join(killed, failure['dir'], 'failure.json')
        if os.path.exists(kept):
            os.unlink(kept)
    goes_on(killed, whole, 'torn')
    write(killed + '/runs.jsonl', '')
    goes_on(killed, whole, 'no run was written down')


def survives_full_disk(directory, whole):
    place = directory + '/small'
    os.mkdir(place)
    if run('mount', '-t', 'tmpfs', '-o', 'size=48k', 'none', place).returncode != 0:
        print('may not mount: the full disk is not tested')
        return
    try:
        says('No space left on device', *explore(place + '/out'))
        run('mount', '-o', 'remount,size=64m', place, code=0)
        goes_on(place + '/out', whole, 'the disk was full')
    finally:
        run('umount', place)


def edited(directory, **changes):
    path = directory + '/exploration.json'
    with open(path, encoding='utf-8') as file:
        before = file.read()
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(json.loads(before) | changes, file)
    return path, before


def refuses(directory):
    begun = directory + '/refused'
    words = interrupted(begun, None)
    check('is in use' in words, words)
    resume = [DETSIM, 'explore', '-q', '--resume', begun]

    def refused(*more, why, cwd=None):
        says(why, *resume, *more, code=125, cwd=cwd)

    refused('--', '/bin/true', why="'command' was")
    refused('--strategy', 'pos', why="'strategy' was")
    refused('--runs', '9', why="'runs' was")
    refused('--cpus', '3', '--', SAMPLE, why="'cpus' was")
    refused('--faults', 'calm', why="'faults' was")
    refused('--timeout', '3', why="'timeout_ns' was")
    refused('--dir', begun, why='--dir is too much')
    refused(why='was begun in', cwd='/')
    for changes, why in [({'schema': 9}, 'another version'), ({'detsim': '0.0.9'}, 'begun by'),
                         ({'runs': 'x'}, 'is damaged'), ({'files': []}, 'other libraries')]:
        path, before = edited(begun, **changes)
        refused(why=why)
        write(path, before[:len(before) // 2])
        refused(why='or damaged')
        write(path, before)
    run(DETSIM, 'explore', '--resume', directory + '/nothing', code=125)
    run(DETSIM, 'explore', '--resume', directory, code=125)


def refuses_another_program(directory):
    program, out = directory + '/program', directory + '/changed'
    shutil.copy(SAMPLE, program)
    run(DETSIM, 'explore', '-q', '--runs', '5', '--dir', out, '--', program)
    with open(program, 'ab') as file:
        file.write(b'\0')
    words = run(DETSIM, 'explore', '--resume', out, code=125).text
    check('begun with another' in words and program in words, words)


def main(directory):
    run(*explore(directory + '/whole', '-q', '--json', directory + '/whole.json'), code=1)
    whole = report_of(directory + '/whole.json')
    survives(directory, whole)
    survives_full_disk(directory, whole)
    refuses(directory)
    refuses_another_program(directory)


if __name__ == '__main__':
    sys.exit(judge(main))
