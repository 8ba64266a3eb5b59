import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '../protocol/run-events.ts';
import { documentOf } from './fixtures.test-support.ts';
import { unsafeReachable } from './reachable.ts';

const CLICK = "{ call: browser.click, with: { target: 'button' } }";
const READ = "{ call: browser.text, with: { target: 'button' } }";

function journal(...bodies: readonly RunEventBody[]): RunEvent[] {
  return bodies.map((body, index) => ({ seq: index + 1, at: '2026-01-01T00:00:00Z', body }));
}

type Rule = 'suspend' | 'rerun';
const started = (path: string, onRestart: Rule = 'rerun', position = path): RunEventBody => ({
  type: 'step.started',
  path,
  position,
  name: 'x',
  task: 'call',
  effect: onRestart === 'suspend' ? 'unsafe' : 'idempotent',
  onRestart,
});
const completed = (path: string, position = path): RunEventBody => ({
  type: 'step.completed',
  path,
  position,
  output: null,
  durationMs: 1,
});
const failed = (path: string, certain: boolean): RunEventBody => ({
  type: 'step.failed',
  path,
  position: path,
  error: { type: 'about:blank', status: 500 },
  certain,
  durationMs: 1,
});
const run = (resumed = false): RunEventBody => ({ type: 'run.started', resumed });

function reaches(text: string, ...bodies: readonly RunEventBody[]): boolean {
  return unsafeReachable(documentOf(`do:\n  ${text}\n`), journal(...bodies)).reachable;
}

describe('an open step', () => {
  const document = documentOf(`do:\n  - a: ${CLICK}\n  - b: ${READ}\n`);

  it('that must not be repeated is named', () => {
    const events = journal(run(), started('/do/0/a', 'suspend', '/do/0/a[3]'));
    expect(unsafeReachable(document, events)).toEqual({ reachable: true, openUnsafe: '/do/0/a[3]' });
  });

  it('is open still after a failure that may have acted, and closed by a certain one', () => {
    const start = started('/do/0/a', 'suspend');
    expect(unsafeReachable(document, journal(run(), start, failed('/do/0/a', false))).openUnsafe).toBe('/do/0/a');
    expect(unsafeReachable(document, journal(run(), start, failed('/do/0/a', true))).openUnsafe).toBeNull();
  });

  it('stays open even when the run has ended, for instance beside the winner of a fork', () => {
    const ended: RunEventBody = { type: 'run.completed', output: null };
    expect(unsafeReachable(document, journal(run(), started('/do/0/a', 'suspend'), ended)).openUnsafe).toBe('/do/0/a');
  });

  it('of one iteration is not closed by the end of another', () => {
    const events = journal(
      started('/do/0/a', 'suspend', '/do/0/a[0]'),
      started('/do/0/a', 'suspend', '/do/0/a[1]'),
      completed('/do/0/a', '/do/0/a[1]'),
    );
    expect(unsafeReachable(document, events).openUnsafe).toBe('/do/0/a[0]');
  });
});

describe('what may still come', () => {
  it('without a record is the whole document', () => {
    expect(reaches(`- a: ${CLICK}`)).toBe(true);
    expect(reaches(`- a: ${READ}`)).toBe(false);
  });

  it('is nothing after the last unsafe step, and nothing after the end', () => {
    const text = `- a: ${CLICK}\n  - b: ${READ}\n  - c: ${READ}`;
    expect(reaches(text, run(), completed('/do/0/a'))).toBe(false);
    expect(reaches(text, run(), started('/do/1/b'))).toBe(false);
    expect(reaches(`- a: ${READ}\n  - b: ${CLICK}`, run(), completed('/do/0/a'))).toBe(true);
    expect(reaches(`- a: ${CLICK}`, run(), { type: 'run.cancelled', reason: 'x' })).toBe(false);
  });

  it('follows overrides: a click that may run again is not unsafe', () => {
    const safe = "{ metadata: { rpa: { onRestart: rerun } }, call: browser.click, with: { target: 'button' } }";
    expect(reaches(`- a: ${READ}\n  - b: ${safe}`, completed('/do/0/a'))).toBe(false);
  });

  it('counts a loop as a whole while the run is in it, and no more after it', () => {
    const loop = `- l: { for: { in: .items }, do: [{ c: ${CLICK} }, { r: ${READ} }] }\n  - z: ${READ}`;
    expect(reaches(loop, completed('/do/0/l/do/1/r', '/do/0/l/do[0]/1/r'))).toBe(true);
    expect(reaches(loop, completed('/do/0/l'))).toBe(false);
  });

  it('counts every branch of a fork while the run is in it', () => {
    const fork = `- f: { fork: { branches: [{ c: ${CLICK} }, { r: ${READ} }] } }`;
    expect(reaches(fork, completed('/do/0/f/fork/branches/1/r'))).toBe(true);
    expect(reaches(fork, completed('/do/0/f'))).toBe(false);
  });

  it('counts what failed before a retry of the job', () => {
    const text = `- a: ${CLICK}\n  - b: ${READ}`;
    const error = { type: 'about:blank', status: 503 };
    const ended: RunEventBody = { type: 'run.failed', error };
    const before = [run(), started('/do/0/a', 'suspend'), failed('/do/0/a', true)];
    expect(reaches(text, ...before, run(true))).toBe(false);
    expect(reaches(text, ...before, ended, run(true))).toBe(true);
  });

  it('counts the handler of a try, and the whole of one that is retried', () => {
    const handled = `- t: { try: [{ r: ${READ} }], catch: { do: [{ c: ${CLICK} }] } }`;
    expect(reaches(handled, started('/do/0/t/try/0/r'))).toBe(true);
    const tried = (retry: string): string => `- t: { try: [{ c: ${CLICK} }, { r: ${READ} }], catch: { ${retry} } }`;
    expect(reaches(tried('retry: { delay: PT1S }'), completed('/do/0/t/try/1/r'))).toBe(true);
    expect(reaches(tried('as: err'), completed('/do/0/t/try/1/r'))).toBe(false);
  });

  it('follows then, forwards, backwards and past what it leaves out', () => {
    const skip = `- a: { set: { x: 1 }, then: c }\n  - b: ${CLICK}\n  - c: ${READ}`;
    expect(reaches(skip, completed('/do/0/a'))).toBe(false);
    const sometimes = `- a: { if: .x, set: { x: 1 }, then: c }\n  - b: ${CLICK}\n  - c: ${READ}`;
    expect(reaches(sometimes, completed('/do/0/a'))).toBe(true);
    const back = `- a: ${CLICK}\n  - b: { set: { x: 1 }, then: a }`;
    expect(reaches(back, completed('/do/1/b'))).toBe(true);
    const choice = `- s: { switch: [{ one: { when: .x, then: c } }], then: end }\n  - b: ${READ}\n  - c: ${CLICK}`;
    expect(reaches(choice, completed('/do/0/s'))).toBe(true);
    expect(reaches(`- a: { set: { x: 1 }, then: end }\n  - b: ${CLICK}`, completed('/do/0/a'))).toBe(false);
  });

  it('looks into functions that are called, and gives up precision inside one', () => {
    const text = `- a: ${READ}\n  - b: { call: outer }\n  - c: ${READ}\nuse: { functions: { outer: { do: [{ i: { call: inner } }] }, inner: ${CLICK} } }`;
    expect(reaches(text, completed('/do/0/a'))).toBe(true);
    expect(reaches(text, completed('/do/1/b'))).toBe(false);
    expect(reaches(text, completed('/use/functions/inner'))).toBe(true);
  });

  it('is anything for a record that fits no task', () => {
    expect(reaches(`- a: ${CLICK}`, completed('/do/7/gone'))).toBe(true);
  });

  it('after a restart is the rest, but everything when scopes are run again', () => {
    const rest = `- a: ${CLICK}\n  - b: ${READ}`;
    expect(reaches(rest, run(), completed('/do/0/a'), run(true))).toBe(false);
    const scope = `- a: ${CLICK}\n  - b: { metadata: { rpa: { onRestart: restartScope } }, do: [{ r: ${READ} }] }`;
    expect(reaches(scope, run(), completed('/do/0/a'), run(true))).toBe(true);
  });
});
