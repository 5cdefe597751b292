#!/usr/bin/python3
"""Targets that try to get away: they daemonise, ignore signals, fork, write and live without end.
They are ended, that is said, and nothing of them is left: no process, no file.

    containment.py DETSIM
"""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, wait_until

DETSIM = os.path.abspath(sys.argv[1])
PLACE = tempfile.mkdtemp(prefix='contain-')
MARK = str(10**6 + os.getpid())  # an argument that our targets' processes have
DAEMONS = f'setsid sleep {MARK} & setsid sh -c "sleep {MARK}; :" & '


def environment():
    os.makedirs(PLACE + '/tmp', exist_ok=True)
    return {**os.environ, 'TMPDIR': PLACE + '/tmp'}


def living():
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            words = read(path).replace('\0', ' ')
            state = read(os.path.dirname(path) + '/stat').rsplit(')', 1)[1].split()[0]
        except OSError:
            continue
        if MARK in words and state not in 'ZX':
            found.append(words)
    return found


def nothing_is_left(what):
    wait_until(lambda: not living())
    check(not living(), f'{what}: still there: {living()}')
    check(not os.listdir(PLACE + '/tmp'), f'{what}: left: {os.listdir(PLACE + "/tmp")}')


def explore(what, *words, command, code):
    out = f'{PLACE}/{what}'
    run(DETSIM, 'explore', '-q', '--runs', '2', '--dir', out, '--json', out + '.json', *words, '--',
        *command, code=code, env=environment())
    nothing_is_left(what)
    return load(out + '.json')['failures'] if os.path.exists(out + '.json') else []


def replays(what, failure):
    words = run(DETSIM, 'replay', failure['dir'], env=environment()).text
    check('the same run' in words, f'{what}: {words[-300:]}')


def contains_by_limits():
    explore('daemon', command=['sh', '-c', DAEMONS + 'exit 0'], code=0)
    # Bounded in virtual time by nothing: real time ends it.
    kept = explore('outlives', '--timeout', '1', command=[
        'sh', '-c', DAEMONS + f'trap "" TERM INT HUP; while :; do sleep 0.1 {MARK}; done'], code=1)
    check([f['kind'] for f in kept] == ['limit'], f'outlives: {kept}')
    bomb = f'import os\nwhile True:\n try: os.fork()\n except OSError: os._exit(3)\n#{MARK}'
    kept = explore('forks', '--process-limit', '20', '--timeout', '20',
                   command=['/usr/bin/python3', '-c', bomb], code=1)
    check([f['message'] for f in kept] == ['exit status 3'], f'forks: {kept}')
    kept = explore('writes', '--output-limit', '300K', command=['yes', MARK], code=1)
    check([f['kind'] for f in kept] == ['limit'], f'writes: {kept}')
    size = os.path.getsize(kept[0]['dir'] + '/stdout')
    check(300 << 10 < size < 400 << 10, f'writes: {size} bytes were kept')
    replays('writes', kept[0])
    kept = explore('fills', '--shared-files', '--file-limit', '300K', command=[
        'sh', '-c', f'exec yes {MARK} > {PLACE}/file'], code=1)
    check('SIGXFSZ' in kept[0]['message'], f'fills: {kept}')
    size = os.path.getsize(PLACE + '/file')
    check(size == 300 << 10, f'fills: the file has {size} bytes')
    through_pipe = run(
        'sh', '-c', f'{DETSIM} run --seed 1 --output-limit 300K -- yes {MARK} | wc -c')
    check(300 << 10 < int(through_pipe.stdout) < 400 << 10, through_pipe)
    check(b'--output-limit' in through_pipe.stderr, through_pipe)


def ends_when_told(what, number, words, endless):
    process = subprocess.Popen([DETSIM, *words, '--', 'sh', '-c', DAEMONS + endless],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, env=environment())
    check(wait_until(lambda: len(living()) >= 3), f'{what}: only {living()} are there')
    process.send_signal(number)
    process.wait(timeout=60)
    nothing_is_left(what)


def contains_when_killed():
    spins = f'trap "" TERM INT HUP; while :; do :; done # {MARK}'
    sleeps = f'trap "" TERM INT HUP; while :; do sleep 1; done # {MARK}'
    explore_it = ['explore', '-q', '-j', '2', '--dir', PLACE + '/killed']
    run_it = ['run', '-q', '--seed', '1']
    for name, endless in (('spins', spins), ('sleeps', sleeps)):
        ends_when_told(f'run {name}, killed', signal.SIGKILL, run_it, endless)
        ends_when_told(f'explore {name}, killed', signal.SIGKILL, explore_it, endless)
    ends_when_told('Ctrl-C', signal.SIGINT, explore_it, sleeps)


def main(_):
    try:
        contains_by_limits()
        contains_when_killed()
    finally:
        shutil.rmtree(PLACE)


sys.exit(judge(main))
