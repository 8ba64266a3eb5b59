/** The checks of processes: the agent of this home, one that hangs, workers that were left over. */
import { setTimeout } from 'node:timers/promises';
import { type AgentHome } from '../identity/index.ts';
import { leftoverWorkers } from '../runner/index.ts';
import { agentVersion, askStatus, keptStatus, NO_WORKER_HOST } from '../service/index.ts';
import { type Check, finding, ok } from './check.ts';
import { outboxHolder } from './outbox-holder.ts';
import { skewOf } from './version.decision.ts';

const STAYING_MS = 2_000;
/** Ids are shown up to so many. */
const SHOWN = 10;

/** Whether the agent runs, answers and is connected; whether another one holds its outbox. */
export async function checkProcess(home: AgentHome): Promise<Check> {
  const status = await askStatus(home).catch(() => null);
  const holder = outboxHolder(home.outbox);
  if (status === null && holder !== null) {
    const found = `process ${holder} holds the outbox of this home and does not answer`;
    return finding('agent process', 'AGENT_NOT_ANSWERING', found, `end it (kill ${holder}), and start the agent again`);
  }
  if (status === null) {
    return finding('agent process', 'AGENT_NOT_RUNNING', 'not running', `casare-agent run --home ${home.root}`);
  }
  const found = `pid ${status.pid}, tunnel ${status.tunnel.state}`;
  if (status.tunnel.state === 'live') return ok('agent process', found);
  const { why } = status.tunnel;
  return finding('agent process', 'TUNNEL_DOWN', why === undefined ? found : `${found}: ${why}`);
}

/** Whether somebody starts workers, where the agent does not. */
export async function checkWorkerHost(home: AgentHome, socket: string | undefined): Promise<Check> {
  if (socket === undefined) return ok('worker host', 'none is set up: the agent starts workers itself');
  const status = await askStatus(home).catch(() => null);
  if (status === null) return ok('worker host', `awaited at ${socket}; not known while no agent runs`);
  if (status.browser !== NO_WORKER_HOST) return ok('worker host', `one has come to ${socket}`);
  return finding('worker host', 'WORKER_HOST_AWAY', `none has come to ${socket}`);
}

/** This agent's version against that of the control plane, as it told it last. */
export async function checkVersion(home: AgentHome): Promise<Check> {
  const own = agentVersion();
  const { controlPlane } = (await askStatus(home).catch(() => keptStatus(home))) ?? {};
  if (controlPlane === undefined) return ok('version', `${own}; that of the control plane is not known yet`);
  const found = `${own}, control plane ${controlPlane}`;
  const skew = skewOf(own, controlPlane);
  if (skew === 'agent-old') return finding('version', 'VERSION_OLD', found);
  return skew === 'agent-new' ? finding('version', 'VERSION_NEW', found) : ok('version', found);
}

/** Workers of this home that no agent, and no worker host, stands over. */
export async function checkLeftovers(home: AgentHome): Promise<Check> {
  if (process.platform !== 'linux') return ok('leftover workers', 'not looked for on this system');
  const status = await askStatus(home).catch(() => null);
  const look = (): number[] => leftoverWorkers(home.root, status?.pid ?? null);
  let left = look();
  if (left.length > 0) {
    // workers end by themselves when their agent is gone: only those that stay are worth a word
    await setTimeout(STAYING_MS);
    const now = new Set(look());
    left = left.filter((pid) => now.has(pid));
  }
  if (left.length === 0) return ok('leftover workers', 'none');
  const ids = left.slice(0, SHOWN).join(' ');
  const found = `${left.length} of earlier runs: ${ids}`;
  return finding('leftover workers', 'LEFTOVER_WORKERS', found, `end them: kill ${ids}`);
}
