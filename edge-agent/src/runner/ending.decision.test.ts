import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { expect, test } from 'vitest';
import type { ArtifactRow } from '../outbox/index.ts';
import { stepCompleted, stepStarted } from '../outbox/outbox-for-tests.ts';
import { endingOfBroken, endingOfCancelled, endingOfRefused, mayLeave, stepInDoubt } from './ending.decision.ts';

const journal = (...bodies: RunEventBody[]): RunEvent[] =>
  bodies.map((body, index) => ({ seq: index + 1, at: '2026-11-23T10:00:00.000Z', body }));
const stepFailed = (position: string, certain: boolean): RunEventBody => ({
  type: 'step.failed',
  path: position,
  position,
  error: { type: 'about:blank', status: 500 },
  certain,
  durationMs: 1,
});
const artifact = (kind: ArtifactRow['kind'], state: ArtifactRow['state']): ArtifactRow => ({
  jobId: 'j',
  attempt: 1,
  artifactId: 'a',
  name: 'a.pdf',
  kind,
  mediaType: 'x/y',
  sha256: '',
  bytes: 1,
  position: null,
  state,
  code: state === 'refused' ? 'ARTIFACT_TOO_LARGE' : null,
});

test.each<[string, RunEventBody[], string | null]>([
  ['nothing happened', [], null],
  ['an unsafe step is open', [stepStarted('/a')], '/a'],
  ['it has ended', [stepStarted('/a'), stepCompleted('/a')], null],
  ['it failed for certain', [stepStarted('/a'), stepFailed('/a', true)], null],
  ['it failed, and may have acted', [stepStarted('/a'), stepFailed('/a', false)], '/a'],
  ['a repeatable step is open', [stepStarted('/a', 'rerun')], null],
  ['one of two is open', [stepStarted('/a'), stepStarted('/b'), stepCompleted('/a')], '/b'],
])('in doubt: %s', (_, bodies, position) => {
  expect(stepInDoubt(journal(...bodies))).toBe(position);
  expect(endingOfCancelled(journal(...bodies), 'why').type).toBe(position === null ? 'run.cancelled' : 'run.suspended');
  expect(endingOfBroken(journal(...bodies), 'C', 'd').type).toBe(position === null ? 'run.failed' : 'run.suspended');
});

test.each<[string, ArtifactRow[], boolean, boolean]>([
  ['run.completed', [], false, true],
  ['run.completed', [artifact('output', 'queued')], true, false],
  ['run.completed', [artifact('output', 'stored')], false, true],
  ['run.completed', [artifact('trace', 'queued')], false, false],
  ['run.completed', [artifact('trace', 'queued')], true, true],
  ['run.failed', [artifact('screenshot', 'queued')], false, false],
  ['run.failed', [artifact('output', 'queued')], true, true],
  ['run.failed', [artifact('screenshot', 'refused')], false, true],
])('%s with %j, evidence overdue %s, may leave: %s', (ending, artifacts, overdue, leaves) => {
  expect(mayLeave(ending, artifacts, overdue)).toBe(leaves);
});

test('success whose output was refused becomes a failure that names it; refused evidence changes nothing', () => {
  expect(endingOfRefused([artifact('output', 'refused')])).toMatchObject({
    type: 'run.failed',
    error: { code: 'ARTIFACT_TOO_LARGE', detail: 'the output a.pdf could not be stored' },
  });
  expect(endingOfRefused([artifact('trace', 'refused'), artifact('output', 'stored')])).toBeNull();
  expect(endingOfRefused([{ ...artifact('output', 'refused'), code: 'QUOTA_STORED_BYTES' }])).toMatchObject({
    error: { code: 'QUOTA_STORED_BYTES', detail: expect.stringContaining("the tenant's storage is used up") as string },
  });
});
