#!/usr/bin/python3
"""Real programs under faults: what they promise of their data holds, or is broken as a case says.

    verdicts.py [--keep DIR] DETSIM PROGRAMS RUNS FAMILY [CASE...]

cases/FAMILY.py has the cases, `all` is all of them. A line is printed as each case ends. With --keep
DIR what came of it is kept there, and a later call with the same detsim and as many runs goes on
with the cases that are left, and with those that had a problem. Each case is clean without faults; under its plan it `holds` with every
seed, or `breaks` with some, with statuses that the case names and no others. The first runs are
done again and are the same, and so is what is kept of a failure. Exit status 77: a program is missing.
"""
import argparse
import dataclasses
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
from kept import Kept  # noqa: E402  pylint: disable=wrong-import-position

REPEATED_RUNS = 3
CAMPAIGN_RUNS = 500  # from so many on, every case gets all of them
SKIPPED = 77


@dataclasses.dataclass
class Case:
    name: str
    command: str            # for `sh -c`, in a fresh directory which is the disk
    check: str = ''         # --then: judges what the disk kept
    options: tuple = ()     # the plan
    prepare: str = ''       # for `sh -c`, natively: what is in the directory
    needs: str = 'sh'       # a program
    breaks: tuple = ()      # statuses that may be met, of which the first is; (): it holds
    clean: tuple = ()       # options of the run without faults
    share: float = 1        # of the runs that a case has; below 1 only in the suite
    timeout: str = '60s'


def say(*words):
    print(*words, flush=True)


def run(words, directory, **options):
    # What is reported is what a user sees with the same variables.
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(('DETSIM_', 'GIT_'))}
    environment['LC_ALL'] = 'C'
    return subprocess.run(words, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900,
                          check=False, errors='replace')


class Judge:
    def __init__(self, detsim, programs, runs, kept):
        self.detsim, self.programs, self.runs, self.kept = detsim, programs, runs, kept
        self.problems, self.missing = [], []
        self.began_s = 0.0

    def problem(self, case, words, output=''):
        self.problems.append(case.name)
        say(f'{case.name}: {words}')
        for line in output.strip().splitlines()[-6:]:
            say('    ' + line)

    def words(self, case, text):
        return text.replace('PROGRAMS', str(self.programs))

    def options(self, case):
        after = ['--then', self.words(case, case.check)] if case.check else []
        return ['--disk', '.', '--timeout', case.timeout, *after]

    def command(self, case):
        return ['--', 'sh', '-c', self.words(case, case.command)]

    def judge(self, case):
        line = self.kept.find(case.name, dataclasses.asdict(case))
        if line is not None:
            return say(f'{line} (kept)')
        self.began_s = time.monotonic()
        return self.judge_now(case)

    def judge_now(self, case):
        needed = self.words(case, case.needs)
        if shutil.which(needed, path=os.environ['PATH'] + ':/usr/lib/postgresql/15/bin') is None:
            self.missing.append(case.name)
            return say(f'{case.name}: not run, there is no {needed}')
        with tempfile.TemporaryDirectory(prefix='detsim-verdict-') as scratch:
            os.chmod(scratch, 0o755)  # programs may have users of their own
            disk = pathlib.Path(scratch, 'disk')
            disk.mkdir()
            made = run(['sh', '-ec', self.words(case, case.prepare)], disk)
            if made.returncode != 0:
                return self.problem(case, 'cannot be prepared', made.stdout)
            return self.judge_in(case, disk, pathlib.Path(scratch, 'kept'))

    def judge_in(self, case, disk, kept):
        clean = run([self.detsim, 'run', '--seed', '1', '--private-tmp', *self.options(case),
                     *case.clean, *self.command(case)], disk)
        if clean.returncode != 0:
            return self.problem(case, f'status {clean.returncode} without faults', clean.stdout)
        share = max(case.share, 1) if self.runs >= CAMPAIGN_RUNS else case.share
        runs = max(REPEATED_RUNS, int(self.runs * share))
        lines = self.explore(case, disk, kept, runs)
        if lines is None:
            return None
        again = self.explore(case, disk, kept.with_name('again'), REPEATED_RUNS)
        for seed, first in sorted((again or {}).items()):
            if any(first[key] != lines[seed][key] for key in ('exit', 'outcome', 'events')):
                self.problem(case, f'seed {seed} is not the same when repeated')
        return self.conclude(case, disk, kept, lines)

    def explore(self, case, disk, kept, runs):
        """The line of each run, by its seed."""
        done = run([self.detsim, 'explore', '--quiet', '--runs', str(runs), '--dir', str(kept),
                    *self.options(case), *case.options, *self.command(case)], disk)
        lines = {}
        for line in (kept / 'runs.jsonl').read_text().splitlines() if kept.exists() else []:
            line = json.loads(line)
            if 'seed' in line:
                lines[line['seed']] = line
            elif line.get('problem'):
                self.problem(case, line['problem'])
        if done.returncode in (0, 1) and len(lines) == runs:
            return lines
        return self.problem(case, f'explore: status {done.returncode}', done.stdout)

    def conclude(self, case, disk, kept, lines):
        failed = {seed: line for seed, line in sorted(lines.items()) if line['exit'] != 0}
        struck = sum(any(rule[4] for rule in line.get('faults', [])) for line in lines.values())
        if struck == 0:
            self.problem(case, 'no fault struck')
        for seed, line in failed.items():
            if line['exit'] not in case.breaks:
                self.problem(case, f'seed {seed}: status {line["exit"]}: {line["message"]}')
                self.replay(case, disk, kept, show=True)
                break
        if case.breaks and case.breaks[0] not in [line['exit'] for line in failed.values()]:
            self.problem(case, f'none of {len(lines)} seeds ends with {case.breaks[0]}')
        elif case.breaks and not case.name in self.problems:
            self.replay(case, disk, kept)
        what = f'{len(failed)} of {len(lines)} runs break it' if case.breaks else 'holds'
        first = f', first seed {min(failed)}' if failed else ''
        line = (f'{case.name}: {what}, {struck} of {len(lines)} were struck{first}; '
                f'{time.monotonic() - self.began_s:.0f} s')
        if case.name not in self.problems:
            self.kept.add(case.name, line, dataclasses.asdict(case))
        say(line)

    def replay(self, case, disk, kept, show=False):
        """What was kept is the same run again."""
        for directory in sorted(kept.glob('*/failure.json')):
            wanted = json.loads(directory.read_text())['exit_code']
            done = run([self.detsim, 'replay', str(directory.parent)], disk)
            if done.returncode != wanted:
                self.problem(case, f'replay: status {done.returncode}, not {wanted}', done.stdout)
            if show:
                say(done.stdout[-1000:])


def load(family):
    if family == 'all':
        return [case for path in sorted((HERE / 'cases').glob('*.py')) for case in load(path.stem)]
    spec = importlib.util.spec_from_file_location(family, HERE / 'cases' / f'{family}.py')
    module = importlib.util.module_from_spec(spec)
    module.Case = Case
    spec.loader.exec_module(module)
    return module.CASES


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--keep', metavar='DIR')
    for name in ('detsim', 'programs', 'runs', 'family'):
        parser.add_argument(name)
    parser.add_argument('case', nargs='*')
    options = parser.parse_args()
    detsim, runs = os.path.realpath(options.detsim), int(options.runs)
    programs = pathlib.Path(options.programs).resolve()
    library = pathlib.Path(detsim).with_name('libdetsim.so')
    kept = Kept(options.keep, [detsim, library, __file__, *sorted(programs.iterdir())], runs)
    judge = Judge(detsim, programs, runs, kept)
    cases = [case for case in load(options.family) if not options.case or case.name in options.case]
    for case in cases:
        judge.judge(case)
    say(f'{len(cases)} cases, {len(judge.problems)} problems, {len(judge.missing)} not run')
    if judge.problems or not cases:
        return 1
    return SKIPPED if len(judge.missing) == len(cases) else 0


if __name__ == '__main__':
    sys.exit(main())
