/**
 * What ends, when to warn of it, and what to do about it. Pure.
 *
 * CAs and the web certificate need a person: they are warned of at ages. Agents' and gateways' certificates renew
 * themselves: they are warned of when they are late, which means that renewing has failed for a while.
 */
import type { Expiration } from '@casare/shared/api';

/** Something that ends. */
export interface Ending {
  readonly subject: Expiration['subject'];
  readonly id: string;
  readonly name: string;
  /** Null for what belongs to the installation. */
  readonly tenant: string | null;
  readonly notAfter: Date;
  /** Whole life, milliseconds; null when it is not known. */
  readonly lifeMs: number | null;
}

/** Days before the end at which CAs are warned of, unless configured otherwise. */
export const WARNING_DAYS: readonly number[] = [90, 30, 7, 1];
const DAY_MS = 86_400_000;
/** A web certificate may live 90 days only: earlier than this nobody needs to know. */
const WEB_DAYS = 30;
/** The rest of life below which something that renews itself is late: agents renew at a half, gateways at a third. */
const LATE: Readonly<Partial<Record<Expiration['subject'], number>>> = { agent: 1 / 3, gateway: 0.3 };

/**
 * The age of which a warning is due now, in days: the smallest of `days` that is reached, 0 when it has ended; null when
 * nothing is due. What renews itself has one age while it lives: 1.
 */
export function warningAge(ending: Ending, now: Date, days: readonly number[]): number | null {
  const leftMs = ending.notAfter.getTime() - now.getTime();
  if (leftMs <= 0) return 0;
  const late = LATE[ending.subject];
  if (late !== undefined) return leftMs < (ending.lifeMs ?? 0) * late ? 1 : null;
  const ages = ending.subject === 'web' ? days.filter((age) => age <= WEB_DAYS) : days;
  const reached = ages.filter((age) => leftMs <= age * DAY_MS);
  return reached.length === 0 ? null : Math.min(...reached);
}

/** True for what a list of things that end within `withinMs` shows: of what renews itself only what is late. */
export function isListed(ending: Ending, now: Date, withinMs: number): boolean {
  const leftMs = ending.notAfter.getTime() - now.getTime();
  if (leftMs > withinMs) return false;
  return LATE[ending.subject] === undefined || warningAge(ending, now, []) !== null;
}

/** What renews it, or what a person must do. */
export function nextOf({ subject, id }: Pick<Ending, 'subject' | 'id'>): string {
  switch (subject) {
    case 'server_root':
    case 'agent_root':
    case 'server_ca':
    case 'agent_ca': {
      return `casare-certs rotate start ${subject}`;
    }
    case 'gateway': {
      return 'It renews itself and is late: look at the log of the control plane and at the signer.';
    }
    case 'agent': {
      return `It renews itself and is late: look at the log of the agent ${id}.`;
    }
    case 'web': {
      return 'Replace the file of the web certificate; it is read again when it changes.';
    }
  }
}

export function viewOf(ending: Ending): Expiration {
  const { subject, id, name, notAfter } = ending;
  return { subject, id, name, notAfter: notAfter.toISOString(), next: nextOf(ending) };
}
