import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePrivateFile } from '../platform/home.ts';
import { SecretsService } from './secrets.service.ts';

let home: string;
let secrets: SecretsService;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-secrets-'));
  secrets = new SecretsService(home);
});
afterEach(() => rm(home, { recursive: true, force: true }));
const write = (text: string) => writePrivateFile(path.join(home, 'secrets.yaml'), text);

test('texts and maps of texts are found; what is missing is named', async () => {
  await write('portal: { username: ann, password: hunter2 }\ntoken: abc\n');
  expect(await secrets.secretsFor('default', ['portal', 'token'])).toEqual({
    ok: true,
    values: { portal: { username: 'ann', password: 'hunter2' }, token: 'abc' },
  });
  const asked = ['token', 'other', 'constructor'];
  expect(await secrets.secretsFor('default', asked)).toEqual({ ok: false, missing: ['other', 'constructor'] });
});

test('without a file everything is missing, and nothing asked for is nothing needed', async () => {
  expect(await secrets.secretsFor('default', ['a'])).toEqual({ ok: false, missing: ['a'] });
  expect(await secrets.secretsFor('default', [])).toEqual({ ok: true, values: {} });
});

test.each([
  ['broken YAML', 'a: {hunter2'],
  ['a text without its end', 'a: { x: "hunter2\n'],
  ['a list', '- hunter2'],
  ['a number', 'a: 5 # hunter2'],
  ['an alias bomb', 'a: &a hunter2\nb: { x: *a }\n'],
])('%s is one line that does not quote the file', async (_, text) => {
  await write(text);
  const failed = secrets.secretsFor('default', ['a']);
  await expect(failed).rejects.toMatchObject({ code: 'SECRETS_FILE_INVALID' });
  await expect(failed).rejects.not.toThrow(/hunter2/);
});

test('a file that others may read is refused', async () => {
  await write('a: b');
  await chmod(path.join(home, 'secrets.yaml'), 0o640);
  await expect(secrets.secretsFor('default', ['a'])).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
});
