/** A run without an engine: calls browser steps in a real browser and keeps what they hand over. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StepSeen } from '@casare/shared/protocol';
import { DEFAULT_EVIDENCE, type EvidenceRules } from '@casare/shared/workflow';
import { startBrowser, type StartedBrowser } from '../../browser/index.ts';
import { TEST_BROWSER } from '../../browser/browser-for-tests.ts';
import { StepFailure, type ArtifactAbout, type StepContext, type StepPolicy } from '../../engine/index.ts';
import { unrestricted } from '../../policy/index.ts';
import { closeSessions, createStepRegistry } from '../index.ts';

interface CallOptions {
  readonly usesSecret?: boolean;
  readonly checkSecretAddress?: (address: string) => void;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly policy?: StepPolicy;
  readonly evidence?: Partial<EvidenceRules>;
}

/** One run: its folder, and everything its steps handed over. */
export interface TestRun {
  readonly folder: string;
  readonly artifacts: (ArtifactAbout & { readonly path: string })[];
  readonly logs: string[];
  /** What the last call saw. */
  readonly seen: StepSeen;
  call(name: string, args: unknown, options?: CallOptions): Promise<unknown>;
  end(): Promise<void>;
}

/** One browser for all runs of a test file; each session has a context of its own. */
export interface SharedBrowser {
  newRun(): Promise<TestRun>;
  close(): Promise<void>;
}

/** `home` is where its runs keep profiles. */
export async function shareBrowser(home = TEST_BROWSER.home): Promise<SharedBrowser> {
  const started = await startBrowser(TEST_BROWSER);
  const shared: StartedBrowser = { ...started, close: async () => {} };
  const registry = createStepRegistry({ ...TEST_BROWSER, home, startBrowser: async () => shared });
  return { newRun: () => newRun(registry), close: () => started.close() };
}

/** A run of its own for the steps of a registry. */
export async function newRun(registry: ReturnType<typeof createStepRegistry>): Promise<TestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'casare-run-'));
  const session = new Map<string, unknown>();
  const artifacts: TestRun['artifacts'] = [];
  const logs: string[] = [];
  const seen: StepSeen = {};
  let calls = 0;
  return {
    folder,
    artifacts,
    logs,
    seen,
    call: async (name, args, options = {}) => {
      calls += 1;
      for (const fact of Object.keys(seen)) Reflect.deleteProperty(seen, fact);
      const context: StepContext = {
        signal: options.signal ?? new AbortController().signal,
        timeoutMs: options.timeoutMs ?? 20_000,
        runFolder: folder,
        position: `/do/${calls}/${name}`,
        usesSecret: options.usesSecret ?? false,
        checkSecretAddress: options.checkSecretAddress,
        holdsSecret: () => false,
        policy: options.policy ?? unrestricted,
        evidence: { ...DEFAULT_EVIDENCE, ...options.evidence },
        session,
        see: (facts) => Object.assign(seen, facts),
        artifact: async (path, about) => void artifacts.push({ path, ...about }),
        log: async (level, message) => void logs.push(`${level}: ${message}`),
      };
      const step = registry.find(name);
      if (step === null) throw new Error(`no step ${name}`);
      return step.declaration.output.parse(await step.run(args, context));
    },
    end: async () => {
      await closeSessions(session);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The failure that a call ends with. */
export async function failureOf(call: Promise<unknown>): Promise<StepFailure> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StepFailure) return error;
    throw error;
  }
  throw new Error('the step did not fail');
}

/** A site on loopback. */
export interface TestSite {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

type Answer = string | ((request: IncomingMessage, response: ServerResponse) => void);

/** Serves HTML bodies, or whatever a function answers, by path. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<TestSite> {
  const server = createServer((request, response) => {
    const answer = answers[new URL(request.url ?? '/', 'http://site.invalid').pathname];
    if (typeof answer === 'function') {
      answer(request, response);
      return;
    }
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><html lang="en"><title>Test</title><body>${answer ?? 'Nothing here'}</body></html>`);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}`, close };
}

/** The example portal in a process of its own. */
export async function startPortal(): Promise<TestSite> {
  const module = fileURLToPath(new URL('../../../../docs/examples/supplier-portal/server.ts', import.meta.url));
  const child = spawn(process.execPath, [module, '--port', '0', '--stop-with-stdin'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await exited;
  };
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    return { url: url.replace(/\/$/, ''), close };
  }
  throw new Error('the portal did not start');
}
