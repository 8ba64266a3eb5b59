/** Secrets of workflows: stored, described, given to the attempts that use them. */
export { createSecrets, secretsModule } from './secrets.module.ts';
