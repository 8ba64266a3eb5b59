/**
 * The greetings of agents that come at the same time, put on record in one transaction: sessions, profiles,
 * announcements. After a gateway died or a network came back thousands greet at once, and each by itself would cost six
 * round trips and a COMMIT.
 *
 * Invariants: every agent's row is locked before its state is judged: a lock that commits earlier is seen here, one that
 * commits later finds the session; the rows are locked in one order, so batches never wait for each other in a circle;
 * one agent's refusal says nothing about the others.
 */
import type { AgentState } from '@casare/shared/api';
import { CLOSE } from '@casare/shared/protocol';
import { sealingFingerprint } from '@casare/shared/sealing';
import { appendAudit } from '../audit/index.ts';
import { sessions } from '../jobs/index.ts';
import type { Clock } from '../platform/clock.ts';
import { gather, type Database, type Transaction } from '../platform/database/index.ts';
import { refusalOfState } from '../trust/index.ts';
import * as store from './agent.store.ts';
import { announceAgents } from './announce.ts';
import type { GatewayBeat } from './gateway-beat.ts';
import type { Ending, Greeting, Opened } from './session-context.ts';

export interface GreetingsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly beat: Pick<GatewayBeat, 'id'>;
}

/** The record is older than one that the agent knows: a restore from backup that nobody has declared. */
export const RECORD_WENT_BACK = 'RECORD_WENT_BACK: the record is older than this agent has seen';

const TOGETHER = { most: 100, runs: 2, apartMs: 20, keyOf: ({ session }: Greeting) => session.peer.agentId };

/** Gives the function that puts one greeting on record. Rejects when the database fails; repeating it changes nothing. */
export function createGreetings(options: GreetingsOptions): (greeting: Greeting) => Promise<Opened> {
  return gather({ run: (all) => options.db.transaction((tx) => openAll(tx, all, options)), ...TOGETHER });
}

async function openAll(
  tx: Transaction,
  greetings: readonly Greeting[],
  { clock, beat }: GreetingsOptions,
): Promise<Opened[]> {
  const gatewayId = beat.id;
  const agents = await store.holdAll(
    tx,
    greetings.map(({ session }) => session.peer),
  );
  const held = await sessions.findHeld(
    tx,
    greetings.map(({ session }) => session.peer),
  );
  const denials = greetings.map((greeting, index) => denialOf(greeting, agents[index] ?? null, held));
  const begun = greetings.filter((_, index) => denials[index] === null);
  const opened = await sessions.openAll(
    tx,
    begun.map(({ session: { id, peer }, hello: { instance, epoch, pauses } }) => {
      return { ...peer, sessionId: id, gatewayId, instance, epoch, pauses: pauses === true };
    }),
  );
  const standings = await store.saveProfiles(
    tx,
    begun.map(({ session: { peer }, hello }) => ({ ...peer, ...hello })),
  );
  const changes = begun.map(({ session: { peer } }, index) => {
    const { name, state } = standings[index]!;
    return { tenant: peer.tenant, agentId: peer.agentId, name, state, connected: true };
  });
  await announceAgents(tx, changes, clock.now());
  await noteSealingKeys(tx, greetings, agents, denials);
  const answers = begun.map((_, index) => {
    const { gateway } = opened[index]!;
    return { standing: standings[index]!, elsewhere: gateway !== null && gateway !== gatewayId };
  });
  return denials.map((denial) => denial ?? answers.shift()!);
}

/** On record when an agent says another sealing key than before: what is sealed to it has to be sealed anew. */
async function noteSealingKeys(
  tx: Transaction,
  greetings: readonly Greeting[],
  agents: readonly ({ readonly sealingKey: string | null } | null)[],
  denials: readonly unknown[],
): Promise<void> {
  for (const [index, { session, hello }] of greetings.entries()) {
    const before = agents[index]?.sealingKey ?? null;
    const { sealingKey = null } = hello;
    if (denials[index] !== null || sealingKey === before) continue;
    const { tenant, agentId } = session.peer;
    const subject = `agent:${agentId}`;
    const detail = { key: await shown(sealingKey), before: await shown(before) };
    await appendAudit(tx, { tenant, actor: subject, action: 'agent.sealingKey', subject, detail });
  }
}

async function shown(key: string | null): Promise<string | null> {
  return key === null ? null : sealingFingerprint(key);
}

/** Why a greeting gets no session; null when it gets one. */
function denialOf(
  { session, hello, known }: Greeting,
  agent: { readonly state: AgentState; readonly storeEpoch: number } | null,
  held: ReadonlyMap<string, { readonly instance: string }>,
): { readonly refused: Ending } | 'contested' | null {
  const refusal = agent ? refusalOfState(agent.state) : 'AGENT_DECOMMISSIONED';
  if (refusal !== null) return refused(refusal === 'AGENT_LOCKED' ? CLOSE.locked : CLOSE.notAdmitted, refusal);
  // Attempts were given and steps were taken that are on no record here: nothing goes on before somebody says so.
  if (agent !== null && (hello.storeEpoch ?? 0) > agent.storeEpoch) return refused(CLOSE.goingAway, RECORD_WENT_BACK);
  // The greeting of a process that is gone must not replace the session of the one that followed it.
  if (session.state === 'closed') return refused(CLOSE.goingAway, 'the session is over');
  const other = held.get(session.peer.agentId);
  return other !== undefined && other.instance !== hello.instance && known === 'alone' ? 'contested' : null;
}

function refused(code: number, reason: string): { readonly refused: Ending } {
  return { refused: { code, reason } };
}
