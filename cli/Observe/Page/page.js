'use strict';
// Everything is set as text, never as markup: names come from other processes.
const $ = id => document.getElementById(id);
const el = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const ms = t => t < 0.005 ? '0 ms' : t < 1 ? `${t.toFixed(2)} ms` : t < 1000 ? `${Math.round(t)} ms` : t < 60000 ? `${(t / 1000).toFixed(t < 10000 ? 2 : 1)} s` : `${Math.floor(t / 60000)} min ${Math.round(t % 60000 / 1000)} s`;
const age = t => t < 60000 ? `${Math.max(0, Math.round(t / 1000))} s` : t < 3600000 ? `${Math.round(t / 60000)} min` : `${Math.round(t / 3600000)} h`;
const number = (n, none = '–') => n === null || n === undefined ? none : Number.isInteger(n) ? n.toLocaleString('en') : n.toFixed(n < 10 ? 1 : 0);
const selected = { trace: '', job: '' };
let state = null;

// Rows that stay are changed where they differ: what is selected or focused stays so.
function rows(body, items, key, cells) {
  const old = new Map([...body.children].map(row => [row.dataset.key, row]));
  const wanted = items.map(item => {
    const id = String(key(item));
    const row = old.get(id) ?? el('tr');
    row.dataset.key = id;
    cells(item).forEach((cell, i) => {
      const td = row.children[i] ?? row.appendChild(el('td'));
      const { text, className = '', title = '', click } = typeof cell === 'object' ? cell : { text: cell };
      let holder = td;
      if (click) {
        holder = td.firstElementChild ?? td.appendChild(el('button', 'link'));
        holder.type = 'button';
        holder.onclick = click;
        td.className = className;
      }
      if (holder.textContent !== text) holder.textContent = text;
      if (!click && td.className !== className) td.className = className;
      if (td.title !== title) td.title = title;
    });
    return row;
  });
  wanted.forEach((row, i) => { if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null); });
  while (body.children.length > wanted.length) body.lastElementChild.remove();
  return wanted;
}

function empty(body, isEmpty) {
  const list = body.closest('.scroll') ?? body;
  list.hidden = isEmpty;
  list.nextElementSibling.hidden = !isEmpty;
}

const jobColours = { queued: 'warn', running: 'warn', succeeded: 'good', failed: 'bad', cancelled: 'dim' };

function showJobs({ now, running, ended }) {
  const all = [...running, ...ended];
  const made = rows($('job-rows'), all, job => job.id, job => [
    // The end of an id differs; its beginning is the time.
    { text: `…${job.id.slice(-12)}`, title: `${job.kind} ${job.id}`, click: () => open(job.traceId, job.id) },
    { text: job.status, className: `dot ${jobColours[job.status] ?? ''}` },
    { text: job.code ? `${job.stage}: ${job.code}` : job.stage, className: job.code ? 'bad' : 'dim' },
    { text: job.ended ? ms(job.ended - job.accepted) : ms(Math.max(0, now - job.accepted)), className: job.ended ? 'n' : 'n warn' },
    { text: age(now - (job.ended ?? job.accepted)), className: 'n dim' },
  ]);
  made.forEach(row => row.classList.toggle('here', row.dataset.key === selected.job));
  empty($('job-rows'), all.length === 0);
}

function showStages({ stages }) {
  const widest = Math.max(1, ...stages.map(stage => stage.p95));
  $('stage-rows').replaceChildren(...stages.map(stage => {
    const item = el('li', stage.name === 'all' ? 'total' : '');
    const track = el('span', 'track');
    for (const part of ['p95', 'p50']) {
      const bar = track.appendChild(el('span', part));
      bar.style.width = `${100 * stage[part] / widest}%`;
    }
    item.title = `${stage.name}: ${stage.count} measured, longest ${ms(stage.max)}`;
    item.append(el('span', '', stage.name), track, el('span', 'numbers', `${ms(stage.p50)} · ${ms(stage.p95)} · ${stage.count}×`));
    return item;
  }));
  empty($('stage-rows'), stages.length === 0);
}

function showSystem(system) {
  const isEmpty = queue => !queue.waiting && !queue.underway;
  const dead = system.queues.filter(queue => queue.dead);
  $('dead').textContent = dead.every(isEmpty) ? `Nothing waits in ${dead.length} queues of dead letters.` : '';
  rows($('queue-rows'), system.queues.filter(queue => !queue.dead || !isEmpty(queue)), queue => `${queue.topic} ${queue.app} ${queue.component}`, queue => {
    return [
      { text: queue.topic, title: `component ${queue.component}`, className: queue.dead ? 'dim' : '' },
      { text: queue.app, className: 'dim' },
      { text: number(queue.waiting), className: `n ${isEmpty(queue) ? 'dim' : queue.dead ? 'bad' : 'warn'}` },
      { text: number(queue.underway), className: `n ${queue.underway ? '' : 'dim'}` },
      { text: queue.ageMs === null ? '' : age(queue.ageMs), className: `n ${queue.ageMs > 10000 ? 'bad' : 'dim'}` },
    ];
  });
  rows($('process-rows'), system.processes, process => process.name, process => [
    { text: process.name, title: [process.kind, process.pid && `process ${process.pid}`, process.port && `port ${process.port}`, `${system.logs} ${process.name}`].filter(Boolean).join('\n') },
    {
      text: process.sidecar === false && process.state !== 'down' ? `${process.state}, sidecar not` : process.state,
      className: `dot ${process.state === 'ready' && process.sidecar ? 'good' : process.state === 'running' ? 'dim' : process.state === 'down' ? 'bad' : 'warn'}`,
      title: process.readySince ? `last seen ready ${age(state.now - process.readySince)} ago` : '',
    },
    { text: number(process.restarts), className: `n ${process.restarts ? 'bad' : 'dim'}` },
    { text: `${Math.round(process.cpu * 100)} %`, className: `n ${process.cpu > 0.5 ? 'warn' : ''}` },
    { text: process.memoryMb ? `${Math.round(process.memoryMb)} MB` : '–', className: 'n' },
    { text: number(process.requests, ''), className: 'n' },
    { text: number(process.errors, ''), className: `n ${process.errors ? 'bad' : 'dim'}` },
  ]);
  rows($('figure-rows'), system.figures, figure => `${figure.name} ${figure.labels}`, figure => [
    { text: figure.name }, { text: figure.labels, className: 'dim' }, { text: number(figure.value), className: 'n' },
  ]);
}

function showTiles({ running, system }) {
  const figures = system?.figures ?? [];
  const sum = (name, label = '') => figures.filter(figure => figure.name === name && figure.labels.includes(label)).reduce((total, figure) => total + figure.value, 0);
  const processes = system?.processes ?? [];
  const unwell = processes.filter(process => process.state === 'down' || process.state === 'not ready' || process.sidecar === false).length;
  const failed = sum('eco2_jobs_finished_total', 'status="failed"');
  const dead = (system?.queues ?? []).filter(queue => queue.dead).reduce((total, queue) => total + (queue.waiting ?? 0) + (queue.underway ?? 0), 0) + sum('eco2_dead_letters_kept_total');
  const tiles = [
    ['in flight', figures.some(figure => figure.name === 'eco2_jobs_in_flight') ? sum('eco2_jobs_in_flight') : running.length],
    ['accepted', sum('eco2_jobs_accepted_total')],
    ['succeeded', sum('eco2_jobs_finished_total', 'status="done"')],
    ['failed', failed, failed > 0],
    ['streams open', sum('eco2_sse_streams')],
    ['model calls', sum('gen_ai_client_operation_duration_seconds_count')],
    ['unsent', sum('eco2_outbox_unsent')],
    ['dead letters', dead, dead > 0],
    ['unwell', unwell, unwell > 0],
  ];
  $('tiles').replaceChildren(...tiles.map(([name, value, bad]) => {
    const tile = el('li', bad ? 'bad' : '');
    tile.append(el('b', '', number(value)), name);
    return tile;
  }));
}

function showTraces({ now, traces }) {
  const shown = traces.filter(trace => trace.job || !$('only-jobs').checked);
  const made = rows($('trace-rows'), shown, trace => trace.id, trace => [
    { text: `${trace.service}: ${trace.name}`, title: `${trace.services.join(', ')}\n${trace.id}`, click: () => open(trace.id, trace.job ?? '') },
    { text: ms(trace.ms), className: `n ${trace.failed ? 'bad' : ''}` },
    { text: number(trace.spans), className: 'n dim' },
    { text: age(now - trace.start), className: 'n dim' },
  ]);
  made.forEach(row => row.classList.toggle('here', row.dataset.key === selected.trace));
  empty($('trace-rows'), shown.length === 0);
}

// Parents before children, children by their start.
function tree(spans) {
  const known = new Set(spans.map(span => span.spanId));
  const children = Map.groupBy(spans, span => known.has(span.parentId) && span.parentId !== span.spanId ? span.parentId : '');
  const ordered = [];
  const walk = (parent, depth) => (children.get(parent) ?? []).forEach(span => {
    ordered.push({ span, depth });
    walk(span.spanId, depth + 1);
  });
  walk('', 0);
  return ordered;
}

async function showTrace() {
  $('trace').hidden = selected.trace === '';
  if (selected.trace === '') return;
  const { trace, job } = selected;
  const answer = await fetch(`api/traces/${encodeURIComponent(trace)}`);
  if (trace !== selected.trace) return;
  const spans = answer.ok ? await answer.json() : [];
  const ordered = tree(spans);
  const begin = Math.min(...spans.map(span => span.start));
  const length = Math.max(0.001, Math.max(...spans.map(span => span.end)) - begin);
  $('trace-name').textContent = job ? `Job ${job}` : 'Trace';
  const appOf = service => service.split("'")[0];
  const apps = [...new Set(spans.map(span => appOf(span.service)))].sort();
  const logs = state?.system?.logs ?? './eco2 logs';
  $('trace-about').replaceChildren(
    answer.ok ? `Trace ${trace}: ${spans.length} spans of ${apps.length} apps in ${ms(length)}. ` : `Trace ${trace} is not here any more. `,
    'What they logged: ', el('code', '', `${logs} -n 200 --about ${job || trace}`));
  $('spans').replaceChildren(...ordered.map(({ span, depth }) => {
    const item = el('li', span.failed ? 'failed' : '');
    const what = el('span', 'what');
    what.style.paddingLeft = `${Math.min(depth, 12) * 10}px`;
    const peer = state?.system?.peers?.[span.tags['server.port']];
    const tags = [span.tags['http.response.status_code'], span.tags['error.type']].filter(Boolean).join(' ');
    what.append(`${span.service} `, el('i', '', `${span.name}${peer ? ` → ${peer}` : ''}${tags && span.failed ? ` (${tags})` : ''}`));
    what.title = `${span.service}: ${span.name}\n${Object.entries(span.tags).map(([name, value]) => `${name} = ${value}`).join('\n')}`;
    const lane = el('span', 'lane');
    const bar = lane.appendChild(el('span', 'bar'));
    bar.style.left = `${100 * (span.start - begin) / length}%`;
    bar.style.width = `${100 * (span.end - span.start) / length}%`;
    bar.style.background = `hsl(${apps.indexOf(appOf(span.service)) * 360 / apps.length + 150} 50% 50%)`;
    // A sidecar has its app's colour, but fainter.
    bar.style.opacity = appOf(span.service) === span.service ? 1 : 0.45;
    bar.title = `begins after ${ms(span.start - begin)}`;
    item.append(what, lane, el('span', 'took', ms(span.end - span.start)));
    return item;
  }));
}

function open(trace, job) {
  location.hash = trace ? `trace=${trace}${job ? `&job=${job}` : ''}` : '';
}

function readHash() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const changed = selected.trace !== (wanted.get('trace') ?? '');
  selected.trace = wanted.get('trace') ?? '';
  selected.job = wanted.get('job') ?? '';
  showTrace().then(() => { if (changed && selected.trace) $('trace').scrollIntoView({ behavior: 'smooth' }); });
  if (state) show();
}

function show() {
  showTiles(state);
  showJobs(state);
  showStages(state);
  showTraces(state);
  if (state.system) showSystem(state.system);
}

async function tick() {
  try {
    if (!document.hidden) {
      const answer = await fetch('api/state');
      state = await answer.json();
      const where = $('where');
      where.className = '';
      where.textContent = state.system ? `The API is at ${state.system.url}. Logs: ${state.system.logs} -f` : 'starting …';
      show();
      // A trace comes in pieces, from each app its own.
      if (selected.trace && state.traces.some(trace => trace.id === selected.trace && state.now - trace.start - trace.ms < 10000)) await showTrace();
    }
  } catch {
    $('where').className = 'lost';
    $('where').textContent = 'Eco² does not answer. Did it stop?';
  }
  setTimeout(tick, 1000);
}

$('only-jobs').onchange = () => state && showTraces(state);
$('trace-close').onclick = () => open('', '');
$('theme').onclick = () => {
  const dark = document.documentElement.style.colorScheme ? document.documentElement.style.colorScheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.style.colorScheme = dark ? 'light' : 'dark';
};
addEventListener('hashchange', readHash);
readHash();
tick();
