#!/usr/bin/python3
"""The page of an exploration in a real browser: opened, filtered, expanded, copied from.

    page_test.py DETSIM SAMPLE BRANCHING [RUNS...]

BRANCHING is a program of which a branch fails where its seed does not (branch_pool). Without
arguments behind it with 1,000 and 100,000 runs, whose result directories are made up.
DETSIM_PAGE_SLACK: by how much a busy machine may exceed the limits. Default: 4.
"""
import json
import os
import random
import sys
import time

sys.path.insert(0, sys.path[0] + '/..')
from checking import check, judge, load, run, says, wait_until
from test_programs import build_tests

DETSIM, SAMPLE, BRANCHING = sys.argv[1:4]
SIZES = [int(word) for word in sys.argv[4:]] or [1000, 100000]
SLACK = float(os.environ.get('DETSIM_PAGE_SLACK', '4'))
WRITE_SECONDS, OPEN_SECONDS = 5, 2

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select
except ImportError:
    print('SKIPPED: python3-selenium is not installed')
    sys.exit(77)


WAYS = [('exit', 'exit status 1: three payments of 10 make 20', .02),
        ('deadlock', '4 tasks wait, and none can ever run again', .006),
        ('signal', 'SIGSEGV: </script><script>document.title="broken"</script>', .003)]
RULES = [('disk.write_fail', 10**7, 120), ('net.delay', 5 * 10**7, 60),
         ('disk.fsync_fail path=**/*.log', 10**8, 0)]


def one_run(draws, number):
    line = {'seed': number + 1, 'exit': 0, 'schedule': f'{draws.getrandbits(60) | 1:016x}',
            'outcome': f'{draws.randrange(5):016x}', 'events': draws.randrange(800, 4000),
            'virtual_ns': draws.randrange(10**5, 10**8), 'wall_ns': draws.randrange(10**5, 10**6),
            'at_ns': number * 400000}
    draw = draws.random()
    for kind, message, chance in WAYS:
        if draw < chance:
            line |= {'exit': 1, 'kind': kind, 'message': message, 'signature': message}
            break
        draw -= chance
    line['faults'] = [[name, 0 if '=' in name else 1, rate, most, int(draws.random() < .1)]
                      for name, rate, most in RULES if most or number == 0]
    return line


def made_up(directory, runs):
    os.makedirs(directory)
    with open(directory + '/exploration.json', 'w', encoding='utf-8') as head:
        json.dump({'schema': 1, 'detsim': '0', 'command': ['./server', '--workers', '4'],
                   'first_seed': 1, 'runs': runs, 'strategy': 'mix',
                   'shard': {'index': 1, 'count': 1}, 'environment': [], 'cpus': 2,
                   'epoch_ns': 1893456000 * 10**9, 'virtual_limit_ns': 2**64 - 1,
                   'faults': 'moderate', 'fault': [], 'duration_ns': 2**64 - 1,
                   'until_failure': False, 'timeout_ns': 60 * 10**9, 'files': []}, head)
    draws = random.Random(1)
    lines = [one_run(draws, number) for number in range(runs)]
    with open(directory + '/runs.jsonl', 'w', encoding='utf-8') as out:
        for line in lines:
            out.write(json.dumps(line, separators=(',', ':')) + '\n')
        out.write(json.dumps({'end': 'done', 'wall_ns': runs * 400000}) + '\n')
    return lines


def browser(directory):
    options = webdriver.ChromeOptions()
    for word in ['--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1280,1000',
                 '--disable-dev-shm-usage', '--force-prefers-reduced-motion',
                 f'--user-data-dir={directory}/profile']:
        options.add_argument(word)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL', 'performance': 'ALL'})
    return webdriver.Chrome(options=options)


def open_page(driver, path):
    best = float('inf')
    for _ in range(3):
        driver.get('about:blank')
        began = time.monotonic()
        driver.get('file://' + path)
        ready = 'return document.documentElement.dataset.ready'
        check(wait_until(lambda: driver.execute_script(ready) == 'true', every=.01),
              f'{path} does not become ready')
        best = min(best, time.monotonic() - began)
        if best < OPEN_SECONDS:
            break
    return best


def text(driver, selector):
    return driver.find_element(By.CSS_SELECTOR, selector).text


def becomes(driver, selector, words):
    """A busy browser may take its time."""
    wait_until(lambda: text(driver, selector) == words)
    check(text(driver, selector) == words, f'{text(driver, selector)}, not {words}')


def appears(driver, selector):
    check(wait_until(lambda: driver.find_elements(By.CSS_SELECTOR, selector)),
          f'nothing is drawn as {selector}')


def clipboard(driver):
    """What the page copies to; the browser may have none when nobody looks."""
    driver.execute_script(
        'window.copied = []; navigator.clipboard.writeText = async (t) => { copied.push(t); };')


def copied(driver):
    return wait_until(lambda: driver.execute_script('return window.copied'))


def filters(driver, lines):
    failed = [line for line in lines if line['exit']]
    select = Select(driver.find_element(By.ID, 'filter-result'))
    select.select_by_value('failed')
    becomes(driver, '#run-count', f'{len(failed):,} of {len(lines):,} runs')
    first = text(driver, '#grid-space .grid-row')
    check(first.startswith(str(failed[0]['seed'])), first)
    driver.find_element(By.CSS_SELECTOR, '#filters button[type=reset]').click()
    becomes(driver, '#run-count', f'{len(lines):,} runs')
    driver.find_element(By.TAG_NAME, 'body').send_keys('/')
    active = driver.switch_to.active_element.get_attribute('id')
    check(active == 'filter-text', f'/ leads to {active}')
    driver.switch_to.active_element.send_keys(str(len(lines)))
    becomes(driver, '#run-count', f'1 of {len(lines):,} runs')
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    driver.execute_script('document.getElementById("filters").reset()')
    becomes(driver, '#run-count', f'{len(lines):,} runs')


def walks_by_keyboard(driver):
    grid = driver.find_element(By.ID, 'grid')
    driver.execute_script('document.getElementById("grid").focus()')
    for _ in range(3):
        grid.send_keys(Keys.ARROW_DOWN)
    active = grid.get_attribute('aria-activedescendant')
    check(active == 'run-2', f'three down is {active}')
    clipboard(driver)
    grid.send_keys(Keys.ENTER)
    check(any('run --seed 3 ' in each for each in copied(driver)), copied(driver))
    grid.send_keys(Keys.END)
    appears(driver, '.grid-row.current')
    check(text(driver, '.grid-row.current') != '', 'the last row has no text')


def look(driver, lines):
    failed = sum(1 for line in lines if line['exit'])
    check(f'{failed:,} of {len(lines):,} runs failed' in text(driver, 'h1'), text(driver, 'h1'))
    check(driver.title != 'broken', 'a message of a program ran as code')
    buckets = driver.find_elements(By.CSS_SELECTOR, 'details.bucket')
    ways = {line['kind'] for line in lines if line['exit']}
    check(len(buckets) == len(ways), f'{len(buckets)} buckets')
    check('none' in text(driver, '#fault-table'), text(driver, '#fault-table'))
    for chart in ['outcomes', 'coverage', 'distinct', 'strategies']:
        appears(driver, f'#chart-{chart} svg')
    filters(driver, lines)
    walks_by_keyboard(driver)
    before = driver.execute_script('return document.documentElement.dataset.theme')
    driver.find_element(By.ID, 'theme').click()
    now = driver.execute_script('return document.documentElement.dataset.theme')
    check(now != before, f'the theme was {before} and is {now}')
    driver.find_element(By.ID, 'theme').click()


def look_at_real(driver, directory):
    """A page of real runs: an example with its schedule, and its command copied."""
    out = directory + '/real'
    run(DETSIM, 'explore', '-q', '--seeds', '1..60', '--dir', out, '--html', out + '.html', '--',
        SAMPLE, code=1)
    open_page(driver, out + '.html')
    clipboard(driver)
    for summary in driver.find_elements(By.CSS_SELECTOR, 'details.bucket:not([open]) > summary'):
        summary.send_keys(Keys.ENTER)
    appears(driver, '.timeline .turn')
    appears(driver, '.timeline .switch')
    track = driver.find_element(By.CSS_SELECTOR, '.timeline .track')
    last = track.get_attribute('aria-valuenow')
    track.send_keys(Keys.ARROW_LEFT)
    now = track.get_attribute('aria-valuenow')
    check(int(now) == int(last) - 1, f'a step back from {last} leads to {now}')
    button = driver.find_element(By.CSS_SELECTOR, 'details.bucket .commands .copy')
    button.click()
    words = copied(driver)
    check(words and ' replay ' in words[0], words)
    check(wait_until(lambda: button.text == 'Copied'), button.text)
    says('the same run', 'sh', '-c', words[0])


def copied_from(driver, selector):
    """The command behind a button, as it is pasted."""
    driver.execute_script('copied.length = 0')
    driver.find_element(By.CSS_SELECTOR, selector).click()
    words = copied(driver)
    check(words, f'{selector} copies nothing')
    return words[0]


def look_at_tests(driver, directory):
    """A page of a program with several tests: each is listed, and the commands repeat its runs."""
    out = directory + '/tests'
    program = build_tests(directory, 'gtest')
    run(DETSIM, 'explore', '-q', '--per-test', '--runs', '40', '--dir', out, '--html',
        out + '.html', '--', program, code=1)
    open_page(driver, out + '.html')
    clipboard(driver)
    rows = driver.find_elements(By.CSS_SELECTOR, '#test-table tbody tr')
    check(len(rows) == 5, f'{len(rows)} tests')
    check([row.find_elements(By.CSS_SELECTOR, 'td.failed') != [] for row in rows] ==
          [True] + 4 * [False], text(driver, '#test-table'))
    check('1 test of 5 failed' in text(driver, '#tests-lead'), text(driver, '#tests-lead'))
    becomes(driver, '#run-count', '200 runs')
    says('the same run', 'sh', '-c', copied_from(driver, 'details.bucket .commands .copy'))
    search = driver.find_element(By.ID, 'filter-text')
    search.send_keys('Visitors.AreCounted')
    becomes(driver, '#run-count', '40 of 200 runs')
    Select(driver.find_element(By.ID, 'filter-result')).select_by_value('failed')
    wait_until(lambda: text(driver, '#run-count') != '40 of 200 runs')
    check('Visitors.AreCounted' in text(driver, '#grid-space .grid-row'),
          text(driver, '#grid-space .grid-row'))
    says('1 FAILED TEST', 'sh', '-c', copied_from(driver, '#grid-space .grid-row .copy'), code=1)


def branch_that_fails(out):
    for seed in range(1, 60):
        run(DETSIM, 'explore', '-q', '--branch=6', '--seeds', f'{seed}..{seed}', '--fault',
            'proc.cpu_starvation=0.02', '--dir', out, '--html', out + '.html', '--json',
            out + '.json', '--', BRANCHING)
        failures = load(out + '.json')['failures']
        if failures and 'decision' in failures[0]:
            return failures[0]
    return None


def look_at_branches(driver, directory):
    """A failure that only a branch has: the commands of its example and of its runs repeat it."""
    out = directory + '/branches'
    failure = branch_that_fails(out)
    check(failure, 'no seed of 60 has a branch that fails where it does not')
    if not failure:
        return
    open_page(driver, out + '.html')
    clipboard(driver)
    at = f'{failure["decision"]}:{failure["child"]}'
    meta = text(driver, 'details.bucket .meta')
    check(f'seed {failure["seed"]} at {at}' in meta, meta)
    appears(driver, '.timeline .turn')
    said = says('the same run', 'sh', '-c', copied_from(driver, 'details.bucket .commands .copy'))
    check('a job of the first half ended last' in said, said)
    Select(driver.find_element(By.ID, 'filter-result')).select_by_value('failed')
    wait_until(lambda: f'at {at}' in text(driver, '#grid-space .grid-row'))
    command = copied_from(driver, '#grid-space .grid-row .copy')
    check(f'--branch-at {at}' in command and '--fault proc.cpu_starvation' in command, command)
    says('a job of the first half ended last', 'sh', '-c', command)
    driver.find_element(By.ID, 'filter-text').send_keys(f'at {at}')
    becomes(driver, '#run-count', f'1 of {load(out + ".json")["summary"]["runs"]} runs')


def listens(driver):
    """Nothing went wrong, and nothing was fetched."""
    for entry in driver.get_log('browser'):
        check(entry['level'] != 'SEVERE', entry['message'])
    for entry in driver.get_log('performance'):
        message = json.loads(entry['message'])['message']
        if message['method'] == 'Network.requestWillBeSent':
            url = message['params']['request']['url']
            # chrome:// is the browser's own first tab.
            check(url.startswith(('file://', 'data:', 'about:', 'chrome://')), url)


def writes_and_opens(driver, directory, runs):
    lines = made_up(f'{directory}/{runs}', runs)
    page = f'{directory}/{runs}.html'
    began = time.monotonic()
    # 1: there are failures.
    run(DETSIM, 'report', 'merge', '-q', f'{directory}/{runs}', '--html', page, code=1)
    wrote = time.monotonic() - began
    opened = open_page(driver, page)
    told = (f'{runs} runs: {os.path.getsize(page) / 1e6:.1f} MB, written in {wrote:.2f} s, '
            f'opened in {opened:.2f} s')
    print(told)
    check(wrote < WRITE_SECONDS * SLACK and opened < OPEN_SECONDS * SLACK, 'too slow: ' + told)
    look(driver, lines)


def main(directory):
    driver = browser(directory)
    try:
        for runs in SIZES:
            writes_and_opens(driver, directory, runs)
        look_at_real(driver, directory)
        look_at_tests(driver, directory)
        look_at_branches(driver, directory)
        listens(driver)
    finally:
        driver.quit()


if __name__ == '__main__':
    sys.exit(judge(main))
