/** What leaves the agent of files and events, kind by kind. */
import type { RunEventBody } from '@casare/shared/protocol';
import { RunEventBody as Body } from '@casare/shared/protocol';
import { describe, expect, test } from 'vitest';
import { declaredOutputs, leavingOf } from './upload.decision.ts';
import { withhold } from './withhold.ts';

describe('files', () => {
  const screenshot = { name: 'steps/a/after.png', kind: 'screenshot' };
  test.each([
    [undefined, screenshot, 'whole'],
    [{}, screenshot, 'whole'],
    [{ trace: 'none' }, screenshot, 'whole'],
    [{ screenshot: 'all' }, screenshot, 'whole'],
    [{ screenshot: 'none' }, screenshot, 'nothing'],
    [{ screenshot: 'metadata' }, screenshot, 'note'],
    [{ screenshot: 'masked' }, screenshot, 'note'],
    [{ screenshot: 'masked' }, { ...screenshot, masked: true }, 'whole'],
    [{ screenshot: 'metadata' }, { ...screenshot, masked: true }, 'note'],
    [{ screenshot: 'none' }, { ...screenshot, kind: 'output' }, 'whole'],
    [{ screenshot: 'none' }, { ...screenshot, name: 'proof-7.png' }, 'whole'],
  ] as const)('%j, %j: %s', (upload, file, expected) => {
    expect(leavingOf(upload, file, ['proof-*.png'])).toBe(expected);
  });

  test('what a document declares, and one that is no document', () => {
    expect(declaredOutputs({ document: { metadata: { rpa: { outputs: ['a', 'b*'] } } } })).toEqual(['a', 'b*']);
    for (const document of [null, 5, {}, { document: {} }, { document: { metadata: { rpa: { outputs: 5 } } } }]) {
      expect(declaredOutputs(document)).toEqual([]);
    }
  });
});

describe('events', () => {
  const where = { path: '/do/0/a', position: '/do/0/a' };
  const error = { type: 'about:blank', status: 500, title: 'It failed', code: 'X', detail: 'canary' };
  const seen = { page: { url: 'https://canary/', title: 'canary' } };
  const bodies: RunEventBody[] = [
    { type: 'run.started', resumed: false },
    {
      ...{ type: 'step.started', ...where, name: 'a', task: 'call', call: 'log:1.0.0' },
      ...{ effect: 'idempotent', onRestart: 'rerun', inputDigest: 'a'.repeat(64), input: { text: 'canary' } },
    },
    { type: 'step.completed', ...where, output: ['canary'], context: { a: 'canary' }, durationMs: 1, seen },
    { type: 'step.failed', ...where, error, certain: true, context: { a: 'canary' }, durationMs: 1, seen },
    { type: 'run.log', level: 'info', message: 'canary' },
    { type: 'run.failed', error },
    { type: 'run.timed_out', error },
    { type: 'run.suspended', position: '/do/0/a', reason: 'canary' },
  ];
  const leaving = (upload: object, body: RunEventBody) =>
    withhold({ upload }, { seq: 1, at: '2026-01-01T00:00:00.000Z', body }).body;

  test('all of it without a rule, and the very same object', () => {
    for (const body of bodies) expect(leaving({}, body)).toBe(body);
  });

  test.each(['none', 'metadata'])(
    '%s: nothing that a step or the log held, and still events of the protocol',
    (rule) => {
      for (const body of bodies) {
        const left = leaving({ stepData: rule, log: rule }, body);
        expect(JSON.stringify(left)).not.toContain('canary');
        expect(Body.parse(left)).toEqual(left);
        expect(left.type).toBe(body.type);
      }
    },
  );

  test('metadata says how much and which, none says nothing', () => {
    const completed = bodies[2]!;
    const withheld = { bytes: 10, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string };
    expect(leaving({ stepData: 'metadata' }, completed)).toMatchObject({ output: null, withheld });
    expect(leaving({ stepData: 'none' }, completed)).toMatchObject({ output: null, withheld: {} });
    expect(leaving({ log: 'metadata' }, bodies[4]!)).toMatchObject({
      message: expect.stringMatching(/^6 char/) as string,
    });
  });

  test('each rule holds back its own kind, and what the run was asked for always leaves', () => {
    expect(leaving({ log: 'none' }, bodies[2]!)).toEqual(bodies[2]);
    expect(leaving({ stepData: 'none' }, bodies[4]!)).toEqual(bodies[4]);
    const completed: RunEventBody = { type: 'run.completed', output: { total: 7 } };
    expect(leaving({ stepData: 'none', log: 'none' }, completed)).toEqual(completed);
    expect(leaving({ stepData: 'none' }, bodies[5]!)).toMatchObject({ error: { title: 'It failed', code: 'X' } });
  });
});
