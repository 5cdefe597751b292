#!/usr/bin/python3
"""What is written for programs is as its schema says, and so is what they may write.

    schemas_test.py DETSIM SOURCE_DIRECTORY SAMPLES_DIRECTORY
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import jsonschema
import yaml

DETSIM, SOURCE, SAMPLES = (os.path.abspath(path) for path in sys.argv[1:4])
FAILED = []


def check(holds, words):
    if not holds:
        FAILED.append(words)
        print('FAILED:', words)


def run(*words, code=None, cwd=None):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=300,
                          check=False, cwd=cwd)
    if code is not None:
        check(done.returncode == code, f'{words}: {done.returncode}, not {code}: {done.stderr}')
    return done.stdout.decode(errors='replace')


def schema(name):
    with open(f'{SOURCE}/docs/{name}.schema.json', encoding='utf-8') as file:
        return json.load(file)


def is_valid(thing, rules, words):
    validator = jsonschema.Draft202012Validator(rules)
    jsonschema.Draft202012Validator.check_schema(rules)
    for error in validator.iter_errors(thing):
        check(False, f'{words}: {error.json_path}: {error.message}')


def loaded(path):
    with open(path, encoding='utf-8') as file:
        return json.load(file)


def explorations(directory):
    out = directory + '/out.json'
    plan = SOURCE + '/samples/lease.yaml'
    for words, code in [([SAMPLES + '/bank'], 1), (['/bin/true'], 0),
                        (['/no/such/program'], 127)]:
        if os.path.exists(out):
            os.unlink(out)
        run(DETSIM, 'explore', '-q', '--runs', '30', '--faults', plan, '--dir', directory + '/dir',
            '--json', out, '--', *words, code=code)
        if code < 2:
            is_valid(loaded(out), schema('exploration'), f'explore {words}')
    run(DETSIM, 'explore', '-q', '--runs', '30', '--dir', directory + '/dir', '--',
        SAMPLES + '/bank', code=1)
    run(DETSIM, 'report', 'merge', '-q', '--json', out, directory + '/dir', code=1)
    is_valid(loaded(out), schema('exploration'), 'report merge')


def suites(directory):
    out = directory + '/suite'
    rules = json.loads(run(DETSIM, 'suite', 'schema', code=0))
    with open(SAMPLES + '/detsim.yaml', encoding='utf-8') as file:
        is_valid(yaml.safe_load(file), rules, 'samples/detsim.yaml')
    run(DETSIM, 'suite', 'run', '-q', '--profile', 'smoke', '--dir', out, '--json', out + '.json',
        '--junit', out + '.xml', code=0, cwd=SAMPLES)
    results = loaded(out + '.json')
    is_valid(results, schema('suite-results'), 'suite run')
    check(len(results['tests']) == 5, results)
    check(all(test['holds'] for test in results['tests']), results)
    cases = xml.parse(out + '.xml').getroot().findall('testsuite/testcase')
    check(len(cases) == 5 and not any(case.findall('failure') for case in cases), 'JUnit')
    with open(out + '.yaml', 'w', encoding='utf-8') as file:
        tests = [{'name': 'loses <money>', 'command': [SAMPLES + '/two_writes']},
                 {'name': 'is not there', 'command': ['./no-such-program']}]
        yaml.safe_dump({'tests': tests}, file)
    run(DETSIM, 'suite', 'run', '-q', '-f', out + '.yaml', '--profile', 'smoke', '--dir', out,
        '--json', out + '.json', '--junit', out + '.xml', code=125)
    results = loaded(out + '.json')
    is_valid(results, schema('suite-results'), 'suite run')
    root = xml.parse(out + '.xml').getroot().find('testsuite')
    check((root.get('failures'), root.get('errors')) == ('1', '1'), 'JUnit')
    check('replay' in (root.find('testcase/failure').text or ''), 'JUnit says how to repeat it')


def plans():
    rules, checked = schema('fault-plan'), 0
    for name in sorted(os.listdir(SOURCE + '/samples')):
        if not name.endswith('.yaml') or name == 'detsim.yaml':
            continue
        with open(f'{SOURCE}/samples/{name}', encoding='utf-8') as file:
            is_valid(yaml.safe_load(file), rules, name)
        checked += 1
    check(checked > 2, 'samples have plans')


def main():
    directory = tempfile.mkdtemp(prefix='detsim-schemas-')
    try:
        explorations(directory)
        suites(directory)
        plans()
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if FAILED else 0


if __name__ == '__main__':
    sys.exit(main())
