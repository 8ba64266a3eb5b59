import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePrivateFile } from '../platform/home.ts';
import { SecretsFile } from './secrets-file.ts';

let home: string;
let secrets: SecretsFile;
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'casare-secrets-'));
  secrets = new SecretsFile(home);
});
afterEach(() => rm(home, { recursive: true, force: true }));
const write = (text: string) => writePrivateFile(path.join(home, 'secrets.yaml'), text);

test('texts and maps of texts are found; what is missing is not there', async () => {
  await write('portal: { username: ann, password: hunter2 }\ntoken: abc\n');
  const found = await secrets.valuesOf(['portal', 'token', 'other', 'constructor']);
  expect(Object.fromEntries(found)).toEqual({ portal: { username: 'ann', password: 'hunter2' }, token: 'abc' });
});

test('without a file everything is missing', async () => {
  expect((await secrets.valuesOf(['a'])).size).toBe(0);
});

test.each([
  ['broken YAML', 'a: {hunter2'],
  ['a text without its end', 'a: { x: "hunter2\n'],
  ['a list', '- hunter2'],
  ['a number', 'a: 5 # hunter2'],
  ['an alias bomb', 'a: &a hunter2\nb: { x: *a }\n'],
])('%s is one line that does not quote the file', async (_, text) => {
  await write(text);
  const failed = secrets.valuesOf(['a']);
  await expect(failed).rejects.toMatchObject({ code: 'SECRETS_FILE_INVALID' });
  await expect(failed).rejects.not.toThrow(/hunter2/);
});

test('a file that others may read is refused', async () => {
  await write('a: b');
  await chmod(path.join(home, 'secrets.yaml'), 0o640);
  await expect(secrets.valuesOf(['a'])).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
});
