/** How a transaction is opened, in one round trip: its modes, and settings that end with it. */
import { escapeLiteral } from 'pg';
import { presentSites } from '../site-scope.ts';

export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /** Set for this transaction only (`SET LOCAL`), e.g. the tenant. Costs no extra round trip. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Tries after serialization failures and deadlocks, 1 to 10. More than 1 only if `work` has no other effects. Default: 3 in
   * the work of a tenant, whose services tell the rest of the process after COMMIT; else 1, since what the installation does
   * by itself comes again in its turn.
   */
  readonly attempts?: number;
}

/**
 * Settings of a transaction whose statements find their rows by keys that they are given, a few hundred at most. A hot table
 * is small, full of dead rows, seldom analysed and sometimes empty when a plan is made: by its size the planner would read it
 * whole, again and again, or compare each row with each. So each plan is made once, and the statements leave no other way than
 * an index: `key = ANY (list)`, paired with the list by hashes, or a lateral look for each key, whose cost no setting forbids
 * but which looks large enough to be compiled.
 */
export const BY_KEY = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_nestloop: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

/** The setting that row-level security compares each row's tenant with; see `of`. */
const TENANT = 'casare.tenant';
/** And, for who is limited to sites, its site. */
const SITES = 'casare.sites';

/** The options of a transaction of this tenant. Whatever the transaction ends by, the connection has no tenant after it. */
export function withTenant(options: TransactionOptions, tenant: string): TransactionOptions {
  const sites = presentSites();
  const limited = sites === null ? {} : { [SITES]: JSON.stringify(sites) };
  return { attempts: 3, ...options, settings: { ...options.settings, [TENANT]: tenant, ...limited } };
}

/** The text. `set local` is what `set_config(..., true)` does; no setting of a session is ever made: a pooler would pass it on. */
export function openingOf(options: TransactionOptions, idleMs: number): string {
  const modes = [
    options.isolation === undefined ? '' : ` isolation level ${options.isolation}`,
    options.readOnly === true ? ' read only' : '',
  ];
  const settings = Object.entries(options.settings ?? {}).map(
    ([name, value]) => `; set local ${checkedName(name)} = ${escapeLiteral(value)}`,
  );
  const begin = `begin${modes.filter((mode) => mode !== '').join(',')}`;
  return `${begin}; set local idle_in_transaction_session_timeout = ${idleMs}${settings.join('')}`;
}

function checkedName(name: string): string {
  if (/^[a-z_]+(\.[a-z_]+)?$/.test(name)) return name;
  throw new TypeError(`${JSON.stringify(name)} is no name of a setting`);
}
