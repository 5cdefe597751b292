// The page of an exploration: everything that it shows lies in the JSON beside it, nothing is
// fetched. `report` is what `--json` writes; `runs` has a column per property, a value per run.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const report = data.report, runs = data.runs, summary = report.summary;
const SVG = 'http://www.w3.org/2000/svg';
const WAYS = 8;

// -- small helpers

const $ = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'class') made.className = value;
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const number = (value) => Math.round(value).toLocaleString('en');
const colour = (way) => way < 0 ? 'var(--passed)' : `var(--way-${Math.min(way, WAYS - 1)})`;
const dot = (way) => element('span', {class: 'dot', style: `--colour:${colour(way)}`});

function percent(part) {
  if (part === 0) return '0 %';
  const shown = 100 * part;
  return (shown >= 99.995 || shown >= 10 ? shown.toFixed(1).replace(/\.0$/, '')
                                         : shown.toPrecision(2)) + ' %';
}

function duration(ns) {
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['µs', 1e3]]) {
    if (ns >= size) return `${(ns / size).toPrecision(3).replace(/e\+\d+/, '')} ${unit}`;
  }
  return `${ns} ns`;
}

function wallTime(ns) {
  const seconds = ns / 1e9;
  if (seconds < 100) return duration(ns);
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function plural(count, one, many) { return `${number(count)} ${count === 1 ? one : many}`; }

// -- saying, copying, tips

let saidUntil = 0;
function say(words) {
  $('said').textContent = words;
  $('said').classList.add('shown');
  clearTimeout(saidUntil);
  saidUntil = setTimeout(() => $('said').classList.remove('shown'), 1800);
}

function copyOldWay(text) {
  const area = element('textarea', {style: 'position:fixed;opacity:0'});
  area.value = text;
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused) focused.focus({preventScroll: true});
  return copied;
}

async function copy(text, button) {
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch { copied = copyOldWay(text); }
  say(copied ? `Copied: ${text}` : 'This browser does not let a page copy');
  if (!button || !copied) return;
  button.classList.add('done');
  button.textContent = 'Copied';
  setTimeout(() => { button.classList.remove('done'); button.textContent = 'Copy'; }, 1400);
}

function copyButton(text, of) {
  const button = element('button', {type: 'button', class: 'copy', 'aria-label': `Copy ${of}`,
                                    'data-copies': text}, 'Copy');
  button.addEventListener('click', () => copy(text, button));
  return button;
}

function commandLine(text, of) {
  return element('div', {class: 'command'}, element('code', {tabindex: 0}, text),
                 copyButton(text, of));
}

const tip = $('tip');
document.addEventListener('pointermove', (event) => {
  const words = event.target.closest?.('[data-tip]')?.dataset.tip;
  tip.hidden = !words;
  if (!words) return;
  tip.textContent = words;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const above = event.clientY + 18 + tip.offsetHeight > innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${above ? event.clientY - tip.offsetHeight - 12 : event.clientY + 18}px`;
});

// -- overview

function tile(words, value, below, isBad) {
  return element('div', {class: isBad ? 'bad' : ''}, element('dt', {}, words),
                 element('dd', {}, value), element('dd', {}, below));
}

function showOverview() {
  const failed = summary.failed > 0;
  $('verdict').className = `verdict ${failed ? 'bad' : 'good'}`;
  $('verdict').textContent = failed ? 'Failures found' : 'Nothing failed';
  $('title').textContent = failed
      ? `${number(summary.failed)} of ${plural(summary.runs, 'run', 'runs')} failed, in ` +
        plural(report.failures.length, 'way', 'ways')
      : `${plural(summary.runs, 'run', 'runs')}, and none failed`;
  $('command').parentElement.replaceWith(commandLine(data.explored, 'the command'));
  $('notes').append(...data.notes.map((words) => element('li', {}, words)));
  const last = report.failures.reduce((sum, each) => sum + each.count, 0);
  const interval = data.failed_rate;
  $('tiles').append(
      tile('Runs', number(summary.runs), `${number(summary.runs_per_second)} per second`),
      tile('Failed', percent(interval.rate),
           `95 %: ${percent(interval.low)} to ${percent(interval.high)}`, last > 0),
      tile('Distinct schedules', number(summary.distinct_schedules),
           `${percent(summary.chance_of_new_schedule)} chance that one more is new`),
      tile('Distinct outcomes', number(summary.distinct_outcomes), 'output and exit status'),
      tile('Strategy', report.strategy, `seeds from ${report.first_seed} on`),
      tile('Time', wallTime(summary.wall_ns), data.faults_plan || 'no faults'));
  document.title = `${$('title').textContent} · detsim`;
  $('footer').textContent = `detsim ${report.detsim}, report schema ${report.schema}. ` +
      'This page is whole: it needs no network.';
}

// -- failures

function rateBar(failure, most) {
  const x = (part) => 130 * Math.min(part / most, 1);
  return drawn('svg', {class: 'rate', viewBox: '0 0 130 8', 'aria-hidden': true},
      drawn('rect', {x: 0, y: 1, width: 130, height: 6, rx: 3, fill: 'var(--chip)'}),
      drawn('rect', {x: 0, y: 1, width: Math.max(x(failure.rate), 2), height: 6, rx: 3,
                     fill: 'var(--colour)'}),
      drawn('line', {x1: x(failure.rate_low), x2: x(failure.rate_high), y1: 4, y2: 4,
                     stroke: 'var(--text)', 'stroke-width': 1.5}));
}

function labelled(label, text, of) {
  return element('div', {class: 'row', style: 'flex-wrap:nowrap'},
      element('span', {class: 'label'}, label),
      (() => { const line = commandLine(text, of); line.style.flex = 1; line.style.minWidth = 0;
               return line; })());
}

function tabsOf(kept, failure) {
  const tabs = [];
  if (kept.timeline) tabs.push(['Timeline', () => timelineOf(kept.timeline, failure)]);
  for (const [name, key] of [['What detsim said', 'report'], ['Standard error', 'stderr'],
                             ['Standard output', 'stdout']]) {
    if (kept[key]) {
      tabs.push([name, () => element('pre', {class: 'words', tabindex: 0}, kept[key])]);
    }
  }
  return tabs;
}

function tabbed(tabs, id) {
  const list = element('div', {class: 'tabs', role: 'tablist', 'aria-label': 'The kept example'});
  const panel = element('div', {role: 'tabpanel', id: `${id}-panel`});
  const buttons = tabs.map(([name], i) => element('button', {
    type: 'button', role: 'tab', 'aria-controls': panel.id, onclick: () => select(i)}, name));
  function select(chosen) {
    buttons.forEach((button, i) => {
      button.setAttribute('aria-selected', i === chosen);
      button.tabIndex = i === chosen ? 0 : -1;
    });
    panel.replaceChildren(tabs[chosen][1]());
  }
  list.addEventListener('keydown', (event) => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (!step) return;
    const next = (buttons.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
    buttons[next].focus();
    select(next);
  });
  list.append(...buttons);
  select(0);
  return element('div', {}, list, element('div', {style: 'height:.8rem'}), panel);
}

function inside(failure, way) {
  const body = element('div', {class: 'inside'});
  const commands = element('div', {class: 'commands'});
  if (failure.replay) {
    commands.append(labelled('Repeat', failure.replay, 'the replay command'));
    commands.append(labelled('Reduce', failure.replay.replace(' replay ', ' bisect '),
                             'the bisect command'));
  } else {
    commands.append(labelled('Run', commandOf(failure.seed, failure.strategy,
                                              branchOfFailure(failure), testOfFailure(failure)),
                             'the run command'));
  }
  body.append(commands);
  if (failure.problem) body.append(element('p', {class: 'lead'}, `Not kept: ${failure.problem}`));
  const tabs = tabsOf(data.kept[way] || {}, failure);
  if (tabs.length) body.append(tabbed(tabs, `way-${way}`));
  body.append(element('div', {class: 'row'},
      element('button', {type: 'button', class: 'quiet', onclick: () => showOnly(way)},
              `Show ${failure.count === 1 ? 'this run' : `these ${number(failure.count)} runs`}`)));
  return body;
}

function showFailures() {
  if (!report.failures.length) {
    $('failures-lead').textContent = 'No run failed. With 95 % confidence, fewer than ' +
        `${percent(data.failed_rate.high)} of all seeds do.`;
    return;
  }
  $('failures-lead').textContent = 'Runs that failed in the same way are together, the most ' +
      'frequent first; each has an example that was kept.';
  const most = Math.max(...report.failures.map((failure) => failure.rate_high));
  report.failures.forEach((failure, way) => {
    const bucket = element('details', {class: 'panel bucket', style: `--colour:${colour(way)}`,
                                       id: `failure-${way + 1}`});
    bucket.append(element('summary', {},
        dot(way),
        element('span', {class: 'message'}, failure.message),
        element('span', {class: 'count'}, number(failure.count),
                element('small', {}, percent(failure.rate))),
        element('span', {class: 'meta'}, element('span', {class: 'chip'}, failure.kind),
                element('span', {}, `seed ${failure.seed}${branchOfFailure(failure) && ` at ${branchOfFailure(failure)}`}`),
                element('span', {}, failure.strategy), rateBar(failure, most),
                element('span', {}, `${percent(failure.rate_low)} to ${percent(failure.rate_high)}`))));
    let filled = false;
    bucket.addEventListener('toggle', () => {
      if (bucket.open && !filled) bucket.append(inside(failure, way));
      filled = filled || bucket.open;
    });
    $('buckets').append(bucket);
  });
}

// -- the schedule of a kept run

const LANE = 26, TOP = 22;
const KINDS = ['call', 'decision', 'start', 'end', 'signal', 'timer', 'fault', 'process', 'wake'];

// Who ran from which event to which.
function turnsOf(line) {
  const turns = [];
  let running = -1, since = 0;
  line.events.forEach(([task, kind, , , chosen], i) => {
    const runs = KINDS[kind] === 'decision' ? chosen : task;
    if (runs === running) return;
    if (running >= 0) turns.push([running, since, i]);
    running = runs;
    since = i;
  });
  if (running >= 0) turns.push([running, since, line.events.length]);
  return turns;
}

function drawTimeline(line, step) {
  const width = line.events.length * step + 8, height = TOP + LANE * line.tasks.length;
  const svg = drawn('svg', {width, height, role: 'img',
                            'aria-label': `${line.events.length} events of ` +
                                `${line.tasks.length} tasks`});
  const y = (task) => TOP + task * LANE;
  line.tasks.forEach((_, task) => svg.append(
      drawn('line', {class: 'lane', x1: 0, x2: width, y1: y(task) + .5, y2: y(task) + .5})));
  const every = [10, 20, 50, 100, 200, 500, 1000].find((each) => each * step >= 70) || 2000;
  for (let i = every - line.first % every; i < line.events.length; i += every) {
    svg.append(drawn('text', {class: 'tick', x: i * step + 2, y: 14}, `#${line.first + i}`));
  }
  const turns = turnsOf(line);
  turns.forEach(([task, from, to], i) => {
    svg.append(drawn('rect', {class: 'turn', x: from * step, y: y(task) + 6, rx: 2, height: LANE - 12,
                              width: Math.max((to - from) * step - 1, 1.5)}));
    if (i === 0) return;
    const before = turns[i - 1][0];
    svg.append(drawn('line', {class: 'switch', x1: from * step, x2: from * step,
                              y1: y(before) + LANE / 2, y2: y(task) + LANE / 2}));
  });
  line.events.forEach(([task, kind], i) => {
    const name = KINDS[kind], x = (i + .5) * step, middle = y(task) + LANE / 2;
    if (name === 'fault') {
      svg.append(drawn('path', {class: 'fault',
                                d: `M${x} ${middle - 9}l7 9l-7 9l-7-9z`}));
    } else if (name === 'signal') {
      svg.append(drawn('circle', {class: 'signal', cx: x, cy: middle, r: 5}));
    }
  });
  return {svg, turns, width};
}

function timelineOf(line) {
  const root = element('div');
  const event = element('div', {class: 'event', 'aria-live': 'polite'});
  const track = element('div', {class: 'track', tabindex: 0, role: 'slider',
                                'aria-label': 'Event of the run; arrow keys step through them',
                                'aria-valuemin': line.first,
                                'aria-valuemax': line.first + line.events.length - 1});
  let step = Math.max(Math.min(18, 990 / line.events.length), 3), at = line.events.length - 1;
  let now;
  const switches = () => now.turns.length - 1;
  function move(to) {
    at = Math.max(0, Math.min(line.events.length - 1, to));
    const [task, kind, words, time] = line.events[at];
    event.replaceChildren(element('b', {}, `#${line.first + at}`), `  ${line.tasks[task]}  ` +
        `${(time / 1e3).toFixed(2)} µs  `, element('b', {}, KINDS[kind]), `  ${line.words[words]}`);
    track.setAttribute('aria-valuenow', line.first + at);
    track.setAttribute('aria-valuetext', event.textContent);
    const x = (at + .5) * step;
    now.cursor.setAttribute('x1', x);
    now.cursor.setAttribute('x2', x);
    if (x < track.scrollLeft || x > track.scrollLeft + track.clientWidth) {
      track.scrollLeft = x - track.clientWidth / 2;
    }
  }
  function draw() {
    now = drawTimeline(line, step);
    now.cursor = drawn('line', {class: 'cursor', y1: 0, y2: TOP + LANE * line.tasks.length});
    now.svg.append(now.cursor);
    now.svg.addEventListener('pointermove', (pointer) => move(
        Math.floor((pointer.clientX - now.svg.getBoundingClientRect().left) / step)));
    track.replaceChildren(now.svg);
    requestAnimationFrame(() => move(at));
  }
  function zoom(by) { step = Math.max(.5, Math.min(40, step * by)); draw(); }
  const nextSwitch = (direction) => {
    const starts = now.turns.map((turn) => turn[1]);
    move((direction > 0 ? starts.find((start) => start > at)
                        : starts.findLast((start) => start < at)) ?? at);
  };
  track.addEventListener('keydown', (key) => {
    const todo = {ArrowRight: () => move(at + 1), ArrowLeft: () => move(at - 1),
                  Home: () => move(0), End: () => move(line.events.length - 1),
                  PageDown: () => nextSwitch(1), PageUp: () => nextSwitch(-1),
                  '+': () => zoom(1.5), '-': () => zoom(1 / 1.5)}[key.key];
    if (!todo) return;
    key.preventDefault();
    todo();
  });
  draw();
  const names = element('div', {class: 'names'},
                        ...line.tasks.map((task) => element('div', {}, task)));
  const button = (words, does, label) => element(
      'button', {type: 'button', class: 'quiet', onclick: does, 'aria-label': label}, words);
  root.append(
      element('div', {class: 'row legend', style: 'margin-bottom:.6rem'},
          button('−', () => zoom(1 / 1.5), 'Zoom out'), button('+', () => zoom(1.5), 'Zoom in'),
          button('‹ switch', () => nextSwitch(-1), 'Switch before'),
          button('switch ›', () => nextSwitch(1), 'Next switch'),
          element('span', {}, `${plural(switches(), 'switch', 'switches')} in ` +
              `${plural(line.events.length, 'event', 'events')}` +
              (line.first > 0 ? `, the last of ${number(line.first + line.events.length)}` : '')),
          ...(line.faults ? [element('span', {}, element('span', {
            class: 'dot', style: '--colour:var(--bad);rotate:45deg'}), 'a fault struck')] : [])),
      element('div', {class: 'timeline'}, element('div', {class: 'lanes'}, names, track), event));
  return root;
}

// -- charts

const WIDE = 1100, HALF = 540, HIGH = 220, LEFT = 48, RIGHT = 12, FOOT = 24, HEAD = 8;

function niceTop(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((each) => each * unit).find((each) => each >= value * .999);
}

function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
}

function frame(width, xTop, yTop, yWords, label) {
  const svg = drawn('svg', {class: 'chart', viewBox: `0 0 ${width} ${HIGH}`, role: 'img',
                            'aria-label': label});
  const x = (value) => LEFT + (width - LEFT - RIGHT) * value / xTop;
  const y = (value) => HIGH - FOOT - (HIGH - FOOT - HEAD) * value / yTop;
  for (let i = 0; i <= 4; ++i) {
    const value = yTop * i / 4;
    svg.append(drawn('line', {class: i ? 'gridline' : 'axis', x1: LEFT, x2: width - RIGHT,
                              y1: y(value), y2: y(value)}),
               drawn('text', {x: LEFT - 7, y: y(value) + 4, 'text-anchor': 'end'}, yWords(value)));
  }
  for (let i = 0; i <= 4; ++i) {
    const value = xTop * i / 4;
    svg.append(drawn('text', {x: x(value), y: HIGH - 6,
                              'text-anchor': i === 0 ? 'start' : i === 4 ? 'end' : 'middle'},
                     short(value)));
  }
  return {svg, x, y};
}

function caption(title, words) {
  return element('figcaption', {}, element('h3', {}, title), element('span', {}, words));
}

function showOutcomes() {
  const total = runs.bucket.length, bins = Math.max(1, Math.min(80, Math.floor(total / 5) || 1));
  const ways = Math.min(report.failures.length, WAYS);
  const counts = Array.from({length: bins}, () => new Array(ways).fill(0));
  const sizes = new Array(bins).fill(0);
  runs.bucket.forEach((bucket, i) => {
    const bin = Math.floor(i * bins / total);
    ++sizes[bin];
    if (bucket >= 0) ++counts[bin][Math.min(bucket, ways - 1)];
  });
  const shares = counts.map((each, bin) => each.reduce((a, b) => a + b, 0) / (sizes[bin] || 1));
  const top = Math.min(1, niceTop(Math.max(...shares, 0)));
  const {svg, x, y} = frame(WIDE, total, top, percent, 'Failed runs by way, over the runs');
  counts.forEach((each, bin) => {
    const left = x(bin * total / bins), right = x((bin + 1) * total / bins);
    let below = 0;
    each.forEach((count, way) => {
      if (!count) return;
      const share = count / sizes[bin];
      svg.append(drawn('rect', {x: left, width: Math.max(right - left - 1.5, 1),
                                y: y(below + share), height: y(below) - y(below + share),
                                fill: colour(way)}));
      below += share;
    });
    const words = each.map((count, way) => count ? `${count} × ${report.failures[way].message}` : '')
        .filter(Boolean).map((line) => line.slice(0, 80)).join('\n');
    svg.append(drawn('rect', {class: 'hover', x: left, width: right - left, y: HEAD,
                              height: HIGH - FOOT - HEAD,
                              'data-tip': `Runs ${number(bin * total / bins + 1)} to ` +
                                  `${number((bin + 1) * total / bins)}: ${percent(shares[bin])} ` +
                                  `failed${words ? '\n' + words : ''}`}));
  });
  const legend = element('div', {class: 'legend'}, ...report.failures.slice(0, WAYS).map(
      (failure, way) => element('span', {}, dot(way), element('span', {class: 'cut'},
          way === WAYS - 1 && report.failures.length > WAYS ? 'all others' : failure.message))));
  $('chart-outcomes').append(
      caption('Outcomes', 'share of runs that failed, by way, in order of seeds'), svg, legend);
}

function showCurve(id, key, title, words, ideal) {
  const points = [{runs: 0, [key]: 0}, ...(report.coverage || [])];
  const total = points[points.length - 1].runs || 1;
  const top = niceTop(Math.max(...points.map((point) => point[key]), 4));
  const {svg, x, y} = frame(HALF, total, top, short, title);
  const path = points.map((point, i) => `${i ? 'L' : 'M'}${x(point.runs).toFixed(1)} ` +
      y(point[key]).toFixed(1)).join('');
  if (ideal) {
    const end = Math.min(total, top);
    svg.append(drawn('line', {class: 'ideal', x1: x(0), y1: y(0), x2: x(end), y2: y(end)}));
  }
  svg.append(drawn('path', {class: 'under', d: `${path}L${x(total)} ${y(0)}L${x(0)} ${y(0)}Z`}),
             drawn('path', {class: 'series', d: path}));
  points.forEach((point, i) => {
    if (i === 0) return;
    const left = x(points[i - 1].runs);
    svg.append(drawn('rect', {class: 'hover', x: left, y: HEAD, width: x(point.runs) - left,
                              height: HIGH - FOOT - HEAD,
                              'data-tip': `After ${number(point.runs)} runs: ` +
                                  `${number(point[key])}`}));
  });
  $(id).append(caption(title, words), svg);
}

function showStrategies() {
  const rows = report.strategies || [];
  if (rows.length < 2) { $('chart-strategies').remove(); return; }
  const most = niceTop(Math.max(...rows.map((row) => row.rate_high), 1e-6));
  const high = 30 * rows.length + FOOT, left = 110;
  const x = (part) => left + (WIDE - left - 150) * Math.min(part / most, 1);
  const svg = drawn('svg', {class: 'chart', viewBox: `0 0 ${WIDE} ${high}`, role: 'img',
                            'aria-label': 'Share of failed runs by strategy'});
  for (let i = 0; i <= 4; ++i) {
    const value = most * i / 4;
    svg.append(drawn('line', {class: i ? 'gridline' : 'axis', x1: x(value), x2: x(value), y1: 0,
                              y2: high - FOOT}),
               drawn('text', {x: x(value), y: high - 8, 'text-anchor': 'middle'}, percent(value)));
  }
  rows.forEach((row, i) => {
    const y = 30 * i + 4;
    svg.append(drawn('text', {class: 'name', x: left - 10, y: y + 15, 'text-anchor': 'end'},
                     row.strategy),
               drawn('rect', {class: 'share', x: left, y, height: 20, rx: 3,
                              width: Math.max(x(row.rate) - left, 1)}),
               drawn('line', {class: 'whisker', x1: x(row.rate_low), x2: x(row.rate_high),
                              y1: y + 10, y2: y + 10}),
               drawn('text', {x: WIDE - 140, y: y + 15},
                     `${number(row.failed)} of ${number(row.runs)}`));
  });
  $('chart-strategies').append(
      caption('Strategies', 'share of their runs that failed, with the 95 % interval'), svg);
}

// -- tests

function showTests() {
  if (!tests.length) {
    document.querySelectorAll('[data-of="tests"]').forEach((each) => each.remove());
    return;
  }
  const failing = tests.filter((test) => test.failed > 0).length;
  $('tests-lead').textContent = `${plural(failing, 'test', 'tests')} of ${tests.length} failed. ` +
      'Each was explored by itself: a run is one test in a world of its own.';
  const ways = (test) => report.failures.map((failure, way) => [failure, way])
      .filter(([failure]) => failure.test === test.name);
  const body = tests.map((test) => element('tr', {},
      element('td', {}, dot(ways(test)[0]?.[1] ?? -1), ' ', element('code', {}, test.name)),
      element('td', {}, number(test.runs)),
      element('td', {class: test.failed ? 'failed' : ''}, number(test.failed)),
      element('td', {}, ...(test.failed ? [percent(test.failed / test.runs),
                                          spark(test.failed / test.runs, 'var(--bad)')] : ['–'])),
      element('td', {}, ...ways(test).flatMap(([, way]) => [
          element('a', {href: `#failure-${way + 1}`, onclick: () => openFailure(way)},
                  `failure ${way + 1}`), ' '])),
      element('td', {}, wallTime(test.wall_ns))));
  $('test-table').append(
      element('thead', {}, element('tr', {}, ...['Test', 'Runs', 'Failed', 'Share', '', 'Time'].map(
          (words) => element('th', {scope: 'col'}, words)))),
      element('tbody', {}, ...body));
}

function openFailure(way) { $(`failure-${way + 1}`).open = true; }

// -- faults

function spark(part, tint) {
  return element('span', {class: 'spark', 'aria-hidden': true},
                 element('i', {style: `width:${100 * Math.min(part, 1)}%;--colour:${tint}`}));
}

function showFaults() {
  const rules = report.faults || [];
  if (!rules.length) {
    document.querySelectorAll('[data-of="faults"]').forEach((each) => each.remove());
    return;
  }
  const struck = rules.filter((rule) => rule.strikes).length;
  $('faults-lead').textContent = `${plural(struck, 'rule', 'rules')} of ${rules.length} struck. ` +
      'Configured is what the plan asks per opportunity; per operation and per run is ' +
      'how often it struck in effect; the last is how many of the runs that it struck failed.';
  const head = ['Fault', 'Opportunities', 'Strikes', 'Configured', 'Per operation', 'Per run',
                'Failed if struck'];
  const body = rules.map((rule) => {
    const idle = !rule.opportunities;
    const last = rule.runs_struck ? rule.struck_runs_failed / rule.runs_struck : 0;
    return element('tr', {}, element('td', {}, element('code', {}, rule.fault),
                                     rule.from_preset ? '' : element('span', {
                                       class: 'chip', style: 'margin-left:.5rem'}, 'rule')),
        element('td', {class: idle && !rule.from_preset ? 'idle' : ''},
                idle ? 'none' : number(rule.opportunities)),
        element('td', {}, number(rule.strikes)),
        element('td', {}, percent(rule.probability)),
        element('td', {}, idle ? '–' : percent(rule.effective_per_operation)),
        element('td', {}, ...(idle ? ['–'] : [percent(rule.effective_per_run),
                                             spark(rule.effective_per_run, 'var(--accent)')])),
        element('td', {}, ...(rule.runs_struck
            ? [`${number(rule.struck_runs_failed)} of ${number(rule.runs_struck)}`,
               spark(last, 'var(--bad)')] : ['–'])));
  });
  $('fault-table').append(
      element('thead', {}, element('tr', {}, ...head.map((words) => element('th', {scope: 'col'}, words)))),
      element('tbody', {}, ...body));
}

// -- runs

const ROW = 34;
const first = BigInt(report.first_seed);
const seedOf = (i) => runs.seed ? (first + BigInt(runs.seed[i])).toString()
                                : (first + BigInt(i)).toString();
const strategyOf = (i) => runs.strategies[runs.strategy ? runs.strategy[i] : 0];

// pct:3:400 is pct:3, told that runs take 400 decisions.
const withoutLength = (strategy) => strategy.split(':').slice(0, 2).join(':');

// "": it is the run of its seed.
const branchOf = (i) => runs.branch ? runs.branch[i] : '';
const branchOfFailure = (failure) => failure.child ? `${failure.decision}:${failure.child}` : '';

// Of a program with several tests: which; -1: it has none.
const tests = report.tests || [];
const testOf = (i) => runs.test ? runs.test[i] : -1;
const testOfFailure = (failure) => tests.findIndex((test) => test.name === failure.test);

function commandOf(seed, strategy, branch, test) {
  const at = branch ? ` --branch-at ${branch}` : '';
  return `${data.program} run --seed ${seed} --strategy ${strategy}${at}${data.rest}` +
      (data.test_arguments[test] || '');
}

const COLUMNS = [
  ['Seed', (i) => i, 'left'],
  ...(runs.test ? [['Test', (i) => runs.test[i], 'left']] : []),
  ['Result', (i) => runs.bucket[i], 'left'],
  ['Strategy', (i) => runs.strategy ? runs.strategy[i] : 0, 'left'],
  ['Events', (i) => runs.events[i]],
  ['Virtual time', (i) => runs.virtual_ns[i]],
  ...(runs.strikes ? [['Strikes', (i) => runs.strikes[i]]] : []),
  ['Wall time', (i) => runs.wall_ns[i]],
];
let shown = [], sortedBy = 0, descending = false, current = -1;

function resultCell(i) {
  const way = runs.bucket[i];
  const words = way < 0 ? 'passed' : report.failures[way].message;
  return element('div', {role: 'gridcell', class: 'left', title: words}, dot(way),
                 element('span', {}, words));
}

function wordsCell(words) {
  return element('div', {role: 'gridcell', class: 'left', title: words}, element('span', {}, words));
}

function rowOf(position) {
  const i = shown[position], seed = seedOf(i);
  const command = commandOf(seed, strategyOf(i), branchOf(i), testOf(i));
  const cell = (...inside) => element('div', {role: 'gridcell'}, ...inside);
  const row = element('div', {
    class: `grid-row${position === current ? ' current' : ''}`, role: 'row', id: `run-${position}`,
    'aria-rowindex': position + 2, 'aria-selected': position === current,
    style: `top:${position * ROW}px`});
  const button = copyButton(command, `the command of seed ${seed}`);
  button.tabIndex = -1;
  row.append(element('div', {role: 'gridcell', class: 'left'},
                     branchOf(i) ? `${seed} at ${branchOf(i)}` : seed),
             ...(runs.test ? [wordsCell(tests[testOf(i)].name)] : []), resultCell(i),
             element('div', {role: 'gridcell', class: 'left'}, strategyOf(i)),
             cell(number(runs.events[i])), cell(duration(runs.virtual_ns[i])),
             ...(runs.strikes ? [cell(number(runs.strikes[i]))] : []), cell(duration(runs.wall_ns[i])),
             cell(button));
  row.addEventListener('pointerdown', () => { current = position; markCurrent(); });
  return row;
}

// Only the rows in view exist.
function paint() {
  const view = $('grid-body'), from = Math.max(0, Math.floor(view.scrollTop / ROW) - 8);
  const to = Math.min(shown.length, Math.ceil((view.scrollTop + view.clientHeight) / ROW) + 8);
  const rows = [];
  for (let position = from; position < to; ++position) rows.push(rowOf(position));
  $('grid-space').replaceChildren(...rows);
  markCurrent();
}

function markCurrent() {
  for (const row of $('grid-space').children) {
    const is = row.id === `run-${current}`;
    row.classList.toggle('current', is);
    row.setAttribute('aria-selected', is);
  }
  if (current >= 0) $('grid').setAttribute('aria-activedescendant', `run-${current}`);
  else $('grid').removeAttribute('aria-activedescendant');
}

function goTo(position) {
  if (!shown.length) return;
  current = Math.max(0, Math.min(shown.length - 1, position));
  const view = $('grid-body'), top = current * ROW;
  if (top < view.scrollTop) view.scrollTop = top;
  if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
  paint();
}

function filterRuns() {
  const text = $('filter-text').value.trim().toLowerCase();
  const result = $('filter-result').value, strategy = $('filter-strategy').value;
  const words = report.failures.map((failure) => failure.message.toLowerCase());
  const names = tests.map((test) => test.name.toLowerCase());
  const isSeed = /^\d+$/.test(text);
  shown = [];
  for (let i = 0; i < runs.bucket.length; ++i) {
    const way = runs.bucket[i];
    if (result === 'failed' && way < 0 || result === 'passed' && way >= 0) continue;
    if (/^\d+$/.test(result) && way !== Number(result)) continue;
    if (strategy && withoutLength(strategyOf(i)) !== strategy) continue;
    if (text && !(isSeed && seedOf(i).startsWith(text)) &&
        !(way >= 0 ? words[way] : 'passed').includes(text) &&
        !(branchOf(i) && `${seedOf(i)} at ${branchOf(i)}`.includes(text)) &&
        !(testOf(i) >= 0 && names[testOf(i)].includes(text)) &&
        !strategyOf(i).includes(text)) continue;
    shown.push(i);
  }
  sortRuns();
  $('run-count').textContent = shown.length === runs.bucket.length
      ? plural(shown.length, 'run', 'runs')
      : `${number(shown.length)} of ${plural(runs.bucket.length, 'run', 'runs')}`;
}

function sortRuns() {
  const key = COLUMNS[sortedBy][1], sign = descending ? -1 : 1;
  if (sortedBy !== 0) shown.sort((a, b) => sign * (key(a) - key(b)) || a - b);
  else shown.sort((a, b) => sign * (a - b));
  [...$('grid-head').children].forEach((cell, i) => {
    if (i >= COLUMNS.length) return;
    cell.setAttribute('aria-sort', i !== sortedBy ? 'none' : descending ? 'descending' : 'ascending');
    cell.firstChild.textContent = COLUMNS[i][0] + (i !== sortedBy ? '' : descending ? ' ↓' : ' ↑');
  });
  current = -1;
  $('grid').setAttribute('aria-rowcount', shown.length + 1);
  $('grid-space').style.height = `${shown.length * ROW}px`;
  $('grid-body').scrollTop = 0;
  paint();
}

function showOnly(way) {
  $('filters').reset();
  $('filter-result').value = String(way);
  filterRuns();
  $('runs').scrollIntoView();
  $('grid').focus({preventScroll: true});
}

function option(value, words) { return element('option', {value}, words); }

function showRuns() {
  $('grid').style.setProperty('--columns',
      `8rem ${runs.test ? 'minmax(8rem, .6fr) ' : ''}minmax(12rem, 1fr) 8rem 6.5rem 8.5rem ` +
      `${runs.strikes ? '5.5rem ' : ''}7rem 5.2rem`);
  COLUMNS.forEach(([words, , side], i) => $('grid-head').append(
      element('div', {role: 'columnheader', class: side || ''},
              element('button', {type: 'button', onclick: () => {
                descending = sortedBy === i ? !descending : !side;
                sortedBy = i;
                sortRuns();
              }}, words))));
  $('grid-head').append(element('div', {role: 'columnheader', 'aria-label': 'Copy'}));
  $('filter-result').append(option('', 'all'), option('failed', 'failed'), option('passed', 'passed'),
      ...report.failures.map((failure, way) => option(way, failure.message.slice(0, 70))));
  $('filter-strategy').append(option('', 'all'),
      ...[...new Set(runs.strategies.map(withoutLength))].map((name) => option(name, name)));
  $('filter-text').addEventListener('input', filterRuns);
  for (const id of ['filter-result', 'filter-strategy']) {
    $(id).addEventListener('change', filterRuns);
  }
  $('filters').addEventListener('reset', () => setTimeout(filterRuns));
  $('filters').addEventListener('submit', (event) => event.preventDefault());
  $('grid-body').addEventListener('scroll', () => requestAnimationFrame(paint), {passive: true});
  addEventListener('resize', paint);
  $('grid').addEventListener('keydown', (event) => {
    if (event.target !== $('grid')) return;
    const page = Math.floor($('grid-body').clientHeight / ROW) - 1;
    const to = {ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page,
                PageUp: current - page, Home: 0, End: shown.length - 1}[event.key];
    if (to === undefined && event.key !== 'Enter') return;
    event.preventDefault();
    if (to !== undefined) { goTo(to); return; }
    if (current < 0) return;
    const i = shown[current];
    copy(commandOf(seedOf(i), strategyOf(i), branchOf(i), testOf(i)));
  });
  filterRuns();
}

// -- the whole

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $('theme').textContent = theme === 'dark' ? 'Light' : 'Dark';
  $('theme').setAttribute('aria-pressed', theme === 'dark');
}
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
setTheme(prefersDark.matches ? 'dark' : 'light');
prefersDark.addEventListener('change', () => setTheme(prefersDark.matches ? 'dark' : 'light'));
$('theme').addEventListener('click', () => setTheme(
    document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
document.addEventListener('keydown', (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  $('filter-text').focus();
});

showOverview();
showFailures();
showTests();
showOutcomes();
showCurve('chart-coverage', 'schedules', 'Distinct schedules',
          'the dashed line is what runs that are all new would give', true);
showCurve('chart-distinct', 'outcomes', 'Distinct outcomes', 'output and exit status', false);
showStrategies();
showFaults();
showRuns();
const asked = document.getElementById(location.hash.slice(1));
if (asked instanceof HTMLDetailsElement) asked.open = true;
else if (report.failures.length === 1) $('failure-1').open = true;
document.documentElement.dataset.ready = 'true';
