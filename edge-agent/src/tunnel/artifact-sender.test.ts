import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentMessage } from '@casare/shared/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ArtifactRow } from '../outbox/index.ts';
import { ArtifactSender } from './artifact-sender.ts';

let folder = '';
let sent: AgentMessage[] = [];
let refused: string[] = [];
let sender: ArtifactSender;
const ROW: ArtifactRow = {
  artifactId: '0197c1de-7a4b-7c3e-8f00-1a2b3c4d5e6f',
  jobId: '0197c1de-7a4b-7c3e-8f00-1a2b3c4d5e70',
  attempt: 1,
  name: 'a.txt',
  kind: 'output',
  mediaType: 'text/plain',
  sha256: 'a'.repeat(64),
  bytes: 3,
  position: null,
  state: 'queued',
  code: null,
};
let row = ROW;

beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'casare-artifact-'));
  writeFileSync(join(folder, row.artifactId), 'abc');
  [sent, refused, row] = [[], [], ROW];
  const settled = new Set<string>();
  sender = new ArtifactSender(
    {
      waiting: () => (settled.has(row.artifactId) ? [] : [row]),
      pathOf: () => join(folder, row.artifactId),
      stored: () => settled.add(row.artifactId),
      refused: (artifactId, code) => {
        settled.add(artifactId);
        refused.push(code);
      },
    },
    { send: (message) => sent.push(message), sendFrame: (_, written) => written(), buffered: () => 0 },
  );
});
afterEach(() => {
  sender.close();
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function refuse(code: string): void {
  const open = sent.filter((message) => message.type === 'artifact.open').at(-1);
  sender.refused({ type: 'artifact.refused', stream: open?.stream ?? 0, code, reason: '' });
}

test('a full store is met with patience: the output is never given up, and asked for ever more rarely', () => {
  sender.pump();
  for (const waitMs of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const before = sent.length;
    refuse('ARTIFACT_STORE_FULL');
    vi.advanceTimersByTime(waitMs - 1);
    expect(sent).toHaveLength(before);
    vi.advanceTimersByTime(1);
    expect(sent).toHaveLength(before + 1);
  }
  expect(refused).toEqual([]);
});

test.each([
  ['output', 14, 9 * 60_000],
  ['screenshot', 2, 5_000],
] as const)(
  'a used-up quota is met with patience that ends: an %s is tried %i times more',
  (kind, tries, atLeastMs) => {
    row = { ...ROW, kind };
    sender.pump();
    let waited = 0;
    for (let again = 0; again < tries; again += 1) {
      refuse('QUOTA_STORED_BYTES');
      for (const before = sent.length; sent.length === before && waited < 3_600_000; waited += 1_000)
        vi.advanceTimersByTime(1_000);
    }
    expect(refused).toEqual([]);
    refuse('QUOTA_STORED_BYTES');
    expect(refused).toEqual(['QUOTA_STORED_BYTES']);
    expect(sent).toHaveLength(tries + 1);
    expect(waited).toBeGreaterThan(atLeastMs);
    vi.advanceTimersByTime(600_000);
    expect(sent).toHaveLength(tries + 1);
  },
);

test('room that comes while an output waits is used: it goes at the next try', () => {
  sender.pump();
  for (const waitMs of [2_000, 4_000, 8_000]) {
    refuse('QUOTA_STORED_BYTES');
    vi.advanceTimersByTime(waitMs);
  }
  const open = sent.findLast((message) => message.type === 'artifact.open')!;
  sender.stored({ type: 'artifact.stored', stream: open.stream, artifactId: row.artifactId });
  vi.advanceTimersByTime(600_000);
  expect([sent.length, refused]).toEqual([4, []]);
});

test('damage is sent again three times, then given up; other refusals are final', () => {
  sender.pump();
  for (let tries = 0; tries < 4; tries += 1) {
    refuse('ARTIFACT_HASH');
    vi.advanceTimersByTime(60_000);
  }
  expect(sent).toHaveLength(4);
  expect(refused).toEqual(['ARTIFACT_HASH']);
});

test('a final refusal is told at once', () => {
  sender.pump();
  refuse('FENCED');
  expect(refused).toEqual(['FENCED']);
});
