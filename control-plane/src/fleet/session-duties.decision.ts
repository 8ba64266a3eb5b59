/**
 * What an agent must be told because trust has changed (docs/adr/0016). Pure, level-triggered: a duty is there as long as
 * its cause, and nothing of it is stored.
 */

/** On what a session stands, and what its agent holds. */
export interface Standpoint {
  /** The CA of its certificate. */
  readonly caId: string;
  /** Key identifier of the server CA whose chain its handshake saw; null: not known. */
  readonly serverCaKeyId: string | null;
  /** Digest of the bundle that the agent holds; null: it did not say. */
  readonly bundle: string | null;
}

/** What trust asks for now. */
export interface Wanted {
  /** Digest of the bundle. */
  readonly bundle: string;
  /** Agent CAs that sign no more: what they signed must be replaced. */
  readonly outgoingCas: ReadonlySet<string>;
  /** Of these, the ones whose keys are in wrong hands. */
  readonly urgentCas: ReadonlySet<string>;
  /** Key identifier of the server CA whose chain the listeners present. */
  readonly presentedKeyId: string | null;
}

/** `renewNow`: its CA is in wrong hands. */
export type Duty = 'bundle' | 'renew' | 'renewNow' | 'reconnect';

/** In the order in which they are to be told. */
export function dutiesOf({ caId, serverCaKeyId, bundle }: Standpoint, wanted: Wanted): Duty[] {
  const duties: Duty[] = [];
  if (bundle !== wanted.bundle) duties.push('bundle');
  if (wanted.urgentCas.has(caId)) duties.push('renewNow');
  else if (wanted.outgoingCas.has(caId)) duties.push('renew');
  // Who renews connects anew anyhow.
  else if (serverCaKeyId !== null && wanted.presentedKeyId !== null && serverCaKeyId !== wanted.presentedKeyId) {
    duties.push('reconnect');
  }
  return duties;
}

/** Over how long a duty is spread, so that a fleet does not act at once, milliseconds. */
export function spreadMs(duty: Duty, sessions: number): number {
  switch (duty) {
    case 'bundle':
      return 0;
    case 'renewNow':
      return URGENT_MS;
    // What a CA signs in a minute is bounded: 600, so that 10,000 agents take a quarter of an hour.
    case 'renew':
      return between(1_000, sessions * 100, 900_000);
    case 'reconnect':
      return between(1_000, sessions * 5, 60_000);
  }
}

const URGENT_MS = 2_000;

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
