/**
 * The outbox that the simulation keeps in memory answers like the real one on a disk: the same calls in the same order,
 * chosen at random, and every answer compared, with what can be read after each of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunEventBody } from '@casare/shared/protocol';
import { assignment } from '../../edge-agent/src/outbox/outbox-for-tests.ts';
import { Outbox, StoredAssignment, type RunKey } from '../../edge-agent/src/outbox/index.ts';
import { emptyDisk, MemoryOutbox } from '../simulation/agent/memory-outbox.ts';

type Box = Pick<Outbox, keyof Outbox>;
/** One call, and what it answers. */
type Call = (box: Box) => unknown;

const JOBS = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const FILES = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];
const ENDING: RunEventBody = { type: 'run.completed', output: 7 };
const FAILED: RunEventBody = { type: 'run.failed', error: { type: 'about:blank', status: 500 } };
const LOG: RunEventBody = { type: 'run.log', level: 'info', message: 'something' };
const STEP: RunEventBody = {
  ...{ type: 'step.started', path: '/do/0', position: '/do/0/one', name: 'one', task: 'set' },
  ...{ effect: 'idempotent', onRestart: 'rerun' },
};
const MAY_THROW = Symbol('refused');

const key = fc.record({ jobId: fc.constantFrom(...JOBS), attempt: fc.integer({ min: 1, max: 2 }) });
const seq = fc.integer({ min: 0, max: 6 });
const at = fc.integer({ min: 1, max: 5 }).map((n) => new Date(1_700_000_000_000 + n));
const file = fc.constantFrom(...FILES);
const kind = fc.constantFrom('output' as const, 'screenshot' as const);
const event = fc.constantFrom(LOG, LOG, STEP, STEP, ENDING);

const CALLS: readonly fc.Arbitrary<Call>[] = [
  key.map((run) => (box) => box.accept(StoredAssignment.parse(assignment(run)))),
  fc.tuple(key, at, event).map(
    ([run, when, body]) =>
      (box) =>
        orRefused(() => box.append(run, when, body)),
  ),
  key.map((run) => (box) => box.markRunning(run)),
  key.map((run) => (box) => box.countCrash(run)),
  key.map((run) => (box) => box.release(run)),
  key.map((run) => (box) => box.replaceEnding(run, FAILED)),
  key.map((run) => (box) => box.drop(run)),
  fc.tuple(key, seq).map(
    ([run, to]) =>
      (box) =>
        box.acknowledge(run, to),
  ),
  fc.tuple(key, seq).map(
    ([run, to]) =>
      (box) =>
        box.rewind(run, to),
  ),
  fc.tuple(key, seq).map(
    ([run, after]) =>
      (box) =>
        box.sendable(run, after),
  ),
  fc.constant((box: Box) => box.nextEpoch()),
  seq.map((epoch) => (box) => box.noteStoreEpoch(epoch)),
  seq.map((until) => (box) => box.noteLease(until + 0.4)),
  fc.tuple(key, file, kind, at).map(
    ([run, artifactId, what, when]) =>
      (box) =>
        box.run(run) === null ? null : box.queueArtifact(fileOf(run, artifactId, what), when),
  ),
  fc.tuple(file, fc.constantFrom('stored' as const, 'refused' as const)).map(
    ([artifactId, state]) =>
      (box) =>
        box.settleArtifact(artifactId, state),
  ),
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'casare-twin-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('the outbox in memory and the one on a disk answer alike, whatever is asked in whatever order', () => {
  let runs = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(...CALLS), { minLength: 5, maxLength: 60 }), (calls) => {
      const real = Outbox.open({ file: path.join(folder, `${(runs += 1)}.db`) });
      const twin = new MemoryOutbox(emptyDisk(), () => undefined);
      try {
        for (const call of calls) {
          expect(call(twin)).toEqual(call(real));
          expect(seenIn(twin)).toEqual(seenIn(real));
        }
      } finally {
        real.close();
      }
    }),
    { numRuns: 40 },
  );
});

/** Whatever can be read. */
function seenIn(box: Box): unknown {
  const runs = box.runs();
  return {
    runs,
    journals: runs.map((run) => box.journal(run)),
    sendable: runs.map((run) => box.sendable(run, 0)),
    assignments: runs.map((run) => box.assignment(run)),
    files: runs.map((run) => box.artifactsOf(run)),
    waiting: box.waitingArtifacts(1),
    all: [box.waitingArtifacts(9), box.droppableEvidence(), box.waitingArtifactBytes()],
    meta: [box.storeEpoch(), box.leaseUntil(), box.depth()],
    progress: runs.map((run) => box.progress(run)),
  };
}

function orRefused(call: () => unknown): unknown {
  try {
    return call();
  } catch {
    return MAY_THROW;
  }
}

function fileOf(run: RunKey, artifactId: string, what: 'output' | 'screenshot'): Parameters<Box['queueArtifact']>[0] {
  const { jobId, attempt } = run;
  const facts = { name: 'x', mediaType: 'text/plain', sha256: 'a'.repeat(64), bytes: 3, position: null };
  return { jobId, attempt, artifactId, kind: what, ...facts };
}
