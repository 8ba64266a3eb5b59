/** Which lines of a log go into a support bundle. */
import { expect, test } from 'vitest';
import { withoutJobs } from './job-lines.decision.ts';

const JOB = 'job 01a213fb-0000-7000-8000-000000000000';
const line = (msg: string): string => JSON.stringify({ level: 30, msg });

test('what jobs and their programs said is left out, and counted; what the agent says of a job stays', () => {
  const lines = [`${JOB}: started`, 'worker 77: the salary is', 'worker 77: 4000', `${JOB} says: opened invoice 12`];
  expect(withoutJobs([...lines, `${JOB}, attempt 1: run.completed`].map(line).join('\n'))).toEqual([
    line(`${JOB}: started`),
    '(3 lines that jobs said are left out)',
    line(`${JOB}, attempt 1: run.completed`),
  ]);
});

test('what a worker sent that is no message is left out: what is wrong with it quotes it', () => {
  const sent = ['worker 77 sent what is no message: ✖ salary', 'worker 77 sent what is no message: ended: ✖ salary'];
  expect(withoutJobs(sent.map(line).join('\n'))).toEqual(['(2 lines that jobs said are left out)']);
});

test('of a refusal its code stays, not what it quotes', () => {
  const [kept] = withoutJobs(line(`${JOB} was refused: FILE_REFUSED: salaries.csv belongs to\nsomebody else`));
  expect(JSON.parse(kept!)).toEqual({ level: 30, msg: `${JOB} was refused: FILE_REFUSED` });
});

test('lines as they were printed for people are read too; others stay as they are', () => {
  expect(withoutJobs(`warn: ${JOB} says: 4000\nnode: bad option\n{"half`)).toEqual([
    '(1 lines that jobs said are left out)',
    'node: bad option',
    '{"half',
  ]);
});
