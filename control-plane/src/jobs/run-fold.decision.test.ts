import { describe, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { foldEvents, newEvents } from './run-fold.decision.ts';

const at = '2026-01-01T00:00:00.000Z';
const events = (...bodies: RunEventBody[]): RunEvent[] => bodies.map((body, index) => ({ seq: index + 1, at, body }));
const started: RunEventBody = { type: 'run.started', resumed: false };
const completed: RunEventBody = { type: 'run.completed', output: { ok: true } };

describe('folding run events', () => {
  it('moves a leased job through running to its end', () => {
    const fold = foldEvents('leased', events(started, completed));
    expect(fold).toMatchObject({ state: 'succeeded', started: at, ending: { body: completed } });
  });
  it('refuses what follows an ending', () => {
    expect(foldEvents('running', events(completed, started))).toBeNull();
  });
  it('refuses a move that the table forbids', () => {
    expect(foldEvents('leased', events(completed))).toBeNull();
    expect(foldEvents('succeeded', events(started))).toBeNull();
  });
  it('refuses a person’s word from an agent', () => {
    const forged: RunEventBody = {
      type: 'step.completed',
      path: '/do/0/a',
      position: '/do/0/a',
      output: 1,
      durationMs: 0,
      settledBy: 'account:x',
    };
    expect(foldEvents('running', events(forged))).toBeNull();
  });
  it('lets a run that won the race against a cancel end as what it was', () => {
    expect(foldEvents('cancelling', events(completed))?.state).toBe('succeeded');
    expect(foldEvents('cancelling', events({ type: 'run.cancelled', reason: 'asked' }))?.state).toBe('cancelled');
  });
  it('lets an agent that comes back settle a job in review, or go on with it', () => {
    const step: RunEventBody = { type: 'run.log', level: 'info', message: 'going on' };
    expect(foldEvents('needs_review', events(completed))?.state).toBe('succeeded');
    expect(foldEvents('needs_review', events(started))?.state).toBe('running');
    expect(foldEvents('needs_review', events(step))?.state).toBe('running');
    expect(foldEvents('needs_review', events(step), { cancelling: true, paused: false })?.state).toBe('cancelling');
    const cancelled = events(started, { type: 'run.cancelled', reason: 'asked' });
    expect(foldEvents('needs_review', cancelled, { cancelling: true, paused: true })?.state).toBe('cancelled');
    expect(foldEvents('needs_review', events(step), { cancelling: false, paused: true })?.state).toBe('paused');
  });
  it('follows a run that stands still, also over a start of its worker, and one that goes on', () => {
    const [paused, resumed] = [{ type: 'run.paused' }, { type: 'run.resumed' }] as const;
    expect(foldEvents('running', events(paused))?.state).toBe('paused');
    expect(foldEvents('paused', events(started))?.state).toBe('paused');
    expect(foldEvents('paused', events(started, resumed))?.state).toBe('running');
    expect(foldEvents('paused', events(completed))?.state).toBe('succeeded');
    expect(foldEvents('cancelling', events(paused))?.state).toBe('cancelling');
    expect(foldEvents('pending', events(paused))).toBeNull();
    expect(foldEvents('leased', events(paused))).toBeNull();
  });
});

describe('taking the new part of a batch', () => {
  const three = events(started, started, completed);
  it('drops what is committed already', () => {
    expect(newEvents(2, three)?.map((event) => event.seq)).toEqual([3]);
    expect(newEvents(3, three)).toEqual([]);
  });
  it('refuses a hole', () => {
    expect(newEvents(0, three.slice(1))).toBeNull();
    expect(newEvents(0, [three[0]!, three[2]!])).toBeNull();
  });
});
