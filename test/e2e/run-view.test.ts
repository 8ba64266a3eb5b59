/**
 * The viewer of run records in a real Chromium: a record made by the real writer, opened by the real `casare run-view`, with
 * hostile text wherever a run can hold text. Whatever a test does, the page may not trip its own policy.
 */
import type { Artifact, Attempt, LogLine, Step } from '@casare/shared/api';
import { lostLine, type RecordSource } from '@casare/shared/record';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openArchive } from '../../control-plane/src/cli/run-view/archive.ts';
import { each, RecordViewer, rowOf as row, second } from '../support/record-viewer.ts';

const LOST = { code: 'EVIDENCE_DROPPED', name: 'steps/x/failure.png', position: '/do/3/press', why: 'no room' };
const HOSTILE = '</script><img src=x onerror="document.title=1"><script>document.title=2</script>';
const ID = '0198a7c0-0000-7000-8000-00000000000';

let viewer: RecordViewer;
let zip: string;

beforeAll(async () => {
  viewer = await RecordViewer.start();
  zip = await viewer.write(await sourceOf());
});
afterAll(() => viewer.close());
afterEach(async () => expect(await viewer.reset()).toEqual([]));

describe('the viewer', () => {
  test('shows a step with all that is known of it; text of others stays text', async () => {
    const page = await viewer.open(zip);
    await row(page, 'press').click();
    const details = page.locator('main .details');
    await details.getByText('No element matches').waitFor();
    for (const text of ['button "Save"', 'button "Save all"', 'https://portal.test/', 'It must not be done twice.']) {
      await details.getByText(text).first().waitFor();
    }
    await details.getByRole('img', { name: 'The screen before “press”' }).waitFor();
    await details.getByRole('img', { name: 'The screen after “press”' }).waitFor();
    await details.getByRole('region', { name: 'Accessibility tree' }).getByText('- heading').waitFor();
    await details.getByRole('region', { name: 'Network' }).getByRole('cell', { name: HOSTILE }).waitFor();
    await details.getByRole('region', { name: 'Console' }).getByRole('cell', { name: HOSTILE }).waitFor();
    await details.getByText(`Title ${HOSTILE}`).waitFor();
    await page.locator('.log').getByText(`pressing ${HOSTILE}`).waitFor();
    expect(await page.title()).toBe('test/viewer · Casare');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });

  test('says at its step what was to be kept and is not there, and why', async () => {
    const page = await viewer.open(zip);
    await row(page, 'press').click();
    const gaps = page.locator('main').getByRole('region', { name: 'Not kept' });
    expect(await gaps.getByRole('listitem').allInnerTexts()).toEqual([
      'failure.png EVIDENCE_DROPPED: no room',
      'trace.zip EVIDENCE_DROPPED: the agent had no room for it any more before it could be sent',
    ]);
    await row(page, 'open').click();
    await page.locator('main').getByRole('img', { name: 'The screen after “open”' }).waitFor();
    expect(await gaps.count()).toBe(0);
  });

  test('goes from step to step by keys, and searches', async () => {
    const page = await viewer.open(zip);
    const current = page.locator('.timeline [aria-current]');
    await page.keyboard.press('ArrowDown');
    await current.getByText('open', { exact: true }).waitFor();
    await page.keyboard.press('j');
    await current.getByText('each', { exact: true }).waitFor();
    await page.keyboard.press('k');
    await current.getByText('open', { exact: true }).waitFor();
    await page.keyboard.press('End');
    await current.getByText('press', { exact: true }).waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('invoice-2');
    await page.getByText('1 of 6 steps').waitFor();
    await row(page, 'read').getByText('#2').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('6 steps', { exact: true }).waitFor();
    await page.getByRole('region', { name: 'Not in this record' }).getByText('EVIDENCE_DROPPED').first().waitFor();
  });

  test('travels in time: the slider chooses the step, and shows the newest picture', async () => {
    const page = await viewer.open(zip);
    const stage = page.getByRole('region', { name: 'The screen at this time' });
    await page.getByRole('slider', { name: 'Time' }).fill('4500');
    await page.locator('.timeline [aria-current]').getByText('read#2').waitFor();
    await stage.getByRole('img', { name: 'The screen at this time: “open”' }).waitFor();
    expect(await colourOf(stage.getByRole('img'))).toBe('0,128,0');
    await page.getByRole('slider', { name: 'Time' }).fill('9000');
    await stage.getByRole('img', { name: 'The screen at this time: “press”' }).waitFor();
    await expect.poll(() => colourOf(stage.getByRole('img'))).toBe('255,0,0');
  });

  test('opens from an unpacked record too, with its pictures, without any server', async () => {
    const page = await viewer.newPage();
    await page.goto(pathToFileURL(path.join(await unpacked(), 'index.html')).href);
    await row(page, 'press').click();
    const image = page.locator('main').getByRole('img', { name: 'The screen after “press”' });
    const width = () => image.evaluate((node: { naturalWidth?: number }) => node.naturalWidth ?? 0);
    await expect.poll(width).toBe(320);
    await page.locator('main').getByText(`Title ${HOSTILE}`).waitFor();
    await page.getByText('may not read it').first().waitFor();
  });

  test('an address works once', async () => {
    const url = await viewer.serve(zip);
    const first = await viewer.newPage();
    await first.goto(url);
    await row(first, 'press').waitFor();
    await first.reload();
    await row(first, 'press').waitFor();
    expect(first.url()).not.toContain('key');
    const second = await viewer.newPage();
    expect((await second.goto(url))!.status()).toBe(403);
    expect((await second.goto(new URL('/steps.json', url).href))!.status()).toBe(403);
  });
});

/** A run of six steps in a loop, with pictures, and what was read of a page beside them. */
async function sourceOf(): Promise<RecordSource> {
  const [green, red] = [await picture('green'), await picture('red')];
  const base = { attempt: 1, path: '/do', effect: 'idempotent', state: 'completed', error: null } as const;
  const call = { task: 'call', call: 'browser.text:1.0.0', durationMs: 1_000 };
  const step = (
    seq: number,
    name: string,
    position: string,
    from: number,
    to: number,
    more: Partial<Step> = {},
  ): Step => ({
    ...{ ...base, ...call, seq, name, position, startedAt: second(from), endedAt: second(to), output: null },
    ...more,
  });
  const target = {
    selector: `button "Sav"`,
    found: null,
    matches: 0,
    candidates: ['button "Save"', 'button "Save all"'],
  };
  const steps = [
    step(1, 'open', '/do/0/open', 0, 2),
    step(3, 'each', '/do/1/each', 2, 6, { task: 'for', call: null }),
    step(4, 'read', '/do/1/each[0]/do/0/read', 2, 4, { output: 'invoice-1' }),
    step(6, 'read', '/do/1/each[1]/do/0/read', 4, 6, { output: 'invoice-2' }),
    step(9, HOSTILE.slice(0, 50), '/do/2/odd', 6, 7, { input: { [HOSTILE]: HOSTILE } }),
    step(11, 'press', '/do/3/press', 7, 8, {
      ...{ state: 'failed', effect: 'unsafe', call: 'browser.click:1.0.0', input: { target: 'button "Sav"' } },
      error: {
        type: 'about:blank',
        status: 400,
        title: 'No element matches',
        detail: HOSTILE,
        code: 'TARGET_NOT_FOUND',
      },
      seen: { target, page: { url: 'https://portal.test/', title: `Title ${HOSTILE}` } },
    }),
  ];
  const lines: LogLine[] = [
    { attempt: 1, seq: 10, at: second(7.5), level: 'info', message: `pressing ${HOSTILE}` },
    { attempt: 1, seq: 12, at: second(8), level: 'warn', message: lostLine(LOST) },
  ];
  const contents: Buffer[] = [];
  const file = (
    name: string,
    kind: Artifact['kind'],
    mediaType: string,
    content: Buffer | string,
    position: string,
  ): Artifact => {
    const bytes = Buffer.from(content);
    const id = `${ID}${contents.push(bytes)}`;
    const sha256 = '0'.repeat(64);
    return {
      id,
      jobId: `${ID}0`,
      attempt: 1,
      name,
      kind,
      mediaType,
      bytes: bytes.length,
      sha256,
      position,
      createdAt: second(9),
    };
  };
  const press = '/do/3/press';
  const ndjson = 'application/x-ndjson';
  const entry = `${JSON.stringify({ at: second(7), url: HOSTILE, status: 200 })}\n`;
  const artifacts = [
    file('steps/open/after.png', 'screenshot', 'image/png', green, '/do/0/open'),
    file('steps/press/before.png', 'screenshot', 'image/png', green, press),
    file('steps/press/after.png', 'screenshot', 'image/png', red, press),
    file('steps/press/snapshot.txt', 'snapshot', 'text/plain', `- heading "x"\n${HOSTILE}`, press),
    file('steps/press/network.jsonl', 'network', ndjson, entry, press),
    file('steps/press/console.jsonl', 'console', ndjson, entry, press),
    file('steps/press/trace.zip.EVIDENCE_DROPPED.lost.json', 'trace', 'application/json', '{}', press),
    file('a #?%name.txt', 'output', 'text/plain', 'an output', press),
  ];
  const attempt: Attempt = {
    ...{ attempt: 1, generation: 1, agent: { id: `${ID}1`, name: HOSTILE }, leasedAt: second(0), endedAt: second(9) },
    ...{ outcome: 'failed', error: null, records: 12 },
  };
  return {
    job: {
      ...{ id: `${ID}0`, state: 'failed', generation: 1, attempt: 1, agent: attempt.agent, review: null },
      ...{ input: { note: HOSTILE }, output: null, error: steps[5]!.error, createdAt: second(0) },
      ...{
        startedAt: second(0),
        endedAt: second(10),
        workflow: { namespace: 'test', name: 'viewer', version: '1.0.0' },
      },
    },
    document: { do: [] },
    attempts: [attempt],
    events: () => each([]),
    steps: () => each(steps),
    log: () => each(lines),
    artifacts: () => each(artifacts),
    open: ({ id }) => Promise.resolve({ content: each([contents[Number(id.slice(-1)) - 1]!]) }),
  };
}

/** A PNG of one colour. */
async function picture(colour: string): Promise<Buffer> {
  const page = await viewer.chromium.browser.newPage({ viewport: { width: 320, height: 200 } });
  await page.setContent(`<body style="background:${colour}">`);
  const png = await page.screenshot();
  await page.close();
  return png;
}

/** The colour in the middle of a picture that is shown. */
function colourOf(image: ReturnType<Page['locator']>): Promise<string> {
  return image.evaluate((element) => {
    const shown = element as unknown as { naturalWidth: number };
    const { document } = globalThis as unknown as { document: { createElement(name: string): never } };
    const canvas: { width: number; height: number; getContext(kind: string): never } = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const context: {
      drawImage(...given: unknown[]): void;
      getImageData(...given: number[]): { data: ArrayLike<number> };
    } = canvas.getContext('2d');
    if (shown.naturalWidth === 0) return 'not there yet';
    context.drawImage(shown, 10, 10, 1, 1, 0, 0, 1, 1);
    return Array.from(context.getImageData(0, 0, 1, 1).data)
      .slice(0, 3)
      .join(',');
  });
}

/** The record's files on the disk, as a person unpacks them. */
async function unpacked(): Promise<string> {
  const to = path.join(viewer.folder, 'unpacked');
  const archive = await openArchive(zip);
  const names = ['index.html', ...archive.run.artifacts.map(({ file }) => file!)];
  for (const name of names) {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true });
    await writeFile(path.join(to, name), (await archive.open(name))!.stream);
  }
  archive.close();
  return to;
}
