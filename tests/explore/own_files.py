#!/usr/bin/python3
"""Runs side by side have directories of their own: /tmp, /dev/shm and the working directory.

    own_files.py DETSIM
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

DETSIM = os.path.abspath(sys.argv[1])
FAILED = []
# Each of these fails when somebody else is there, too.
TAKE = ('set -C; for d in /tmp /var/tmp /dev/shm .; do : > $d/own-files-taken || exit 9; done; '
        'test "$(cat input)" = given || exit 8; echo more >> input; ')
SEMAPHORE = 'import multiprocessing as m\nq = m.Queue()\nq.put(3)\nassert q.get() == 3\n'


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def explore(place, code, *words, before=()):
    done = subprocess.run([*before, DETSIM, 'explore', '-q', '-j', '2', '--dir',
                           place + '/failures', '--json', place + '/out.json', *words],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=200, check=False,
                          cwd=place + '/here')
    text = (done.stdout + done.stderr).decode()
    check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {text}')
    return json.load(open(place + '/out.json'))['failures'] if code == 1 else []


def left():
    return [f'{d}/own-files-taken' for d in ('/tmp', '/var/tmp', '/dev/shm')
            if os.path.exists(f'{d}/own-files-taken')]


def is_untouched(place, what):
    check(os.listdir(place + '/here') == ['input'], f'{what}: {os.listdir(place + "/here")}')
    check(open(place + '/here/input').read() == 'given', f'{what}: the input has changed')
    check(not left(), f'{what}: {left()}')


def works(place, before=()):
    explore(place, 0, '--runs', '12', '--', 'sh', '-c', TAKE, before=before)
    is_untouched(place, f'explore {before}')
    explore(place, 0, '--runs', '4', '--', '/usr/bin/python3', '-c', SEMAPHORE, before=before)
    argument = place + '/argument'
    with open(argument, 'w') as file:
        file.write('read me')
    explore(place, 0, '--runs', '2', '--', 'grep', '-q', 'read me', argument, before=before)


def keeps(place):
    kept = explore(place, 1, '--runs', '3', '--', 'sh', '-c',
                   TAKE + 'ls -l /tmp /dev/shm .; stat -c "%n %s %b" . /tmp input; exit 3')
    check([f['message'] for f in kept] and kept[0]['count'] == 3, kept)
    done = subprocess.run([DETSIM, 'replay', kept[0]['dir']], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=100, check=False, cwd=place + '/here')
    check(b'the same run' in done.stdout + done.stderr, done.stdout[-500:] + done.stderr[-500:])
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


def main():
    place = tempfile.mkdtemp(prefix='own-files-')
    os.chmod(place, 0o777)
    os.mkdir(place + '/here')
    with open(place + '/here/input', 'w') as file:
        file.write('given')
    try:
        works(place)
        keeps(place)
        bounds(place)
        if os.geteuid() == 0 and subprocess.run(
                ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'unshare', '-Urm',
                 DETSIM, '--version'], capture_output=True, check=False).returncode == 0:
            shutil.rmtree(place + '/failures')
            os.unlink(place + '/out.json')
            os.chmod(place + '/here/input', 0o666)
            works(place, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'])
        shares(place)
    finally:
        shutil.rmtree(place)
    return 1 if FAILED else 0


sys.exit(main())
