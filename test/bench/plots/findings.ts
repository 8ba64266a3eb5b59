/** What figures say, in words: the title of a plot and the verdicts of its goals. One number is said in one way only. */
import { percent } from '../frame/rounds.ts';
import { said } from './numbers.ts';
import type { Figure, Saved } from './saved.ts';

type Goal = Saved['goals'][number];

/** How a peer is called by those who made it. */
const NAMES: Readonly<Record<string, string>> = {
  bullmq: 'BullMQ',
  ws: 'bare ws',
  executors: 'the same calls, no engine',
  playwright: 'one call a step',
};

export function called(contender: string): string {
  return NAMES[contender] ?? contender;
}

/** The finding, in a sentence. */
export function titleOf(saved: Saved): string {
  return FINDINGS[saved.bench]?.(saved) ?? `${saved.bench}.`;
}

/** What it means for the goals, one by one. */
export function verdictsOf({ size, goals }: Saved): string[] {
  return size === 'full' ? goals.map(verdictOf) : ['Not the full size: it says nothing about the goals.'];
}

/** Such as "Missed: jobs/s drained, to the best peer 0.9 (goal at least 1.2, 1.33 x short)." */
function verdictOf({ goal, value, limit, met, bound }: Goal): string {
  return `${met ? 'Met' : 'Missed'}: ${goal} ${said(value)} (goal ${bound} ${said(limit)}, ${distanceOf({ value, limit, met, bound })}).`;
}

/** How far from the limit. */
export function distanceOf({ value, limit, met, bound }: Omit<Goal, 'goal'>): string {
  if (value === limit) return 'exactly';
  if (value === 0 || limit === 0)
    return met ? 'met' : `${said(Math.abs(value - limit))} too ${bound === 'at most' ? 'many' : 'few'}`;
  const factor = bound === 'at most' ? value / limit : limit / value;
  return met ? `${said(1 / factor)} x better` : `${said(factor)} x short`;
}

/** On what, with which versions, and how noisy it was. */
export function captionOf({ machine, versions, rounds, foreignCpu, size }: Saved): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const rule = rounds === 1 ? 'One round.' : `Medians of ${rounds} rounds, whiskers from the least to the most.`;
  const sized = size === 'full' ? '' : ` Size: ${size}.`;
  return `${machine}. ${programs.join(', ')}. ${rule}${sized} Other processes took ${percent(foreignCpu)} of the machine.`;
}

/** A figure that must be there. */
export function figureOf(saved: Saved, contender: string, name: string): Figure {
  const figure = saved.figures[contender]?.[name];
  if (!figure) throw new Error(`${saved.bench} has no figure "${name}" of ${contender}`);
  return figure;
}

/** The best of the peers, by a figure of which more is better. */
export function bestPeer(saved: Saved, name: string): { readonly peer: string; readonly best: number } | null {
  const peers = Object.entries(saved.figures)
    .filter(([contender, figures]) => contender !== 'casare' && figures[name] !== undefined)
    .map(([peer, figures]) => ({ peer, best: figures[name]!.median }));
  return peers.sort((a, b) => b.best - a.best)[0] ?? null;
}

/** The figure of `steps` that all its contenders have. */
export const STEP_MS = 'ms per browser step';

const FINDINGS: Readonly<Record<string, (saved: Saved) => string>> = {
  enqueue: (saved) => rate(saved, 'takes in'),
  drain: (saved) => rate(saved, 'drains'),
  endtoend: (saved) => rate(saved, 'takes in, gives out and completes'),
  latency(saved) {
    const [p50, p99] = ['p50 ms', 'p99 ms'].map((name) => said(figureOf(saved, 'casare', name).median));
    const to = Object.entries(saved.ratios).filter(([name]) => name.startsWith('p50 to '));
    const peers = to.map(([name, ratio]) => `${said(ratio)} x ${called(name.slice('p50 to '.length))}`);
    return `A job starts ${p50} ms after its submit (p99 ${p99} ms)${peers.length > 0 ? `, at the median ${peers.join(' and ')}` : ''}.`;
  },
  'tunnel-dispatch'(saved) {
    const of = (name: string) => said(figureOf(saved, 'casare', name).median);
    return `Over REST, mTLS tunnels and back: ${of('jobs/s')} jobs/s, and ${of('idle p50 ms')} ms (p99 ${of('idle p99 ms')} ms) from submit to agent when idle.`;
  },
  backlog(saved) {
    const [most] = Object.keys(saved.figures).slice(-1);
    const behind = depthOf(most!);
    const ratio = (name: string) => Object.entries(saved.ratios).find(([key]) => key.includes(name))?.[1];
    return `With ${behind} jobs waiting behind, a job costs ${said(ratio('casare'))} x the processor time of none (graphile-worker ${said(ratio('graphile-worker'))} x).`;
  },
  mismatch(saved) {
    const all = Object.entries(saved.figures);
    const p50 = all.map(([, figures]) => said(figures['claim p50 ms']!.median));
    return `A claim takes ${p50[0]} ms alone and ${p50.at(-1)} ms behind ${depthOf(all.at(-1)![0])} jobs that this worker cannot run.`;
  },
  snapshot: (saved) =>
    `While a transaction stays open, the last claims take ${said(figureOf(saved, 'casare', 'last to first').median)} x as long as the first.`,
  console(saved) {
    const slowest = Object.entries(saved.figures['casare']!)
      .filter(([name]) => name.endsWith(', p95 ms') && !name.startsWith('painted'))
      .reduce((worst, each) => (each[1].median > worst[1].median ? each : worst));
    const painted = said(figureOf(saved, 'casare', 'painted, p95 ms').median);
    const what = slowest[0].slice(0, -', p95 ms'.length);
    return `Of a million jobs, 95 of 100 pages come within ${said(slowest[1].median)} ms whatever is asked (slowest: ${what}) and are painted within ${painted} ms.`;
  },
  recovery(saved) {
    const times = blowsOf(saved).map((name) => `${name} ${said(figureOf(saved, 'casare', `${name} s`).median)} s`);
    const worst = (name: string) => said(figureOf(saved, 'casare', name).most);
    const kept = `${worst('lost')} jobs lost, ${worst('recorded twice')} steps recorded twice`;
    return `After kill -9, jobs run again: ${times.join(', ')}; ${kept}.`;
  },
  steps(saved) {
    const of = (name: string) => said(figureOf(saved, 'casare', name).median);
    const to = (name: string) => said(saved.ratios[name]);
    return `A browser step takes ${of(STEP_MS)} ms, ${to('to the same calls')} x the same calls of Playwright without the engine and ${to('to one call a step')} x one call a step; a plain step ${of('ms per plain step')} ms.`;
  },
  fairness(saved) {
    const p99 = (when: string) => said(figureOf(saved, 'casare', `${when} p99 ms`).median);
    return `A small tenant's job starts within ${p99('idle')} ms (p99) when idle, ${p99('pending')} ms behind another tenant's backlog, ${p99('draining')} ms while that drains.`;
  },
};

/** What `recovery` killed, in its order: its figures in seconds. */
export function blowsOf(saved: Saved): string[] {
  const names = Object.keys(saved.figures.casare ?? {});
  return names.filter((name) => name.endsWith(' s')).map((name) => name.slice(0, -' s'.length));
}

/** "1M" of a contender such as "casare +1000000" or "behind 1000000". */
export function depthOf(contender: string): string {
  const count = Number(/\d+$/.exec(contender)?.[0]);
  if (count >= 1e6 && count % 1e5 === 0) return `${count / 1e6}M`;
  return count >= 1e3 && count % 100 === 0 ? `${count / 1e3}k` : String(count);
}

function rate(saved: Saved, does: string): string {
  const best = bestPeer(saved, 'jobs/s');
  const found = `casare ${does} ${said(figureOf(saved, 'casare', 'jobs/s').median)} jobs/s`;
  if (best === null) return `${found}.`;
  const ratio = saved.ratios['jobs/s'] ?? figureOf(saved, 'casare', 'jobs/s').median / best.best;
  return `${found}, ${said(ratio)} x ${called(best.peer)}, the best peer (${said(best.best)}).`;
}
