/** The quick start's workflow through the real engine, the real browser steps and the real portal. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunEventBody } from '@casare/shared/protocol';
import { parseWorkflow, type Workflow } from '@casare/shared/workflow';
import { startBrowser, type StartedBrowser } from '../../browser/index.ts';
import { TEST_BROWSER } from '../../browser/browser-for-tests.ts';
import { createExpressions, runWorkflow, systemClock } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { closeSessions, createStepRegistry } from '../index.ts';
import { startPortal, type TestSite } from './run-for-tests.ts';

const EXAMPLE = new URL('../../../../docs/examples/supplier-portal/download-invoices.yaml', import.meta.url);
const PASSWORD = 'correct horse';
/** The month of the invoice that the portal refuses to the first session. */
const MONTH = '2026-10';

let portal: TestSite;
let started: StartedBrowser;
let folder: string;
beforeAll(async () => {
  [portal, started] = await Promise.all([startPortal(), startBrowser(TEST_BROWSER)]);
  folder = await mkdtemp(join(tmpdir(), 'casare-workflow-'));
});
afterAll(async () => {
  await started.close();
  await portal.close();
  await rm(folder, { recursive: true, force: true });
});

async function example(): Promise<Workflow> {
  const parsed = parseWorkflow(await readFile(EXAMPLE, 'utf8'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

test('downloads a month of invoices, over the one that fails at first, and shows the password nowhere', async () => {
  const session = new Map<string, unknown>();
  const expressions = createExpressions();
  const events: RunEventBody[] = [];
  const artifacts: string[] = [];
  const shared: StartedBrowser = { ...started, close: async () => {} };
  const ending = await runWorkflow({
    runId: 'b9d4c0de-0000-4000-8000-000000000001',
    document: await example(),
    input: { portalUrl: `${portal.url}/`, month: MONTH },
    secrets: { supplierPortal: { username: 'buyer@example.com', password: PASSWORD } },
    journal: [],
    record: async (body) => void events.push(body),
    artifact: async (file, about) =>
      void artifacts.push(`${about.kind} ${about.name} ${(await readFile(file)).length}`),
    steps: createStepRegistry({ ...TEST_BROWSER, startBrowser: async () => shared }),
    policy: unrestricted,
    expressions,
    clock: systemClock,
    signal: new AbortController().signal,
    runFolder: folder,
    log: () => {},
    session,
  });
  await closeSessions(session);
  await expressions.close();

  expect(ending).toMatchObject({ type: 'run.completed', output: { month: MONTH } });
  const stored = (await readdir(join(folder, 'files', MONTH))).map((name) => `${MONTH}/${name}`).toSorted();
  expect(stored.length).toBeGreaterThan(3);
  expect(artifacts.filter((artifact) => artifact.startsWith('output')).length).toBeGreaterThanOrEqual(stored.length);
  expect(ending).toHaveProperty('output.files', expect.arrayContaining(stored));
  const refusals = events.filter((event) => event.type === 'step.failed' && event.error.code === 'DOWNLOAD_REFUSED');
  expect(refusals.filter((event) => 'position' in event && event.position.endsWith('/save'))).toHaveLength(1);
  expect(artifacts.filter((artifact) => artifact.startsWith('trace'))).toHaveLength(1);
  expect(JSON.stringify(events)).not.toContain(PASSWORD);
}, 60_000);
