import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
});
afterAll(() => run.end());

describe('texts', () => {
  test.each([
    ['utf-8', 'Grüße, 世界 ✓', 'utf8'],
    ['utf-16le', 'Grüße, 世界 ✓', 'utf16le'],
    ['utf-16be', 'Grüße, 世界 ✓', null],
    ['windows-1252', 'Müller – 5 €', null],
    ['iso-8859-1', 'Müller ½', 'latin1'],
  ] as const)('%s is read as it was written', async (encoding, text, known) => {
    const file = `text-${encoding}.txt`;
    expect(await run.call('data.text.write', { text, saveAs: file, encoding })).toMatchObject({
      path: file,
      mediaType: 'text/plain',
    });
    if (known !== null) expect(await run.bytes(file)).toEqual(Buffer.from(text, known));
    expect(await run.call('data.text.read', { file, encoding })).toBe(text);
  });

  test('a byte order mark wins over what was expected and is no part of the text', async () => {
    for (const encoding of ['utf-8', 'utf-16le', 'utf-16be'] as const) {
      await run.call('data.text.write', { text: 'Größe', saveAs: 'marked.txt', encoding, byteOrderMark: true });
      expect(await run.call('data.text.read', { file: 'marked.txt', encoding: 'windows-1252' })).toBe('Größe');
    }
  });

  test('windows-1252 has the euro sign at 0x80, and its bytes are read so', async () => {
    await run.put('euro.txt', Buffer.from([0x35, 0x20, 0x80, 0x92]));
    expect(await run.call('data.text.read', { file: 'euro.txt', encoding: 'windows-1252' })).toBe('5 €’');
  });

  test('bytes that are no text, and characters that cannot be stored, are errors and not question marks', async () => {
    await run.put('latin.txt', Buffer.from('Müller', 'latin1'));
    await expect(run.call('data.text.read', { file: 'latin.txt' })).rejects.toMatchObject({ code: 'TEXT_ENCODING' });
    expect(await run.call('data.text.read', { file: 'latin.txt', encoding: 'iso-8859-1' })).toBe('Müller');
    const stored = run.call('data.text.write', { text: '世', saveAs: 'x.txt', encoding: 'windows-1252' });
    await expect(stored).rejects.toMatchObject({
      code: 'TEXT_NOT_ENCODABLE',
      detail: expect.stringContaining('U+4E16') as unknown,
    });
  });

  test('line ends become what is asked for', async () => {
    await run.call('data.text.write', { text: 'a\nb\r\nc\rd', saveAs: 'ends.txt', newline: 'crlf' });
    expect(await run.text('ends.txt')).toBe('a\r\nb\r\nc\r\nd');
  });

  test('a text larger than an output is refused before it is read', async () => {
    await run.put('large.txt', 'x'.repeat(262_145));
    await expect(run.call('data.text.read', { file: 'large.txt' })).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    await run.put('fits.txt', 'x'.repeat(262_144));
    expect(await run.call('data.text.read', { file: 'fits.txt' })).toHaveLength(262_144);
  });

  test('no secret is written into a file', async () => {
    for (const [name, args] of [
      ['data.text.write', { text: 'secret', saveAs: 'secret.txt' }],
      ['data.json.write', { value: 'secret', saveAs: 'secret.txt' }],
      ['data.csv.write', { rows: [['secret']], saveAs: 'secret.txt' }],
      ['data.template', { template: '{{a}}', values: { a: 'secret' }, saveAs: 'secret.txt' }],
    ] as const) {
      await expect(run.call(name, args, { usesSecret: true })).rejects.toMatchObject({ code: 'SECRET_IN_FILE' });
      expect(await run.call('files.exists', { file: 'secret.txt' })).toBe(false);
      await run.call(name, args);
      await run.call('files.delete', { file: 'secret.txt' });
    }
  });
});

describe('data.json', () => {
  test('a value is read as it was written, as a whole or in part', async () => {
    const value = { orders: [{ 'a/b': 1, __proto__: null }, { 'm~n': [true, null, 'x'] }] };
    await run.call('data.json.write', { value, saveAs: 'v.json' });
    expect(await run.call('data.json.read', { file: 'v.json' })).toEqual({
      orders: [{ 'a/b': 1 }, { 'm~n': [true, null, 'x'] }],
    });
    expect(await run.call('data.json.read', { file: 'v.json', at: '/orders/0/a~1b' })).toBe(1);
    expect(await run.call('data.json.read', { file: 'v.json', at: '/orders/1/m~0n/2' })).toBe('x');
  });

  test('what is not there, and what is no JSON, is said without showing the content', async () => {
    await expect(run.call('data.json.read', { file: 'v.json', at: '/constructor' })).rejects.toMatchObject({
      code: 'JSON_PART_MISSING',
    });
    await run.put('broken.json', '{"password": "hunter2" oops}');
    const failure = await run.call('data.json.read', { file: 'broken.json' }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'JSON_BROKEN', detail: expect.stringContaining('position') as unknown });
    expect((failure as { detail: string }).detail).not.toContain('hunter2');
  });
});

describe('data.hash', () => {
  test('a file and a text of the same bytes have the same digest', async () => {
    await run.put('abc.txt', 'abc');
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(await run.call('data.hash', { file: 'abc.txt' })).toEqual({ algorithm: 'sha256', digest, bytes: 3 });
    expect(await run.call('data.hash', { text: 'abc' })).toEqual({ algorithm: 'sha256', digest, bytes: 3 });
    expect(await run.call('data.hash', { text: 'abc', algorithm: 'md5', encoding: 'base64' })).toMatchObject({
      digest: 'kAFQmDzST7DWlj99KOF/cg==',
    });
  });
});
