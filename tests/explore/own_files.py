#!/usr/bin/python3
"""Runs side by side have directories of their own: /tmp, /dev/shm and the working directory.

    own_files.py DETSIM
"""
import os
import shutil
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, says, write

DETSIM = os.path.abspath(sys.argv[1])
# Each of these fails when somebody else is there, too.
TAKE = ('set -C; for d in /tmp /var/tmp /dev/shm .; do : > $d/own-files-taken || exit 9; done; '
        'test "$(cat input)" = given || exit 8; echo more >> input; ')
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


def shares(place):
    kept = explore(place, 1, '--shared-files', '--runs', '4', '--', 'sh', '-c', TAKE)
    check(any('File exists' in f['message'] for f in kept), kept)
    for path in [*left(), place + '/here/own-files-taken']:
        os.unlink(path)


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
    works_for_others(place)
    shares(place)


sys.exit(judge(main))
