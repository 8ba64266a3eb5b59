import { strToU8, unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';
import { areaOf, dateOf, formatOf, shifted, unescaped } from './excel/cells.decision.ts';
import { partsOf, workbookOf } from './excel/workbook-for-tests.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
});
afterAll(() => run.end());

/** Rows without a header of a sheet whose XML is given. */
async function rows(parts: Parameters<typeof workbookOf>[0], args: object = {}): Promise<unknown> {
  await run.put('book.xlsx', workbookOf(parts));
  return ((await run.call('data.excel.read', { file: 'book.xlsx', header: false, ...args })) as { rows: unknown }).rows;
}

describe('what data.excel.write writes, data.excel.read reads', () => {
  test('typed cells, dates, texts that look like formulas, characters that XML cannot hold', async () => {
    const orders = [
      {
        number: '=1+1',
        total: 1234.5,
        paid: true,
        due: '2026-05-01',
        at: '2026-05-01T13:45:10',
        note: 'a\u0000b\r\n_x0041_ <&>',
      },
      { number: '007', total: null, paid: false, due: null, at: null, note: '' },
    ];
    const columns = [
      { name: 'number', title: 'Number', width: 20 },
      { name: 'total', format: '#,##0.00' },
      { name: 'paid' },
      { name: 'due', type: 'date', format: 'dd.mm.yyyy' },
      { name: 'at', type: 'date' },
      { name: 'note' },
    ];
    const sheets = [
      { name: 'Orders', rows: orders, columns },
      {
        name: 'Lists',
        rows: [
          [1, 'x'],
          [2, null],
        ],
      },
    ];
    expect(await run.call('data.excel.write', { saveAs: 'orders.xlsx', sheets })).toMatchObject({
      mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    });
    expect(await run.call('data.excel.read', { file: 'orders.xlsx' })).toEqual({
      columns: ['Number', 'total', 'paid', 'due', 'at', 'note'],
      rows: [
        {
          Number: '=1+1',
          total: 1234.5,
          paid: true,
          due: '2026-05-01',
          at: '2026-05-01T13:45:10',
          note: 'a\u0000b\r\n_x0041_ <&>',
        },
        { Number: '007', total: null, paid: false, due: null, at: null, note: null },
      ],
      count: 2,
      more: false,
    });
    expect(await run.call('data.excel.read', { file: 'orders.xlsx', sheet: 'Lists', header: false })).toMatchObject({
      rows: [[1, 'x'], [2]],
    });
    const xml = Object.entries(unzipSync(await run.bytes('orders.xlsx')))
      .filter(([name]) => name.startsWith('xl/worksheets'))
      .map(([, bytes]) => Buffer.from(bytes).toString());
    expect(xml.join('')).not.toContain('<f>');
  });

  test('texts of a CSV become what the column says, and formulas only where it says so', async () => {
    const sheet = {
      name: 'S',
      rows: [{ a: '1.50', b: 'TRUE', c: '=SUM(A2:A2)' }],
      columns: [
        { name: 'a', type: 'number' },
        { name: 'b', type: 'boolean' },
        { name: 'c', type: 'formula' },
      ],
    };
    await run.call('data.excel.write', { saveAs: 'typed.xlsx', sheets: [sheet] });
    expect(await run.call('data.excel.read', { file: 'typed.xlsx', formulas: 'texts' })).toMatchObject({
      rows: [{ a: 1.5, b: true, c: '=SUM(A2:A2)' }],
    });
  });

  test.each([
    ['number', 'x1', 'is no number'],
    ['date', '2026-02-31', 'is no ISO 8601 date'],
    ['boolean', 'maybe', 'is neither true nor false'],
    ['text', 'x'.repeat(32_768), 'Excel holds 32767 characters'],
  ])('a value that is no %s is refused with its place', async (type, value, why) => {
    const sheets = [{ name: 'S', rows: [{ a: value }], columns: [{ name: 'a', type }] }];
    await expect(run.call('data.excel.write', { saveAs: 'x.xlsx', sheets })).rejects.toMatchObject({
      code: 'CELL_REFUSED',
      detail: expect.stringContaining(why) as unknown,
    });
  });

  test('rows of a file that another step stored', async () => {
    await run.put(
      'many.csv',
      `id,text\n${Array.from({ length: 5_000 }, (_, index) => `${index},t${index % 7}`).join('\n')}`,
    );
    await run.call('data.csv.read', { file: 'many.csv', saveAs: 'many.jsonl' });
    await run.call('data.excel.write', { saveAs: 'many.xlsx', sheets: [{ name: 'Many', rowsFrom: 'many.jsonl' }] });
    expect(await run.call('data.excel.read', { file: 'many.xlsx', skip: 4_998 })).toMatchObject({
      rows: [
        { id: '4998', text: 't0' },
        { id: '4999', text: 't1' },
      ],
    });
  });
});

describe('data.excel.read', () => {
  test('shared, rich and inline texts, errors, booleans, results of formulas; empty rows are left out', async () => {
    const texts =
      '<si><t>plain</t></si><si><r><t>ri</t></r><r><t xml:space="preserve">ch </t></r><rPh><t>read</t></rPh></si>';
    const cells =
      '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="D1" t="inlineStr"><is><t>in</t></is></c></row>' +
      '<row r="2"/><row r="3"><c r="A3"/></row>' +
      '<row r="9"><c r="A9" t="e"><v>#N/A</v></c><c r="B9" t="b"><v>1</v></c><c r="C9"><f>1+1</f><v>2</v></c><c r="D9" t="str"><f>"a"</f><v>a</v></c></row>';
    expect(await rows({ rows: cells, texts })).toEqual([
      ['plain', 'rich ', null, 'in'],
      ['#N/A', true, 2, 'a'],
    ]);
  });

  test('numbers that are shown as dates or times are texts, in both ways of counting days', async () => {
    const styles =
      '<numFmts><numFmt numFmtId="164" formatCode="dd.mm.yyyy hh:mm"/><numFmt numFmtId="165" formatCode="#,##0.00 &quot;days&quot;"/></numFmts>' +
      '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="20"/></cellXfs>';
    const cells =
      '<row r="1"><c r="A1" s="0"><v>46143</v></c><c r="B1" s="1"><v>46143</v></c><c r="C1" s="2"><v>46143.5</v></c><c r="D1" s="3"><v>46143</v></c><c r="E1" s="4"><v>0.75</v></c></row>';
    expect(await rows({ rows: cells, styles })).toEqual([
      [46143, '2026-05-01', '2026-05-01T12:00:00', 46143, '18:00:00'],
    ]);
    const shifted = cells.replaceAll('46143', '44681');
    expect(await rows({ rows: shifted, styles, since1904: true })).toMatchObject([
      [44681, '2026-05-01', '2026-05-01T12:00:00', 44681, '18:00:00'],
    ]);
  });

  test('merged cells have their value in the first, or in all', async () => {
    const cells =
      '<row r="1"><c r="A1" t="inlineStr"><is><t>m</t></is></c><c r="C1"><v>1</v></c></row><row r="2"><c r="C2"><v>2</v></c></row>';
    const after = '<mergeCells><mergeCell ref="A1:B2"/></mergeCells>';
    expect(await rows({ rows: cells, after })).toEqual([
      ['m', null, 1],
      [null, null, 2],
    ]);
    expect(await rows({ rows: cells, after }, { merged: 'all' })).toEqual([
      ['m', 'm', 1],
      ['m', 'm', 2],
    ]);
  });

  test('the text of a shared formula is that of its own place', async () => {
    const cells =
      '<row r="1"><c r="B1"><f t="shared" ref="B1:B2" si="0">A1*$C$1+LOG10(A1)&amp;"A1"</f><v>1</v></c></row><row r="2"><c r="B2"><f t="shared" si="0"/><v>2</v></c></row>';
    expect(await rows({ rows: cells }, { formulas: 'texts' })).toEqual([
      [null, '=A1*$C$1+LOG10(A1)&"A1"'],
      [null, '=A2*$C$1+LOG10(A2)&"A1"'],
    ]);
  });

  test('a range, a sheet by name or place, and what there is instead', async () => {
    const cells = Array.from(
      { length: 5 },
      (_, row) =>
        `<row r="${row + 1}">${['A', 'B', 'C'].map((column) => `<c r="${column}${row + 1}"><v>${row}</v></c>`).join('')}</row>`,
    ).join('');
    expect(await rows({ rows: cells }, { range: 'B2:C3', sheet: 'Data' })).toEqual([
      [1, 1],
      [2, 2],
    ]);
    const missing = rows({ rows: cells }, { sheet: 'data' });
    await expect(missing).rejects.toMatchObject({
      code: 'SHEET_MISSING',
      detail: expect.stringContaining('"Data"') as unknown,
    });
    await expect(rows({ rows: cells }, { sheet: 2 })).rejects.toMatchObject({ code: 'SHEET_MISSING' });
  });

  test('what is no workbook is said to be none', async () => {
    await run.put('old.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0, 0]));
    await expect(run.call('data.excel.read', { file: 'old.xls' })).rejects.toMatchObject({ code: 'EXCEL_ENCRYPTED' });
    await run.put('zip.xlsx', zipSync({ 'a.txt': strToU8('a') }));
    await expect(run.call('data.excel.read', { file: 'zip.xlsx' })).rejects.toMatchObject({ code: 'SHEET_MISSING' });
    await run.put(
      'bad.xlsx',
      zipSync({ ...partsOf({ rows: '' }), 'xl/workbook.xml': strToU8('<workbook><sheets></workbook>') }),
    );
    await expect(run.call('data.excel.read', { file: 'bad.xlsx' })).rejects.toMatchObject({ code: 'XML_BROKEN' });
  });
});

test.each([
  ['dd.mm.yyyy', 'date'],
  ['[$-409]d-mmm-yy;@', 'date'],
  ['[h]:mm:ss', 'time'],
  ['hh:mm AM/PM', 'time'],
  ['#,##0.00 [$€-407]', 'number'],
  ['0.00"days"', 'number'],
  ['General', 'number'],
  ['[Red]0.00', 'number'],
  ['0.00E+00', 'number'],
  ['mmm', 'date'],
])('%s shows a %s', (code, shown) => {
  expect(formatOf(code)).toBe(shown);
});

test.each([
  [1, '1900-01-01'],
  [59, '1900-02-28'],
  [61, '1900-03-01'],
  [46143, '2026-05-01'],
  [2958465, '9999-12-31'],
  [2958466, 2958466],
  [-1, -1],
])('day %d is %s', (serial, date) => {
  expect(dateOf(serial, 'date', false)).toBe(date);
});

test('references', () => {
  expect(areaOf('B3:A1')).toEqual({ top: 1, left: 1, bottom: 3, right: 2 });
  expect(areaOf('XFD1048576')).toMatchObject({ right: 16_384, bottom: 1_048_576 });
  expect(areaOf('XFE1')).toBeNull();
  expect(shifted("SUM(A1:$B$2)+'A1 b'!Z9", 1, 1)).toBe("SUM(B2:$B$2)+'A1 b'!AA10");
  expect(unescaped('_x005F_x0041_')).toBe('_x0041_');
});
