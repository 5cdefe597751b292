#!/usr/bin/python3
"""What is written for programs is as its schema says, and so is what they may write.

    schemas_test.py DETSIM SOURCE_DIRECTORY SAMPLES_DIRECTORY
"""
import json
import os
import shutil
import sys
import xml.etree.ElementTree as xml

import jsonschema
import yaml

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, read, run, write

DETSIM, SOURCE, SAMPLES = (os.path.abspath(path) for path in sys.argv[1:4])


def schema(name):
    return load(f'{SOURCE}/docs/{name}.schema.json')


def strict(rules):
    """The same, and what they do not name is wrong: programs may add members, these tests see them."""
    if isinstance(rules, list):
        return [strict(each) for each in rules]
    if not isinstance(rules, dict):
        return rules
    closed = {'additionalProperties': False} if 'properties' in rules else {}
    return closed | {name: strict(each) for name, each in rules.items()}


def is_valid(thing, rules, words):
    validator = jsonschema.Draft202012Validator(rules)
    jsonschema.Draft202012Validator.check_schema(rules)
    for error in validator.iter_errors(thing):
        check(False, f'{words}: {error.json_path}: {error.message}')


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
            is_valid(load(out), schema('exploration'), f'explore {words}')
    run(DETSIM, 'explore', '-q', '--runs', '30', '--dir', directory + '/dir', '--',
        SAMPLES + '/bank', code=1)
    run(DETSIM, 'report', 'merge', '-q', '--json', out, directory + '/dir', code=1)
    is_valid(load(out), schema('exploration'), 'report merge')


def kept_ones(directory):
    """What lies in the directory of an exploration."""
    disk = directory + '/disk'
    os.mkdir(disk)
    write(directory + '/plan.yaml', 'rules: [{fault: proc.power_loss, probability: 0.2}]\n')
    for words, command in (
            ([], [SAMPLES + '/bank']),
            (['--faults', directory + '/plan.yaml', '--disk', disk, '--then', 'exit 1', '--env',
              'A=b', '--cpus', '3'], ['sh', '-c', f'echo 1 > {disk}/file'])):
        out = directory + '/kept'
        run(DETSIM, 'explore', '-q', '--runs', '30', '--dir', out, *words, '--', *command, code=1)
        is_valid(load(out + '/exploration.json'), strict(schema('exploration-directory')), words)
        kept = [f'{out}/{name}/failure.json' for name in os.listdir(out)
                if os.path.isdir(f'{out}/{name}')]
        check(kept, f'{words}: nothing is kept')
        for path in kept:
            is_valid(load(path), strict(schema('kept-failure')), path)
        shutil.rmtree(out)


def reports(directory):
    rules, out = strict(schema('run-report')), directory + '/report.json'
    for words, command in (
            ([], ['true']), ([], ['/no/such/program']), ([], ['sh', '-c', 'kill -SEGV $$']),
            (['--virtual-timeout', '1s'], ['sleep', '9']), (['--timeout', '1'], ['yes']),
            (['--seed', '3'], [SAMPLES + '/deadlock']), (['--output-limit', '9'], ['yes']),
            (['--faults', 'chaos'], [SAMPLES + '/retry'])):
        run(DETSIM, 'run', '-q', '--report-json', out, *words, '--', *command)
        is_valid(load(out), rules, f'{words} {command}')
        os.unlink(out)


def suites(directory):
    out = directory + '/suite'
    rules = json.loads(run(DETSIM, 'suite', 'schema', code=0).stdout)
    is_valid(yaml.safe_load(read(SAMPLES + '/detsim.yaml')), rules, 'samples/detsim.yaml')
    run(DETSIM, 'suite', 'run', '-q', '--profile', 'smoke', '--dir', out, '--json', out + '.json',
        '--junit', out + '.xml', code=0, cwd=SAMPLES)
    results = load(out + '.json')
    is_valid(results, schema('suite-results'), 'suite run')
    check(len(results['tests']) == 5, results)
    check(all(test['holds'] for test in results['tests']), results)
    cases = xml.parse(out + '.xml').getroot().findall('testsuite/testcase')
    check(len(cases) == 5 and not any(case.findall('failure') for case in cases),
          read(out + '.xml'))
    write(out + '.yaml', yaml.safe_dump({'tests': [
        {'name': 'loses <money>', 'command': [SAMPLES + '/two_writes']},
        {'name': 'is not there', 'command': ['./no-such-program']}]}))
    run(DETSIM, 'suite', 'run', '-q', '-f', out + '.yaml', '--profile', 'smoke', '--dir', out,
        '--json', out + '.json', '--junit', out + '.xml', code=125)
    results = load(out + '.json')
    is_valid(results, schema('suite-results'), 'suite run')
    root = xml.parse(out + '.xml').getroot().find('testsuite')
    junit = read(out + '.xml')
    check((root.get('failures'), root.get('errors')) == ('1', '1'), junit)
    check('replay' in (root.find('testcase/failure').text or ''), junit)


def plans():
    rules, checked = schema('fault-plan'), 0
    for name in sorted(os.listdir(SOURCE + '/samples')):
        if not name.endswith('.yaml') or name == 'detsim.yaml':
            continue
        is_valid(yaml.safe_load(read(f'{SOURCE}/samples/{name}')), rules, name)
        checked += 1
    check(checked > 2, f'{checked} plans are there')


def main(directory):
    explorations(directory)
    kept_ones(directory)
    reports(directory)
    suites(directory)
    plans()


if __name__ == '__main__':
    sys.exit(judge(main))
