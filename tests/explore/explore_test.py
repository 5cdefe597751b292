#!/usr/bin/python3
"""Explore, replay and bisect, as their users meet them, on a sample.

    explore_test.py DETSIM SAMPLE DEADLOCK_SAMPLE CRASHES
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, wait_until, write

DETSIM, SAMPLE, DEADLOCK, CRASHES = sys.argv[1:5]


def explores(directory):
    out = directory + '/failures'
    found = run(DETSIM, 'explore', '--seeds', '1..60', '--dir', out, '--json', out + '.json',
                '--junit', out + '.xml', '--markdown', out + '.md', '--', SAMPLE, code=1)
    report = load(out + '.json')
    summary = report['summary']
    check(summary['runs'] == 60, summary)
    check(summary['failed'] == sum(f['count'] for f in report['failures']) > 0, summary)
    check(1 < summary['distinct_schedules'] <= 60, summary)
    ways = xml.parse(out + '.xml').getroot().find('testsuite').get('failures')
    check(ways == str(len(report['failures'])), f'JUnit counts {ways} ways: {report["failures"]}')
    check('| failure |' in read(out + '.md'), 'no table: ' + read(out + '.md'))
    check('replay' in found.text, found.text)
    again = run(DETSIM, 'explore', '-j', '1', '-q', '--seeds', '1..60', '--dir', out + '2',
                '--json', out + '2.json', '--', SAMPLE, code=1)
    other = load(out + '2.json')
    check(again.text == '', f'quiet, and says: {again.text}')
    for name in ('failed', 'distinct_schedules', 'distinct_outcomes'):
        check(other['summary'][name] == summary[name],
              f'{name} depends on the jobs: {summary} and {other["summary"]}')
    first = run(DETSIM, 'explore', '--until-failure', '--dir', out + '3', '--', SAMPLE, code=1)
    check('failed' in first.text, first.text)
    return report['failures'][0]


def replays(failure):
    for _ in range(5):
        same = run(DETSIM, 'replay', failure['dir'])
        check('the same run' in same.text, same.text)
    events = run(DETSIM, 'replay', '--print', failure['dir'], code=0).text
    check('runs next' in events, events)
    until = run(DETSIM, 'replay', '--until', '40', failure['dir'], code=0)
    check('task 1000' in until.text, until.text)


def reduces(failure, switches):
    words = run(DETSIM, 'bisect', failure['dir'], code=0).text
    reduced = read(failure['dir'] + '/reduced.txt')
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
    kept = load(out + '.json')['failures'][0]['dir']
    with open(program, 'ab') as file:
        file.write(b'\0')
    says('CHANGED: ' + program, DETSIM, 'replay', kept)
    os.unlink(kept + '/choices.txt')
    says('choices.txt', DETSIM, 'replay', kept, code=125)
    write(kept + '/failure.json', '{"schema": 1')
    says('another version', DETSIM, 'bisect', kept, code=125)
    run(DETSIM, 'replay', directory + '/nothing', code=125)


def keeps_seeds(failure, directory):
    bank = directory + '/bank.seeds'
    run(DETSIM, 'seeds', 'add', '-f', bank, '--note', 'the first', failure['dir'], code=0)
    run(DETSIM, 'seeds', 'add', '-f', bank, failure['dir'], code=0)
    listed = run(DETSIM, 'seeds', 'list', '-f', bank, code=0).text
    check('the first' in listed and listed.count('seed ') == 2, listed)
    says('still fails', DETSIM, 'seeds', 'test', '-f', bank, code=1)
    run(DETSIM, 'seeds', 'remove', '1', '-f', bank, code=0)
    lines = read(bank)
    check(lines.count('\n') == 1 and 'the first' not in lines, lines)
    write(bank, lines.replace(json.dumps(SAMPLE), '"/bin/true"'))
    says('no longer applies', DETSIM, 'seeds', 'test', '-f', bank, code=125)
    seed = load(bank)
    del seed['choices']
    write(bank, json.dumps(seed))
    says('fixed', DETSIM, 'seeds', 'test', '-f', bank, code=0)
    run(DETSIM, 'seeds', 'prune', '-f', bank, code=0)
    check(read(bank) == '', f'{read(bank)} is left')
    write(bank, '{"seed": 3}\n')
    says('line 1', DETSIM, 'seeds', 'list', '-f', bank, code=125)
    run(DETSIM, 'seeds', 'tset', code=125)


def draws(failure, directory):
    out = directory + '/timeline.json'
    run(DETSIM, 'replay', '--trace-out', out, failure['dir'], code=0)
    events = load(out)['traceEvents']
    phases = {event['ph'] for event in events}
    check(phases == {'M', 'X', 'i'}, phases)
    tasks = {event['tid'] for event in events}
    check(len(tasks) > 1, tasks)


# A regression is planted in the third of five commits: the lock is dropped in between.
def finds_commit(failure, directory):
    repository, bank = directory + '/repository', directory + '/detsim.seeds'
    kept = load(failure['dir'] + '/failure.json')
    kept['command'] = ['./program']
    write(bank, json.dumps({name: kept[name]
                            for name in ('seed', 'strategy', 'command', 'signature')}))
    os.mkdir(repository)
    git = ['git', '-C', repository, '-c', 'user.name=test', '-c', 'user.email=test@localhost']
    run(*git, 'init', '-q', code=0)
    for number in range(1, 6):
        program = SAMPLE if number >= 3 else '/bin/true'
        write(repository + '/Makefile', f'# {number}\nprogram:\n\tcp {program} program\n')
        run(*git, 'add', 'Makefile', code=0)
        run(*git, 'commit', '-qm', f'commit {number}', code=0)
    seeds = directory + '/seeds.txt'
    write(seeds, '# any of these\n1..60 random\n' + read(bank))
    for verdict in (f'seeds test -f {bank}', f'run -q --seeds-file {seeds} -- ./program'):
        run(*git, 'bisect', 'start', 'HEAD', 'HEAD~4', code=0)
        words = run('sh', '-c', f'cd {repository} && git bisect run sh -c \'rm -f program; '
                    f'make -s || exit 125; {DETSIM} {verdict}\'', code=0).text
        check('is the first bad commit' in words and 'commit 3' in words, words)
        run(*git, 'bisect', 'reset', code=0)


def judges_by_seeds(failure, directory):
    seeds = directory + '/judges.txt'
    write(seeds, f'3 # passes\n{failure["seed"]} {failure["strategy"]}\n')
    words = run(DETSIM, 'run', '--seeds-file', seeds, '--', SAMPLE, code=1).text
    check(f'seed {failure["seed"]}: ' in words and 'reproduce with' in words, words)
    words = run(DETSIM, 'run', '--seeds-file', seeds, '--', '/bin/true', code=0).text
    check('2 seeds pass' in words, words)
    run(DETSIM, 'run', '--seeds-file', seeds, '--', '/no/such/program', code=125)
    run(DETSIM, 'run', '--seeds-file', seeds, '--seed', '3', '--', SAMPLE, code=125)
    for bad in ('', 'x\n', '1..2 nothing\n', '9..3\n', '1 random random\n', '{"seed": 1}\n'):
        write(seeds, '# seeds\n' + bad)
        words = run(DETSIM, 'run', '--seeds-file', seeds, '--', SAMPLE, code=125).text
        check('line 2' in words if bad else 'has no seeds' in words, words)


def refuses(directory):
    run(DETSIM, 'explore', '--', '/no/such/program', code=127)
    run(DETSIM, 'explore', '--seeds', '5..1', '--', SAMPLE, code=125)
    run(DETSIM, 'explore', '--seeds', 'x', '--', SAMPLE, code=125)
    run(DETSIM, 'explore', '--until-failure', '--keep-going', '--', SAMPLE, code=125)
    out = directory + '/none'
    run(DETSIM, 'explore', '-q', '--runs', '5', '--dir', out, '--', '/bin/true', code=0)
    check(sorted(os.listdir(out)) == ['exploration.json', 'runs.jsonl'], os.listdir(out))


def stops(directory):
    out = directory + '/stopped'
    process = subprocess.Popen([DETSIM, 'explore', '--time', '1h', '--dir', out, '--json',
                                out + '.json', '--', SAMPLE],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    began = wait_until(lambda: os.path.exists(out + '/runs.jsonl') and read(out + '/runs.jsonl'))
    check(began, 'no run is written down')
    process.send_signal(signal.SIGINT)
    words = process.communicate(timeout=30)[0].decode()
    check('interrupted' in words, words)
    summary = load(out + '.json')['summary']
    check(summary['interrupted'] and summary['runs'] > 0, summary)


def deadlocks(directory):
    out = directory + '/deadlock'
    run(DETSIM, 'explore', '-q', '--runs', '60', '--dir', out, '--json', out + '.json', '--',
        DEADLOCK, code=1)
    failures = load(out + '.json')['failures']
    check(len(failures) == 1 and failures[0]['kind'] == 'deadlock', failures)
    words = run(DETSIM, 'bisect', failures[0]['dir'], code=0).text
    check(read(failures[0]['dir'] + '/reduced.txt').count('switch ') <= 2, words)
    check('lock' in words, words)


def tells_crashes_apart(directory):
    out = directory + '/crashes'
    for command in ([CRASHES], ['sh', '-c', CRASHES + '; exit $?']):
        run(DETSIM, 'explore', '-q', '--runs', '60', '--dir', out, '--json', out + '.json', '--',
            *command, code=1)
        failures = load(out + '.json')['failures']
        places = sorted(f['signature'].split(' | ')[1].split(' at ')[0] for f in failures)
        check(places == ['(anonymous namespace)::reads_too_early()',
                         '(anonymous namespace)::wants_to_be_first()'], failures)
        shutil.rmtree(out)
    report = directory + '/crash.json'
    for seed in range(60):
        done = run(DETSIM, 'run', '-q', '--seed', str(seed), '--report-json', report, '--', CRASHES)
        if done.returncode != 0:
            break
    crash = load(report)['crash']
    check(crash['signal'] == -done.returncode and crash['task']['stack'], crash)


def main(directory):
    failure = explores(directory)
    replays(failure)
    reduces(failure, 2)
    keeps_seeds(failure, directory)
    draws(failure, directory)
    finds_commit(failure, directory)
    judges_by_seeds(failure, directory)
    says_what_changed(directory)
    refuses(directory)
    stops(directory)
    deadlocks(directory)
    tells_crashes_apart(directory)


sys.exit(judge(main))
