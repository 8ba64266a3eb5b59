/** Attacks 36 and 37 on the steps that open files of strangers: names that lead out, and files that grow without end. */
import { strToU8, zipSync, type Zippable } from 'fflate';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect } from 'vitest';
import type { StepPolicy } from '../../edge-agent/src/engine/index.ts';
import { stepPolicyOf } from '../../edge-agent/src/policy/index.ts';
import { partsOf, workbookOf } from '../../edge-agent/src/steps/data/excel/workbook-for-tests.ts';
import { pdfOf, pdfWith } from '../../edge-agent/src/steps/data/pdf-for-tests.ts';
import { newStepRun, type StepRun } from '../../edge-agent/src/steps/step-run-for-tests.ts';
import { attack } from './attack.ts';

const FILES = 'edge-agent/src/steps/run-files.ts';
const ARCHIVE = 'edge-agent/src/steps/files/archive.ts';

let run: StepRun;
let outside: string;
beforeAll(async () => {
  run = await newStepRun();
  outside = await mkdtemp(join(tmpdir(), 'casare-outside-'));
});
afterAll(async () => {
  await run.end();
  await rm(outside, { recursive: true, force: true });
});

/** The code of the failure. */
async function refusal(name: string, args: object): Promise<string> {
  const failure = await run.call(name, args).then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
  return (failure as { code?: string }).code ?? String(failure);
}

attack(
  36,
  'a step neither reads nor writes by a name that leads out of the run, by dots, links or the root',
  [
    { file: FILES, find: 'if (!real.startsWith(realRoot + sep)) throw refused(name);' },
    { file: FILES, find: 'if (isAbsolute(name)) await context.policy.checkFile(real, use);' },
    { file: FILES, find: 'if (there !== realRoot && !there.startsWith(realRoot + sep)) throw refused(name);' },
  ],
  async () => {
    await writeFile(join(run.folder, 'secret.txt'), 'secret');
    await writeFile(join(outside, 'secret.txt'), 'secret');
    await mkdir(run.path('sub'), { recursive: true });
    await symlink(outside, run.path('link'));
    await symlink(join(outside, 'secret.txt'), run.path('secret-link.txt'));
    await symlink(join(outside, 'fresh.txt'), run.path('fresh-link.txt'));
    const reads = ['../secret.txt', 'sub/../../secret.txt', 'link/secret.txt', 'secret-link.txt'];
    for (const file of reads) expect(await refusal('data.text.read', { file }), file).toBe('FILE_NAME_REFUSED');
    const absolute = join(outside, 'secret.txt');
    for (const [name, args] of [
      ['data.text.read', { file: absolute }],
      ['data.hash', { file: absolute }],
      ['files.copy', { from: absolute, to: 'x' }],
      ['files.copy', { from: 'sub/mine.txt', to: absolute }],
      ['files.delete', { file: absolute }],
      ['files.list', { folder: outside }],
      ['files.zip', { files: [absolute], saveAs: 'x.zip' }],
    ] as const) {
      await run.put('sub/mine.txt', 'mine');
      expect(await refusal(name, args), name).toBe('POLICY_FILE_REFUSED');
    }
    // What is stored goes by the same rules; names that no artifact may have are no arguments at all.
    for (const to of ['link/new.txt', 'link/new/deep.txt']) {
      expect(await refusal('files.copy', { from: 'sub/mine.txt', to }), to).not.toBe('nothing was refused');
      expect(await refusal('data.text.write', { text: 'x', saveAs: to }), to).not.toBe('nothing was refused');
    }
    for (const saveAs of ['../out.txt', '/tmp/out.txt', 'a/../../out.txt', 'C:\\out.txt', 'a\u0000b']) {
      await expect(run.call('data.text.write', { text: 'x', saveAs }), saveAs).rejects.toMatchObject({
        name: 'ZodError',
      });
    }
    // A link that leads nowhere yet is replaced and not followed.
    await run.call('data.text.write', { text: 'x', saveAs: 'fresh-link.txt' });
    expect(await readdir(outside)).toEqual(['secret.txt']);
    expect(await readFile(join(outside, 'secret.txt'), 'utf8')).toBe('secret');
    // The control: a name within, also by way of dots.
    expect(await run.call('data.text.read', { file: 'sub/../sub/mine.txt' })).toBe('mine');
  },
);

attack(
  36,
  'a folder that becomes a link between the word of the policy and the opening leads no step out of what is open to it',
  [
    { file: FILES, find: 'await verifyPlace(handle, path, name);' },
    { file: 'edge-agent/src/steps/files/place.ts', find: 'await verifyPlace(handle, temporary, to);' },
  ],
  async () => {
    const [open, closed] = [join(outside, 'open'), join(outside, 'closed')];
    await mkdir(closed);
    await writeFile(join(closed, 'a.txt'), 'secret');
    await run.put('new.txt', 'new');
    for (const isSwapped of [false, true]) {
      await mkdir(open);
      await writeFile(join(open, 'a.txt'), 'mine');
      const allowed = stepPolicyOf({ files: { write: [open] } });
      const checkFile: StepPolicy['checkFile'] = async (path, use) => {
        await allowed.checkFile(path, use);
        if (!isSwapped || !(await lstat(open)).isDirectory()) return;
        await rename(open, `${open}.away`);
        await symlink(closed, open);
      };
      const attempt = (name: string, args: object) =>
        run
          .call(name, args, { policy: { ...allowed, checkFile } })
          .then(String, (error: unknown) => (error as { code?: string }).code);
      expect(await attempt('data.text.read', { file: join(open, 'a.txt') })).toBe(isSwapped ? 'FILE_REPLACED' : 'mine');
      if (isSwapped) {
        await rm(open);
        await rename(`${open}.away`, open);
      }
      const copied = await attempt('files.copy', { from: 'new.txt', to: join(open, 'b.txt') });
      if (isSwapped) expect(copied).toBe('FILE_REPLACED');
      else expect(await readFile(join(open, 'b.txt'), 'utf8')).toBe('new');
      expect(await readdir(closed)).toEqual(['a.txt']);
      await rm(open, { recursive: true });
    }
  },
);

/** An archive whose entries are as given; `attributes` are those of Unix. */
function archive(entries: Readonly<Record<string, string>>, attributes = 0): Uint8Array {
  const files = Object.entries(entries).map(([name, content]): [string, Zippable[string]] => [
    name,
    [strToU8(content), { os: 3, attrs: attributes * 0x10000 }],
  ]);
  return zipSync(Object.fromEntries(files));
}

attack(
  36,
  'an archive that names places outside, holds links, or says one name twice is not unpacked at all',
  [
    { file: ARCHIVE, find: 'if (isUnix && type === LINK) throw refused(`${shown(entry)} is a link`);' },
    { file: ARCHIVE, find: 'if (twin !== undefined) throw refused(twice(entry, twin));' },
  ],
  async () => {
    const good = { 'good.txt': 'good' };
    const doubled = Buffer.from(archive({ 'one.txt': 'first', 'two.txt': 'other' }));
    for (let at = doubled.indexOf('two.txt'); at !== -1; at = doubled.indexOf('two.txt')) doubled.write('one.txt', at);
    const attacks: Readonly<Record<string, Uint8Array>> = {
      dots: archive({ ...good, '../../evil.txt': 'evil' }),
      'dots within': archive({ ...good, 'a/../../../evil.txt': 'evil' }),
      absolute: archive({ ...good, '/tmp/casare-evil.txt': 'evil' }),
      backslashes: archive({ ...good, '..\\..\\evil.txt': 'evil' }),
      drive: archive({ ...good, 'C:/evil.txt': 'evil' }),
      link: archive({ link: outside }, 0o120777),
      doubled,
    };
    for (const [name, bytes] of Object.entries(attacks)) {
      await run.put('evil.zip', bytes);
      expect(await refusal('files.unzip', { file: 'evil.zip', to: `out-${name}` }), name).toBe('ARCHIVE_REFUSED');
      expect(await run.call('files.exists', { file: `out-${name}/good.txt` }), name).toBe(false);
    }
    expect(await readdir(run.folder)).not.toContain('evil.txt');
    await run.put('good.zip', archive({ ...good, 'sub/more.txt': 'more' }));
    expect(await run.call('files.unzip', { file: 'good.zip', to: 'out' })).toHaveLength(2);
  },
);

attack(
  37,
  'an archive, a workbook, XML, CSV or a PDF that grows without end fails its step, and the agent lives',
  [
    {
      file: ARCHIVE,
      find: 'if (bytes > bounds.bytes) throw tooLarge(`its files have more than ${bounds.bytes} bytes together`);',
    },
    {
      file: ARCHIVE,
      find: 'if (archive.entryCount > bounds.entries) throw tooLarge(`it has more than ${bounds.entries} entries`);',
    },
    { file: 'edge-agent/src/steps/data/xml-stream.ts', find: "if (text.includes('[')) throw entitiesRefused();" },
    { file: 'edge-agent/src/steps/data/xml-stream.ts', find: 'if (depth > DEPTH) throw tooDeep();' },
    { file: 'edge-agent/src/steps/data/xml-stream.ts', find: 'if (since > PIECE_LENGTH) throw pieceTooLarge();' },
    { file: 'edge-agent/src/steps/data/csv-read.ts', find: '    max_record_size: RECORD_LENGTH,\n' },
  ],
  async () => {
    // A thousand times smaller than what it becomes.
    await run.put('bomb.zip', zipSync({ 'zeros.bin': new Uint8Array(30_000_000) }));
    expect(await refusal('files.unzip', { file: 'bomb.zip', maxBytes: 20_000_000 })).toBe('ARCHIVE_TOO_LARGE');
    expect(await refusal('files.unzip', { file: 'bomb.zip', maxBytes: 40_000_000 })).toBe('nothing was refused');
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`${index}`, new Uint8Array()]));
    await run.put('many.zip', zipSync(many));
    expect(await refusal('files.unzip', { file: 'many.zip' })).toBe('ARCHIVE_TOO_LARGE');
    // One that says less than it holds.
    const liar = Buffer.from(zipSync({ 'a.bin': new Uint8Array(5_000_000) }));
    liar.writeUInt32LE(10, liar.indexOf('PK\u0001\u0002') + 24);
    await run.put('liar.zip', liar);
    expect(await refusal('files.unzip', { file: 'liar.zip' })).toBe('ARCHIVE_BROKEN');

    const laughs = `<!DOCTYPE a [<!ENTITY a "ha">${'bcdefghij'
      .split('')
      .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghij'[index]};`.repeat(10)}">`)
      .join('')}]><a>&j;</a>`;
    await run.put('laughs.xml', laughs);
    expect(await refusal('data.xml.read', { file: 'laughs.xml' })).toBe('XML_ENTITIES_REFUSED');
    await run.put('external.xml', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>');
    expect(await refusal('data.xml.read', { file: 'external.xml' })).toBe('XML_ENTITIES_REFUSED');
    // Whole, so that nothing else is wrong with it.
    await run.put('deep.xml', '<a>'.repeat(100_000) + '</a>'.repeat(100_000));
    expect(await refusal('data.xml.read', { file: 'deep.xml' })).toBe('XML_TOO_DEEP');
    await run.put('wide.xml', `<a>${'<b/>'.repeat(600_000)}</a>`);
    expect(await refusal('data.xml.read', { file: 'wide.xml' })).toBe('XML_TOO_LARGE');
    await run.put('plain.xml', '<!DOCTYPE a><a>ha</a>');
    expect(await run.call('data.xml.read', { file: 'plain.xml' })).toEqual({ a: 'ha' });

    await run.put('open.csv', `a,b\n1,"${'x'.repeat(3_000_000)}`);
    expect(await refusal('data.csv.read', { file: 'open.csv', limit: 1 })).toBe('CSV_RECORD_TOO_LARGE');

    // A million rows of nothing are read past; a cell that never ends is not.
    await run.put('empty.xlsx', workbookOf({ rows: `${'<row/>'.repeat(1_000_000)}<row><c><v>7</v></c></row>` }));
    expect(await run.call('data.excel.read', { file: 'empty.xlsx', header: false })).toMatchObject({ rows: [[7]] });
    await run.put('rows.xlsx', workbookOf({ rows: '<row/>'.repeat(1_048_577) }));
    expect(await refusal('data.excel.read', { file: 'rows.xlsx' })).toBe('EXCEL_TOO_LARGE');
    const endless = `<row><c t="inlineStr"><is><t>${'x'.repeat(20_000_000)}</t></is></c></row>`;
    await run.put('endless.xlsx', zipSync(partsOf({ rows: endless })));
    expect(await refusal('data.excel.read', { file: 'endless.xlsx' })).toBe('XML_PIECE_TOO_LARGE');

    // A page of megabytes of text in a file of some kilobytes.
    const text = Buffer.from('BT /F1 12 Tf 20 200 Td (lots of text) Tj ET\n'.repeat(40_000), 'latin1');
    await run.put('bomb.pdf', pdfWith([{ bytes: deflateSync(text), dictionary: '/Filter/FlateDecode' }]));
    expect(await refusal('data.pdf.text', { file: 'bomb.pdf' })).toBe('PDF_TEXT_TOO_LARGE');
    await run.put('loop.pdf', pdfOf(['x']).toString('latin1').replace('/Kids[3 0 R]', '/Kids[2 0 R]'));
    expect(await refusal('data.pdf.text', { file: 'loop.pdf' })).toBe('PDF_BROKEN');
    await run.put('good.pdf', pdfOf(['good']));
    expect(await run.call('data.pdf.text', { file: 'good.pdf' })).toEqual({ pages: 1, text: ['good'] });
  },
);
