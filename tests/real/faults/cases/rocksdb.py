"""RocksDB 7.8: with its default write-ahead log what is recovered is a prefix of what was put."""
PROGRAM = 'PROGRAMS/rocksdb_store'

CASES = [
    Case(name=f'rocksdb-prefix-{profile}', needs=PROGRAM, command=f'{PROGRAM} put store',
         check=f'{PROGRAM} check store',
         options=('--profile', profile, '--fault=proc.power_loss,op=write,probability=0.01',
                  '--fault=proc.power_loss,op=sync,probability=0.05'))
    for profile in ('ext4-ordered', 'posix-strict')
]
