/** What each noun of the API is, for the OpenAPI document. The linter refuses an operation whose noun is not here. */

const NOUNS: Readonly<Record<string, string>> = {
  accounts: 'People of the tenant: invitations, roles, disabling.',
  agents: 'Installed agents, with their capabilities and states.',
  alertChannels: 'Where alerts go: addresses of mail and webhooks.',
  alertRules: 'What raises an alert.',
  alerts: 'What was raised, and what became of its deliveries.',
  apiKeys: 'Keys of programs, with roles, scopes and an end.',
  artifacts: 'Files of runs.',
  audit: 'The log of every change and sign-in, chained.',
  auth: 'Signing in and out, passwords, and who one is.',
  authorities: 'Certificates of CAs that an offline root signs.',
  jobActions: 'One action on all jobs that fit a filter.',
  deadLetters: 'Jobs that ended in failure and wait to be looked at.',
  events: 'Everything that changes, live, as server-sent events.',
  jobs: 'Runs of workflows: submitting, watching, steering.',
  joinTokens: 'Tokens that let agents enrol.',
  locks: 'Agents and certificates that are shut out.',
  maintenance: 'Times in which no job is given to an agent or a route.',
  providers: 'Sign-in providers and issuers of tokens of the tenant.',
  rotations: 'Replacing CAs and roots under live tunnels.',
  routes: 'Sets of requirements that jobs share, and their queues.',
  schedules: 'Jobs submitted by the clock.',
  secondFactor: 'The second factor of an account.',
  secrets: 'Secrets of workflows: set, described, never shown.',
  sessions: 'Where one is signed in.',
  signOn: 'Signing in with a provider of the organisation.',
  tenant: 'The tenant of the caller: use, quotas, retention.',
  tenants: 'All tenants, for operators of the platform.',
  trust: 'CAs, certificates and their ends.',
  workflows: 'Workflow documents and their versions.',
};

/** The tags of the document, for the nouns that it has. */
export function tagsOf(operations: readonly { readonly id: string }[]): { name: string; description: string }[] {
  const nouns = new Set(operations.map(({ id }) => id.split('.')[0]!));
  return [...nouns].toSorted().flatMap((name) => {
    const description = NOUNS[name];
    return description === undefined ? [] : [{ name, description }];
  });
}
