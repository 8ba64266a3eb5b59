import { expect, test } from 'vitest';
import type { Artifact } from '../api/artifacts.ts';
import { RECORD_ARTIFACTS, RunRecord } from './format.ts';
import { lostName } from './lost.ts';
import { recordFiles, type RecordSource } from './write.ts';

const at = '2026-05-01T00:00:00.000Z';
const id = '0196a7a0-0000-7000-8000-000000000001';
const artifact = (name: string): Artifact => ({
  ...{ id, jobId: id, attempt: 2, name, kind: 'screenshot', mediaType: 'image/png', bytes: 1, sha256: '0'.repeat(64) },
  ...{ position: '/do/0/a', createdAt: at },
});

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function recordOf(artifacts: readonly Artifact[]): Promise<RunRecord> {
  const source: RecordSource = {
    job: {
      ...{ id, state: 'succeeded', generation: 1, attempt: 2, agent: null, input: null, output: null, error: null },
      ...{ createdAt: at, startedAt: at, endedAt: at, review: null },
      workflow: { namespace: 'n', name: 'w', version: '1.0.0' },
    },
    ...{ document: null, attempts: [], events: () => each([]), steps: () => each([]), log: () => each([]) },
    artifacts: () => each(artifacts),
    open: () => Promise.resolve({ content: each([new Uint8Array(1)]) }),
  };
  let run = '';
  for await (const { name, content } of recordFiles(source, {
    writtenAt: new Date(at),
    writtenBy: 'x',
    viewer: null,
  })) {
    for await (const chunk of content) if (name === 'run.json') run += new TextDecoder().decode(chunk);
  }
  return RunRecord.parse(JSON.parse(run));
}

test('the file in place of a lost one tells what is missing of which step', async () => {
  const { missing } = await recordOf([artifact(lostName('steps/a/after.png', 'ARTIFACT_TOO_LARGE'))]);
  expect(missing).toContainEqual({
    ...{ what: 'steps/a/after.png', attempt: 2, position: '/do/0/a' },
    why: 'ARTIFACT_TOO_LARGE: the control plane takes no file of that size',
  });
});

test('artifacts beyond what a record holds are listed, each missing at its step with the reason', async () => {
  const names = Array.from({ length: RECORD_ARTIFACTS + 2 }, (_, n) => artifact(`${n}.png`));
  const { artifacts, missing } = await recordOf(names);
  expect(artifacts).toHaveLength(RECORD_ARTIFACTS + 2);
  expect(artifacts.filter(({ file }) => file === null).map(({ name }) => name)).toEqual(['10000.png', '10001.png']);
  const why = 'RECORD_FULL: a record holds the bytes of 10000 artifacts';
  expect(missing).toContainEqual({ what: '10000.png', why, attempt: 2, position: '/do/0/a' });
  expect(artifacts.at(-1)).toMatchObject({ missing: why });
});
