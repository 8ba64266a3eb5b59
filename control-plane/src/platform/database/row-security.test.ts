/**
 * Every table, from the catalogue: it is under row-level security for tenants, or named here with the reason. And the rights
 * that go with it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from './statement.ts';
import { testDatabase, type TestDatabase } from './testing.ts';

/** Tables that hold nothing of a tenant, and why. The app role may at most read those that say so. */
const INSTALLATION: Readonly<Record<string, string>> = {
  expiry_warning: 'which ends of certificates the installation has warned of',
  gateway: 'the replicas; tenants read when each was last alive, to judge whether an agent is silent',
  gateway_certificate: 'certificates of the installation, for its listeners',
  login_failure: 'failed sign-ins by address and account, before it is known whose they are',
  schema_migration: 'the history of the schema; nobody but the owner of the tables reads it',
  secret_master: 'the ids of master keys, which all tenants share; the keys themselves are elsewhere',
  singleton: 'which replica does what one does for all',
  store: 'the epoch of the record; read with an agent, to tell a restored record',
  trust_state: 'the number of the last change of trust, for all tenants together; it is shown to them',
};
const READ_BY_TENANTS = ['gateway', 'store', 'trust_state'];
/** Where somebody who is limited to sites sees those alone (migration 0032), and how it is known. */
const OF_SITES: Readonly<Record<string, RegExp>> = {
  ...{ agent: /\? site/, join_token: /\? site/, route: /\? site/, job: /FROM route r/ },
  ...Object.fromEntries(
    ['job_attempt', 'job_event', 'job_step', 'artifact', 'job_ready', 'job_waiting'].map((name) => [
      name,
      /FROM job j/,
    ]),
  ),
};
/** What nobody may change, the appender neither. */
const APPEND_ONLY = ['audit_checkpoint', 'audit_event', 'audit_link'];

interface Table {
  readonly name: string;
  readonly partition: boolean;
  readonly forced: boolean;
  /** The app role may write some column. */
  readonly writes: boolean;
  readonly app: string[];
  readonly system: string[];
  readonly policies: {
    readonly permissive: boolean;
    readonly roles: string[];
    readonly using: string;
    readonly check: string | null;
  }[];
}

const rights = (role: string): string =>
  `ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
     WHERE has_table_privilege('${role}', c.oid, p))`;
/** Rights on columns count too: a table without its rows' policy gives none. */
const anyColumn = (role: string): string =>
  `(has_any_column_privilege('${role}', c.oid, 'INSERT') OR has_any_column_privilege('${role}', c.oid, 'UPDATE'))`;
const tables = sql<Table, []>(
  'testTables',
  `SELECT c.relname AS name, c.relispartition AS partition, c.relrowsecurity AND c.relforcerowsecurity AS forced,
     ${anyColumn('casare_app')} AS writes, ${rights('casare_app')} AS app, ${rights('casare_system')} AS system,
     (SELECT coalesce(jsonb_agg(jsonb_build_object('permissive', p.polpermissive,
         'roles', (SELECT jsonb_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END) FROM unnest(p.polroles) r),
         'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))), '[]'::jsonb)
       FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
   FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname`,
);
const others = sql<{ name: string }, []>(
  'testOtherRelations',
  `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f')`,
);
const roles = sql<{ name: string; able: boolean; owns: number }, []>(
  'testRoles',
  `SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS able,
     (SELECT count(*)::int FROM pg_class WHERE pg_has_role(r.oid, relowner, 'MEMBER') AND relnamespace = 'public'::regnamespace) AS owns
   FROM pg_roles r WHERE rolname IN ('casare_app', 'casare_system', 'test_app', 'test_system') ORDER BY rolname`,
);
const definers = sql<{ name: string; app: boolean }, []>(
  'testDefiners',
  `SELECT proname AS name, has_function_privilege('casare_app', oid, 'EXECUTE') AS app FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR proname = 'isolate') ORDER BY proname`,
);

let database: TestDatabase;
let all: Table[];
beforeAll(async () => {
  database = await testDatabase();
  all = await database.db.query(tables());
});
afterAll(() => database.close());

const named = (names: readonly { readonly name: string }[]): string[] => names.map(({ name }) => name);

describe('row-level security', () => {
  it('is forced on every table but those that hold nothing of a tenant', () => {
    const open = all.filter(({ name, partition, forced }) => !partition && !forced && !(name in INSTALLATION));
    expect(named(open), 'call isolate() in the migration, or name it in INSTALLATION with the reason').toEqual([]);
    expect(all.length).toBeGreaterThan(40);
  });

  it('names only tables that there are', () => {
    expect(Object.keys(INSTALLATION).filter((name) => !named(all).includes(name))).toEqual([]);
  });

  it('shows tenants the rows of the one that their transaction names, and the rest of the house all of them', () => {
    const keys: Record<string, string> = { tenant: 'id', tenant_deletion: 'tenant' };
    const key = (name: string): string => keys[name] ?? 'tenant_id';
    for (const { name, policies, forced } of all) {
      if (!forced) continue;
      const site = policies.filter(({ permissive }) => !permissive);
      expect(policies.length - site.length, name).toBe(2);
      expect(
        site.map(({ roles }) => roles),
        name,
      ).toEqual(name in OF_SITES ? [['casare_app']] : []);
      if (name in OF_SITES) expect(site[0]!.using, name).toMatch(OF_SITES[name]!);
      expect(policies, name).toContainEqual({
        permissive: true,
        roles: ['casare_app'],
        using: `(${key(name)} = current_setting('casare.tenant'::text, true))`,
        check: null,
      });
      expect(policies, name).toContainEqual({ permissive: true, roles: ['casare_system'], using: 'true', check: null });
    }
  });

  it('gives tenants nothing of what has no policy, but to read some', () => {
    for (const { name, app, writes, forced } of all) {
      if (forced) continue;
      expect(writes, name).toBe(false);
      expect(app, name).toEqual(READ_BY_TENANTS.includes(name) ? ['SELECT'] : []);
    }
  });

  it('lets nobody reach into a partition but by way of its table', () => {
    const partitions = all.filter(({ partition }) => partition);
    expect(partitions.length).toBeGreaterThan(0);
    for (const { name, app, system, forced } of partitions) {
      expect(app, name).toEqual([]);
      if (!forced) expect(system, name).toEqual([]);
    }
  });

  it('has no view, which would show its owner’s rows', async () => {
    expect(await database.db.query(others())).toEqual([]);
  });

  it('lets nobody change what was done', () => {
    for (const { name, app, system } of all) {
      if (!APPEND_ONLY.includes(name)) continue;
      // DELETE goes with a tenant that is deleted whole: a trigger refuses every other.
      expect(system, name).toEqual(['SELECT', 'INSERT', 'DELETE']);
      expect(app, name).toEqual(name === 'audit_event' ? ['SELECT', 'INSERT'] : ['SELECT']);
    }
  });

  it('gives nobody what empties a table past its policies', () => {
    for (const { name, app, system } of all) {
      for (const right of ['TRUNCATE', 'REFERENCES', 'TRIGGER']) expect([...app, ...system], name).not.toContain(right);
    }
  });
});

describe('the roles', () => {
  it('own nothing and may do nothing to the server', async () => {
    expect(await database.db.query(roles())).toEqual(
      ['casare_app', 'casare_system', 'test_app', 'test_system'].map((name) => ({ name, able: false, owns: 0 })),
    );
  });

  it('leave what runs as the owner to the house alone', async () => {
    const found = await database.db.query(definers());
    expect(found.map(({ name }) => name)).toEqual([
      'history_drop_day',
      'history_lock_day',
      'history_make_day',
      'isolate',
      'secret_master_in_use',
    ]);
    // It says an id of what all share, and holds its row; nothing of a tenant.
    expect(named(found.filter(({ app }) => app))).toEqual(['secret_master_in_use']);
  });
});
