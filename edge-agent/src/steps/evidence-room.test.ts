/** The bound of a run's evidence: what is not kept any more is told once, at the first step that it concerns. */
import { DEFAULT_EVIDENCE, type EvidenceRules } from '@casare/shared/workflow';
import { beforeEach, expect, test } from 'vitest';
import type { StepContext } from '../engine/index.ts';
import { count, isWanted, mayKeep } from './evidence-room.ts';

let lines: string[];
let session: Map<string, unknown>;
beforeEach(() => {
  lines = [];
  session = new Map();
});

/** What of a step's context is asked here. */
function contextOf(position: string, evidence: EvidenceRules = DEFAULT_EVIDENCE): StepContext {
  const log = (_: unknown, message: string) => Promise.resolve(void lines.push(message));
  const policy = { evidence: () => 'all' };
  return { position, session, evidence, policy, log } as unknown as StepContext;
}

test('after 20 failures no more is kept, and the 21st says so', async () => {
  for (let n = 1; n <= 20; n += 1) expect(await mayKeep(contextOf(`/do/${n}/a`), true)).toBe(true);
  expect(lines).toEqual([]);
  expect(await mayKeep(contextOf('/do/21/a'), true)).toBe(false);
  expect(await mayKeep(contextOf('/do/22/a'), true)).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/^EVIDENCE_LIMIT: ".+" of "\/do\/21\/a": a run keeps/)]);
});

test('the bytes of steps that succeed end at a bound; only who would have kept something says so', async () => {
  count(contextOf('/do/0/a'), 200 * 2 ** 20);
  expect(await mayKeep(contextOf('/do/1/a'), false)).toBe(false);
  expect(lines).toEqual([]);
  expect(await mayKeep(contextOf('/do/2/a', { ...DEFAULT_EVIDENCE, screenshots: 'always' }), false)).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/^EVIDENCE_LIMIT: ".+" of "\/do\/2\/a": a run keeps/)]);
  expect(await mayKeep(contextOf('/do/3/a'), true)).toBe(true);
});

test('what the policy keeps on the premises is not made, whatever a document or a task says', () => {
  const asked = contextOf('/do/0/a', { ...DEFAULT_EVIDENCE, screenshots: 'always', trace: 'always' });
  const policy = { evidence: (kind: string) => (kind === 'screenshot' ? 'none' : 'all') };
  const context = { ...asked, policy } as unknown as StepContext;
  expect(isWanted(context, 'screenshots', true)).toBe(false);
  expect(isWanted(context, 'trace', false)).toBe(true);
});
