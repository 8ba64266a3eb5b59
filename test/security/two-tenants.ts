/**
 * Two tenants behind one control plane. The first has one of everything that a path of the API can name; nobody of the other
 * one may see or touch it.
 */
import { api, BODY_EXAMPLES, EXAMPLE, type Endpoint, type Role } from '@casare/shared/api';
import { createHash } from 'node:crypto';
import { sql } from '../../control-plane/src/platform/database/index.ts';
import { startTestControlPlane, type TestControlPlane } from '../../control-plane/src/testing.ts';

/** Occurs in names of the first tenant's things. */
export const MARK = 'first-tenant-only';
export const OTHER = 'other';

export interface TwoTenants {
  readonly plane: TestControlPlane;
  /** By the beginning of the path: what its parameter names. */
  readonly things: ReadonlyMap<string, string>;
  /** What must not be in an answer to somebody of the other tenant. */
  readonly foreign: readonly string[];
  /** The path with the first tenant's thing in it. @throws Error for a path whose kind of thing is not made here */
  pathTo(endpoint: Endpoint): string;
  /** An example of its body, about the first tenant's things. */
  bodyOf(endpoint: Endpoint): string | undefined;
  /** All rows of the first tenant, as one digest for each table. */
  rows(): Promise<Record<string, string>>;
}

// The chain of the audit log and its checkpoints grow behind its entries, which are compared.
const tables = sql<{ name: string }>(
  'securityTenantTables',
  `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     AND c.relname NOT IN ('audit_head', 'audit_link', 'audit_checkpoint') ORDER BY 1`,
  { idempotent: true },
);

const [JOB, AGENT, ARTIFACT, PROVIDER] = Array.from({ length: 4 }, () => crypto.randomUUID());
const SERIAL = 'c0ffee01';
const SECRET = 'theirSecret';

/** What comes to be only by an agent's work. */
function agentsThings(tenant: string): string {
  return `
    INSERT INTO agent (tenant_id, id, name, state, join_token_id, key_digest)
      VALUES ('${tenant}', '${AGENT}', '${MARK}-agent', 'active', 'none', 'none');
    INSERT INTO agent_certificate (tenant_id, serial, agent_id, ca_id, state, certificate_pem, not_after)
      SELECT '${tenant}', '${SERIAL}', '${AGENT}', id, 'current', '${MARK}', now() + interval '1 day'
      FROM certificate_authority LIMIT 1;
    UPDATE job SET state = 'failed', dead_letter = 'permanent', ended_at = now(), attempt = 1, agent_id = '${AGENT}'
      WHERE tenant_id = '${tenant}' AND id = '${JOB}';
    INSERT INTO job_attempt (tenant_id, job_id, attempt, generation, agent_id) VALUES ('${tenant}', '${JOB}', 1, 1, '${AGENT}');
    INSERT INTO job_step (tenant_id, job_id, attempt, seq, position, path, name, task, effect, state, started_at)
      VALUES ('${tenant}', '${JOB}', 1, 1, '/do/0/a', '/do/0/a', '${MARK}', 'set', 'idempotent', 'completed', now());
    INSERT INTO artifact (tenant_id, id, job_id, attempt, name, kind, media_type, bytes, sha256)
      VALUES ('${tenant}', '${ARTIFACT}', '${JOB}', 1, '${MARK}.txt', 'output', 'text/plain', 1, '${'0'.repeat(64)}');`;
}

/** A provider that nobody has to reach. */
function providerOf(tenant: string): string {
  return `
    INSERT INTO identity_provider (tenant_id, id, kind, name, issuer, client_id, groups_claim, link_by_email,
        trust_email, created_at, changed_at)
      VALUES ('${tenant}', '${PROVIDER}', 'jwt', '${MARK}', 'https://${MARK}.example', 'a', 'groups', false, false, now(), now())`;
}

export async function openTwoTenants(): Promise<TwoTenants> {
  const plane = await startTestControlPlane();
  const { client, admin, database } = plane;
  const { db } = database;
  const name = `${MARK}-document`;
  const source = {
    ...(BODY_EXAMPLES['workflows.push'] as object),
    document: { dsl: '1.0.3', namespace: 'a', name, version: '1.0.0' },
  };
  const workflow = await client.call(api.workflows.push, { body: source });
  const job = await client.call(api.jobs.submit, { body: { workflow: workflow.id, input: { mark: MARK } } });
  await db.transaction(async (tx) => {
    await tx.script(
      `DELETE FROM job_ready WHERE job_id = '${job.id}'; UPDATE job SET id = '${JOB}' WHERE id = '${job.id}'`,
    );
    await tx.script(agentsThings(admin.tenant));
  });
  await database.owner.transaction((tx) => tx.script(providerOf(admin.tenant)));
  const { account } = await client.call(api.accounts.invite, {
    body: { email: `${MARK}@example.com`, role: 'viewer' },
  });
  const key = await client.call(api.apiKeys.create, { body: { name: MARK, role: 'viewer' } });
  const token = await client.call(api.joinTokens.create, { body: { site: MARK } });
  const times = { kind: 'always' } as const;
  const window = await client.call(api.maintenance.create, {
    body: { scope: 'site', target: MARK, reason: MARK, times },
  });
  const schedule = await client.call(api.schedules.create, {
    body: { name: MARK, cron: '0 6 * * *', job: { workflow: `a/${name}` }, enabled: false },
  });
  const { channel } = await client.call(api.alertChannels.create, {
    body: { kind: 'webhook', name: MARK, url: `https://${MARK}.example/hook` },
  });
  const alertRule = await client.call(api.alertRules.create, {
    body: { kind: 'certificate.expiring', name: MARK, channels: [channel.id], enabled: false },
  });
  const value = crypto.randomUUID();
  await client.call(api.secrets.set, { params: { name: SECRET }, body: { value, description: MARK } });
  const lock = await client.call(api.locks.create, { body: { kind: 'serial', target: SERIAL, reason: MARK } });
  const rotation = await client.call(api.rotations.start, { body: { kind: 'agent_ca', reason: MARK } });
  const route = (await client.call(api.routes.list)).items[0]!;
  const session = await sessionOf(plane);
  const things = new Map<string, string>([
    ['/accounts/', account.id],
    ['/sessions/', session],
    ['/api-keys/', key.id],
    ['/agents/', AGENT!],
    ['/join-tokens/', token.id],
    ['/workflows/', workflow.id],
    ['/jobs/', JOB!],
    ['/dead-letters/', JOB!],
    ['/artifacts/', ARTIFACT!],
    ['/routes/', route.id],
    ['/maintenance-windows/', window.id],
    ['/schedules/', schedule.id],
    ['/alert-channels/', channel.id],
    ['/alert-rules/', alertRule.id],
    ['/secrets/', SECRET],
    ['/identity-providers/', PROVIDER!],
    ['/tenants/', admin.tenant],
    ['/trust/certificates/', SERIAL],
    ['/trust/locks/', lock.id],
    ['/trust/rotations/', rotation.id],
    ['/trust/authority-requests/', crypto.randomUUID()],
  ]);
  const real = {
    [EXAMPLE.workflow]: workflow.id,
    [EXAMPLE.job]: JOB!,
    [EXAMPLE.agent]: AGENT!,
    [EXAMPLE.channel]: channel.id,
  };
  const named = (await db.query(tables())).map((row) => row.name);
  return {
    plane,
    things,
    foreign: [
      MARK,
      value,
      ...[...things].filter(([at]) => at !== '/routes/' && at !== '/tenants/').map(([, id]) => id),
    ],
    pathTo: (endpoint) => pathTo(endpoint, things),
    bodyOf({ id, method }) {
      if (method === 'GET') return undefined;
      return Object.entries(real).reduce(
        (text, [one, other]) => text.replaceAll(one, other),
        JSON.stringify(BODY_EXAMPLES[id] ?? {}),
      );
    },
    async rows() {
      const digests: Record<string, string> = {};
      for (const table of named) {
        const text = `SELECT t::text AS row FROM ${table} AS t WHERE tenant_id = $1 ORDER BY 1`;
        const rows = await db.query<{ row: string }>({
          name: `securityRows_${table}`,
          text,
          values: [admin.tenant],
          idempotent: true,
        });
        digests[table] = createHash('sha256')
          .update(rows.map(({ row }) => row).join('\n'))
          .digest('hex');
      }
      return digests;
    },
  };
}

function pathTo({ id, path, params }: Endpoint, things: ReadonlyMap<string, string>): string {
  const at = path.search(/\{(?!action)/);
  if (at < 0) return path;
  const thing = things.get(path.slice(0, at));
  if (thing === undefined) throw new Error(`${id}: make one of what ${path} names, in two-tenants.ts`);
  const { action } = (params?.shape ?? {}) as { action?: { options: readonly string[] } };
  return path
    .replace(/\{\w+\}/, thing)
    .replace('{version}', '1')
    .replace('{action}', action?.options[0] ?? '');
}

/** Of somebody who has signed in by a link. */
async function sessionOf({ client, url }: TestControlPlane): Promise<string> {
  const { code } = await client.call(api.auth.createSignInCode);
  await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  return (await client.call(api.sessions.list)).items[0]!.id;
}

/** A key of each role. */
export async function keysOf(
  plane: TestControlPlane,
  roles: readonly Role[],
  tenant?: string,
): Promise<Map<Role, string>> {
  const keys = new Map<Role, string>();
  for (const role of roles) keys.set(role, await plane.keyOf(role, tenant));
  return keys;
}
