/** Secrets that are on the premises: the providers that have them, and what each may be used for. */
export { FileSecrets } from './file-provider.ts';
export type { SecretProvider, SecretReference, SecretValue } from './provider.ts';
