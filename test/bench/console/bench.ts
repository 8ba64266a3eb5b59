/**
 * `console`: a tenant with a million jobs, and what people ask of its list: the first page, the next ones, jobs by state, by
 * workflow, by agent, and what a search finds or does not find; at the API, and as a page that a browser has painted. No peer
 * is asked the same.
 */
import { openMasterKey } from '@casare/certs';
import { api, createClient, type Client } from '@casare/shared/client';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startBrowser } from '../../../edge-agent/dist/browser/index.js';
import { sql } from '../../../control-plane/dist/platform/database/index.js';
import { startPart } from '../frame/child.ts';
import type { BenchOptions } from '../frame/options.ts';
import { atMost, type Outcome } from '../frame/report.ts';
import { quantile, runRounds, type Figures } from '../frame/rounds.ts';
import { openBenchScene } from '../frame/scene.ts';
import type { ServerQuestions } from '../tunnels/gateway.ts';
import { makeAgents } from '../tunnels/leaves.ts';
import { fill } from './fill.ts';

const SIZES = {
  full: { jobs: 1_000_000, agents: 200, workflows: 50, asks: 200, paints: 10 },
  small: { jobs: 2_000, agents: 5, workflows: 4, asks: 5, paints: 1 },
} as const;
/** People who ask at once. */
const LANES = 4;
const LIMIT = 50;
const STATES = ['failed', 'timed_out', 'cancelled', 'pending', 'succeeded'] as const;
const API_MS = 100;
const PAINTED_MS = 1_000;

type Query = Readonly<Record<string, string>>;

interface Tenant {
  readonly client: Client;
  readonly agents: readonly string[];
  readonly workflows: readonly string[];
  readonly url: string;
  /** Where the next page begins, as pages were walked. */
  readonly cursors: string[];
  readonly ids: readonly string[];
}

export async function lists(options: BenchOptions): Promise<Outcome> {
  const { agents, workflows, asks, paints, ...size } = SIZES[options.size];
  const jobs = options.count ?? size.jobs;
  await using scene = await openBenchScene();
  const log = path.join(scene.home, 'parts.log');
  const env = {
    ...{
      CASARE_HOME: path.join(scene.home, 'control-plane'),
      CASARE_DATABASE_URL: scene.db.url,
      CASARE_RATE_LIMIT: '0',
    },
    ...{ CASARE_HOST: '127.0.0.1', CASARE_WEB_PORT: '0', CASARE_ENROL_PORT: '0', CASARE_TUNNEL_PORT: '0' },
    CASARE_LOG_LEVEL: 'warn',
  };
  await using stack = new AsyncDisposableStack();
  const server = startPart<ServerQuestions>(new URL('../tunnels/gateway.ts', import.meta.url), { log, env });
  stack.defer(() => server.end());
  await server.ask('start');
  const url = await server.ask('web');
  const { apiKey } = JSON.parse(await readFile(path.join(env.CASARE_HOME, 'admin.json'), 'utf8')) as { apiKey: string };
  const masterKey = await openMasterKey(env.CASARE_HOME);
  if (!masterKey.ok) throw new Error(masterKey.message);
  const leaves = await makeAgents(scene.db, masterKey.value, agents);
  const ids = leaves.leaves.map(({ agentId }) => agentId);
  const names = await fill({ ...{ db: scene.db, web: { url, apiKey }, agents: ids, workflows, jobs } });
  await scene.db.execute(analyse());
  options.progress(`${jobs} jobs are there`);
  const client = createClient({ url, apiKey });
  const tenant = { client, agents: ids, workflows: names, url, cursors: [], ids: await someIds(client) };
  const run = async (): Promise<Figures> => ({
    ...(await askAll(tenant, asks)),
    ...(await paint(tenant, paints, scene.home)),
  });
  const result = await runRounds([{ name: 'casare', run }], {
    ...options,
    ownProcesses: () => [process.pid, scene.postgresPid],
    onRound: options.progress,
  });
  const figures = result.figures['casare']!;
  const full = options.size === 'full' && options.count === null;
  const goals = Object.entries(figures)
    .filter(([name]) => name.endsWith('p95 ms'))
    .map(([name, value]) => atMost(name, value, name.startsWith('painted') ? PAINTED_MS : API_MS));
  const skipped = full ? [] : ['goals: they are for a million jobs'];
  return { bench: 'console', ...result, ratios: {}, goals: full ? goals : [], skipped };
}

const analyse = sql<never, []>('benchAnalyse', 'VACUUM (ANALYZE)');

/** What is asked, by the n-th person. */
const ASKS: Readonly<Record<string, (tenant: Tenant, n: number) => Query>> = {
  'first page': () => ({}),
  'next page': ({ cursors }, n) => (cursors.length === 0 ? {} : { cursor: cursors[n % cursors.length]! }),
  'by state': (_, n) => ({ state: STATES[n % STATES.length]! }),
  'by workflow': ({ workflows }, n) => ({ workflow: workflows[n % workflows.length]! }),
  'by agent': ({ agents }, n) => ({ agent: agents[n % agents.length]! }),
  'by state, workflow and agent': ({ workflows, agents }, n) => ({
    ...{ state: 'failed', workflow: workflows[n % workflows.length]!, agent: agents[n % agents.length]! },
  }),
  'search, a name': (_, n) => ({ q: `order-${n % 10}` }),
  'search, an id': ({ ids }, n) => ({ q: ids[n % ids.length]! }),
  'search, nothing': (_, n) => ({ q: `no-such-order-${n}` }),
};

async function askAll(tenant: Tenant, asks: number): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const [name, query] of Object.entries(ASKS)) {
    const times = await timesOf(tenant, asks, query);
    figures[`${name}, p50 ms`] = quantile(times, 0.5);
    figures[`${name}, p95 ms`] = quantile(times, 0.95);
  }
  return figures;
}

async function timesOf(tenant: Tenant, asks: number, queryOf: (tenant: Tenant, n: number) => Query): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < asks) {
      const query = { ...queryOf(tenant, next++), limit: LIMIT };
      const at = performance.now();
      const page = await tenant.client.call(api.jobs.list, { query });
      times.push(performance.now() - at);
      if (page.nextCursor !== null && tenant.cursors.length < asks) tenant.cursors.push(page.nextCursor);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return times;
}

/** From the address to the rows on the screen, signed in. */
async function paint({ client, url }: Tenant, paints: number, home: string): Promise<Figures> {
  const started = await startBrowser({ home, env: process.env, platform: process.platform });
  try {
    const page = await started.browser.newPage();
    await page.goto((await client.call(api.auth.createSignInCode)).url);
    const rows = page.locator('table.jobs tbody tr').first();
    await rows.waitFor();
    const times: number[] = [];
    for (let n = 0; n < paints; n += 1) {
      await page.goto('about:blank');
      const at = performance.now();
      await page.goto(url, { waitUntil: 'commit' });
      await rows.waitFor();
      // Two frames later what is there has been painted.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      times.push(performance.now() - at);
    }
    return { 'painted, p50 ms': quantile(times, 0.5), 'painted, p95 ms': quantile(times, 0.95) };
  } finally {
    await started.close();
  }
}

async function someIds(client: Client): Promise<string[]> {
  const { items } = await client.call(api.jobs.list, { query: { limit: LIMIT } });
  return items.map(({ id }) => id);
}
