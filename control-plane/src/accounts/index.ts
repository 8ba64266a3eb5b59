/** Accounts: tenants, people, keys, roles, signing in. */
export { accountsModule } from './accounts.module.ts';
export { AccountsService } from './accounts.service.ts';
export { AdminFile, firstStart, readAdminFile, type FirstStartOptions } from './first-start.ts';
export type { PeopleService } from './people.service.ts';
export { forgetSignIns } from './sign-in.store.ts';
