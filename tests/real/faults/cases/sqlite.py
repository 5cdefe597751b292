"""SQLite 3.40: what PRAGMA synchronous promises, by journal and by disk. docs/findings.md."""
PROGRAM = 'PROGRAMS/sqlite_store'
CORRUPT, LOST = 2, 1  # statuses of the check
PROFILES = 'ext4-ordered', 'ext4-journal', 'xfs', 'btrfs', 'posix-strict'


def cut(profile, *rules):
    rules = rules or ('op=sync,probability=0.03', 'op=write,path=**/db*,probability=0.01',
                      'op=remove,probability=0.05', 'op=open,path=**/*.acknowledged,probability=0.05')
    return ('--profile', profile, *(f'--fault=proc.power_loss,{rule}' for rule in rules))


def case(journal, synchronous, profile, breaks=(), **more):
    return Case(name=f'sqlite-{journal}-{synchronous}-{profile}'.lower(), needs=PROGRAM,
                command=f'{PROGRAM} put {journal} {synchronous}', check=f'{PROGRAM} check',
                options=cut(profile), breaks=breaks, **more)


CASES = [
    *(case(journal, 'EXTRA', profile) for journal in ('DELETE', 'WAL') for profile in PROFILES),
    *(case('WAL', 'FULL', profile) for profile in PROFILES),
    # The journal's removal is not synced: it comes back, and the transaction is rolled back.
    *(case('DELETE', 'FULL', profile, breaks=(LOST,), share=2)
      for profile in ('ext4-ordered', 'posix-strict')),
    *(case('DELETE', 'OFF', profile, breaks=(CORRUPT, LOST))
      for profile in ('ext4-ordered', 'posix-strict')),
]
