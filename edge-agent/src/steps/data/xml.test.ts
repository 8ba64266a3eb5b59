import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStepRun, type StepRun } from '../step-run-for-tests.ts';

let run: StepRun;
beforeAll(async () => {
  run = await newStepRun();
});
afterAll(() => run.end());

async function read(xml: string | Uint8Array, args: object = {}): Promise<unknown> {
  await run.put('a.xml', xml);
  return run.call('data.xml.read', { file: 'a.xml', ...args });
}

describe('data.xml.read', () => {
  const INVOICE = `<?xml version="1.0"?>
    <!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/never-fetched.dtd">
    <!-- no part of it -->
    <i:Invoice xmlns:i="urn:i" number="INV-7">
      <i:Line id="1">Bolt &amp; nut</i:Line><i:Total>12.50</i:Total><Note><![CDATA[<b>]]></Note><Empty/>
    </i:Invoice>`;

  test('elements become objects, lists and texts; the external DTD is not fetched', async () => {
    expect(await read(INVOICE)).toEqual({
      Invoice: {
        '@number': 'INV-7',
        Line: { '@id': '1', '#text': 'Bolt & nut' },
        Total: '12.50',
        Note: '<b>',
        Empty: '',
      },
    });
    expect(await read(INVOICE, { lists: ['Line'], at: 'Invoice/Line/1/@id' })).toBe('1');
    expect(await read(INVOICE, { prefixes: 'keep', at: 'i:Invoice/i:Total' })).toBe('12.50');
    expect(await read('<a><b>1</b><c/><b>2</b></a>', { at: 'a/b' })).toEqual(['1', '2']);
    await expect(read(INVOICE, { at: 'Invoice/Lines' })).rejects.toMatchObject({ code: 'XML_PART_MISSING' });
  });

  test('is read as its declaration says', async () => {
    const declared = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>Müller</a>', 'latin1');
    expect(await read(declared)).toEqual({ a: 'Müller' });
    const utf16 = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('<?xml version="1.0" encoding="UTF-16"?><a>ü</a>', 'utf16le'),
    ]);
    expect(await read(utf16)).toEqual({ a: 'ü' });
    await expect(read('<?xml version="1.0" encoding="EBCDIC"?><a/>')).rejects.toMatchObject({ code: 'TEXT_ENCODING' });
  });

  test.each(['<a><b></a>', '<a>', 'text', '<a>&unknown;</a>', '<a/><b/>', ''])('%j is no XML', async (xml) => {
    await expect(read(xml)).rejects.toMatchObject({ code: 'XML_BROKEN' });
  });
});
