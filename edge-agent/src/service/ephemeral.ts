/**
 * An ephemeral agent (containers, VDI, golden images): it enrols anew at each start and keeps no identity. What an
 * earlier start left in its home is removed first: it belongs to an agent that has left.
 *
 * Invariant: the home of an agent that is kept is never emptied; only one that an ephemeral agent made is.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, Fault } from '../fault.ts';
import { type AgentHome, enrol, type EnrolOptions, makeHome, writeWhole } from '../identity/index.ts';
import { Outbox } from '../outbox/index.ts';
import { POLICY_NAME } from '../policy/index.ts';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';

export interface EphemeralOptions extends AgentOptions {
  readonly join: Omit<EnrolOptions, 'home' | 'now'>;
}

/** Says that an ephemeral agent made this home. */
const MARK = 'ephemeral';

/** Enrols and starts. Throws what `enrol` and `startAgent` throw, and EPHEMERAL_HOME_TAKEN. */
export async function startEphemeralAgent(options: EphemeralOptions): Promise<Agent> {
  const { home, clock, join: wanted, print } = options;
  empty(home);
  makeHome(home);
  writeWhole(join(home.root, MARK), 'This folder is emptied at each start of an ephemeral agent.\n');
  const enrolled = await enrol({ ...wanted, home, now: () => clock.now().wall });
  if (enrolled.ephemeral !== true) {
    print('warn: the join token is not for ephemeral agents: each start leaves an agent behind');
  }
  if (enrolled.state === 'pending') print('a person must approve this agent before it gets jobs');
  const agent = await startAgent(options);
  return {
    status: () => agent.status(),
    async stop() {
      await agent.stop();
      empty(home);
    },
  };
}

/** Removes what an ephemeral agent made, but its logs, the way out and the policy that somebody put there. */
function empty(home: AgentHome): void {
  if (!existsSync(join(home.root, MARK))) {
    if (!existsSync(home.identity)) return;
    throw new Fault(
      'EPHEMERAL_HOME_TAKEN',
      `${home.root} holds an agent that is kept: give the ephemeral agent another --home`,
    );
  }
  ensureNotRunning(home);
  const kept = new Set([
    ...[home.logs, home.audit, home.network.file].map((path) => basename(path)),
    POLICY_NAME,
    MARK,
  ]);
  for (const name of readdirSync(home.root)) {
    if (kept.has(name)) continue;
    rmSync(join(home.root, name), { recursive: true, force: true });
  }
}

/** The outbox is locked by the agent that runs. Throws AGENT_RUNNING. */
export function ensureNotRunning(home: AgentHome): void {
  if (!existsSync(home.outbox)) return;
  try {
    Outbox.open({ file: home.outbox }).close();
  } catch (error) {
    // a damaged one is about to be removed
    if (codeOf(error) === 'AGENT_RUNNING') throw error;
  }
}
