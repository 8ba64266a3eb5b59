import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';
import { delimiterOf } from './csv-delimiter.decision.ts';
import { disarmed } from './formula.decision.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
});
afterAll(() => run.end());

describe('data.csv.read', () => {
  test('reads quoted cells, finds the delimiter, and names doubled and missing columns', async () => {
    await run.put('a.csv', 'Number;Total;Total;\r\n"INV;7";"1,50";"say ""hi""\nthere"\r\nINV-8;2\r\n\r\n');
    expect(await run.call('data.csv.read', { file: 'a.csv' })).toEqual({
      columns: ['Number', 'Total', 'Total (2)', 'column 4'],
      rows: [
        { Number: 'INV;7', Total: '1,50', 'Total (2)': 'say "hi"\nthere', 'column 4': null },
        { Number: 'INV-8', Total: '2', 'Total (2)': null, 'column 4': null },
      ],
      count: 2,
      more: false,
    });
  });

  test('takes the wanted rows and columns and says whether there are more', async () => {
    await run.put('b.csv', `id,name\n${Array.from({ length: 10 }, (_, index) => `${index},n${index}`).join('\n')}`);
    expect(await run.call('data.csv.read', { file: 'b.csv', skip: 2, limit: 2, columns: ['name'] })).toEqual({
      columns: ['name'],
      rows: [{ name: 'n2' }, { name: 'n3' }],
      count: 2,
      more: true,
    });
    expect(await run.call('data.csv.read', { file: 'b.csv', skip: 8, limit: 2 })).toMatchObject({
      count: 2,
      more: false,
    });
    const wrong = run.call('data.csv.read', { file: 'b.csv', columns: ['nam'] });
    await expect(wrong).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      detail: expect.stringContaining('"name"') as unknown,
    });
  });

  test('without a header rows are lists; encodings and byte order marks are understood', async () => {
    await run.put('c.csv', Buffer.from('Müller|1\nOtto|2', 'latin1'));
    expect(await run.call('data.csv.read', { file: 'c.csv', header: false, encoding: 'windows-1252' })).toMatchObject({
      columns: [],
      rows: [
        ['Müller', '1'],
        ['Otto', '2'],
      ],
    });
    await run.put('d.csv', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('größe\tx\n1\t2', 'utf16le')]));
    expect(await run.call('data.csv.read', { file: 'd.csv' })).toMatchObject({ rows: [{ größe: '1', x: '2' }] });
  });

  test('more rows than an output holds are refused, and stored with `saveAs`', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `${index},${'x'.repeat(30)}`);
    await run.put('many.csv', `id,text\n${rows.join('\n')}`);
    await expect(run.call('data.csv.read', { file: 'many.csv' })).rejects.toMatchObject({ code: 'ROWS_TOO_LARGE' });
    const stored = await run.call('data.csv.read', { file: 'many.csv', saveAs: 'many.jsonl' });
    expect(stored).toMatchObject({
      rows: [],
      count: 20_000,
      file: { path: 'many.jsonl', mediaType: 'application/jsonl' },
    });
    await run.call('data.csv.write', { rowsFrom: 'many.jsonl', saveAs: 'again.csv', newline: 'lf' });
    expect(await run.text('again.csv')).toBe(`${await run.text('many.csv')}\n`);
  });

  test('a quote that is never closed ends at a bound; a row that is too long is not cut', async () => {
    await run.put('open.csv', `a,b\n1,"${'x'.repeat(1_100_000)}`);
    await expect(run.call('data.csv.read', { file: 'open.csv' })).rejects.toMatchObject({
      code: 'CSV_RECORD_TOO_LARGE',
    });
    await run.put('short.csv', 'a,b\n1,"2');
    await expect(run.call('data.csv.read', { file: 'short.csv' })).rejects.toMatchObject({ code: 'CSV_BROKEN' });
    await run.put('inner.csv', 'a,b\n1,2 "x" 3');
    await expect(run.call('data.csv.read', { file: 'inner.csv' })).rejects.toMatchObject({ code: 'CSV_BROKEN' });
    await run.put('uneven.csv', 'a,b\n1,2,3');
    await expect(run.call('data.csv.read', { file: 'uneven.csv' })).rejects.toMatchObject({ code: 'ROW_TOO_LONG' });
    expect(await run.call('data.csv.read', { file: 'uneven.csv', header: false })).toMatchObject({ count: 2 });
  });

  test('an empty file has no rows', async () => {
    await run.put('empty.csv', '');
    expect(await run.call('data.csv.read', { file: 'empty.csv' })).toEqual({
      columns: [],
      rows: [],
      count: 0,
      more: false,
    });
  });

  test('a column called __proto__ loses no cell', async () => {
    await run.put('proto.csv', '__proto__,b\n1,2');
    const { rows } = (await run.call('data.csv.read', { file: 'proto.csv' })) as { rows: object[] };
    expect(Object.entries(rows[0] ?? {})).toEqual([
      ['column 1', '1'],
      ['b', '2'],
    ]);
  });
});

describe('data.csv.write', () => {
  test('quotes what needs it and keeps the order of the columns', async () => {
    const rows = [
      { a: 'x;y', b: 1.5, c: null },
      { c: true, b: 2, a: 'say "hi"' },
    ];
    await run.call('data.csv.write', { rows, columns: ['c', 'a', 'b'], saveAs: 'w.csv', delimiter: ';' });
    expect(await run.text('w.csv')).toBe('c;a;b\r\n;"x;y";1.5\r\ntrue;"say ""hi""";2\r\n');
  });

  test('disarms formulas unless told otherwise, and leaves numbers alone', async () => {
    const rows = [['=HYPERLINK("http://evil")', '+49 170 1234', '-12,50', '@SUM(A1)', -3, '\tx']];
    await run.call('data.csv.write', { rows, saveAs: 'f.csv' });
    expect(await run.call('data.csv.read', { file: 'f.csv', header: false })).toMatchObject({
      rows: [['\'=HYPERLINK("http://evil")', '+49 170 1234', '-12,50', "'@SUM(A1)", '-3', "'\tx"]],
    });
    await run.call('data.csv.write', { rows, saveAs: 'f.csv', formulas: 'keep' });
    expect(await run.text('f.csv')).toMatch(/^"=HYPERLINK/);
  });

  test('does not lose what the document did not choose to leave out', async () => {
    const uneven = { rows: [{ a: 1 }, { a: 2, b: 3 }], saveAs: 'u.csv' };
    await expect(run.call('data.csv.write', uneven)).rejects.toMatchObject({ code: 'ROW_OF_OTHER_COLUMNS' });
    await run.call('data.csv.write', { ...uneven, columns: ['a'] });
    const mixed = { rows: [{ a: 1 }, [2]], saveAs: 'u.csv' };
    await expect(run.call('data.csv.write', mixed)).rejects.toMatchObject({ code: 'ROWS_MIXED' });
  });

  test('is stored in the encoding that is asked for, with its mark', async () => {
    await run.call('data.csv.write', {
      rows: [{ ä: 'ö' }],
      saveAs: 'e.csv',
      encoding: 'utf-16le',
      byteOrderMark: true,
    });
    expect((await run.bytes('e.csv')).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(await run.call('data.csv.read', { file: 'e.csv' })).toMatchObject({ rows: [{ ä: 'ö' }] });
  });
});

test.each([
  ['a,b,c', ','],
  ['a;b,c;d', ';'],
  ['"a,b,c,d"\te\tf\n,,,,,', '\t'],
  ['alone', ','],
])('the delimiter of %j is %j', (text, delimiter) => {
  expect(delimiterOf(text, '"')).toBe(delimiter);
});

test.each([
  ['=1+1', true],
  ['+cmd|x', true],
  ['-1+cmd', true],
  ['@x', true],
  ['\r=1', true],
  ['＝1', true],
  ['-1.5', false],
  ['+49 (0)', true],
  ['-5 %', false],
  ['a=1', false],
])('%j is disarmed: %s', (text, is) => {
  expect(disarmed(text)).toBe(is ? `'${text}` : text);
});
