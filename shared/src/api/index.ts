/** The REST API: every shape and every operation (design section 16). */
import { alertChannels, alertRules, alerts } from './alerts.ts';
import { accounts } from './accounts.ts';
import { agents, joinTokens } from './agents.ts';
import { apiKeys } from './api-keys.ts';
import { audit } from './audit.ts';
import { auth } from './auth.ts';
import { deadLetters } from './dead-letters.ts';
import type { Endpoint } from './endpoint.ts';
import { events } from './events.ts';
import { artifacts, jobs } from './jobs.ts';
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

export * from './accounts.ts';
export * from './alerts.ts';
export * from './agents.ts';
export * from './api-keys.ts';
export * from './authorities.ts';
export * from './audit.ts';
export * from './auth.ts';
export * from './dead-letters.ts';
export * from './endpoint.ts';
export * from './events.ts';
export * from './examples.ts';
export * from './jobs.ts';
export * from './maintenance.ts';
export * from './page.ts';
export * from './permissions.ts';
export * from './problem.ts';
export * from './schedules.ts';
export * from './secrets.ts';
export * from './providers.ts';
export * from './second-factor.ts';
export * from './sessions.ts';
export * from './tenants.ts';
export * from './trust.ts';
export * from './workflows.ts';

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

/** Where the API lives on the web listener. */
export const API_PREFIX = '/api/v1';
