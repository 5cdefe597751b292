#!/usr/bin/python3
"""What is kept of a failure on a disk that forgets - its directories, its profile, how often the
program is started again and what judges it - is the same run by replay, bisect and a bank of seeds.

    disk_replay.py DETSIM
"""
import pathlib
import sys

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, run, says

DETSIM = str(pathlib.Path(sys.argv[1]).resolve())

PLAN = 'rules: [{fault: proc.power_loss, op: write, path: "**/f*", probability: 0.15}]\n'
# A file that is empty is taken for whole by the next start.
SCRIPT = 'for i in 1 2 3 4 5 6; do [ -e f$i ] || echo line >f$i; done'
CHECK = 'n=$(cat f* | wc -l); [ "$n" -ge 6 ] || { echo "$n lines"; exit 3; }'


def main(directory):
    root = pathlib.Path(directory)
    disk, kept = root / 'disk', root / 'kept'
    disk.mkdir()
    (root / 'plan.yaml').write_text(PLAN)
    run(DETSIM, 'explore', '--runs', '60', '--quiet', '--dir', str(kept), '--disk', '.',
        '--profile', 'xfs', '--crashes', '3', '--faults', '../plan.yaml', '--then', CHECK, '--',
        'sh', '-c', SCRIPT, code=1, cwd=disk)
    (root / 'plan.yaml').unlink()  # a copy is kept
    failures = [str(path.parent) for path in kept.glob('*/failure.json')]
    check(failures, f'nothing failed: {list(kept.iterdir())}')
    for failure in failures:
        wanted = {'paths': ['.'], 'profile': 'xfs', 'then': CHECK, 'crashes': 3}
        told = load(failure + '/failure.json').get('disk')
        check(told == wanted, f'{told} is kept, not {wanted}')
        says('the same run', DETSIM, 'replay', failure, code=3, cwd=disk)
        says('1 fault and 0 context switches', DETSIM, 'bisect', failure, code=0, cwd=disk)
        run(DETSIM, 'seeds', '--file', '../bank', 'add', failure, code=0, cwd=disk)
    says('still fails', DETSIM, 'seeds', '--file', '../bank', 'test', code=1, cwd=disk)
    left = list(disk.iterdir())
    check(not left, f'the original directory was touched: {left}')


if __name__ == '__main__':
    sys.exit(judge(main))
