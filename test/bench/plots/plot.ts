/** The plot of each bench: which of its figures are drawn how. */
import { bestPeer, blowsOf, called, captionOf, depthOf, figureOf, STEP_MS, titleOf, verdictsOf } from './findings.ts';
import { bars, lines, quantiles, stacked, type Mark, type Panel } from './panels.ts';
import { said } from './numbers.ts';
import { render } from './render.ts';
import type { Figure, Saved } from './saved.ts';

/** The plot as SVG. */
export function plotOf(saved: Saved): Promise<string> {
  const panels = (PANELS[saved.bench] ?? plain)(saved);
  return render({ title: titleOf(saved), verdicts: verdictsOf(saved), panels, caption: captionOf(saved) });
}

const CPU = 'CPU us per job';
const P95 = ', p95 ms';

const PANELS: Readonly<Record<string, (saved: Saved) => Panel[]>> = {
  enqueue: (saved) => [ratePanel(saved, 'Jobs taken in a second (more is better)'), cpuPanel(saved)],
  drain: (saved) => [ratePanel(saved, 'Jobs drained a second (more is better)'), cpuPanel(saved)],
  endtoend: (saved) => [ratePanel(saved, 'Jobs submitted and completed a second (more is better)'), cpuPanel(saved)],
  latency(saved) {
    const rows = Object.keys(saved.figures).map((name) => ({
      ...{ name: called(name), p50: figureOf(saved, name, 'p50 ms'), p99: figureOf(saved, name, 'p99 ms') },
    }));
    return [
      quantiles('From the submit to the start of the handler, idle queue, ms (less is better)', rows, []),
      cpuPanel(saved),
    ];
  },
  'tunnel-dispatch'(saved) {
    const of = (name: string): Figure => figureOf(saved, 'casare', name);
    const goal = goalOf(saved, 'jobs/s');
    const all = { name: 'casare', ...added(of('control plane us per job'), of('database us per job')) };
    return [
      bars(
        'Jobs a second, from REST to the durable completion (more is better)',
        [{ name: 'casare', ...of('jobs/s') }],
        goal,
      ),
      stacked(
        'Processor time for a job, us',
        ['control plane', 'database'],
        [{ ...all, second: of('database us per job').median }],
      ),
      quantiles(
        'From the submit to the assignment at the agent, idle, ms (less is better)',
        [{ name: 'casare', p50: of('idle p50 ms'), p99: of('idle p99 ms') }],
        [],
      ),
    ];
  },
  backlog(saved) {
    const contenders = ['casare', 'graphile-worker'].filter((name) => keysOf(saved, `${name} +`).length > 0);
    const steps = keysOf(saved, `${contenders[0]!} +`).map(depthOf);
    const series = contenders.map((name) => ({
      name,
      points: keysOf(saved, `${name} +`).map((key) => figureOf(saved, key, CPU)),
    }));
    const none = series[0]!.points[0]!.median;
    const goal = saved.goals[0]
      ? { value: saved.goals[0].limit * none, label: `goal of casare: ${saved.goals[0].limit} x none` }
      : null;
    return [
      lines('Processor time for a job, us (flat is better)', { x: 'jobs that wait behind', steps }, series, goal),
    ];
  },
  mismatch(saved) {
    const keys = Object.keys(saved.figures);
    const points = keys.map((key) => figureOf(saved, key, 'claim p50 ms'));
    const x = 'jobs of others that wait, which this worker cannot run';
    return [
      lines(
        'p50 of a claim, ms (flat is better)',
        { x, steps: keys.map(depthOf) },
        [{ name: 'casare', points }],
        goalOf(saved, 'behind 1M'),
      ),
    ];
  },
  snapshot(saved) {
    const names = Object.keys(saved.figures.casare!).filter((name) => name.includes('tenth '));
    const points = names.map((name) => figureOf(saved, 'casare', name));
    const axis = {
      x: 'tenths of the jobs, in the order of their claims',
      steps: names.map((name) => /\d+$/.exec(name)![0]),
    };
    const [first, goal] = [points[0]!.median, saved.goals[0]];
    const mark = goal ? { value: goal.limit * first, label: `goal: ${goal.limit} x the first tenth` } : null;
    return [
      lines(
        'p50 of a claim while a transaction stays open, ms (flat is better)',
        axis,
        [{ name: 'casare', points }],
        mark,
      ),
    ];
  },
  recovery,
  steps(saved) {
    const rows = Object.keys(saved.figures).map((name) => ({ name: called(name), ...figureOf(saved, name, STEP_MS) }));
    const traced = { name: 'casare, with a trace', ...figureOf(saved, 'casare', 'ms with a trace') };
    const goal = saved.goals.find((each) => each.goal.startsWith('browser step'));
    const same = saved.figures['executors']?.[STEP_MS]?.median ?? 0;
    const mark = goal ? { value: goal.limit * same, label: `goal: ${goal.limit} x the same calls` } : null;
    return [
      bars('A browser step, ms (less is better)', [...rows, traced], mark),
      bars(
        'A plain step, ms (less is better)',
        [{ name: 'casare', ...figureOf(saved, 'casare', 'ms per plain step') }],
        goalOf(saved, 'plain step'),
      ),
    ];
  },
  console(saved) {
    const names = Object.keys(saved.figures['casare']!).filter((name) => name.endsWith(P95));
    const rows = names.map((name) => ({ name: name.slice(0, -P95.length), ...figureOf(saved, 'casare', name) }));
    const [painted, asked] = [
      rows.filter(({ name }) => name === 'painted'),
      rows.filter(({ name }) => name !== 'painted'),
    ];
    return [
      bars('An answer of the API, 95 of 100 within, ms (less is better)', asked, goalOf(saved, 'first page')),
      bars('The painted page, 95 of 100 within, ms (less is better)', painted, goalOf(saved, 'painted')),
    ];
  },
  fairness(saved) {
    const of = (name: string): Figure => figureOf(saved, 'casare', name);
    const rows = [
      { name: 'nothing else', when: 'idle' },
      { name: "behind another tenant's backlog", when: 'pending' },
      { name: 'while that backlog drains', when: 'draining' },
    ].map(({ name, when }) => ({ name, p50: of(`${when} p50 ms`), p99: of(`${when} p99 ms`) }));
    return [quantiles("A small tenant's single job, from submit to start, ms (less is better)", rows, [])];
  },
};

/** Seconds of each blow, with its own goal. */
function recovery(saved: Saved): Panel[] {
  const names = blowsOf(saved);
  const rows = names.map((name) => {
    const goal = saved.goals.find((each) => each.goal.startsWith(name))?.limit;
    return { name, ...figureOf(saved, 'casare', `${name} s`), ...(goal === undefined ? {} : { goal }) };
  });
  const title = 'From kill -9 until every job that was under way runs again, s (less is better)';
  const marked = rows.some((row) => row.goal !== undefined);
  return [bars(marked ? [title, 'stroke across a bar: its goal'] : title, rows, null)];
}

/** Bars for the figures of a bench that has no plot of its own, the first few. */
function plain(saved: Saved): Panel[] {
  const contenders = Object.keys(saved.figures);
  const names = [...new Set(contenders.flatMap((name) => Object.keys(saved.figures[name]!)))].slice(0, 4);
  return names.map((figure) => {
    const rows = contenders.flatMap((name) => {
      const value = saved.figures[name]![figure];
      return value ? [{ name: called(name), ...value }] : [];
    });
    return bars(figure, rows, null);
  });
}

function ratePanel(saved: Saved, title: string): Panel {
  const best = bestPeer(saved, 'jobs/s');
  const [goal] = saved.goals;
  const value = (best?.best ?? 0) * (goal?.limit ?? 0);
  const mark = goal && best ? { value, label: `goal: ${goal.limit} x the best peer` } : null;
  const rows = Object.keys(saved.figures).map((name) => ({ name: called(name), ...figureOf(saved, name, 'jobs/s') }));
  return bars(title, rows, mark);
}

function cpuPanel(saved: Saved): Panel {
  const rows = Object.keys(saved.figures).map((name) => ({
    ...{ name: called(name), ...figureOf(saved, name, CPU) },
    second: figureOf(saved, name, 'of it in servers').median,
  }));
  return stacked('Processor time for a job, us (less is better)', ['its process', 'PostgreSQL or Redis'], rows);
}

/** The goal whose words include `part`, as a line. */
function goalOf(saved: Saved, part: string): Mark | null {
  const goal = saved.goals.find((each) => each.goal.includes(part));
  return goal ? { value: goal.limit, label: `goal: ${said(goal.limit)}` } : null;
}

function keysOf(saved: Saved, prefix: string): string[] {
  return Object.keys(saved.figures).filter((key) => key.startsWith(prefix));
}

function added(a: Figure, b: Figure): Figure {
  return { median: a.median + b.median, least: a.least + b.least, most: a.most + b.most };
}
