/**
 * What GraphQL offers: each root field is an operation of REST, each link leads from one object to others and is allowed
 * to whom the operation that it stands for is allowed. Arguments, answers and permissions come from the operation's
 * declaration; nothing is described here a second time.
 */
import { api, type Endpoint } from '@casare/shared/api';

/** A field that carries an operation out. */
export interface OperationField {
  readonly operation: Endpoint;
  /** Parameters of the operation's path that the field itself says. */
  readonly fixed?: Readonly<Record<string, string>>;
  /** The name of the argument that is the operation's body; `input` when absent. */
  readonly body?: string;
  readonly description?: string;
}

export const QUERIES: Readonly<Record<string, OperationField>> = {
  me: { operation: api.auth.me },
  jobs: { operation: api.jobs.list },
  job: { operation: api.jobs.get },
  whyPending: { operation: api.jobs.whyPending },
  agents: { operation: api.agents.list },
  agent: { operation: api.agents.get },
  workflows: { operation: api.workflows.list },
  workflow: { operation: api.workflows.get },
  workflowVersions: { operation: api.workflows.versions },
  deadLetters: { operation: api.deadLetters.list },
  deadLetterCounts: { operation: api.deadLetters.counts },
  deadLetter: { operation: api.deadLetters.get },
  joinTokens: { operation: api.joinTokens.list },
  apiKeys: { operation: api.apiKeys.list },
  sessions: { operation: api.sessions.list },
  accounts: { operation: api.accounts.list },
  account: { operation: api.accounts.get },
  secrets: { operation: api.secrets.list },
  secret: { operation: api.secrets.get },
  secretVersions: { operation: api.secrets.versions },
  sealingKeys: { operation: api.secrets.sealingKeys },
  audit: { operation: api.audit.list },
  auditHead: { operation: api.audit.head },
  auditCheckpoint: { operation: api.audit.checkpoint },
  auditCheckpoints: { operation: api.audit.checkpoints },
};

const agentAction = (action: string, description: string): OperationField => ({
  operation: api.agents.act,
  fixed: { action },
  description,
});

export const MUTATIONS: Readonly<Record<string, OperationField>> = {
  submitJob: { operation: api.jobs.submit },
  submitJobs: { operation: api.jobs.submitBulk },
  cancelJob: { operation: api.jobs.cancel },
  pauseJob: { operation: api.jobs.pause },
  resumeJob: { operation: api.jobs.resume },
  retryJob: { operation: api.jobs.retry },
  reviewJob: { operation: api.jobs.review },
  actOnJobs: { operation: api.jobActions.run },
  createArtifactLink: { operation: api.artifacts.link },
  retryDeadLetters: { operation: api.deadLetters.retry },
  purgeDeadLetters: { operation: api.deadLetters.purge },
  pushWorkflow: { operation: api.workflows.push, body: 'document' },
  updateAgent: { operation: api.agents.update },
  approveAgent: agentAction('approve', 'Lets an agent that has enrolled run jobs.'),
  pauseAgent: agentAction('pause', 'Gives an agent no new jobs; what runs goes on.'),
  resumeAgent: agentAction('resume', 'Gives an agent jobs again.'),
  drainAgent: agentAction('drain', 'Gives an agent no new jobs, and says when nothing of it runs any more.'),
  lockAgent: agentAction('lock', 'Refuses an agent at once; its sessions end.'),
  unlockAgent: agentAction('unlock', 'Lets an agent that was locked in again.'),
  decommissionAgent: agentAction('decommission', 'Sends an agent away for good.'),
  createJoinToken: { operation: api.joinTokens.create },
  revokeJoinToken: { operation: api.joinTokens.revoke },
};

/** From an object to one other object, found by its id. */
export interface OneLink {
  readonly to: 'agent' | 'workflow' | 'job';
  /** Whose permission counts. */
  readonly as: Endpoint;
  readonly description: string;
}

/** From an object to a page of others, in the order and with the arguments of the operation that lists them. */
export interface PageLink {
  readonly pages: 'steps' | 'logs' | 'artifacts' | 'attempts' | 'jobs';
  readonly as: Endpoint;
  /** What the member is called here in whose place it stands. */
  readonly member?: string;
  readonly description: string;
}

type Link = OneLink | PageLink;

const agent: OneLink = { to: 'agent', as: api.agents.get, description: 'The agent, as it is now.' };
const workflow: OneLink = { to: 'workflow', as: api.workflows.get, description: 'The version of the workflow.' };
const job: OneLink = { to: 'job', as: api.jobs.get, description: 'The job.' };

/** By type, then field. A link stands in the place of a member of the same name, which is gone or has another one. */
export const LINKS: Readonly<Record<string, Readonly<Record<string, Link>>>> = {
  Job: {
    agent,
    workflow,
    steps: { pages: 'steps', as: api.jobs.steps, description: 'The steps as they ran, oldest first.' },
    logs: { pages: 'logs', as: api.jobs.logs, description: 'Log lines, oldest first.' },
    artifacts: {
      pages: 'artifacts',
      as: api.jobs.artifacts,
      member: 'artifactCount',
      description: 'The files of the run.',
    },
    attempts: { pages: 'attempts', as: api.jobs.attempts, description: 'The attempts, oldest first.' },
  },
  Attempt: { agent },
  Artifact: { job },
  DeadLetter: { agent, workflow, job },
  DeadLetterDetails: { agent, workflow, job },
  Agent: { jobs: { pages: 'jobs', as: api.jobs.list, description: 'Jobs that it has or had, newest first.' } },
};
