/**
 * The gates of a rotation (docs/adr/0016): who is waited for, why, and whether a phase may end. Pure.
 *
 * Invariants: a gateway that lives and an agent that is connected are always waited for; an agent that is away is waited
 * for while it was seen within the rotation's days, and is named as left behind after that. Only rotations without an
 * emergency wait for whoever is away.
 */
import type { AgentState, CaKind, RotationPhase, Straggler } from '@casare/shared/api';

/** What is known of an agent. */
export interface AgentFact {
  readonly tenant: string;
  readonly id: string;
  readonly name: string;
  readonly state: AgentState;
  readonly connected: boolean;
  /** When it was last connected, now for one that is; null: never. */
  readonly seenAt: Date | null;
  /** Digest of the bundle it holds. */
  readonly bundle: string | null;
  /** It has a certificate of the CA that leaves which is good now. */
  readonly leafLeaves: boolean;
  /** Its session was admitted by such a certificate; null: not known. */
  readonly certificateLeaves: boolean | null;
  /** Its session's handshake saw the chain that leaves; null: not known. */
  readonly chainLeaves: boolean | null;
}

/** What a gateway says in its row. */
export interface GatewayFact {
  readonly id: string;
  readonly rev: number;
  readonly presented: string | null;
  readonly ready: string | null;
}

/** What a gate compares the facts with. */
export interface Gate {
  readonly kind: CaKind;
  readonly phase: RotationPhase;
  readonly emergency: boolean;
  readonly seenDays: number;
  /** Gateways must have loaded this rev of trust. */
  readonly trustRev: number;
  /** Digest of the bundle that agents are to hold. */
  readonly bundle: string;
  /** The server CA that gateways are to have ready, or to present. */
  readonly serverCa: string | null;
  readonly now: Date;
}

/** `away`: waited for, and not connected. `left`: not waited for any more. `uncounted`: of no matter here. */
export type Weight = 'ready' | 'blocks' | 'away' | 'left' | 'uncounted';
export interface Weighed {
  readonly weight: Weight;
  /** Why it is not ready; empty when it is. */
  readonly why: string;
}

interface Wants {
  readonly counts: string;
  readonly gateways: 'loaded' | 'ready' | 'presents';
  readonly agents: 'bundle' | 'leaf' | 'certificate' | 'chain' | 'leafAndCertificate' | null;
}

const LOADED = 'gateways that have loaded it';
const AGENT_GATES: Readonly<Record<Exclude<RotationPhase, 'standby'>, Wants>> = {
  prepare: { counts: 'gateways that trust the new CA', gateways: 'loaded', agents: null },
  issue: { counts: 'agents whose certificates all come from the new CA', gateways: 'loaded', agents: 'leaf' },
  serve: { counts: 'sessions that stand on the new CA', gateways: 'loaded', agents: 'certificate' },
  retire: { counts: 'sessions that do not stand on the old CA', gateways: 'loaded', agents: 'certificate' },
  rollback: { counts: 'agents back on the old CA', gateways: 'loaded', agents: 'leafAndCertificate' },
};
const SERVER_GATES: Readonly<Record<Exclude<RotationPhase, 'standby'>, Wants>> = {
  prepare: { counts: LOADED, gateways: 'loaded', agents: null },
  issue: { counts: 'gateways that have a certificate of the new CA', gateways: 'ready', agents: null },
  serve: { counts: 'gateways and sessions on the new chain', gateways: 'presents', agents: 'chain' },
  retire: { counts: 'sessions that do not stand on the old chain', gateways: 'presents', agents: 'chain' },
  rollback: { counts: 'gateways and sessions back on the old chain', gateways: 'presents', agents: 'chain' },
};
const BUNDLE: Wants = { counts: 'agents that hold the new bundle', gateways: 'loaded', agents: 'bundle' };

/** What a phase waits for; null when the rotation has ended. */
export function wantsOf(kind: CaKind, phase: RotationPhase): Wants | null {
  if (phase === 'standby') return null;
  if (kind === 'server_root' && phase === 'prepare') return BUNDLE;
  return kind === 'agent_ca' || kind === 'agent_root' ? AGENT_GATES[phase] : SERVER_GATES[phase];
}

/** Is this gateway what the phase wants? */
export function weighGateway(gate: Gate, gateway: GatewayFact): Weighed {
  const wants = wantsOf(gate.kind, gate.phase);
  if (wants === null) return UNCOUNTED;
  if (gateway.rev < gate.trustRev) return { weight: 'blocks', why: 'It has not loaded the change yet.' };
  if (wants.gateways === 'ready' && gateway.ready !== gate.serverCa) {
    return { weight: 'blocks', why: 'It has no certificate of the new CA yet.' };
  }
  if (wants.gateways === 'presents' && gateway.presented !== gate.serverCa) {
    return { weight: 'blocks', why: 'It still presents the other chain.' };
  }
  return READY;
}

/** Is this agent what the phase wants, and is it waited for? */
export function weighAgent(gate: Gate, agent: AgentFact): Weighed {
  const fault = faultOf(gate, agent);
  if (fault === null) return UNCOUNTED;
  const barred = agent.state === 'locked' || agent.state === 'suspect' || agent.state === 'decommissioned';
  if (fault === '') return agent.connected || isRecent(gate, agent) ? READY : UNCOUNTED;
  if (agent.connected && !barred) return { weight: 'blocks', why: fault };
  if (barred) return { weight: 'left', why: `It is ${agent.state}. ${fault}` };
  return isRecent(gate, agent)
    ? { weight: 'away', why: `It is not connected. ${fault}` }
    : { weight: 'left', why: `It has been away for too long to be waited for. ${fault}` };
}

/** A gate as it is counted up, one fact after the other. */
export class Tally {
  ready = 0;
  total = 0;
  leftBehind = 0;
  /** Of those that are missing, how many are away. */
  away = 0;
  readonly blockers: Straggler[] = [];

  add({ weight }: Weighed, straggler: () => Straggler): void {
    if (weight === 'left') this.leftBehind += 1;
    if (weight === 'left' || weight === 'uncounted') return;
    this.total += 1;
    if (weight === 'ready') this.ready += 1;
    if (weight === 'away') this.away += 1;
    if (weight !== 'ready' && this.blockers.length < BLOCKERS) this.blockers.push(straggler());
  }

  get met(): boolean {
    return this.ready === this.total;
  }

  /** May the phase end? `leaveStragglers`: also without those that are away. */
  maySkip(leaveStragglers: boolean): boolean {
    return this.met || (leaveStragglers && this.ready + this.away === this.total);
  }
}

/** Named in a gate; the list of stragglers has all. */
const BLOCKERS = 20;

export function agentStraggler({ id, name, seenAt }: AgentFact, { why }: Weighed): Straggler {
  return { kind: 'agent', id, name, why, seenAt: seenAt?.toISOString() ?? null };
}

export function gatewayStraggler({ id }: GatewayFact, { why }: Weighed, now: Date): Straggler {
  return { kind: 'gateway', id, name: `gateway ${id.slice(-8)}`, why, seenAt: now.toISOString() };
}

/** Which server CA's chain is presented, and of which one gateways must hold a certificate as well. */
export function gatewayCas(
  phase: RotationPhase | null,
  active: string | null,
  outgoing: string | null,
): { readonly presented: string | null; readonly ready: string | null } {
  // In `issue` the new CA signs already, and what is presented is still the old one's.
  return phase === 'issue' && outgoing !== null
    ? { presented: outgoing, ready: active }
    : { presented: active, ready: null };
}

/** The root that new join tokens pin: what enrolment can be verified by for as long as a token may live. */
export function pinsOldRoot(rotation: { readonly phase: RotationPhase; readonly emergency: boolean } | null): boolean {
  if (rotation === null) return false;
  const { phase, emergency } = rotation;
  // The cross certificate serves the old pin in `serve` too, and a rollback may still come.
  return phase === 'prepare' || phase === 'issue' || (phase === 'serve' && !emergency);
}

/** The next safe command, for people. */
export function nextCommand(
  rotation: { readonly id: string; readonly automatic: boolean },
  gate: { readonly met: boolean } | null,
): string {
  const { id, automatic } = rotation;
  if (gate === null) return 'casare-certs status';
  if (!gate.met) return `casare-certs rotate status ${id} --stragglers`;
  return automatic ? `casare-certs rotate status ${id}` : `casare-certs rotate advance ${id}`;
}

const READY: Weighed = { weight: 'ready', why: '' };
const UNCOUNTED: Weighed = { weight: 'uncounted', why: '' };
const DAY_MS = 86_400_000;

/** Why the agent is not ready; empty when it is; null when the phase asks nothing of it. */
function faultOf(gate: Gate, agent: AgentFact): string | null {
  const session = (leaves: boolean | null, of: string): string | null => {
    if (!agent.connected) return null;
    if (leaves === null) return `Its session does not say on which ${of} it stands: it must reconnect.`;
    return leaves ? `Its session stands on the ${of} that goes out.` : '';
  };
  const leaf = agent.leafLeaves ? 'It has a certificate of the CA that goes out.' : '';
  switch (wantsOf(gate.kind, gate.phase)?.agents ?? null) {
    case 'bundle': {
      return agent.bundle === gate.bundle ? '' : 'It has not acknowledged the new bundle.';
    }
    case 'leaf': {
      return leaf;
    }
    case 'certificate': {
      return session(agent.certificateLeaves, 'CA');
    }
    case 'leafAndCertificate': {
      return leaf === '' ? (session(agent.certificateLeaves, 'CA') ?? '') : leaf;
    }
    case 'chain': {
      return session(agent.chainLeaves, 'chain');
    }
    case null: {
      return null;
    }
  }
}

function isRecent({ emergency, seenDays, now }: Gate, { seenAt, connected }: AgentFact): boolean {
  if (connected) return true;
  return !emergency && seenAt !== null && now.getTime() - seenAt.getTime() <= seenDays * DAY_MS;
}
