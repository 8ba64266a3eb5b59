/** Tenants, their quotas and what they use, as people say it. Pure. */
import type { Quotas, TenantState } from '@casare/shared/api';
import { bytesWords } from '../words.ts';

export const STATE_NAMES: Readonly<Record<TenantState, string>> = {
  active: 'Active',
  suspended: 'Suspended',
  deleting: 'Being deleted',
};

export const QUOTA_NAMES: Readonly<Record<keyof Quotas, string>> = {
  agents: 'Agents',
  concurrentJobs: 'Jobs at once',
  queuedJobs: 'Jobs that wait',
  storedBytes: 'Stored files',
};
export const QUOTAS = Object.keys(QUOTA_NAMES) as (keyof Quotas)[];

/** A gigabyte, as forms take it. */
export const GB = 1_000_000_000;

/** `12`, `3.4 GB`. */
export function amountWords(quota: keyof Quotas, amount: number): string {
  if (quota !== 'storedBytes') return amount.toLocaleString('en');
  return amount >= GB ? `${(amount / GB).toLocaleString('en', { maximumFractionDigits: 1 })} GB` : bytesWords(amount);
}
