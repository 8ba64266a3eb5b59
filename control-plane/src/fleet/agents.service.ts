/**
 * What people see of agents and do to them. Every action is one transaction through the lifecycle table, audited; the
 * replica that holds the agent's tunnel acts upon it at once (here) or within a second (elsewhere).
 */
import { GRANTS, type Agent, type AgentAction, type AgentUpdate } from '@casare/shared/api';
import { next } from '@casare/shared/lifecycle';
import { appendAudit } from '../audit/index.ts';
import type { LiveService } from '../live/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import type { Unchanged } from '../platform/http/etag.ts';
import { decodeKey, pageOf, uuidCursor, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import { refusalOfSite } from '../platform/site-scope.ts';
import type { AgentLeaves, Locks } from '../trust/index.ts';
import { differenceOf, termsAfter } from './agent-update.decision.ts';
import { AGENT, LEADS_TO } from './agent.lifecycle.ts';
import * as store from './agent.store.ts';
import { saveTerms } from './agent-terms.store.ts';
import { announceAgent } from './announce.ts';

export interface AgentsOptions {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly live: LiveService;
  readonly leaves: AgentLeaves;
  readonly locks: Pick<Locks, 'holdsAgent' | 'leaveLocked'>;
  /** Why the tenant approves no agent that it has; null when it does. */
  readonly mayApprove: (tx: Transaction, tenant: string) => Promise<Refusal | null>;
  /** After COMMIT: whoever holds the agent's tunnel must look again. */
  readonly onChanged: (agentId: string) => void;
}

const AUDITED: Readonly<Record<AgentAction, string>> = {
  approve: 'agent.approved',
  pause: 'agent.paused',
  resume: 'agent.resumed',
  drain: 'agent.drained',
  lock: 'agent.locked',
  unlock: 'agent.unlocked',
  decommission: 'agent.decommissioned',
};

const AT_WORK = 'AGENT_AT_WORK';

/** Who changes an agent. */
interface By {
  readonly tenant: string;
  readonly actor: string;
}

export class AgentsService {
  readonly #options: AgentsOptions;

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** Newest first, unless another order is asked for. */
  async list(tenant: string, ask: PageAsk & store.AgentFilter): Promise<Page<Agent> | Refusal> {
    const { limit, cursor, sort = '-createdAt' } = ask;
    const by = sort.endsWith('name') ? 'name' : 'age';
    const [id, name = null] = cursor === undefined ? [] : (decodeKey(cursor, by === 'age' ? 1 : 2) ?? ['']);
    if (uuidCursor(id) === undefined) return badCursor();
    const range = { by, ascending: !sort.startsWith('-'), beyond: id === undefined ? null : { id, name } } as const;
    const found = await store.listAgents(this.#options.db.of(tenant), tenant, ask, { ...range, limit: limit + 1 });
    return pageOf(found, limit, (agent) => (by === 'age' ? [agent.id] : [agent.id, agent.name]));
  }

  async get(tenant: string, id: string): Promise<Agent | Refusal> {
    return (await store.findAgent(this.#options.db.of(tenant), tenant, id)) ?? notFound(id);
  }

  /** Many at once: those that the tenant has. */
  async byIds(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, Agent>> {
    const found = await store.findAgents(this.#options.db.of(tenant), tenant, ids);
    return new Map(found.map((agent) => [agent.id, agent]));
  }

  /** Does what a person asked for. Doing it twice is the same as once. */
  act(by: By, id: string, action: AgentAction, unchanged?: Unchanged): Promise<Agent | Refusal> {
    const { clock, leaves, locks, mayApprove } = this.#options;
    const { tenant, actor } = by;
    return this.#change(by, id, unchanged, async (tx, agent) => {
      if (action === 'lock') await locks.leaveLocked(tx, tenant, id);
      if (agent.state === LEADS_TO[action]) return { changed: false };
      if (action === 'unlock' && (await locks.holdsAgent(tx, tenant, id))) return lockHeld(id);
      const refused = action === 'approve' ? await mayApprove(tx, tenant) : null;
      if (refused !== null && agent.state === 'pending') return refused;
      const state = next(AGENT, agent.state, action);
      if (state === null || !(await store.move(tx, { tenant, id }, action, state))) {
        return wrongState(agent.state, action);
      }
      const detail = { from: agent.state, to: state };
      await appendAudit(tx, { tenant, actor, action: AUDITED[action], subject: `agent:${id}`, detail });
      if (action === 'decommission') await leaves.revoke(tx, tenant, id, actor);
      await announceAgent(tx, { tenant, agentId: id, ...agent, state }, clock.now());
      return { changed: true };
    });
  }

  /**
   * An agent that is taken away says so itself: decommissioned, and on record as its own doing. False while it has a session,
   * since it may be another one who says so. Throws where it may not.
   */
  async leave({ tenant, agentId }: { readonly tenant: string; readonly agentId: string }): Promise<boolean> {
    const alone: Unchanged = (now) => ((now as Agent | null)?.connected === true ? atWork(agentId) : null);
    const done = await this.act({ tenant, actor: `agent:${agentId}` }, agentId, 'decommission', alone);
    if (!isRefusal(done)) return true;
    if (done.code !== AT_WORK) throw new Error(done.code);
    return false;
  }

  /**
   * Gives an agent another name, site or grants: whoever holds its tunnel routes by them as soon as it has looked. What it
   * runs goes on. Who is limited to sites sees no agent of another one, and moves none there.
   */
  update(by: By, id: string, update: AgentUpdate, unchanged?: Unchanged): Promise<Agent | Refusal> {
    const { tenant, actor } = by;
    return this.#change(by, id, unchanged, async (tx, held) => {
      const agent = await store.findAgent(tx, tenant, id);
      if (!agent) return notFound(id);
      const after = termsAfter(agent, update);
      if (after === 'full') return grantsFull();
      const detail = differenceOf(agent, after);
      if (detail === null) return { changed: false };
      if (agent.state === 'decommissioned') return wrongState(agent.state, 'update');
      const elsewhere = after.site === agent.site ? null : refusalOfSite(after.site);
      if (elsewhere) return elsewhere;
      await saveTerms(tx, tenant, id, after);
      await appendAudit(tx, { tenant, actor, action: 'agent.updated', subject: `agent:${id}`, detail });
      await announceAgent(tx, { tenant, agentId: id, ...held, name: after.name }, this.#options.clock.now());
      return { changed: true };
    });
  }

  /** Changes an agent, which is held meanwhile, if it is still the one that whoever asked has seen; and tells of it. */
  async #change(
    { tenant }: By,
    id: string,
    unchanged: Unchanged | undefined,
    work: (tx: Transaction, agent: store.HeldAgent) => Promise<Refusal | { readonly changed: boolean }>,
  ): Promise<Agent | Refusal> {
    const { db, live, onChanged } = this.#options;
    const done = await db.of(tenant).transaction(async (tx) => {
      const agent = await store.hold(tx, tenant, id);
      if (!agent) return notFound(id);
      return unchanged?.(await store.findAgent(tx, tenant, id)) ?? work(tx, agent);
    });
    if (isRefusal(done)) return done;
    if (done.changed) {
      live.wake();
      onChanged(id);
    }
    return this.get(tenant, id);
  }
}

function notFound(id: string): Refusal {
  return refuse('not_found', 'AGENT_NOT_FOUND', `There is no agent ${id}.`, { fix: 'List agents to find its id.' });
}

function wrongState(state: string, action: AgentAction | 'update'): Refusal {
  return refuse('conflict', 'AGENT_WRONG_STATE', `The agent is ${state}, which does not allow this (${action}).`, {
    fix: 'Look at the agent: its state says what can be done with it.',
  });
}

function atWork(id: string): Refusal {
  return refuse('conflict', AT_WORK, `A session of the agent ${id} is open.`, { fix: 'End the agent first.' });
}

function lockHeld(id: string): Refusal {
  return refuse('conflict', 'AGENT_LOCK_HELD', 'A lock of trust holds on the agent.', {
    fix: `List the locks on agent:${id} that hold, and lift them.`,
  });
}

function grantsFull(): Refusal {
  return refuse('unprocessable', 'GRANTS_FULL', `The agent would have more than ${GRANTS} grants.`, {
    fix: 'Take some away in the same update (`removeGrants`).',
  });
}
