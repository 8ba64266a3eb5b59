/**
 * Who works with the login of the installation, from the code: whatever is handed a whole `Database` sees every tenant's rows, so
 * a forgotten tenant in one of its statements would show them. What serves tenants' requests is handed a `TenantDatabase`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ALL = 'works for all tenants: no request of a tenant reaches it';
const BEFORE = 'before it is known whose it is';
const TRUST = 'changes of trust: the number of all changes, the installation’s CAs and every gateway are in them';
const WIRING = 'hands its parts what they need';
const BOTH = 'requests of tenants go by `of(tenant)`; beside them';

/** Each file that names the type, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  'accounts/accounts.service.ts': `${BOTH}: signing in, ${BEFORE}`,
  'accounts/api-keys.service.ts': `${BOTH}: keys that ended long ago are forgotten`,
  'accounts/first-start.ts': 'makes the first tenant',
  'accounts/provided-accounts.ts': `signing in: ${BEFORE}`,
  'accounts/sign-on.service.ts': `signing in: ${BEFORE}`,
  'accounts/token-callers.ts': `signing in: ${BEFORE}`,
  'alerts/deliver.ts': ALL,
  'alerts/watch.ts': ALL,
  'audit/audit.service.ts': `${BOTH}: the chains of all tenants grow`,
  'backup/take.ts': 'a backup of all; on the server itself',
  'done-again.ts': 'a person on the server itself, after a restore',
  'fleet/agent-metrics.ts': 'numbers of the installation, for its operators',
  'fleet/draining.ts': ALL,
  'fleet/enrolment.service.ts': `a join token: ${BEFORE}`,
  'fleet/ephemeral-agents.ts': ALL,
  'fleet/fleet.module.ts': WIRING,
  'fleet/gateway-beat.ts': 'the replica’s own row',
  'fleet/greetings.ts': 'tunnels: greetings of many tenants share statements; the tenant is the certificate’s',
  'fleet/second-holders.ts': 'tunnels: the tenant is the certificate’s',
  'fleet/session-context.ts': 'tunnels: the tenant is the certificate’s',
  'fleet/session-watch.ts': ALL,
  'jobs/artifacts.service.ts': `${BOTH}: what agents send; the tenant is the certificate’s`,
  'jobs/assignment.ts': 'assignments of many tenants share statements; the tenant is the lease’s',
  'jobs/closures.service.ts': `${BOTH}: what is closed, of all tenants, for the dispatcher`,
  'jobs/dispatcher.ts': ALL,
  'jobs/history.store.ts': 'days of history: of all tenants',
  'jobs/history.ts': ALL,
  'jobs/job-metrics.ts': 'numbers of the installation, for its operators',
  'jobs/jobs.module.ts': WIRING,
  'jobs/lease.store.ts': 'acceptances of many tenants share statements; the tenant is the lease’s',
  'jobs/orphan.store.ts': 'files of all tenants, compared with what names them',
  'jobs/orphans.ts': ALL,
  'jobs/record.ts': 'events of many tenants share statements; the tenant is the lease’s',
  'jobs/restore.ts': 'a restored record: before anything runs',
  'jobs/settle.ts': 'ends of attempts: by agents and sweeps; the tenant is the lease’s',
  'live/live.service.ts': `${BOTH}: the cursor of now, which is the database’s, and forgetting`,
  'local-access.ts': 'a person on the server itself (break-glass)',
  'local-store.ts': 'a person on the server itself (break-glass)',
  'main.ts': WIRING,
  'platform/singletons.ts': 'which replica does what one does for all',
  'schedules/firing.service.ts': `${BOTH}: which times of all tenants are due`,
  'secrets/sealing.ts':
    'the master key in use, which all tenants share, and secrets of attempts; the tenant is the lease’s',
  'secrets/secrets.module.ts': WIRING,
  'tenants/deletion.ts': 'a tenant that goes as a whole; for operators alone',
  'tenants/export.ts': 'a tenant as a whole; for operators alone',
  'tenants/quotas.ts': ALL,
  'tenants/retention.ts': ALL,
  'tenants/tenants.module.ts': WIRING,
  'tenants/tenants.service.ts': `${BOTH}: operators of the platform look after all`,
  'trust/admission.service.ts': 'tunnels: admissions of many tenants share statements; the tenant is the certificate’s',
  'trust/adoptions.ts': `certificates that a restored record has forgotten: ${BEFORE}`,
  'trust/authorities.ts': TRUST,
  'trust/authority-requests.service.ts': TRUST,
  'trust/certificates.service.ts': `${BOTH}: ${TRUST}`,
  'trust/change.ts': TRUST,
  'trust/expiry-watch.ts': `${BOTH}: warnings of all tenants`,
  'trust/gateway-identity.ts': 'the installation’s own certificates',
  'trust/join-tokens.service.ts': `${BOTH}: a token that is presented, ${BEFORE}`,
  'trust/lock.store.ts': 'which of the two logins reads for a viewer',
  'trust/locks.service.ts': 'a tenant sees the installation’s locks on it, which are no rows of it; ' + TRUST,
  'trust/oversight.ts': WIRING,
  'trust/renewals-after-expiry.ts': `a certificate that is presented: ${BEFORE}`,
  'trust/renewals.ts': 'tunnels: the tenant is the certificate’s',
  'trust/root-keys.service.ts': TRUST,
  'trust/rotation-material.ts': TRUST,
  'trust/rotation-writes.ts': TRUST,
  'trust/rotations.service.ts': `${BOTH}: ${TRUST}`,
  'trust/trust-status.service.ts': `${BOTH}: the installation’s locks on a tenant, and all for operators`,
  'trust/trust-view.ts': 'what every gateway trusts',
  'trust/trust.module.ts': WIRING,
};

const SOURCES = path.resolve(import.meta.dirname, '../..');

test('is handed to these alone, each for its reason', () => {
  const found = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith('.ts') && !/test|platform\/database\//.test(file))
    .filter((file) => names(readFileSync(path.join(SOURCES, file), 'utf8')))
    .sort();
  expect(found, 'take a TenantDatabase, or say here why it must see every tenant').toEqual(Object.keys(ALLOWED).sort());
});

/** The type is imported, by its name or another one. */
function names(text: string): boolean {
  const imports = text.matchAll(/import[^;]*from '[^']*\/database\/(?:index|pool)\.ts'/g);
  return [...imports].some(([each]) => /(?<![\w])Database\b/.test(each) || /import \*/.test(each));
}
