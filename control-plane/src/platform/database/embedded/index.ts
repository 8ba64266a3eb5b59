/** The embedded PostgreSQL server: front door. */
export { removeLeftover, startEmbeddedPostgres, type EmbeddedOptions, type EmbeddedPostgres } from './server.ts';
export type { EmbeddedExit, ServerChange } from './supervisor.ts';
