/** One local agent: enrolled with a join token at the first start, run as its own process. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Agent } from '../../shared/dist/api/index.js';
import { api, ApiError, type Client } from '../../shared/dist/client/index.js';
import type { Processes } from './processes.ts';
import type { Screen } from './screen.ts';
import { until } from './until.ts';

const PROGRAM = path.resolve(import.meta.dirname, '../../edge-agent/dist/cli/main.js');

/** So long after its end the control plane renews a certificate, milliseconds; a day less, so as not to be late. */
const RENEWED_MS = 29 * 86_400_000;

export interface LocalAgentOptions {
  readonly client: Client;
  readonly urls: { readonly enrol: string; readonly tunnel: string };
  /** The agent's own data directory. */
  readonly home: string;
  readonly processes: Processes;
  readonly screen: Screen;
}

/** Enrols if needed, starts, and resolves when its tunnel is up. */
export async function startLocalAgent(options: LocalAgentOptions): Promise<Agent> {
  const { processes, home, screen } = options;
  if ((await identityOf(options)) === null) await enrol(options);
  const id = (await identityOf(options))!;
  const running = processes.start({ name: 'agent', args: [PROGRAM, 'run', '--home', home] });
  const connected = async (): Promise<Agent | null> => {
    const found = await options.client.call(api.agents.get, { params: { id } });
    return found.connected ? found : null;
  };
  const { name } = await until('the agent connecting', 60_000, running.failed, connected);
  screen.done(`agent ${name} connected over mutual TLS`);
  screen.begin('proving that a browser starts');
  const agent = await until(
    'proving a browser (`npx casare-agent doctor` says why)',
    120_000,
    running.failed,
    async () => {
      const found = await connected();
      return found?.capabilities.includes('browser.chromium') ? found : null;
    },
  );
  screen.done(
    `browser ready (${agent.capabilities.find((label) => label.startsWith('browser.chromium=')) ?? 'chromium'})`,
  );
  return agent;
}

async function enrol({ client, urls, home, processes, screen }: LocalAgentOptions): Promise<void> {
  screen.begin('enrolling a local agent');
  await rm(home, { recursive: true, force: true });
  const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true, ttlSeconds: 300 } });
  const file = `${home}.token`;
  await writeFile(file, token, { mode: 0o600 });
  try {
    const args = [PROGRAM, 'enrol', '--url', urls.enrol, '--token-file', file, '--home', home, '--name', 'local'];
    await processes.run({ name: 'agent-enrol', args });
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * The agent's id if it is enrolled at this control plane, at this address; `null` when it must be enrolled (again). One
 * that was off for days renews its certificate by itself.
 */
async function identityOf({ client, home, urls }: LocalAgentOptions): Promise<string | null> {
  const file = path.join(home, 'identity.json');
  if (!existsSync(file)) return null;
  const kept = JSON.parse(await readFile(file, 'utf8')) as { agentId: string; enrolUrl: string; tunnelUrl: string };
  const { agentId, enrolUrl, tunnelUrl } = kept;
  const sameHosts =
    new URL(tunnelUrl).host === new URL(urls.tunnel).host && new URL(enrolUrl).host === new URL(urls.enrol).host;
  if (!sameHosts) return null;
  try {
    const { certificate } = await client.call(api.agents.get, { params: { id: agentId } });
    return certificate && Date.now() - Date.parse(certificate.notAfter) < RENEWED_MS ? agentId : null;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return null;
    throw error;
  }
}
