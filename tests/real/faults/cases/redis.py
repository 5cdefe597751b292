"""Redis 7.0: what ACL SAVE writes, and the append-only file. docs/findings.md."""
CLIENT = 'PROGRAMS/redis_client'
SERVER = "redis-server --port 0 --unixsocket /tmp/socket --save '' --logfile /tmp/log"
APPEND = SERVER + ' --appendonly yes --auto-aof-rewrite-percentage 0 --appendfsync'
OLD, NEW = 1, 2


def acl(profile, breaks):
    """1: what was there before is gone; 2: what was saved is."""
    command = f'''
        {SERVER} --aclfile users.acl & server=$!
        {CLIENT} call ACL SETUSER bob on '>secret' '~*' +get
        {CLIENT} call ACL SAVE && echo saved >/tmp/acknowledged
        {CLIENT} call SHUTDOWN NOSAVE; wait $server'''
    check = '''
        grep -q "^user alice" users.acl || { echo "alice is gone"; od -c users.acl | head -n 3; exit 1; }
        [ ! -e /tmp/acknowledged ] || grep -q "^user bob" users.acl ||
          { echo "bob is gone, who was saved"; exit 2; }'''
    return Case(name=f'redis-acl-{profile}', needs='redis-server', command=command, check=check,
                prepare="printf 'user default on nopass ~* &* +@all\\nuser alice on nopass +get\\n'"
                        ' >users.acl',
                breaks=breaks,
                options=('--profile', profile, '--fault=proc.power_loss,at.op=open,'
                                               'at.path=/tmp/acknowledged,at.timing=after'))


def append(name, policy, options, breaks=(), again=False, share=0.5):
    """1: what was acknowledged is gone, unless it need not be synced (`no`); 3: the server does not start; 4: it went on after a failed
    sync, or acknowledged what it is about. `again`: it is started once more when it has ended."""
    once = f'''
        {APPEND} {policy} & server=$!
        {CLIENT} set FIRST 12; {CLIENT} call SHUTDOWN NOSAVE >/dev/null
        wait $server; echo $? >/tmp/ended'''
    command = once.replace('FIRST', '1')
    if again:
        command += once.replace('FIRST', '$(($(cat /tmp/acknowledged 2>/dev/null || echo -1) + 2))')
    told = '''
        if [ -e /tmp/ended ] && grep -q "Can.t persist AOF for fsync" /tmp/log; then
          written=$(grep -ac "^key" appendonlydir/*.incr.aof)
          [ "$(cat /tmp/ended)" = 1 ] &&
            [ "$written" -eq $(($(cat /tmp/acknowledged) + 1)) ] || exit 4
        fi'''
    check = ('' if again else told) + f'''
        {APPEND} no & server=$!
        {CLIENT} check; status=$?; [ {policy} = no ] && [ $status = 1 ] && status=0
        {CLIENT} call SHUTDOWN NOSAVE >/dev/null; wait $server; tail -n 3 /tmp/log; exit $status'''
    return Case(name=f'redis-{name}', needs='redis-server', command=command, check=check,
                options=options, breaks=breaks, share=share)


def cuts(profile):
    return ('--profile', profile, '--fault=proc.power_loss,op=write,path=**/*.aof,probability=0.1',
            '--fault=proc.power_loss,op=sync,path=**/*.aof,probability=0.05')


FAILING = ('--fault=disk.fsync_fail,path=**/*.aof,probability=0.1,max=1',)

CASES = [
    acl('posix-strict', breaks=(1, 2)),
    acl('ext4-ordered', breaks=(2,)),
    append('always-fails', 'always', FAILING),
    # The failed record is in the page cache, and never on the disk: there is a hole in the file.
    append('again-after-failure', 'always', (*FAILING, *cuts('ext4-ordered')), again=True,
           breaks=(3,), share=1),
    append('always-journal', 'always', cuts('ext4-journal')),
    append('torn-journal', 'no', cuts('ext4-journal')),
    # A size without its data: the zeros at the end are no torn command, and are not cut off.
    append('torn-zeros', 'no', cuts('ext4-ordered'), breaks=(3,), share=2),
]
