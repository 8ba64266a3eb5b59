/** The REST API: every shape and every operation (design section 16). */
export * from './accounts.ts';
export * from './agents.ts';
export * from './alerts.ts';
export * from './api-keys.ts';
export * from './artifacts.ts';
export * from './audit-events.ts';
export * from './audit.ts';
export * from './auth.ts';
export * from './authorities.ts';
export * from './dead-letters.ts';
export * from './endpoint.ts';
export * from './events.ts';
export * from './examples.ts';
export * from './job-actions.ts';
export * from './jobs.ts';
export * from './json.ts';
export * from './maintenance.ts';
export * from './operations.ts';
export * from './page.ts';
export * from './permissions.ts';
export * from './problem.ts';
export * from './providers.ts';
export * from './schedules.ts';
export * from './second-factor.ts';
export * from './secrets.ts';
export * from './sessions.ts';
export * from './tenants.ts';
export * from './trust.ts';
export * from './workflows.ts';

/** Where the API lives on the web listener. */
export const API_PREFIX = '/api/v1';
