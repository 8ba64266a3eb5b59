/**
 * The quick start under Node 24: control plane, one local agent, the example portal and its job, then either stay up
 * or end (`--once`). `--json` prints the result as the last line of standard output.
 *
 * It uses what people use: the programs, the REST API, a join token. It knows nothing that a user could not do.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { api, createClient, type Client } from '../../shared/dist/client/index.js';
import { runExample, type ExampleResult } from './job.ts';
import { startLocalAgent } from './local-agent.ts';
import { Processes, type Running } from './processes.ts';
import { createScreen, type Screen } from './screen.ts';
import { until } from './until.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const MONTH = '2026-10';
const startedAt = Number(process.env['CASARE_STARTED_AT'] ?? Date.now());
const home = path.resolve(process.env['CASARE_HOME'] ?? path.join(ROOT, '.casare'));

/** The addresses that the control plane says it is reached by. */
interface Urls {
  readonly web: string;
  readonly enrol: string;
  readonly tunnel: string;
}

interface ControlPlane {
  readonly urls: Urls;
  /** The owner's. */
  readonly apiKey: string;
}

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' }, 'no-job': { type: 'boolean' } },
});
const screen = createScreen(options.json ?? false, startedAt);
// Made by root, others may pass through and list nothing: the embedded database runs as another user.
mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
const processes = new Processes(path.join(home, 'logs'));
let stopping: Promise<void> | null = null;
const stop = (): Promise<void> => (stopping ??= processes.stop());
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(130));
process.on('disconnect', () => void end(1));

try {
  const result = await start();
  if (options.once && result) await end(result.job.state === 'succeeded' ? 0 : 1, result);
} catch (error) {
  screen.fail(error instanceof Error ? error.message : String(error));
  await end(1);
}

async function start(): Promise<ExampleResult | null> {
  const { urls, apiKey } = await startControlPlane();
  const client = createClient({ url: urls.web, apiKey });
  const portalUrl = await startPortal();
  await writeSecrets();
  await startLocalAgent({ client, urls, home: path.join(home, 'agent'), processes, screen });
  if (options['no-job']) {
    await showConsole(client);
    return null;
  }
  screen.begin(`running the example job against ${portalUrl}`);
  screen.detail('(one page of it fails at first on purpose; the workflow tries again)');
  const results = path.join(home, 'results');
  const result = await runExample({ client, url: urls.web, apiKey, portalUrl, month: MONTH, results, screen });
  await show(client, result, screen);
  return result;
}

async function startControlPlane(): Promise<ControlPlane> {
  screen.begin('starting the control plane');
  let urls: Urls | null = null;
  const running = processes.start({
    name: 'control-plane',
    args: [path.join(ROOT, 'control-plane/dist/cli/main.js'), 'up'],
    env: { CASARE_HOME: home, CASARE_LOG_LEVEL: process.env['CASARE_LOG_LEVEL'] ?? 'warn' },
    onLine: (line) => line.startsWith('{') || urls || screen.detail(line),
    onMessage: (message) => {
      urls = (message as { urls?: Urls }).urls ?? urls;
    },
  });
  const ready = await until('the control plane starting', 120_000, running.failed, () => Promise.resolve(urls));
  const { apiKey } = JSON.parse(await readFile(path.join(home, 'admin.json'), 'utf8')) as { apiKey: string };
  screen.done('control plane up');
  void watch(running);
  return { urls: ready, apiKey };
}

/** While the rest runs: a control plane that ends takes the quick start with it, with its own words. */
async function watch(running: Running): Promise<void> {
  await running.failed.catch(async (error: unknown) => {
    screen.fail(`${running.name}: ${error instanceof Error ? error.message : String(error)}`);
    await end(1);
  });
}

async function startPortal(): Promise<string> {
  let url: string | null = null;
  const running = processes.start({
    name: 'portal',
    args: [path.join(ROOT, 'docs/examples/supplier-portal/server.ts'), '--port', '0'],
    onLine: (line) => {
      if (line.startsWith('{')) url ??= (JSON.parse(line) as { url: string }).url;
    },
  });
  return until('the example portal starting', 15_000, running.failed, () => Promise.resolve(url));
}

/** The example's password goes where workflows look for secrets in development; an existing file is left alone. */
async function writeSecrets(): Promise<void> {
  const file = path.join(home, 'secrets.yaml');
  if (existsSync(file)) return;
  const text = 'supplierPortal:\n  username: buyer@example.com\n  password: correct horse\n';
  await writeFile(file, `# Secrets of workflows, for development only: see docs/guides/secrets.md\n${text}`, {
    mode: 0o600,
  });
}

async function show(client: Client, { job, files, invoices, folder }: ExampleResult, to: Screen): Promise<void> {
  const pdfs = files.filter(({ artifact }) => artifact.kind === 'output');
  to.say('');
  to.say(`Job ${job.id}: ${job.state}${job.error ? ` - ${job.error.title ?? job.error.type}` : ''}`);
  for (const { artifact } of pdfs) {
    const number = path.basename(artifact.name, '.pdf');
    const amount = invoices.find((invoice) => invoice['Number'] === number)?.['Amount'] ?? '';
    to.say(`  ${number.padEnd(16)} ${amount.padStart(14)}   ${artifact.bytes} bytes`);
  }
  to.say('');
  to.say(`  PDFs        ${folder}`);
  to.say(`  Run record  npx casare job show ${job.id}`);
  await showConsole(client);
}

async function showConsole(client: Client): Promise<void> {
  const { url } = await client.call(api.auth.createSignInCode);
  screen.say(`  Console     ${url}`);
  screen.say('              (a one-time sign-in link, good for ten minutes)');
  if (!options.once) screen.say('\nEverything stays up; Ctrl-C stops it. All data is kept.');
}

/** Stops what was started and ends; with `--json` the result is the last line. */
async function end(code: number, result?: ExampleResult): Promise<void> {
  await stop();
  if (result && options.json) {
    const { job, files } = result;
    const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
    const line = { job: job.id, state: job.state, output: job.output, artifacts: files.length, seconds };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  process.exit(code);
}
