/** Tenants: made, suspended, resumed; their quotas. */
export { Quotas } from './quotas.ts';
export { createTenants, tenantsModule, type Tenants } from './tenants.module.ts';
