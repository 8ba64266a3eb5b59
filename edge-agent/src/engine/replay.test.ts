import { describe, expect, it } from 'vitest';
import { AGENT_STOPPED, type Effect, type OnRestart, type RunEvent, type RunEventBody } from '@casare/shared/protocol';
import { type CallFacts, decideCall, readJournal, type Recorded } from './replay.ts';

const error = { type: 'urn:x', status: 500 };
const none: Recorded = { state: 'none' };
const started: Recorded = { state: 'started', digest: 'd' };
const completed: Recorded = { state: 'completed', digest: 'd', output: 'out' };
const withheld: Recorded = { state: 'completed', digest: 'd', output: null, withheld: true };
const changed: Recorded = { state: 'completed', digest: 'other', output: 'out' };
const failed: Recorded = { state: 'failed', digest: 'd', certain: true, error };
const untouched: Recorded = {
  state: 'failed',
  digest: 'd',
  certain: true,
  error: { ...error, code: AGENT_STOPPED },
};
const unsure: Recorded = { state: 'failed', digest: 'd', certain: false, error };

type Where = 'plain' | 'session';
type Row = [Recorded, Where, OnRestart, CallFacts['file'], string, Effect];

describe('what happens to a call on restart', () => {
  const rows: Row[] = [
    [none, 'plain', 'suspend', 'none', 'run', 'unsafe'],
    [none, 'session', 'suspend', 'none', 'run', 'unsafe'],
    // In doubt: started only.
    [started, 'plain', 'rerun', 'none', 'run', 'unsafe'],
    [started, 'plain', 'verify', 'none', 'probe', 'unsafe'],
    [started, 'plain', 'restartScope', 'none', 'run', 'unsafe'],
    [started, 'plain', 'suspend', 'none', 'suspend', 'unsafe'],
    [started, 'session', 'rerun', 'none', 'run', 'unsafe'],
    [started, 'session', 'verify', 'none', 'probe', 'unsafe'],
    [started, 'session', 'restartScope', 'none', 'run', 'unsafe'],
    [started, 'session', 'suspend', 'none', 'suspend', 'unsafe'],
    // In doubt: failed without certainty.
    [unsure, 'plain', 'rerun', 'none', 'run', 'unsafe'],
    [unsure, 'session', 'verify', 'none', 'probe', 'unsafe'],
    [unsure, 'session', 'restartScope', 'none', 'run', 'unsafe'],
    [unsure, 'plain', 'suspend', 'none', 'suspend', 'unsafe'],
    // Completed, no session: reused, unless a rerunnable step's file is gone.
    [completed, 'plain', 'rerun', 'none', 'reuse', 'unsafe'],
    [completed, 'plain', 'rerun', 'present', 'reuse', 'unsafe'],
    [completed, 'plain', 'rerun', 'gone', 'run', 'unsafe'],
    [completed, 'plain', 'suspend', 'gone', 'reuse', 'unsafe'],
    [completed, 'plain', 'verify', 'none', 'reuse', 'unsafe'],
    [completed, 'plain', 'restartScope', 'none', 'reuse', 'unsafe'],
    [completed, 'plain', 'suspend', 'none', 'reuse', 'unsafe'],
    // Completed, and its output stayed on another agent.
    [withheld, 'plain', 'rerun', 'none', 'run', 'idempotent'],
    [withheld, 'plain', 'restartScope', 'none', 'run', 'unsafe'],
    [withheld, 'plain', 'verify', 'none', 'suspend', 'checkable'],
    [withheld, 'plain', 'suspend', 'none', 'suspend', 'unsafe'],
    [withheld, 'session', 'verify', 'none', 'suspend', 'checkable'],
    // Completed in a session, which is gone.
    [completed, 'session', 'rerun', 'none', 'run', 'unsafe'],
    [completed, 'session', 'rerun', 'present', 'reuse', 'unsafe'],
    [completed, 'session', 'rerun', 'gone', 'run', 'unsafe'],
    [completed, 'session', 'verify', 'none', 'probe', 'unsafe'],
    [completed, 'session', 'restartScope', 'present', 'run', 'unsafe'],
    [completed, 'session', 'suspend', 'present', 'suspend', 'unsafe'],
    // What it stored is at the control plane, and not on this machine.
    [completed, 'plain', 'rerun', 'kept', 'run', 'idempotent'],
    [completed, 'plain', 'suspend', 'kept', 'reuse', 'unsafe'],
    [completed, 'session', 'rerun', 'kept', 'reuse', 'idempotent'],
    // Completed with other arguments.
    [changed, 'plain', 'rerun', 'none', 'run', 'unsafe'],
    [changed, 'plain', 'verify', 'none', 'probe', 'unsafe'],
    [changed, 'plain', 'suspend', 'none', 'suspend', 'unsafe'],
    [changed, 'session', 'rerun', 'present', 'run', 'unsafe'],
    // Failed for certain.
    [failed, 'plain', 'suspend', 'none', 'fail', 'unsafe'],
    [failed, 'plain', 'rerun', 'none', 'fail', 'unsafe'],
    [failed, 'session', 'rerun', 'none', 'run', 'unsafe'],
    [failed, 'session', 'restartScope', 'none', 'run', 'unsafe'],
    [failed, 'session', 'suspend', 'none', 'fail', 'unsafe'],
    [failed, 'session', 'suspend', 'none', 'run', 'idempotent'],
    // The agent stopped before it let the step act: as if it had never been recorded.
    [untouched, 'plain', 'suspend', 'none', 'run', 'unsafe'],
    [untouched, 'session', 'suspend', 'none', 'run', 'unsafe'],
    [untouched, 'session', 'verify', 'none', 'run', 'checkable'],
    [{ ...failed, digest: 'other' }, 'plain', 'suspend', 'none', 'run', 'unsafe'],
  ];

  it.each(rows)('%o, %s, %s, file %s: %s', (recorded, where, rule, file, expected, effect) => {
    const facts: CallFacts = { recorded, digest: 'd', rule, file, usesSession: where === 'session', effect };
    const decision = decideCall(facts);
    expect(decision.do).toBe(expected);
    if (decision.do === 'reuse') expect(decision.output).toBe('out');
    if (decision.do === 'fail') expect(decision.error).toBe(error);
    if (decision.do === 'suspend') expect(decision.why).toMatch(/^it (was|failed) /);
  });
});

describe('journal', () => {
  const at = '2026-05-01T00:00:00.000Z';
  const later = '2026-05-01T00:01:00.000Z';
  const events = (...bodies: readonly RunEventBody[]): RunEvent[] =>
    bodies.map((body, index) => ({ seq: index + 1, at: index === 0 ? at : later, body }));
  const start = (position: string, inputDigest: string): RunEventBody => ({
    type: 'step.started',
    path: '/do/0/a',
    position,
    name: 'a',
    task: 'call',
    effect: 'unsafe',
    onRestart: 'suspend',
    inputDigest,
  });
  const where = { path: '/do/0/a', position: '/do/0/a' };

  it('keeps what was recorded last of each position, with the digest of its start', () => {
    const journal = readJournal(
      events(
        { type: 'run.started', resumed: false, handles: { a: 'first' } },
        start('/do/0/a', 'one'),
        { type: 'step.completed', ...where, output: 1, durationMs: 0 },
        { type: 'run.started', resumed: true, handles: { a: 'second', b: 'new' } },
        start('/do/0/a', 'two'),
      ),
    );
    expect(journal.at('/do/0/a')).toEqual({ state: 'started', digest: 'two' });
    expect(journal.at('/do/1/b')).toEqual({ state: 'none' });
    expect(journal.handles).toEqual({ a: 'first', b: 'new' });
    expect(journal.startedAt).toBe(Date.parse(at));
    expect(journal.startOf('/do/0/a')).toBe(Date.parse(later));
  });

  it('knows the last failed attempt of a try', () => {
    const failure = (attempt: number): RunEventBody => ({
      type: 'step.failed',
      path: '/do/0/t',
      position: `/do/0/t{${attempt}}`,
      error,
      certain: true,
      context: { attempt },
      durationMs: 0,
    });
    const journal = readJournal(events(failure(1), failure(2)));
    expect(journal.lastFailedAttempt('/do/0/t')).toEqual({ attempt: 2, error, context: { attempt: 2 } });
    expect(journal.lastFailedAttempt('/do/0/u')).toBeNull();
    expect(readJournal([]).resumed).toBe(false);
  });
});
