/** The embedded PostgreSQL server: front door. */
export {
  removeLeftover,
  runningEmbeddedUrl,
  startEmbeddedPostgres,
  type EmbeddedOptions,
  type EmbeddedPostgres,
} from './server.ts';
export type { EmbeddedExit, ServerChange } from './supervisor.ts';
