/**
 * The greetings of agents that come at the same time, put on record in one transaction: sessions, profiles,
 * announcements. After a gateway died or a network came back thousands greet at once, and each by itself would cost six
 * round trips and a COMMIT.
 *
 * Invariants: every agent's row is locked before its state is judged: a lock that commits earlier is seen here, one that
 * commits later finds the session; the rows are locked in one order, so batches never wait for each other in a circle;
 * one agent's refusal says nothing about the others.
 */
import { CLOSE } from '@casare/shared/protocol';
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

const TOGETHER = { most: 100, runs: 2, keyOf: ({ session }: Greeting) => session.peer.agentId };

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
  const refusals = agents.map((agent) => (agent ? refusalOfState(agent.state) : 'AGENT_DECOMMISSIONED'));
  const welcome = greetings.filter((_, index) => refusals[index] === null);
  const opened = await sessions.openAll(
    tx,
    welcome.map(({ session: { id, peer }, hello: { instance, epoch } }) => {
      return { ...peer, sessionId: id, gatewayId, instance, epoch };
    }),
  );
  const begun = welcome.filter((_, index) => opened[index] !== null);
  const standings = await store.saveProfiles(
    tx,
    begun.map(({ session: { peer }, hello }) => ({ ...peer, ...hello })),
  );
  const changes = begun.map(({ session: { peer } }, index) => {
    const { name, state } = standings[index]!;
    return { tenant: peer.tenant, agentId: peer.agentId, name, state, connected: true };
  });
  await announceAgents(tx, changes, clock.now());
  const standingOf = new Map(begun.map((greeting, index) => [greeting, standings[index]!]));
  const before = new Map(welcome.map((greeting, index) => [greeting, opened[index] ?? null]));
  return greetings.map((greeting, index) => {
    const refusal = refusals[index] ?? null;
    if (refusal !== null) return refused(refusal === 'AGENT_LOCKED' ? CLOSE.locked : CLOSE.notAdmitted, refusal);
    const standing = standingOf.get(greeting);
    if (!standing) return refused(CLOSE.replaced, 'a newer start of this agent is connected');
    const gateway = before.get(greeting)?.gateway ?? null;
    return { standing, elsewhere: gateway !== null && gateway !== gatewayId };
  });
}

function refused(code: number, reason: string): { readonly refused: Ending } {
  return { refused: { code, reason } };
}
