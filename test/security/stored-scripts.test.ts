/**
 * Attack 39, as far as stored texts go, in a real Chromium: whatever an agent, a developer or a colleague can name, log, output or
 * store wants to be a script. It is planted everywhere over the real ways in; then every page of the console, and the record of
 * the run in the viewer without a network, are looked at.
 */
import { API_PREFIX } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import type { RunEventBody } from '@casare/shared/protocol';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { objectPath } from '../../control-plane/src/platform/objects/objects.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';
import { enrolLightAgent, type LightAgent } from '../support/light-agents.ts';
import { RecordViewer } from '../support/record-viewer.ts';
import { attack } from './attack.ts';

const HEADERS = 'control-plane/src/platform/http/headers.ts';
const addArtifact = sql<
  never,
  [id: string, job: string, name: string, kind: string, mediaType: string, bytes: number, sha256: string]
>(
  'testAddArtifact',
  `INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256, position)
   VALUES ('default', $1::uuid, $2::uuid, 1, $3, $4, $5, $6, $7, '/do/0/act')`,
);

let plane: TestControlPlane;
let viewer: RecordViewer;
let folder: string;
/** Where planted texts want to tell of their success. */
let foreign: Server;
let told = 0;
let to: string;
const agents: LightAgent[] = [];
beforeAll(async () => {
  foreign = createServer((_, response) => {
    told += 1;
    response.end();
  });
  await once(foreign.listen(0, '127.0.0.1'), 'listening');
  to = `//127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  folder = await mkdtemp(path.join(tmpdir(), 'casare-stored-'));
  [plane, viewer] = await Promise.all([startTestControlPlane(), RecordViewer.start()]);
});
afterAll(async () => {
  await viewer.reset();
  await viewer.close();
  for (const agent of agents) await agent.remove();
  await plane.close();
  foreign.close();
  await rm(folder, { recursive: true, force: true });
});

const short = (place: string) => `<img src=${to}/${place} onerror=alert(1)>`;
const long = (place: string) =>
  `"'></pre></script><script src="${to}/${place}"></script><script>window.ran=1;alert(1)</script>${short(place)}`;
/** The same without a space, which a label may not hold. */
const tag = (place: string) => `<img/src${to}/${place}`;
const where = { path: '/do/0/act', position: '/do/0/act' };
const begun = (name: string): RunEventBody => ({
  ...{ type: 'step.started', ...where, name, task: 'call', call: 'browser.click:1.0.0', effect: 'unsafe' },
  ...{ onRestart: 'suspend', input: { [long('key')]: long('argument') } },
});
const failed = (): RunEventBody[] => [
  { type: 'run.log', level: 'warn', message: long('log') },
  begun(short('step')),
  {
    ...{ type: 'step.failed', ...where, certain: true, durationMs: 1 },
    error: { type: 'about:blank', status: 400, title: long('title'), detail: long('detail') },
    seen: {
      page: { url: 'javascript:alert(1)//', title: short('page') },
      target: { selector: short('selector'), found: null, matches: 0, candidates: [short('candidate')] },
    },
  },
  { type: 'run.failed', error: { type: 'about:blank', status: 400, title: long('ending'), detail: long('why') } },
];
const inDoubt = (): RunEventBody[] => [
  begun('act'),
  { type: 'run.suspended', position: '/do/0/act', reason: long('reason') },
];

async function startAgent(line: string, record: readonly RunEventBody[]): Promise<void> {
  const { token } = await plane.client.call(api.joinTokens.create, {
    body: { tags: [`line=${line}`], autoApprove: true },
  });
  const name = short(`agent-${line}`);
  const at = { folder: path.join(folder, line), url: plane.urls.enrol, token };
  const agent = await enrolLightAgent({ ...at, name, record });
  agents.push(agent);
  agent.start();
  await vi.waitFor(() => expect(agent.state, agent.log.join('\n')).toBe('live'), { timeout: 20_000 });
}
async function over(line: string, state: string): Promise<string> {
  const body = { workflow: 'test/hostile', requires: [`line=${line}`], input: { [long('input-key')]: long('input') } };
  const { id } = await plane.client.call(api.jobs.submit, { body });
  const now = async () => (await plane.client.call(api.jobs.get, { params: { id } })).state;
  await expect.poll(now, { timeout: 20_000 }).toBe(state);
  return id;
}
async function store(job: string, name: string, kind: string, mediaType: string): Promise<void> {
  const [id, content] = [randomUUID(), `<!doctype html>${long('file')}`];
  const sha256 = createHash('sha256').update(content).digest('hex');
  await plane.database.db.execute(addArtifact(id, job, name, kind, mediaType, Buffer.byteLength(content), sha256));
  const file = path.join(plane.home, 'artifacts', objectPath('default', id));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** In schedules, alerts, secrets, join tokens and tenants; the id of the schedule. */
async function plantElsewhere(): Promise<string> {
  const { client } = plane;
  const job = { workflow: 'test/hostile', input: { [short('scheduled')]: 1 }, site: short('schedule-site') };
  const times = { cron: '0 0 1 1 *', timeZone: 'UTC' };
  const { id } = await client.call(api.schedules.create, { body: { name: short('schedule'), ...times, job } });
  const hook = { kind: 'webhook', name: short('channel'), url: 'https://nobody.invalid/' } as const;
  const { channel } = await client.call(api.alertChannels.create, { body: hook });
  const rule = { kind: 'job.failed' as const, name: short('rule'), channels: [channel.id] };
  await client.call(api.alertRules.create, { body: rule });
  const secret = { value: 'x', description: short('secret') };
  await client.call(api.secrets.set, { params: { name: 'planted' }, body: secret });
  await client.call(api.joinTokens.create, { body: { site: short('token-site') } });
  const tenant = { id: 'planted', name: short('tenant'), owner: 'owner@planted.example' };
  await client.call(api.tenants.create, { body: tenant });
  return id;
}

/** A page, and what it did that it must not: dialogs, requests elsewhere, what its policy had to stop. */
async function watched(own: () => string): Promise<{ page: Page; wrong: string[] }> {
  const wrong: string[] = [];
  const page = await viewer.newPage();
  await page.exposeFunction('stopped', (what: string) => wrong.push(what));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', (e) => stopped(e.effectiveDirective + ' ' + e.blockedURI))`,
  );
  page.on('dialog', (dialog) => {
    wrong.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(own()) && !/^(data|blob|about):/.test(url)) wrong.push(`request ${url}`);
  });
  return { page, wrong };
}
/** Opens whatever is closed, then: no planted text has become an element or an address, and those named are there as texts. */
async function looked(page: Page, places: readonly string[]): Promise<void> {
  for (const place of places) {
    await expect
      .poll(() => page.evaluate('document.documentElement.textContent'), { timeout: 15_000 })
      .toContain(`${to}/${place}`);
  }
  await page.evaluate(`document.querySelectorAll('details').forEach((one) => { one.open = true; })`);
  const found = await page.evaluate(
    `[window.ran, document.querySelectorAll('img[src*="${to}"], script[src*="${to}"], a[href^="javascript:"]').length]`,
  );
  expect(found).toEqual([undefined, 0]);
}

attack(
  39,
  'names, log lines, outputs, errors and files that want to be scripts are texts on every page, also without a network',
  [
    { file: HEADERS, find: `"script-src 'self'",`, replace: `"script-src * 'unsafe-inline'",` },
    { file: HEADERS, find: `"img-src 'self' data: blob:",`, replace: '"img-src * data: blob:",' },
  ],
  async () => {
    const { client } = plane;
    const document = { dsl: '1.0.3', namespace: 'test', name: 'hostile', version: '1.0.0' };
    const more = { title: long('workflow-title'), summary: long('workflow-summary') };
    await client.call(api.workflows.push, {
      body: { document: { ...document, ...more }, do: [{ act: { set: { a: 1 } } }] },
    });
    const schedule = await plantElsewhere();
    await Promise.all([startAgent('fails', failed()), startAgent('doubts', inDoubt())]);
    const [dead, open] = await Promise.all([over('fails', 'failed'), over('doubts', 'needs_review')]);
    await store(dead, short('artifact').replaceAll(/[:\\]/g, '.'), 'output', 'text/html');
    await store(dead, 'steps/act/after.png', 'screenshot', 'image/png');
    await store(dead, 'steps/act/snapshot.txt', 'snapshot', 'text/plain');
    await client.call(api.apiKeys.create, { body: { name: short('key-name'), role: 'viewer' } });
    await client.call(api.maintenance.create, {
      body: { scope: 'site', target: short('site'), reason: short('closed'), times: { kind: 'always' } },
    });

    // What an agent is called comes of its machine, its site and grants of colleagues.
    const called = (await client.call(api.agents.list, {})).items.find(({ name }) => name.includes('agent-fails'))!;
    const placed = { params: { id: called.id }, body: { site: short('agent-site'), addGrants: [`x=${tag('grant')}`] } };
    await client.call(api.agents.update, placed);

    const { page, wrong } = await watched(() => plane.url);
    await page.goto((await client.call(api.auth.createSignInCode)).url);
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
    const pages: readonly [string, readonly string[]][] = [
      ['/', ['agent-fails', 'agent-doubts']],
      [`/jobs/${dead}`, ['agent-fails', 'log', 'step', 'ending', 'why', 'input']],
      [`/jobs/${open}`, ['agent-doubts', 'reason']],
      ['/dead-letters', ['agent-fails']],
      ['/agents', ['agent-fails', 'agent-site', 'grant']],
      [`/agents/${called.id}`, ['agent-fails', 'agent-site', 'grant']],
      ['/maintenance', ['site', 'closed']],
      ['/account', ['key-name']],
      ['/people', []],
      ['/schedules', ['schedule']],
      [`/schedules/${schedule}`, ['schedule', 'scheduled', 'schedule-site']],
      ['/alerts', ['channel', 'rule']],
      ['/secrets', ['secret']],
      ['/secrets/planted', ['secret']],
      ['/join-tokens', ['token-site']],
      ['/tenants', ['tenant']],
      ['/tenants/planted', ['tenant']],
    ];
    for (const [at, places] of pages) {
      await page.goto(plane.url + at);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await looked(page, places);
      expect(wrong, at).toEqual([]);
    }

    const key = { authorization: `Bearer ${plane.admin.apiKey}` };
    const record = await fetch(`${plane.url}${API_PREFIX}/jobs/${dead}/record`, { headers: key });
    const zip = path.join(folder, 'run.zip');
    await writeFile(zip, Buffer.from(await record.arrayBuffer()));
    const served = await viewer.serve(zip);
    const offline = await watched(() => new URL(served).origin);
    await offline.page.goto(served);
    await offline.page.getByRole('heading', { level: 1 }).waitFor();
    await looked(offline.page, ['step']);
    await offline.page.locator('.timeline button').first().click();
    await looked(offline.page, ['detail']);
    expect(offline.wrong).toEqual([]);

    // And should one ever become an element: the page's policy stops it, and it calls nobody.
    await page.goto(plane.url);
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
    await page.evaluate(
      `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(`<img src=${to}/in onerror="window.ran=1">`)});
       const script = document.createElement('script'); script.src = '${to}/script'; document.body.append(script);
       const inline = document.createElement('script'); inline.textContent = 'window.ran=1'; document.body.append(inline);`,
    );
    await expect.poll(() => wrong.filter((one) => !one.startsWith('request')).length).toBeGreaterThanOrEqual(3);
    expect(await page.evaluate('window.ran')).toBeUndefined();
    expect(told).toBe(0);
  },
);
