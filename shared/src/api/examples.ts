/**
 * One example of the body of each operation that takes one: in the OpenAPI document, and what the tests of the whole API
 * send (the authorisation matrix, hostile values). `examples.test.ts` fails when one is missing, left over or wrong.
 */

/** Ids of things in examples; tests put those of real things in their places. */
export const EXAMPLE = {
  workflow: '0198a7c0-1000-7000-8000-000000000001',
  job: '0198a7c0-1000-7000-8000-000000000002',
  agent: '0198a7c0-1000-7000-8000-000000000003',
  channel: '0198a7c0-1000-7000-8000-000000000004',
} as const;

const reason = 'A laptop was lost.';
const times = { kind: 'weekly', days: [6, 7], start: '22:00', minutes: 240, timeZone: 'Europe/Berlin' };
const schedule = {
  name: 'Nightly import',
  cron: '0 6 * * 1-5',
  timeZone: 'Europe/Berlin',
  job: { workflow: 'finance/invoice-import', input: { month: '2026-11' } },
  overlap: 'queue',
  catchUp: { kind: 'last' },
};
const document = {
  document: { dsl: '1.0.3', namespace: 'finance', name: 'hello', version: '1.0.0' },
  do: [{ greet: { set: { greeting: '${ "Hello, " + .name }' } } }],
};

/** By operation. */
export const BODY_EXAMPLES: Readonly<Record<string, unknown>> = {
  'auth.login': { email: 'ann@example.com', password: 'right horse battery' },
  'auth.acceptInvitation': { token: 'the text behind # of the link', password: 'right horse battery' },
  'auth.changePassword': { password: 'right horse battery', newPassword: 'wrong horse battery' },
  'accounts.invite': { email: 'ben@example.com', role: 'operator', ttlSeconds: 172_800 },
  'accounts.inviteAgain': { ttlSeconds: 172_800 },
  'accounts.setRole': { role: 'developer' },
  'accounts.setPlatform': { platform: false },
  'secondFactor.begin': { password: 'right horse battery' },
  'secondFactor.confirm': { code: '123456' },
  'secondFactor.newRecoveryCodes': { code: '123456' },
  'secondFactor.remove': { code: '123456' },
  'apiKeys.create': { name: 'nightly import', role: 'viewer', scopes: ['jobs:read'], ttlSeconds: 7_776_000 },
  'apiKeys.rotate': { graceSeconds: 3_600 },
  'agents.update': { name: 'press-7', site: 'plant-1', addGrants: ['erp'], removeGrants: ['ring=early'] },
  'joinTokens.create': { site: 'plant-1', tags: ['erp'], uses: 10, ttlSeconds: 3_600 },
  'workflows.push': document,
  'workflows.validate': document,
  'workflows.sign': {
    payloadType: 'application/vnd.in-toto+json',
    payload: 'e30=',
    signatures: [{ keyid: 'release', sig: 'MEUCIQ==' }],
  },
  'jobs.submit': { workflow: EXAMPLE.workflow, input: { month: '2026-11' }, priority: 60, agent: EXAMPLE.agent },
  'jobs.submitBulk': { jobs: [{ workflow: EXAMPLE.workflow, input: { month: '2026-11' } }] },
  'artifacts.link': { ttlSeconds: 300 },
  'jobs.review': { decision: 'fail', reason: 'The order was not sent.' },
  'jobActions.run': { action: 'cancel', filter: { state: 'pending', workflow: 'billing/invoices' }, dryRun: true },
  'deadLetters.retry': { ids: [EXAMPLE.job] },
  'deadLetters.purge': { filter: { code: 'HTTP_STATUS', since: '2026-11-01T00:00:00Z' } },
  'maintenance.create': { scope: 'agent', target: EXAMPLE.agent, reason: 'Updates of the machine.', times },
  'schedules.create': schedule,
  'schedules.update': schedule,
  'alertChannels.create': { kind: 'webhook', name: 'pager', url: 'https://pager.example.com/hook' },
  'alertRules.create': {
    kind: 'agent.offline',
    name: 'agents',
    channels: [EXAMPLE.channel],
    minutes: 15,
    cleared: true,
  },
  'schedules.preview': { cron: '0 6 * * 1-5', timeZone: 'Europe/Berlin' },
  'secrets.set': {
    value: 'a password, or an object of texts',
    description: 'Of the portal.',
    allowedSteps: ['browser.*'],
    allowedOrigins: ['https://portal.example.com'],
    rotateAfterDays: 90,
  },
  'secrets.seal': {
    version: 1,
    allowedOrigins: ['https://portal.example.com'],
    sealed: [{ agentId: EXAMPLE.agent, publicKey: `${'A'.repeat(43)}=`, sealed: 'A'.repeat(400) }],
  },
  'secrets.rotateMaster': {},
  'tenants.create': {
    id: 'acme',
    name: 'Acme Ltd.',
    owner: 'ann@acme.example',
    quotas: { agents: 50, concurrentJobs: 20 },
  },
  'tenants.suspend': { reason: 'The contract has ended.' },
  'tenants.setQuotas': { agents: 50, storedBytes: null },
  'tenants.setRetention': { jobsDays: 90, logsDays: 30, artifactsDays: 14 },
  'tenant.setRetention': { jobsDays: 90, logsDays: 30, artifactsDays: null },
  'providers.create': {
    ...{ kind: 'oidc', name: 'Example login', issuer: 'https://login.example.com', clientId: 'casare' },
    ...{
      clientSecret: 'given by the provider',
      groupsClaim: 'groups',
      roles: [{ group: 'operations', role: 'operator' }],
    },
  },
  'providers.change': { name: 'Example login', roles: [{ group: 'operations', role: 'operator' }] },
  'signOn.begin': { provider: '0198a7c0-1000-7000-8000-000000000009' },
  'signOn.complete': { query: 'code=given-by-the-provider&state=given-by-begin' },
  'trust.revoke': { reason },
  'locks.create': { kind: 'agent', target: EXAMPLE.agent, reason, ttlSeconds: 3_600 },
  'locks.lift': { reason: 'The laptop was found.' },
  'rotations.start': { kind: 'agent_ca', reason: 'Yearly.', dryRun: true },
  'rotations.advance': { leaveStragglers: false, dryRun: true },
  'rotations.rollback': { reason: 'The new CA is not taken.', dryRun: true },
  'authorities.request': { kind: 'agent_ca', dryRun: true },
  'authorities.import': { certificatePem: '-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n' },
};
