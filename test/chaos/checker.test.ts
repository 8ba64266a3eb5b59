/** The checker finds each kind of violation, and nothing in a history without one. */
import { describe, expect, test } from 'vitest';
import { judge, type Kind } from './checker.ts';
import type { Entry, Line } from './history.ts';

/** One entry after the other, 10 ms apart; each question was asked 5 ms before its answer. */
function lines(...entries: readonly Written[]): Line[] {
  return entries.map((entry, index) => {
    const at = (index + 1) * 10;
    return { at, ...(entry.type === 'answered' ? { asked: at - 5 } : {}), ...entry } as Line;
  });
}
type Written = Entry | (Omit<Extract<Entry, { type: 'answered' }>, 'asked'> & { asked?: number });

const SHOWN = { job: 'j1', state: 'succeeded', generation: 1, attempt: 1, output: '1' } as const;
const submitted: Entry = { type: 'submitted', key: 'k1', job: 'j1', acts: 'outside' };
const acted: Entry = { type: 'acted', key: 'k1' };
const done: Entry = { type: 'told', job: 'j1', state: 'succeeded', attempt: 1 };
const final: Entry = { type: 'final', key: 'k1', ...SHOWN };
const answered = { type: 'answered', ...SHOWN } as const;
const pending = { ...answered, state: 'pending', attempt: 0, output: 'null' } as const;
const running = { ...answered, state: 'running', output: 'null' } as const;
const retry = (taken: boolean | null): Entry => ({ type: 'reviewed', job: 'j1', decision: 'retry', taken });
const succeed: Entry = { type: 'reviewed', job: 'j1', decision: 'succeed', taken: true };
const evidence: Entry = { type: 'evidence', job: 'j1', reason: 'its agent is silent', attempt: 1 };

describe('nothing is found in', () => {
  test.each<[string, readonly Written[]]>([
    ['an ordinary life', [submitted, pending, running, acted, done, answered, final]],
    [
      'a try that was lost and made anew',
      [submitted, running, { ...running, state: 'pending', attempt: 1 }, acted, final],
    ],
    ['an act again after a retry', [submitted, acted, evidence, retry(true), acted, { ...final, generation: 2 }]],
    ['an act again after a retry that may have been taken', [submitted, acted, evidence, retry(null), acted, final]],
    ['two endings with a retry between them', [submitted, acted, done, evidence, retry(true), done, acted, final]],
    ['a success that a person vouched for', [submitted, evidence, succeed, final]],
    ['a job that does nothing outside', [{ ...submitted, acts: 'no' }, done, final]],
    ['an answer to a question asked before', [submitted, acted, answered, { ...running, asked: 25 }, final]],
    ['a job whose submit was never answered', [final]],
  ])('%s', (_, entries) => expect(judge(lines(...entries))).toEqual([]));
});

describe('it finds', () => {
  test.each<[Kind, string, readonly Written[]]>([
    ['lost', 'an acknowledged job that is gone', [submitted, acted, done]],
    ['lost', 'an act that was reported and never happened', [submitted, done, final]],
    ['lost', 'an act of no job', [acted]],
    ['recorded twice', 'two jobs of one submit', [submitted, acted, final, { ...final, job: 'j2' }]],
    ['recorded twice', 'two endings', [submitted, acted, done, done, final]],
    [
      'recorded twice',
      'two endings, a refused retry between them',
      [submitted, acted, done, evidence, retry(false), done, final],
    ],
    [
      'recorded twice',
      'a step',
      [submitted, acted, { type: 'repeated', job: 'j1', position: '/do/0', times: 2 }, final],
    ],
    ['stuck', 'a job that is under way at the end', [submitted, acted, { ...final, state: 'running' }]],
    ['stuck', 'a job that still waits for a person', [submitted, acted, { ...final, state: 'needs_review' }]],
    ['done twice', 'an act again without a person', [submitted, acted, acted, done, final]],
    ['done twice', 'a third act after one retry', [submitted, acted, evidence, retry(true), acted, acted, final]],
    ['done twice', 'an act again after a refused retry', [submitted, acted, evidence, retry(false), acted, final]],
    ['went back', 'a job that runs after it was over', [submitted, acted, answered, running, final]],
    ['went back', 'an ending that changes', [submitted, acted, answered, { ...answered, state: 'failed' }, final]],
    ['went back', 'an output that changes', [submitted, acted, { ...answered, output: '2' }, final]],
    [
      'went back',
      'an earlier attempt',
      [submitted, acted, { ...running, attempt: 2 }, { ...running, attempt: 1 }, { ...final, attempt: 2 }],
    ],
    ['went back', 'an earlier generation', [submitted, acted, { ...running, generation: 2 }, final]],
    ['went back', 'a job that was never begun after all', [submitted, running, pending, acted, final]],
    ['unexplained', 'a review without evidence', [submitted, acted, succeed, final]],
    ['unexplained', 'evidence that says nothing', [submitted, acted, { ...evidence, reason: '' }, succeed, final]],
  ])('%s: %s', (kind, _, entries) => {
    expect([...new Set(judge(lines(...entries)).map((violation) => violation.kind))]).toEqual([kind]);
  });
});
