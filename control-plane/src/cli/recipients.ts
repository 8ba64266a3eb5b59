/**
 * Whom a secret is sealed to: the keys that the control plane says, held against what the person gave and what was used
 * before. Nothing is sealed to a key that a person has not named an agent for.
 */
import type { SealingKey } from '@casare/shared/api';
import { api } from '@casare/shared/client';
import { SealingFingerprint, sealingFingerprint } from '@casare/shared/sealing';
import { Fault } from '../platform/errors.ts';
import { UsageError } from './exit.ts';
import type { Pin, SealingPins } from './sealing-pins.ts';
import type { Session } from './session.ts';

/** An agent as the person names it. */
export interface Named {
  readonly reference: string;
  /** As the agent itself shows it. */
  readonly fingerprint: string | null;
}

/** An agent whose key was judged. */
export interface Recipient {
  readonly tenant: string;
  readonly agentId: string;
  readonly agent: string;
  readonly publicKey: string;
  readonly fingerprint: string;
}

/** `NAME` or `NAME=sha256:…`. @throws UsageError */
export function namedAgent(text: string): Named {
  const [, reference = text, given] = /^(.+)=(sha256:.*)$/.exec(text) ?? [];
  if (given === undefined) return { reference, fingerprint: null };
  const fingerprint = SealingFingerprint.safeParse(given.toLowerCase());
  if (!fingerprint.success) throw new UsageError(`${text}: ${fingerprint.error.issues[0]!.message}`);
  return { reference, fingerprint: fingerprint.data };
}

/** Keys of these agents; those that are new here are pinned, and shown. @throws Fault SEALING_KEY_*, AGENT_* */
export async function judged(session: Session, pins: SealingPins, named: readonly Named[]): Promise<Recipient[]> {
  const found: Recipient[] = [];
  const fresh = new Map<string, Pin>();
  for (const { reference, fingerprint: given } of named) {
    const recipient = await keyOf(session, reference);
    const { agentId, agent, fingerprint } = recipient;
    const pin = pins.of(reference);
    if (given !== null && given !== fingerprint) throw otherKey(agent, fingerprint, 'what was given');
    if (given === null && pin !== null && (pin.fingerprint !== fingerprint || pin.agentId !== agentId)) {
      throw otherKey(agent, fingerprint, 'what was used before');
    }
    if (given !== null || pin === null) fresh.set(reference, { agentId, fingerprint });
    if (given === null && pin === null) {
      session.terminal.err(
        `The key of ${agent} is new here, and taken as the control plane says it: ${fingerprint}\n` +
          'Compare it with `casare-agent status` on the agent.\n',
      );
    }
    if (!found.some((other) => other.agentId === agentId)) found.push(recipient);
  }
  if (fresh.size > 0) await pins.keep(fresh);
  return found;
}

/**
 * The agents that a secret is sealed to now, to be sealed to again: the control plane says who they are, so each must have
 * been named here before. Without those that `left` names.
 */
export async function earlier(
  session: Session,
  pins: SealingPins,
  name: string,
  left: ReadonlySet<string>,
): Promise<Named[]> {
  const { items } = await session.client.call(api.secrets.recipients, { params: { name }, query: { limit: 200 } });
  const kept = items.filter(({ agentId, agent }) => !left.has(agentId) && !left.has(agent));
  return kept.map(({ agentId, agent }) => {
    const reference = [agent, agentId].find((called) => pins.of(called)?.agentId === agentId);
    if (reference !== undefined) return { reference, fingerprint: null };
    throw new Fault({
      code: 'SEALING_KEY_UNKNOWN',
      what: `${name} is sealed to ${agent}, whose key was never used from here`,
      fix: `Name it, --agent ${agent}=sha256:… with what \`casare-agent status\` shows there, or leave it out, --without ${agent}`,
    });
  });
}

async function keyOf({ client }: Session, reference: string): Promise<Recipient> {
  const { items } = await client.call(api.secrets.sealingKeys, { query: { agent: reference, limit: 2 } });
  const [key, ...others] = items.filter((item) => isCalled(item, reference));
  if (key === undefined) {
    const fix = 'See `casare secrets agents`';
    throw new Fault({ code: 'AGENT_UNKNOWN', what: `There is no agent ${reference}`, fix, status: 404 });
  }
  if (others.length > 0) {
    const fix = 'Give the id of one';
    throw new Fault({ code: 'AGENT_AMBIGUOUS', what: `Several agents are called ${reference}`, fix, status: 409 });
  }
  const { tenant, agentId, agent, publicKey } = key;
  if (publicKey === null) {
    const why = 'it is of a version before sealed secrets, or has not connected since';
    const fix = 'Update and start it, then seal again';
    throw new Fault({ code: 'AGENT_WITHOUT_SEALING_KEY', what: `${agent} has no sealing key`, why, fix, status: 409 });
  }
  // What the control plane says of the fingerprint counts nothing: it follows from the key.
  return { tenant, agentId, agent, publicKey, fingerprint: await sealingFingerprint(publicKey) };
}

function isCalled({ agentId, agent }: SealingKey, reference: string): boolean {
  return agent === reference || agentId === reference.toLowerCase();
}

function otherKey(agent: string, fingerprint: string, than: string): Fault {
  return new Fault({
    code: 'SEALING_KEY_CHANGED',
    what: `The control plane says a key for ${agent} that is not ${than}: ${fingerprint}`,
    why: 'The agent got a new home, or somebody wants to read what you seal',
    fix: `Compare with \`casare-agent status\` on the agent; if it is the same there, --agent ${agent}=${fingerprint}`,
    status: 409,
  });
}
