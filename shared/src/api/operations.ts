/** The table of all operations. Apart from the shapes: a page that needs a shape is not sent all of them. */
import { alertChannels, alertRules, alerts } from './alerts.ts';
import { accounts } from './accounts.ts';
import { agents, joinTokens } from './agents.ts';
import { apiKeys } from './api-keys.ts';
import { artifacts } from './artifacts.ts';
import { audit } from './audit.ts';
import { auth } from './auth.ts';
import { deadLetters } from './dead-letters.ts';
import { jobActions } from './job-actions.ts';
import type { Endpoint } from './endpoint.ts';
import { events } from './events.ts';
import { jobs } from './jobs.ts';
import { authorities } from './authorities.ts';
import { maintenance, routes } from './maintenance.ts';
import { schedules } from './schedules.ts';
import { providers, signOn } from './providers.ts';
import { secondFactor } from './second-factor.ts';
import { secrets } from './secrets.ts';
import { sessions } from './sessions.ts';
import { tenant, tenants } from './tenants.ts';
import { locks, rotations, trust } from './trust.ts';
import { workflows } from './workflows.ts';

/** The operations, by noun: `api.jobs.submit`. */
export const api = {
  audit,
  auth,
  accounts,
  sessions,
  secondFactor,
  providers,
  signOn,
  apiKeys,
  agents,
  joinTokens,
  workflows,
  secrets,
  jobs,
  deadLetters,
  jobActions,
  artifacts,
  routes,
  maintenance,
  schedules,
  alertChannels,
  alertRules,
  alerts,
  events,
  trust,
  locks,
  rotations,
  authorities,
  tenants,
  tenant,
} as const;

/** Every operation, for the OpenAPI document and for tests that must cover all of them. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(api).flatMap((group) => Object.values(group) as Endpoint[]);
