"""Walks the tables: every system call of the kernel's header has a row, every row says what it has
to, and every row of symbols.def is exported by the library, and nothing else.

    complete.py DETSIM LIBRARY SYMBOLS_DEF
"""
import json
import re
import subprocess
import sys

HEADER = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h'


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def problems_of_calls(detsim):
    numbers = {int(number): name for name, number in
               re.findall(r'#define __NR_(\w+) (\d+)', open(HEADER).read())}
    rows = {row['number']: row for row in json.loads(output(detsim, 'calls', '--json'))}
    for number, name in sorted(numbers.items()):
        row = rows.get(number)
        if row is None:
            yield f'{number} {name}: no row'
        elif row['name'] != name:
            yield f'{number} {name}: its row is named {row["name"]}'
        elif row['support'] not in ('modelled', 'passed', 'refused'):
            yield f'{number} {name}: support is {row["support"]}'
        elif row['support'] == 'refused' and (not row['note'] or not row.get('error')):
            yield f'{number} {name}: refused without an error or a reason'
    for number in sorted(set(rows) - set(numbers)):
        yield f'{number} {rows[number]["name"]}: not in the header'
    if len(numbers) < 300:
        yield f'only {len(numbers)} numbers in {HEADER}'


def problems_of_symbols(library, definitions):
    rows = set(re.findall(r'^(?:POINT|TRY|SPIN|OWN)\((\w+)', open(definitions).read(), re.M))
    exported = {line.split()[-1].split('@')[0] for line in output('nm', '-D', '--defined-only', library).splitlines()}
    for name in sorted(rows - exported):
        yield f'{name}: in the table and not exported'
    for name in sorted(exported - rows):
        if not name.startswith('detsim_public_'):
            yield f'{name}: exported and not in the table'
    if len(rows) < 20:
        yield f'only {len(rows)} rows in {definitions}'


def main(detsim, library, definitions):
    found = [*problems_of_calls(detsim), *problems_of_symbols(library, definitions)]
    print('\n'.join(found) or 'complete')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
