#!/usr/bin/python3
"""Runs side by side have directories of their own: /tmp, /dev/shm and the working directory.

    own_files.py DETSIM
"""
import os
import re
import shutil
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM = os.path.abspath(sys.argv[1])
# Each of these fails when somebody else is there, too.
TAKE = ('set -C; for d in /tmp /var/tmp /dev/shm .; do : > $d/own-files-taken || exit 9; done; '
        'test "$(cat input)" = given || exit 8; echo more >> input; ')
# Shows all that is to be seen of the working directory, and fails when a draw says so.
LISTS = r'''
import os, sys
lines = []
for top, directories, files in os.walk('.'):
    for name in ['.', *directories, *files]:
        status = os.lstat(os.path.join(top, name))
        lines.append(f'{top} {name} {status.st_nlink} {status.st_size} {status.st_mtime_ns} '
                     f'{status.st_ctime_ns}')
print('\n'.join(sorted(lines)))
draw = os.urandom(1)[0]
if draw < 64:
    sys.exit('drew ' + 'abcd'[draw % 4])
'''
SEMAPHORE = 'import multiprocessing as m\nq = m.Queue()\nq.put(3)\nassert q.get() == 3\n'


def explore(place, code, *words, before=()):
    run(*before, DETSIM, 'explore', '-q', '-j', '2', '--dir', place + '/failures', '--json',
        place + '/out.json', *words, code=code, cwd=place + '/here')
    return load(place + '/out.json')['failures'] if code == 1 else []


def left():
    return [f'{d}/own-files-taken' for d in ('/tmp', '/var/tmp', '/dev/shm')
            if os.path.exists(f'{d}/own-files-taken')]


def is_untouched(place, what):
    check(os.listdir(place + '/here') == ['input'], f'{what}: {os.listdir(place + "/here")}')
    now = read(place + '/here/input')
    check(now == 'given', f'{what}: the input has become {now}')
    check(not left(), f'{what}: {left()}')


def works(place, before=()):
    explore(place, 0, '--runs', '12', '--', 'sh', '-c', TAKE, before=before)
    is_untouched(place, f'explore {before}')
    explore(place, 0, '--runs', '4', '--', '/usr/bin/python3', '-c', SEMAPHORE, before=before)
    argument = place + '/argument'
    write(argument, 'read me')
    explore(place, 0, '--runs', '2', '--', 'grep', '-q', 'read me', argument, before=before)


def keeps(place):
    kept = explore(place, 1, '--runs', '3', '--', 'sh', '-c',
                   TAKE + 'ls -l /tmp /dev/shm .; stat -c "%n %s %b" . /tmp input; exit 3')
    check([f['message'] for f in kept] and kept[0]['count'] == 3, kept)
    says('the same run', DETSIM, 'replay', kept[0]['dir'], cwd=place + '/here')
    is_untouched(place, 'replay')


def bounds(place):
    kept = explore(place, 1, '--runs', '1', '--disk-limit', '2M', '--', 'dd', 'if=/dev/zero',
                   'of=/tmp/own-files-large', 'bs=64K')
    check('No space left' in kept[0]['message'] or 'exit' in kept[0]['message'], kept)


# What detsim writes into the working directory is in no run's copy of it.
def sees_nothing_of_detsim(place):
    here = place + '/lists'
    os.makedirs(here + '/inner')
    write(here + '/lists.py', LISTS)
    python = ['--', '/usr/bin/python3', '-S', '-E', 'lists.py']
    twice = [DETSIM, 'explore', '-q', '-j', '2', '--json', 'found.json']
    run(*twice, '--runs', '100', '--until-failure', '--dir', 'kept', *python, code=1, cwd=here)
    run(*twice, '--resume', 'kept', '--keep-going', code=1, cwd=here)
    found = load(here + '/found.json')
    check(found['summary']['runs'] == 100, found['summary'])
    check(found['summary']['distinct_outcomes'] == 2, found['summary'])  # 0 and 1, the same output
    check(len(found['failures']) == 4, found['failures'])
    for failure in found['failures']:
        repeats(here, failure, python)
    tested = run(DETSIM, 'seeds', 'test', cwd=here).text
    check(tested.count('still fails') == 8, tested)
    says('working directory', DETSIM, 'explore', '--dir', '.', *python, code=125, cwd=here)


def repeats(here, failure, python):
    check(failure['dir'], failure)
    for _ in range(2):
        says('the same run', DETSIM, 'replay', failure['dir'], cwd=here)
        run(DETSIM, 'seeds', 'add', failure['dir'], code=0, cwd=here)  # the bank is detsim's, too
    words = run(DETSIM, 'bisect', failure['dir'], cwd=here).text
    repeat = re.search('^repeat: (.*)$', words, re.M)
    check(repeat, words)
    output = read(f'{here}/{failure["dir"]}/stdout')
    plain = [DETSIM, 'run', '-q', '--seed', str(failure['seed']), '--strategy',
             failure['strategy'], '--private', '.']
    for own in ['kept', 'detsim.seeds', 'found.json']:
        plain += ['--leave-out', own]
    for again in [['sh', '-c', repeat.group(1)], [*plain, *python]]:
        done = run(*again, code=1, cwd=here)
        check(done.stdout.decode() == output, f'{done.text} is not {output}')


def shares(place):
    kept = explore(place, 1, '--shared-files', '--runs', '4', '--', 'sh', '-c', TAKE)
    check(any('File exists' in f['message'] for f in kept), kept)
    for path in [*left(), place + '/here/own-files-taken']:
        os.unlink(path)
    # The first run leaves a cache that all later ones find: those are repeated.
    kept = explore(place, 1, '--shared-files', '--runs', '1', '--', 'sh', '-c',
                   'test -e cache || echo made > cache; exit 3')
    check(kept[0]['dir'], kept)
    says('the same run', DETSIM, 'replay', kept[0]['dir'], cwd=place + '/here')
    os.unlink(place + '/here/cache')


def works_for_others(place):
    nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    if os.geteuid() != 0 or run(*nobody, 'unshare', '-Urm', DETSIM, '--version').returncode != 0:
        return
    shutil.rmtree(place + '/failures')
    os.unlink(place + '/out.json')
    os.chmod(place + '/here/input', 0o666)
    works(place, nobody)


def main(place):
    os.chmod(place, 0o777)
    os.mkdir(place + '/here')
    write(place + '/here/input', 'given')
    works(place)
    keeps(place)
    bounds(place)
    sees_nothing_of_detsim(place)
    works_for_others(place)
    shares(place)


sys.exit(judge(main))
