/** Tenants: made, suspended, resumed, exported, deleted; their quotas and retention. */
export { Quotas } from './quotas.ts';
export { LEFT_OUT, withheldOf } from './export.ts';
export { listExportedTables } from './tenant-data.store.ts';
export { createTenants, tenantsModule, type Tenants } from './tenants.module.ts';
