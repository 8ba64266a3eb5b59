/** Secrets of workflows. */
export { SecretsService, type SecretsResult } from './secrets.service.ts';
