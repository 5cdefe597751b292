"""Tools under faults that are legal: the right answer with status 0, or another status; never a wrong
answer with status 0, never a crash. docs/findings.md."""
WRONG, CRASHED = 1, 3

PREPARE = '''
    seq 1 20000 | awk '{ print ($1 * 7919) % 20011, "line", $1 }' >input
    mkdir -p tree/deep && head -n 500 input >tree/a && tail -n 500 input >tree/deep/b'''

# What is run, and what holds afterwards when it ended with 0.
TOOLS = {
    'cp': ('cp input copy', 'cmp input copy'),
    'cp-r': ('cp -r tree copy', 'diff -r tree copy'),
    'mv': ('mv tree other', '[ $(cat other/a other/deep/b | wc -l) = 1000 ]'),
    'dd': ('dd if=input of=copy bs=4096 status=none iflag=fullblock', 'cmp input copy'),
    'cat': ('cat input input >copy', 'cat input input | cmp - copy'),
    'sort': ('sort -o sorted input', 'sort input | cmp - sorted'),
    'sort-merge': ('sort -S 100k -T . -o sorted input', 'sort input | cmp - sorted'),
    'tar': ('tar cf all.tar tree', 'mkdir out && tar xf all.tar -C out && diff -r tree out/tree'),
    'gzip': ('gzip -k -n input', 'zcat input.gz | cmp - input'),
    'gunzip': ('gzip -c input >x.gz && gzip -dc x.gz >copy', 'cmp input copy'),
    'sqlite3': ('''sqlite3 -bail db "create table t(x); begin;
                     insert into t select value from generate_series(1,2000); commit;
                     update t set x = x + 1"''',
                '''[ "$(sqlite3 db 'select count(*), sum(x) from t; pragma integrity_check' |
                        tr '\\n' ' ')" = "2000|2003000 ok " ]'''),
}

PLANS = {
    'eintr': ('proc.eintr=0.2,kind=file', 'proc.eintr=0.2,kind=pipe', 'proc.eintr=0.2,kind=none'),
    'short': ('disk.short_read=0.5', 'disk.partial_write=0.5'),
    'full': ('disk.full=0.2',),
    'budget': ('disk.full,budget=8000', 'disk.partial_write=0.1'),
    'errors': ('disk.write_fail=0.1', 'disk.read_fail=0.1', 'disk.fsync_fail=0.2',
               'disk.rename_fail=0.3', 'disk.delete_fail=0.3'),
}


def case(tool, plan):
    command, right = TOOLS[tool]
    check = f'''case $DETSIM_ENDED_WITH in
        0) {right} || exit {WRONG} ;;
        1[23]?) exit {CRASHED} ;;
        esac'''
    return Case(name=f'{tool}-{plan}', needs=tool.split('-')[0], command=command, check=check,
                prepare=PREPARE, share=0.5,
                options=tuple(f'--fault={rule}' for rule in PLANS[plan]))


CASES = [case(tool, plan) for tool in TOOLS for plan in PLANS
         if tool != 'mv' or plan in ('eintr', 'errors')]  # it writes nothing
