"""LevelDB 1.23: the log that is not synced when the next one begins, and CURRENT's rename that is
not synced before what it replaces is removed. docs/findings.md."""
PROGRAM = 'PROGRAMS/leveldb_store'
INCOMPLETE, UNOPENABLE = 1, 4


def rollover(profile, *others):
    return Case(name=f'leveldb-rollover-{profile}', needs=PROGRAM, share=3,
                breaks=(INCOMPLETE, *others),
                command=f'{PROGRAM} put store', check=f'{PROGRAM} check store',
                options=('--profile', profile, '--fault',
                         'proc.power_loss,at.op=sync,at.path=**/*.log,at.timing=after'))


def current(profile, breaks=()):
    return Case(name=f'leveldb-current-{profile}', needs=PROGRAM, breaks=breaks, share=2,
                prepare=f'{PROGRAM} put store', check=f'{PROGRAM} open store',
                command=f'{PROGRAM} open store; {PROGRAM} open store',
                options=('--profile', profile, '--fault=proc.power_loss,op=sync,probability=0.02',
                         '--fault=proc.power_loss,at.op=remove,at.path=**/MANIFEST*,'
                         'at.timing=after'))


CASES = [
    rollover('ext4-ordered'),
    rollover('posix-strict', UNOPENABLE),
    current('posix-strict', breaks=(UNOPENABLE,)),
    current('ext4-ordered'),
    current('xfs'),
]
