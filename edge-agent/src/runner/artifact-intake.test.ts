/** The spool holds the bytes of waiting artifacts and nothing else, whenever the agent or a run ends. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { Outbox, type RunKey, StoredAssignment } from '../outbox/index.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { ArtifactIntake, type ReportedFile } from './artifact-intake.ts';

let folder = '';
let outbox: Outbox;
let intake: ArtifactIntake;
let key: RunKey;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-intake-'));
  mkdirSync(join(folder, 'run'));
  outbox = Outbox.open({ file: join(folder, 'outbox.db') });
  const limits = { freeBytes: () => 1e12, minFreeBytes: 1, maxSpoolBytes: 1e9 };
  intake = new ArtifactIntake({ outbox, spool: join(folder, 'spool'), clock: systemClock, ...limits });
  const run = assignment();
  outbox.accept(StoredAssignment.parse(run));
  key = { jobId: run.jobId, attempt: run.attempt };
});
afterEach(() => {
  outbox.close();
  rmSync(folder, { recursive: true });
});

function report(name: string, content: string): ReportedFile {
  const path = join(folder, 'run', 'file');
  writeFileSync(path, content);
  return { name, kind: 'output', mediaType: 'text/plain', path };
}

function keep(name: string, content: string): Promise<string> {
  return intake.keep(key, join(folder, 'run'), report(name, content));
}

const spooled = (): string[] => readdirSync(join(folder, 'spool'));

test('a file of a run that was dropped meanwhile leaves no bytes behind', async () => {
  const keeping = keep('a.txt', 'content');
  outbox.drop(key);
  await expect(keeping).rejects.toThrow();
  expect(spooled()).toEqual([]);
});

test('a file that is stored already is not spooled again', async () => {
  const artifactId = await keep('a.txt', 'content');
  outbox.settleArtifact(artifactId, 'stored');
  await intake.forget(artifactId);
  expect(await keep('a.txt', 'content')).toBe(artifactId);
  expect(spooled()).toEqual([]);
});

test('two files of one name at the same time are both taken whole', async () => {
  const file = join(folder, 'run', 'other');
  writeFileSync(file, 'y'.repeat(3_000_000));
  const other = { name: 'a.txt', kind: 'output', mediaType: 'text/plain', path: file } as const;
  const ids = await Promise.all([keep('a.txt', 'x'.repeat(3_000_000)), intake.keep(key, join(folder, 'run'), other)]);
  expect(spooled().sort()).toEqual(ids.sort());
});

test('at the start everything goes that no waiting artifact names: copies cut short, settled or never queued', async () => {
  const waiting = await keep('waiting.txt', 'one');
  const settled = await keep('settled.txt', 'two');
  outbox.settleArtifact(settled, 'stored');
  writeFileSync(join(folder, 'spool', 'cut-short.part'), 'half');
  writeFileSync(join(folder, 'spool', '00000000-0000-4000-8000-000000000000'), 'never queued');
  intake.sweep();
  expect(spooled()).toEqual([waiting]);
});

test('a file that the policy holds back leaves nothing, or a note of what it is', async () => {
  const file = { ...report('shot.png', 'canary'), kind: 'screenshot' as const, position: '/do/0/a' };
  const id = await intake.keep(key, join(folder, 'run'), file, 'nothing');
  expect([outbox.artifact(id), outbox.artifactsOf(key)]).toEqual([null, []]);
  const noted = await intake.keep(key, join(folder, 'run'), file, 'note');
  const about = {
    name: 'shot.png.withheld.json',
    kind: 'screenshot',
    position: '/do/0/a',
    mediaType: 'application/json',
  };
  expect(outbox.artifact(noted)).toMatchObject({ ...about, state: 'queued' });
  const note = readFileSync(join(folder, 'spool', noted));
  const sha256 = createHash('sha256').update('canary').digest('hex');
  const withheld = { name: 'shot.png', kind: 'screenshot', mediaType: 'text/plain', bytes: 6, sha256 };
  expect(JSON.parse(note.toString())).toEqual({ withheld });
  expect(outbox.artifact(noted)).toMatchObject({
    bytes: note.length,
    sha256: createHash('sha256').update(note).digest('hex'),
  });
  expect(spooled()).toEqual([noted]);
  // Said again, as after a restart, it is the same.
  expect(await intake.keep(key, join(folder, 'run'), file, 'note')).toBe(noted);
});

describe('evidence that will not arrive', () => {
  const shot = (name: string, content: string) => ({
    ...report(name, content),
    ...{ kind: 'screenshot' as const, position: '/do/0/a' },
  });
  const waiting = (): string[] => outbox.waitingArtifacts(9).map(({ name }) => name);

  test('leaves a note in its place when room is made for something newer; the note is not dropped in turn', async () => {
    const limits = { freeBytes: () => 1e12, minFreeBytes: 1, maxSpoolBytes: 4_000 };
    intake = new ArtifactIntake({ outbox, spool: join(folder, 'spool'), clock: systemClock, ...limits });
    const lost = await intake.keep(key, join(folder, 'run'), shot('steps/a/after.png', 'x'.repeat(3_000)));
    await keep('result.txt', 'y'.repeat(3_000));
    expect(outbox.artifact(lost)).toMatchObject({ state: 'refused', code: 'EVIDENCE_DROPPED' });
    const note = 'steps/a/after.png.EVIDENCE_DROPPED.lost.json';
    expect(waiting()).toEqual(['result.txt', note]);
    const row = outbox.artifactsOf(key).find(({ name }) => name === note)!;
    expect(row).toMatchObject({ kind: 'screenshot', position: '/do/0/a', mediaType: 'application/json' });
    const told: unknown = JSON.parse(readFileSync(join(folder, 'spool', row.artifactId), 'utf8'));
    expect(told).toMatchObject({ lost: { name: 'steps/a/after.png', bytes: 3_000, code: 'EVIDENCE_DROPPED' } });
    await keep('more.txt', 'z'.repeat(3_000));
    expect(waiting()).toEqual(['result.txt', 'more.txt', note]);
  });

  test('leaves no note when it is an output, a note itself, or of a run that is gone', async () => {
    await keep('result.txt', 'y');
    const [output] = outbox.waitingArtifacts(1);
    intake.noteLost(output!, 'ARTIFACT_LOST');
    expect(waiting()).toEqual(['result.txt']);
    intake.noteLost({ ...output!, kind: 'screenshot', name: 'a.png' }, 'ARTIFACT_LOST');
    const [, note] = outbox.waitingArtifacts(2);
    expect(note?.name).toBe('a.png.ARTIFACT_LOST.lost.json');
    intake.noteLost(note!, 'ARTIFACT_LOST');
    expect(waiting()).toHaveLength(2);
    outbox.drop(key);
    intake.noteLost({ ...output!, kind: 'screenshot', name: 'b.png' }, 'ARTIFACT_LOST');
    expect(spooled()).toHaveLength(2);
  });
});
