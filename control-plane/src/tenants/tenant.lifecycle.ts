/** A tenant's states as data. One that is being deleted has no way back; only a suspended one is deleted, so never by one slip. */
import type { TenantState } from '@casare/shared/api';
import type { Table } from '@casare/shared/lifecycle';

export type TenantEvent = 'suspend' | 'resume' | 'delete';

export const TENANT: Table<TenantState, TenantEvent> = {
  active: { suspend: 'suspended' },
  suspended: { resume: 'active', delete: 'deleting' },
  deleting: {},
};
