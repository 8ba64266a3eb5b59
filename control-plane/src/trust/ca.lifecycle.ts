/**
 * The states of a CA as data. Verifiers trust a CA before anything presents it (invariant 6), so a new one stands by
 * first; an old one stays accepted after it stopped to sign, until nothing presents it any more.
 */
import type { CaState } from '@casare/shared/api';
import type { Table } from '@casare/shared/lifecycle';

export type CaEvent = 'activate' | 'supersede' | 'retire';

export const CA: Table<CaState, CaEvent> = {
  standby: { activate: 'active', retire: 'retired' },
  active: { supersede: 'outgoing' },
  outgoing: { activate: 'active', retire: 'retired' },
  retired: {},
};

/** True for a CA whose certificates are accepted: one that stands by has signed nothing yet. */
export function isAccepted(state: CaState): boolean {
  return state === 'active' || state === 'outgoing';
}
