/**
 * `service purge`: takes an agent away for good. The control plane is told where it can be reached within a bound; what the
 * agent keeps here is removed in any case.
 *
 * Invariants: an agent that runs is not touched; only what an agent makes is removed, by its names, so that a home that was
 * put into a folder with other things loses none of them.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, describe, Fault } from '../fault.ts';
import { type AgentHome, isPartOf, readIdentity, tunnelTls } from '../identity/index.ts';
import { ensureNotRunning } from '../service/index.ts';
import { sayLeave } from '../tunnel/index.ts';
import { placeOf } from '../worker-host/index.ts';

/** Bound of everything that goes over the network. */
const REACH_MS = 15_000;
/** Made by the agent's other rooms, and by `configure`. */
const OTHERS = ['agent.yaml', 'join-token', 'browser', 'profiles', 'local', 'ephemeral'];

export interface PurgeOptions {
  /** Where worker hosts came to. */
  readonly workerSocket?: string | undefined;
  readonly reachMs?: number;
}

/** Does it, and answers what was done, a line each. Throws AGENT_RUNNING, HOME_UNWRITABLE. */
export async function purge(
  home: AgentHome,
  { workerSocket, reachMs = REACH_MS }: PurgeOptions = {},
): Promise<string[]> {
  if (!existsSync(home.root)) return [`nothing: ${home.root} does not exist`];
  ensureNotRunning(home);
  const said = await leave(home, reachMs);
  const left = removeOwn(home);
  if (workerSocket !== undefined) removePlace(workerSocket);
  if (left.length === 0 && existsSync(home.root)) return [said, `removed: all that was in ${home.root}`];
  if (left.length === 0) return [said, `removed: ${home.root}`];
  return [said, `removed: what the agent kept in ${home.root}`, `kept: ${left.slice(0, 10).join(', ')}`];
}

async function leave(home: AgentHome, reachMs: number): Promise<string> {
  try {
    const { agentId, tunnelUrl } = readIdentity(home);
    const why = await sayLeave({ network: home.network, url: tunnelUrl, tls: tunnelTls(home, tunnelUrl) }, reachMs);
    if (why === null) return `decommissioned: agent ${agentId}`;
    return `not decommissioned: agent ${agentId} (${why}): do that at the control plane`;
  } catch (error) {
    if (codeOf(error) === 'NOT_ENROLLED') return 'not decommissioned: there was no identity';
    return `not decommissioned (${describe(error)}): do that at the control plane`;
  }
}

/** What the agent makes where it meets worker hosts. The folder itself goes where it is empty and may be removed. */
function removePlace(workerSocket: string): void {
  const { root, socket, key, runs } = placeOf(workerSocket);
  try {
    for (const path of [socket, key, runs]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    if (existsSync(root) && readdirSync(root).length === 0) rmdirSync(root);
  } catch (error) {
    throw unremoved(root, error);
  }
}

/** What is left in the home; without anything it is gone. */
function removeOwn(home: AgentHome): string[] {
  const { root, network, ...parts } = home;
  const own = [...Object.values(parts), network.file].map((path) => basename(path));
  const isOwn = (name: string): boolean =>
    own.includes(name) ||
    OTHERS.includes(name) ||
    name.startsWith(`${basename(home.outbox)}-`) ||
    isPartOf(name, isOwn);
  try {
    const names = readdirSync(root);
    for (const name of names.filter(isOwn)) rmSync(join(root, name), { recursive: true, force: true, maxRetries: 5 });
    const left = names.filter((name) => !isOwn(name));
    if (left.length === 0) removeEmpty(root);
    return left;
  } catch (error) {
    throw unremoved(root, error);
  }
}

/** A package's home lies in a folder of root's: there the agent's user may empty it, and the package removes it. */
function removeEmpty(root: string): void {
  try {
    rmdirSync(root);
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
  }
}

function unremoved(root: string, error: unknown): Fault {
  const why = codeOf(error) || 'unknown';
  return new Fault('HOME_UNWRITABLE', `${root} could not be removed (${why}): stop what uses it, and try again`);
}
