/** What a run keeps of its browser steps: what the document asks for, when it asks for it, and nothing of secrets. */
import { readFile } from 'node:fs/promises';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EvidenceRules } from '@casare/shared/workflow';
import { stepPolicyOf } from '../../policy/index.ts';
import { failureOf, serve, shareBrowser, type SharedBrowser, type TestRun, type TestSite } from './run-for-tests.ts';

const SECRET = 'correct horse battery';
const PAGE = `<label>Name <input></label> <label>Password <input type="password" value="typed by hand"></label>
  <button onclick="console.log('clicked', document.querySelector('input').value); fetch('/api?token=t0ken&page=2')">Go</button>
  <iframe title="Inside" src="/inside"></iframe>`;
const ALL: EvidenceRules = {
  screenshots: 'always',
  trace: 'always',
  network: 'always',
  console: 'always',
  accessibility: 'always',
};
const NONE: EvidenceRules = {
  screenshots: 'never',
  trace: 'never',
  network: 'never',
  console: 'never',
  accessibility: 'never',
};

let browser: SharedBrowser;
let site: TestSite;
let run: TestRun;
beforeAll(async () => {
  browser = await shareBrowser();
  site = await serve({ '/': PAGE, '/inside': '<button>In the frame</button>', '/api': '{}', '/gone': '<h1>Gone</h1>' });
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  run = await browser.newRun();
});
afterEach(() => run.end());

/** Names of what a call handed over, without the step's own folder. */
async function kept(name: string, args: unknown, options: Parameters<TestRun['call']>[2]): Promise<string[]> {
  const before = run.artifacts.length;
  await run.call(name, args, options).catch(() => undefined);
  return run.artifacts
    .slice(before)
    .map((artifact) => artifact.name.split('/').at(-1) ?? '')
    .sort();
}
/** Names of what is in the last trace. */
async function lastTrace(): Promise<string[]> {
  const file = run.artifacts.findLast(({ name }) => name.endsWith('trace.zip'));
  return Object.keys(unzipSync(await readFile(file?.path ?? '')));
}
const content = async (name: string): Promise<string> =>
  String(await readFile(run.artifacts.findLast((artifact) => artifact.name.endsWith(`/${name}`))?.path ?? ''));

describe('evidence', () => {
  test('always: of each step, with pictures before and after; each step has what happened in it', async () => {
    const opened = await kept('browser.open', { url: `${site.url}/` }, { evidence: ALL });
    expect(opened).toEqual(['after.png', 'network.jsonl', 'snapshot.txt', 'trace.zip']);
    const clicked = await kept('browser.click', { target: 'button "Go"' }, { evidence: ALL });
    expect(clicked).toEqual(
      expect.arrayContaining(['after.png', 'before.png', 'console.jsonl', 'snapshot.txt', 'trace.zip']),
    );
    const said = JSON.parse((await content('console.jsonl')).trim()) as object;
    expect(said).toMatchObject({ level: 'log', text: 'clicked ', url: `${site.url}/` });
    const next = await kept('browser.waitForResponse', { url: '*/api*' }, { evidence: ALL });
    expect(next).not.toContain('console.jsonl');
    await expect
      .poll(() => kept('browser.exists', { target: 'button' }, { evidence: ALL }))
      .not.toContain('network.jsonl');
    const tree = await content('snapshot.txt');
    expect(tree).toContain('- button "In the frame"');
    expect(tree).not.toMatch(/\[ref=|typed by hand/);
    const requests = (
      await Promise.all(
        run.artifacts.filter(({ name }) => name.endsWith('network.jsonl')).map(({ path }) => readFile(path, 'utf8')),
      )
    ).join('');
    expect(requests).toContain(`"url":"${site.url}/api?token=removed&page=2"`);
    expect(requests).not.toContain('t0ken');
    const trace = await lastTrace();
    expect(trace.some((name) => name.endsWith('.trace'))).toBe(true);
    expect(new Set(run.artifacts.map(({ name }) => name)).size).toBe(run.artifacts.length);
  });

  test('a trace of failures alone has no film', async () => {
    await run.call('browser.open', { url: `${site.url}/` });
    await failureOf(run.call('browser.click', { target: 'button "Nowhere"' }, { timeoutMs: 2_000 }));
    const trace = await lastTrace();
    expect(trace.some((name) => name.endsWith('.trace'))).toBe(true);
    expect(trace.some((name) => name.endsWith('.jpeg'))).toBe(false);
  });

  test('never: also of a failure nothing; a kind that the policy keeps back is not made', async () => {
    await run.call('browser.open', { url: `${site.url}/` }, { evidence: NONE });
    const args = { target: 'button "Nowhere"' };
    expect(await kept('browser.click', args, { evidence: NONE, timeoutMs: 1_000 })).toEqual([]);
    // What happened in a step that keeps nothing is told by no later one.
    expect(await kept('browser.click', args, { timeoutMs: 1_000 })).not.toContain('network.jsonl');
    await run.call('browser.goto', { url: `${site.url}/` });
    const policy = stepPolicyOf({ upload: { trace: 'none', screenshot: 'none' } });
    expect(await kept('browser.click', args, { policy, timeoutMs: 1_000 })).toEqual(['network.jsonl', 'snapshot.txt']);
    expect(await kept('browser.click', args, { timeoutMs: 1_000 })).toContain('after.png');
  });

  test('where the policy lets out only what was masked, every field is covered', async () => {
    const policy = stepPolicyOf({ upload: { screenshot: 'masked' } });
    await run.call('browser.open', { url: `${site.url}/` });
    const pictures: Buffer[] = [];
    for (const options of [{ policy }, {}]) {
      for (const value of ['Ada', 'Bob']) {
        await run.call('browser.fill', { target: 'textbox "Name"', value }, { ...options, evidence: NONE });
        await run.call('browser.screenshot', { saveAs: `${pictures.length}.png` }, options);
        pictures.push(await readFile(`${run.folder}/files/${pictures.length}.png`));
      }
    }
    const [masked, alsoMasked, plain, otherwise] = pictures as [Buffer, Buffer, Buffer, Buffer];
    expect(masked.equals(alsoMasked)).toBe(true);
    expect(run.artifacts.map((artifact) => artifact.masked)).toEqual([true, true, undefined, undefined]);
    expect(plain.equals(otherwise)).toBe(false);
  });

  test('while a secret is in play only pictures are taken, and what the page did then is told by no later step', async () => {
    await run.call('browser.open', { url: `${site.url}/` }, { evidence: ALL });
    const fill = { target: 'textbox "Name"', value: SECRET };
    expect(await kept('browser.fill', fill, { evidence: ALL, usesSecret: true })).toEqual(['after.png', 'before.png']);
    expect(await kept('browser.click', { target: 'button "Go"' }, { evidence: ALL })).toEqual([
      'after.png',
      'before.png',
    ]);
    const gone = await kept('browser.goto', { url: `${site.url}/gone` }, { evidence: ALL });
    expect(gone).toEqual(['after.png', 'before.png']);
    const later = await kept('browser.text', { target: 'heading "Gone"' }, { evidence: ALL });
    expect(later).toEqual(['after.png', 'before.png', 'snapshot.txt', 'trace.zip']);
    for (const { path } of run.artifacts) {
      const bytes = await readFile(path);
      const texts = path.endsWith('.zip')
        ? Object.values(unzipSync(bytes)).map((entry) => strFromU8(entry, true))
        : [bytes.toString('latin1')];
      for (const text of texts) expect(text).not.toMatch(/correct.horse/);
    }
  });

  test('a failure in a frame or in a tab is seen there', async () => {
    await run.call('browser.open', { url: `${site.url}/` });
    await failureOf(run.call('browser.click', { target: 'frame "Inside" >> button "No"' }, { timeoutMs: 2_000 }));
    expect(run.seen.page?.url).toBe(`${site.url}/`);
    expect(await content('snapshot.txt')).toContain('In the frame');
  });
});
