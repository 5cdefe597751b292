"""Keeps what the style of the project says where a program can see it: lengths of lines, functions
and files, an opening comment, the direction of includes, and words that have no place here.

    tidy.py REPOSITORY
"""
import pathlib
import re
import subprocess
import sys

LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 600, 70, 100
TEST_FUNCTION_LINES_MAX = 90  # a test may tell its story in one go

# What a file of a folder may include of the project (the longest prefix of its path counts).
INCLUDES = {
    'scheduler/': ['scheduler/', 'trace/event.hpp'],
    'trace/': ['trace/', 'scheduler/choice.hpp', 'scheduler/replay.hpp'],
    'faultplan/': ['faultplan/', 'scheduler/choice.hpp', 'scheduler/invariant.hpp',
                   'scheduler/replay.hpp', 'trace/event.hpp'],
    # Plans as their writers see them, for the launcher alone.
    'faultplan/reading/': ['faultplan/', 'scheduler/', 'launcher/values.hpp',
                           'launcher/whole_file.hpp', 'launcher/call_table.hpp',
                           'interpose/faults/points.def'],
    'interpose/': ['interpose/', 'scheduler/', 'faultplan/', 'trace/event.hpp'],
    # What both sides have to agree on: the table, and how an image is judged and laid out.
    'launcher/': ['launcher/', 'scheduler/', 'faultplan/', 'trace/', 'interpose/calls/calls.def',
                  'interpose/base/elf_inspect.hpp', 'interpose/base/exec_image.hpp',
                  'interpose/entry/frame.hpp'],
}

# Words about how the project is made, or left to be done. (Not this file, which has them all.)
BANNED = [
    r'\bTODO\b', r'\bFIXME\b', r'\bXXX\b', r'\bfounders?\b', r'\bissue #?\d', r'\bchat ?bot\b',
    r'\bthis session\b', r'\bprevious session\b', r'\blanguage model\b', r'(?<![\w.])/work/',
    r'\bshared/(DESIGN|STYLE)', r'\bDESIGN\b', r'\bAI[- ]generated\b',
]

CODE = ('.cpp', '.hpp', '.c', '.h', '.S')
NO_FUNCTION = re.compile(r'\s*(namespace|struct|class|enum|union|extern|if|for|while|switch|else|do)\b')


def tracked(root):
    out = subprocess.run(['git', '-C', root, 'ls-files', '-z'], check=True, stdout=subprocess.PIPE)
    return [name for name in out.stdout.decode().split('\0') if name]


def functions(lines):
    """Bodies at the outermost level and in classes: (first line, its length)."""
    for number, line in enumerate(lines):
        match = re.match(r'( {0,4})(?=\S).*\{$', line)
        if not match or NO_FUNCTION.match(line) or line.lstrip().startswith(('}', '[', 'return')):
            continue
        # A signature may have begun some lines above; its first line names what this is.
        first = number
        while first > 0 and lines[first - 1] and not lines[first - 1].rstrip().endswith((';', '}', '{', ':')) \
                and not lines[first - 1].lstrip().startswith(('//', '#')):
            first -= 1
        if '(' not in ''.join(lines[first:number + 1]) or NO_FUNCTION.match(lines[first]):
            continue
        indentation = re.match(' *', lines[first]).group()
        for end in range(number + 1, len(lines)):
            if lines[end].startswith(indentation + '}'):
                yield first + 1, end - first + 1
                break


def has_own_header(name, names):
    return name.endswith('.cpp') and name[:-3] + 'hpp' in names


def problems_of(name, text, names):
    lines = text.split('\n')
    suffix = pathlib.Path(name).suffix
    if suffix in CODE:
        if len(lines) - 1 > LINES_MAX:
            yield f'{name}: {len(lines) - 1} lines, more than {LINES_MAX}'
        # What a pair of files is for stands in the header.
        if not text.startswith(('//', '/*', '#pragma once\n//')) and not has_own_header(name, names) \
                and not name.startswith('tests/'):
            yield f'{name}: does not open with a comment that says what it is for'
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f'{name}:{number}: {len(line)} columns, more than {COLUMNS_MAX}'
        for number, length in functions(lines):
            longest = TEST_FUNCTION_LINES_MAX if name.startswith('tests/') else FUNCTION_LINES_MAX
            if length > longest:
                yield f'{name}:{number}: a function of {length} lines, more than {longest}'
    folder = max((folder for folder in INCLUDES if name.startswith(folder)), key=len, default='')
    if folder:
        allowed = INCLUDES[folder]
        for number, line in enumerate(lines, 1):
            match = re.match(r'\s*#\s*include "([^"]+)"', line)
            if match and not match.group(1).startswith(tuple(allowed)):
                yield f'{name}:{number}: {folder} must not include {match.group(1)}'
    if name != 'tests/tidy/tidy.py':
        for number, line in enumerate(lines, 1):
            for word in BANNED:
                if re.search(word, line):
                    yield f'{name}:{number}: {word} has no place here: {line.strip()[:80]}'


def missing_packages(root):
    """What tests/real asks for has to be installed by ./check."""
    listed = {line.split()[0] for line in pathlib.Path(root, 'packages').read_text().splitlines()
              if line and not line.startswith('#')}
    for program in sorted(pathlib.Path(root, 'tests/real/programs').glob('*.sh')):
        for wanted in re.findall(r'^packages="([^"]*)"', program.read_text(), re.M):
            for package in wanted.split():
                if package not in listed:
                    yield f'packages: lacks {package}, for {program.name}'


def main(root):
    names = tracked(root)
    found = [*missing_packages(root)]
    for name in names:
        path = pathlib.Path(root, name)
        if not path.is_file() or name == 'LICENSE':
            continue
        try:
            found += problems_of(name, path.read_text(), set(names))
        except UnicodeDecodeError:
            continue  # data
    print('\n'.join(found))
    print(f'{len(names)} files, {len(found)} problems')
    return 1 if found or not names else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
