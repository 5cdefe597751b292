#!/usr/bin/python3
"""What is kept of a failure on a disk that forgets - its directories, its profile, how often the
program is started again and what judges it - is the same run by replay, bisect and a bank of seeds.

    disk_replay.py DETSIM
"""
import json
import pathlib
import subprocess
import sys
import tempfile

DETSIM = str(pathlib.Path(sys.argv[1]).resolve())
FAILED = []

PLAN = 'rules: [{fault: proc.power_loss, op: write, path: "**/f*", probability: 0.15}]\n'
# A file that is empty is taken for whole by the next start.
SCRIPT = 'for i in 1 2 3 4 5 6; do [ -e f$i ] || echo line >f$i; done'
CHECK = 'n=$(cat f* | wc -l); [ "$n" -ge 6 ] || { echo "$n lines"; exit 3; }'


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def run(directory, code, *words):
    done = subprocess.run([DETSIM, *words], cwd=directory, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300, check=False)
    text = (done.stdout + done.stderr).decode(errors='replace')
    check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {text}')
    return text


def main(root):
    disk, kept = root / 'disk', root / 'kept'
    disk.mkdir()
    (root / 'plan.yaml').write_text(PLAN)
    run(disk, 1, 'explore', '--runs', '60', '--quiet', '--dir', str(kept), '--disk', '.', '--profile',
        'xfs', '--crashes', '3', '--faults', '../plan.yaml', '--then', CHECK, '--', 'sh', '-c', SCRIPT)
    (root / 'plan.yaml').unlink()  # a copy is kept
    failures = [path.parent for path in kept.glob('*/failure.json')]
    check(failures, 'nothing failed')
    for failure in failures:
        wanted = {'paths': ['.'], 'profile': 'xfs', 'then': CHECK, 'crashes': 3}
        told = json.loads((failure / 'failure.json').read_text())
        check(told.get('disk') == wanted, f'kept: {told.get("disk")}')
        check('the same run' in run(disk, 3, 'replay', str(failure)), 'another run')
        check('1 fault and 0 context switches' in run(disk, 0, 'bisect', str(failure)), 'not reduced')
        run(disk, 0, 'seeds', '--file', '../bank', 'add', str(failure))
    check('still fails' in run(disk, 1, 'seeds', '--file', '../bank', 'test'), 'the bank has others')
    check(not list(disk.iterdir()), 'the original directory was touched')
    return 1 if FAILED else 0


if __name__ == '__main__':
    with tempfile.TemporaryDirectory(prefix='detsim-replay-') as scratch:
        sys.exit(main(pathlib.Path(scratch)))
