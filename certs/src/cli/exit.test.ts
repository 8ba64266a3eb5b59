import { ApiError } from '@casare/shared/client';
import { expect, test } from 'vitest';
import { CliError, exitCodeOf, lineOf } from './exit.ts';

const problem = (status: number, code: string): ApiError =>
  new ApiError({ type: 'about:blank', status, code, title: 'It did not work.', fix: 'Try \u001b[31mthis.' });

test.each([
  [problem(401, 'AUTH_REQUIRED'), 3],
  [problem(403, 'PERMISSION_DENIED'), 3],
  [problem(404, 'ROTATION_NOT_FOUND'), 4],
  [problem(409, 'ROTATION_GATE_UNMET'), 5],
  [problem(409, 'TRUST_CHANGED'), 6],
  [problem(503, 'SIGNER_DOWN'), 9],
  [problem(503, 'DATABASE_BUSY'), 1],
  [problem(0, 'UNREACHABLE'), 1],
  [new CliError('WAIT_TIMEOUT', 'late', 7), 7],
  [new Error('bug'), 1],
])('%s ends with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

test('an error is one line with its code, and steers no terminal', () => {
  expect(lineOf(problem(404, 'X'))).toBe('X: It did not work. Try \\u001b[31mthis.');
  expect(lineOf(new CliError('Y', 'one\ntwo'))).toBe('Y: one two');
});
