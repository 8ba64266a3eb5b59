/** Weighs a rotation's gate: reads the facts page by page, asks the decision, counts. */
import { bundleDigest } from '@casare/certs';
import type { Rotation, Straggler } from '@casare/shared/api';
import type { Queryable } from '../platform/database/index.ts';
import { findActiveCa, listTrustedCas } from './ca.store.ts';
import {
  agentStraggler,
  gatewayStraggler,
  Tally,
  weighAgent,
  weighGateway,
  wantsOf,
  type Gate,
  type Weight,
} from './rotation.decision.ts';
import { listAgents, listGateways, type AgentPlace, type FactsOf } from './rotation-facts.store.ts';
import type { RotationRow } from './rotation.store.ts';

/** Agents read at once. */
const PAGE = 1_000;

/** A gate that was counted up. */
export interface WeighedGate {
  readonly tally: Tally;
  readonly view: NonNullable<Rotation['gate']>;
}

/** The gate of a rotation now; null when it has ended. */
export async function weighGate(db: Queryable, row: RotationRow, now: Date): Promise<WeighedGate | null> {
  const wants = wantsOf(row.kind, row.phase);
  if (wants === null) return null;
  const gate = await gateOf(db, row, now);
  const tally = new Tally();
  for (const gateway of await listGateways(db)) {
    const weighed = weighGateway(gate, gateway);
    tally.add(weighed, () => gatewayStraggler(gateway, weighed, now));
  }
  if (wants.agents !== null) {
    for await (const agent of agentsOf(db, factsOf(row, now))) {
      const weighed = weighAgent(gate, agent);
      tally.add(weighed, () => agentStraggler(agent, weighed));
    }
  }
  const { ready, total, leftBehind, met } = tally;
  return { tally, view: { met, counts: wants.counts, ready, total, blockers: tally.blockers, leftBehind } };
}

/** Those that are waited for, or those that were left behind, after `after`: gateways first, then agents by tenant and id. */
export async function listStragglers(
  db: Queryable,
  row: RotationRow,
  leftBehind: boolean,
  after: AgentPlace | null,
  limit: number,
  now: Date,
): Promise<{ items: Straggler[]; last: AgentPlace | null }> {
  const items: Straggler[] = [];
  if (wantsOf(row.kind, row.phase) === null) return { items, last: null };
  const gate = await gateOf(db, row, now);
  if (after === null && !leftBehind) {
    for (const gateway of await listGateways(db)) {
      const weighed = weighGateway(gate, gateway);
      if (weighed.weight === 'blocks') items.push(gatewayStraggler(gateway, weighed, now));
    }
  }
  const wanted: readonly Weight[] = leftBehind ? ['left'] : ['blocks', 'away'];
  for await (const agent of agentsOf(db, factsOf(row, now), after)) {
    const weighed = weighAgent(gate, agent);
    if (!wanted.includes(weighed.weight)) continue;
    items.push(agentStraggler(agent, weighed));
    if (items.length >= limit) return { items, last: { tenant: agent.tenant, id: agent.id } };
  }
  return { items, last: null };
}

/** The CA that goes out: in a rollback the new one. */
export function leavingOf({ phase, oldId, newId }: RotationRow): string {
  return phase === 'rollback' ? newId : oldId;
}

async function gateOf(db: Queryable, row: RotationRow, now: Date): Promise<Gate> {
  const { kind, phase, emergency, seenDays, trustRev } = row;
  const bundle = bundleDigest(await listTrustedCas(db, 'server_root', now));
  // In every phase that asks gateways for a CA it is the active one: the new CA from `issue` on, the old one in a rollback.
  const serverCa = (await findActiveCa(db, 'server_ca', null))?.id ?? null;
  return { kind, phase, emergency, seenDays, trustRev, bundle, serverCa, now };
}

function factsOf(row: RotationRow, now: Date): FactsOf {
  return { tenant: row.tenant, leaving: leavingOf(row), now };
}

async function* agentsOf(db: Queryable, of: FactsOf, from: AgentPlace | null = null) {
  let after = from;
  for (;;) {
    const page = await listAgents(db, of, after, PAGE);
    yield* page;
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = { tenant: last.tenant, id: last.id };
  }
}
