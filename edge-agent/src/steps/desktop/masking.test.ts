/** Pictures that may leave the premises only masked: by their pixels, over real fields and a window that nobody can look into. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import { desktopPrograms, skipName } from '../../desktop/desktop-for-tests.ts';
import { type Box, type DesktopElement, snapshotOf } from '../../desktop/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { failureOf, type TestRun } from '../browser/run-for-tests.ts';
import { newDesktopRun } from './run-for-tests.ts';
import { desktopStep } from './step.ts';

const reason = await desktopPrograms('zenity');
const FORM = ['--forms', '--title', 'Entry', '--text', 'New', '--add-entry', 'Account', '--add-password', 'Pin'];
const SECRET = 'canary-4711';
const policy = { ...unrestricted, evidence: () => 'masked' as const };
const evidence = { screenshots: 'always', accessibility: 'always' } as const;
const GREY = '808080';

/** Where the fields of the form are, and the window of the program that shows nothing to accessibility. */
let places: { fields: Map<string, Box>; dark: Box[] };
const look = desktopStep(DESKTOP_STEPS.windows, async (_, { driver, session, signal }) => {
  const windows = await session.windows();
  const nodes = await snapshotOf(driver.elements, windows, { hidden: false, signal });
  const fields = nodes.filter(({ element }) => ['textbox', 'button'].includes(element.roles[0]));
  const boxes = fields.map(async ({ element }): Promise<[string, Box]> => {
    return [element.name, (await driver.elements.bounds(element))!];
  });
  places = { fields: new Map(await Promise.all(boxes)), dark: await driver.windows.others(windows) };
  return [];
});
/** From here on the driver does not find the field "Pin": no application that we have hides the place of its fields. */
const lose = desktopStep(DESKTOP_STEPS.windows, async (_, { driver }) => {
  const known = driver.elements.bounds.bind(driver.elements);
  Object.assign(driver.elements, {
    bounds: async (element: DesktopElement) => (element.states.has('protected') ? null : known(element)),
  });
  return [];
});

describe.skipIf(reason !== null)(skipName('masked pictures', reason), () => {
  let run: TestRun;
  beforeEach(async () => {
    run = await newDesktopRun({ look, lose });
    await run.call('desktop.open', { app: 'zenity', args: FORM });
  });
  afterEach(() => run.end());

  const whole = async (saveAs: string, options: object): Promise<Pixels> => {
    await run.call('desktop.screenshot', { saveAs }, options);
    return pixelsOf(await readFile(join(run.folder, 'files', saveAs)));
  };
  const fill = (target: string, value: string, options = {}): Promise<unknown> =>
    run.call('desktop.setValue', { target: `textbox "${target}"`, value }, options);

  test('every field is covered where it is, in the step’s picture and in the evidence, and nothing else', async () => {
    await fill('Account', 'plain words');
    await fill('Pin', '4711');
    await run.call('look', {});
    const [account, pin] = [places.fields.get('Account')!, places.fields.get('Pin')!];
    const plain = await whole('plain.png', {});
    // Protected fields are covered always, others only where the policy asks for it.
    expect(coloursIn(plain, pin)).toEqual([GREY]);
    expect(coloursIn(plain, account).length).toBeGreaterThan(3);
    const masked = await whole('masked.png', { policy, evidence });
    const kept = run.artifacts.filter(({ kind }) => kind === 'screenshot');
    expect(kept.map(({ name, masked: says }) => [name.replace(/^.*\//, ''), says])).toEqual([
      ['plain.png', undefined],
      ['before.png', true],
      ['masked.png', true],
      ['after.png', true],
    ]);
    const pictures = await Promise.all(kept.slice(1).map(async ({ path }) => pixelsOf(await readFile(path))));
    for (const picture of [masked, ...pictures]) {
      for (const field of [account, pin]) expect(coloursIn(picture, field)).toEqual([GREY]);
      expect(coloursIn(picture, places.fields.get('OK')!).length).toBeGreaterThan(3);
    }
  });

  test('a secret that is typed where the focus is makes its field covered', async () => {
    await run.call('desktop.keys', { target: 'textbox "Account"', keys: '{End}' });
    await run.call('look', {});
    const account = places.fields.get('Account')!;
    expect(coloursIn(await whole('before.png', {}), account)).not.toEqual([GREY]);
    await run.call('desktop.type', { text: 'x1' }, { usesSecret: true });
    // So short that its text alone is not looked for.
    expect(coloursIn(await whole('after.png', {}), account)).toEqual([GREY]);
  });

  test('a window that shows nothing to accessibility is covered whole', async () => {
    const dark = ['-c', `NO_AT_BRIDGE=1 exec zenity --entry --title Dark --entry-text ${SECRET}`];
    const open = run.call('desktop.open', { app: 'sh', args: dark }, { timeoutMs: 5_000 });
    expect(await failureOf(open)).toMatchObject({ code: 'WINDOW_NOT_OPENED' });
    await run.call('look', {});
    expect(places.dark).toHaveLength(1);
    const [box] = places.dark as [Box];
    expect(coloursIn(await whole('plain.png', {}), box).length).toBeGreaterThan(3);
    expect(coloursIn(await whole('masked.png', { policy }), box)).toEqual([GREY]);
    // Without such a policy too, once the run has typed a secret.
    await fill('Account', SECRET, { usesSecret: true });
    expect(coloursIn(await whole('secret.png', {}), box)).toEqual([GREY]);
  });

  test('where a field is that must be covered cannot be known (as if): no picture, and the tree all the same', async () => {
    await run.call('lose', {});
    const refused = await failureOf(run.call('desktop.screenshot', { saveAs: 'a.png' }, { policy }));
    expect(refused).toMatchObject({ code: 'PICTURE_NOT_MASKABLE', status: 409, certain: true });
    expect(refused.detail).toContain('where its textbox');
    expect(run.artifacts.map(({ kind }) => kind)).toEqual(['snapshot']);
    await run.call('desktop.text', { target: 'textbox "Account"' }, { policy, evidence });
    expect(run.artifacts.map(({ kind }) => kind)).toEqual(['snapshot', 'snapshot']);
    expect(run.logs.join('\n')).toMatch(/EVIDENCE_DROPPED.*after\.png.*no picture is taken/);
  });
});

interface Pixels {
  readonly width: number;
  readonly rows: Buffer;
}

/** A PNG of ours: rows without filters. */
function pixelsOf(file: Buffer): Pixels {
  const data = file.subarray(file.indexOf('IDAT') + 4, file.indexOf('IEND') - 8);
  return { width: file.readUInt32BE(16), rows: inflateSync(data) };
}

function coloursIn({ width, rows }: Pixels, box: Box): string[] {
  const colours = new Set<string>();
  for (let y = box.y; y < box.y + box.height; y += 1) {
    for (let x = box.x; x < box.x + box.width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      colours.add(rows.toString('hex', at, at + 3));
    }
  }
  return [...colours];
}
