/**
 * What people took away after a backup, as the audit log tells it, and what of it still stood at its end: that is done again
 * before anybody is let in (docs/adr/0044). Pure. Only what takes something away: nothing is given twice.
 */

/** What of an audit entry is asked. */
interface Told {
  readonly at: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: unknown;
}

/** A lock that held. */
export interface LockToMake {
  readonly kind: 'agent' | 'tenant' | 'serial' | 'ca';
  readonly target: string;
  readonly reason: string;
  /** ISO 8601; null: until it is lifted. */
  readonly expiresAt: string | null;
}

/** What is to be done again. By what each is called, so that later entries can take it back. */
export interface DoneSince {
  readonly locks: Map<string, LockToMake>;
  readonly keys: Set<string>;
  readonly accounts: Set<string>;
  /** Entries of other actions, counted: people look at them. */
  readonly others: Map<string, number>;
}

export function nothingDone(): DoneSince {
  return { locks: new Map(), keys: new Set(), accounts: new Set(), others: new Map() };
}

/** Takes one more entry in, in the order of the log. */
export function tellDone(done: DoneSince, { action, subject, detail }: Told): void {
  const id = subject.slice(subject.indexOf(':') + 1);
  const said = (typeof detail === 'object' && detail !== null ? detail : {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  switch (action) {
    case 'lock.created': {
      const kind = KINDS.find((one) => one === said['kind']);
      const expiresAt = typeof said['expiresAt'] === 'string' ? said['expiresAt'] : null;
      if (kind !== undefined) {
        done.locks.set(subject, { kind, target: text(said['target']), reason: text(said['reason']), expiresAt });
      }
      return;
    }
    case 'lock.lifted':
    case 'lock.expired':
      done.locks.delete(subject);
      return;
    case 'agent.locked':
    case 'agent.decommissioned':
      done.locks.set(subject, { kind: 'agent', target: id, reason: text(said['reason']) || action, expiresAt: null });
      return;
    case 'agent.unlocked':
      done.locks.delete(subject);
      return;
    case 'apiKey.revoked':
    // The key in its place is on no record any more: whoever rotated it makes a new one.
    case 'apiKey.rotated':
      done.keys.add(id);
      return;
    case 'account.disabled':
      done.accounts.add(id);
      return;
    case 'account.enabled':
      done.accounts.delete(id);
      return;
    default:
      done.others.set(action, (done.others.get(action) ?? 0) + 1);
  }
}

const KINDS = ['agent', 'tenant', 'serial', 'ca'] as const;
