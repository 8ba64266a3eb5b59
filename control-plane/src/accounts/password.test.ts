import { expect, test } from 'vitest';
import { hashPassword, verifyPassword } from './password.ts';

test('a password verifies against its own hash only; equal passwords have different hashes', async () => {
  const [a, b] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
  expect(a).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(a).not.toBe(b);
  expect(await verifyPassword('correct horse', a)).toBe(true);
  expect(await verifyPassword('correct horsf', a)).toBe(false);
});

test('composed and decomposed letters are the same password', async () => {
  expect(await verifyPassword('caf\u0065\u0301', await hashPassword('caf\u00e9'))).toBe(true);
});

test('no account, a damaged row and absurd costs are simply wrong', async () => {
  for (const stored of [
    null,
    '',
    '-',
    '$argon2id$v=19$m=9999999,t=99,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA',
  ]) {
    expect(await verifyPassword('x', stored)).toBe(false);
  }
});

test('more hashes at once than may run all finish', async () => {
  const hash = await hashPassword('a');
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => verifyPassword(i % 2 ? 'a' : 'b', hash)));
  expect(answers).toEqual(Array.from({ length: 12 }, (_, i) => i % 2 === 1));
});

test('a flood of sign-ins is turned away instead of queued without end', async () => {
  const hash = await hashPassword('a');
  const answers = await Promise.allSettled(Array.from({ length: 230 }, () => verifyPassword('a', hash)));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(230 - 204);
  expect(refused[0]).toMatchObject({ reason: { code: 'AUTH_BUSY', status: 503 } });
});
