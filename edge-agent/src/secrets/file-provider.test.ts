/** Secrets of a file: read each time, private, and quoted by no fault. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileSecrets } from './file-provider.ts';

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-file-secrets-'));
  file = join(folder, 'secrets.yaml');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 });

test('a secret is a text or a map of texts, as the file has it at that moment', async () => {
  write('token: 6f1c0a\nportal: { username: buyer, password: hunter22 }\n');
  const secrets = new FileSecrets(file);
  expect(await secrets.read({ path: 'token' })).toBe('6f1c0a');
  expect(await secrets.read({ path: 'portal' })).toEqual({ username: 'buyer', password: 'hunter22' });
  expect(await secrets.check()).toBe(`${file} with 2 secrets`);
  write('token: another\n');
  expect(await secrets.read({ path: 'token' })).toBe('another');
  await expect(secrets.read({ path: 'toString' })).rejects.toMatchObject({ code: 'SECRET_MISSING' });
});

test.each([
  ['open to others', 'portal: hunter22\n', 0o644, 'SECRETS_FILE_NOT_PRIVATE'],
  ['no YAML', 'portal: "hunter22\n', 0o600, 'SECRETS_FILE_INVALID'],
  ['no text', 'portal: { pin: 22, a: hunter22 }\n', 0o600, 'SECRETS_FILE_INVALID'],
])('a file that is %s is refused without a word of it', async (_, text, mode, code) => {
  write(text);
  chmodSync(file, mode);
  const refused = new FileSecrets(file).read({ path: 'portal' });
  await expect(refused).rejects.toMatchObject({ code });
  await refused.catch((error: unknown) => expect(String(error)).not.toContain('hunter22'));
  chmodSync(file, 0o600);
});

test('a file that is not there says so', async () => {
  const absent = new FileSecrets(join(folder, 'absent.yaml'));
  await expect(absent.read({ path: 'portal' })).rejects.toMatchObject({ code: 'SECRETS_FILE_UNREADABLE' });
});
