"""PostgreSQL 15 in single-user mode: what was committed is there after a loss of power, and a failing
sync of its write-ahead log ends it."""
BIN = '/usr/lib/postgresql/15/bin'
AS_USER = 'setpriv --reuid=postgres --regid=postgres --clear-groups'
SINGLE = f'{AS_USER} {BIN}/postgres --single -D data postgres'
ROWS = 6
# What is acknowledged is noted by the server itself, outside of the disk.
SQL = "CREATE TABLE t (i int, body text)\\n" + ''.join(
    f"INSERT INTO t VALUES ({i}, repeat(md5({i}::text), 40))\\n"
    "COPY (SELECT count(*) FROM t) TO '/tmp/acknowledged'\\n" for i in range(1, ROWS + 1))
PREPARE = f'''chmod 755 . && install -d -o postgres -g postgres -m 700 data &&
    {AS_USER} {BIN}/initdb -N -A trust --wal-segsize=1 -D data >/dev/null'''
COMMAND = f'''printf "%b" "{SQL}" | {SINGLE} >/tmp/out 2>/tmp/errors
    status=$?; echo $status >/tmp/ended; grep PANIC /tmp/errors; exit 0'''
# 1: what was acknowledged is gone; 2: it does not come up; 4: it went on after a failed sync. A lock
# file that is empty, or whose bytes did not come, is left to the administrator, and removed here.
CHECK = f'''
    look() {{
      echo "COPY (SELECT count(*) FROM t) TO '/tmp/found'" | {SINGLE} >/tmp/out 2>/tmp/errors
    }}
    if grep -q PANIC /tmp/errors && [ "$(cat /tmp/ended)" -le 128 ]; then exit 4; fi
    look || {{ grep -q 'lock file "postmaster.pid"' /tmp/errors &&
      rm data/postmaster.pid && look; }} || {{ tail -n 5 /tmp/errors; exit 2; }}
    acknowledged=$(cat /tmp/acknowledged 2>/dev/null)
    [ -z "$acknowledged" ] || [ "$(cat /tmp/found)" -ge "$acknowledged" ] || exit 1'''


def case(name, *options, check=''):
    return Case(name=f'postgres-{name}', needs='postgres', command=COMMAND, check=check + CHECK,
                prepare=PREPARE, options=options, share=0.3, clean=('--env', 'CLEAN=1'))


CASES = [
    *(case(profile, '--profile', profile,
           '--fault=proc.power_loss,op=sync,path=**/data/**,probability=0.05',
           '--fault=proc.power_loss,op=write,path=**/data/**,probability=0.01')
      for profile in ('ext4-ordered', 'posix-strict')),
    case('wal-sync-fails', '--fault=disk.fsync_fail,path=**/pg_wal/*,when=4,error=EIO',
         '--fault=proc.power_loss,op=write,path=**/data/**,probability=0.005',
         check='[ -n "$CLEAN" ] || [ $DETSIM_ENDED_WITH = 137 ] ||'
               ' grep -q "PANIC.*fdatasync" /tmp/errors || exit 4;'),
]
