/** How an attempt comes to the values of its secrets: what sources make of what it was given, and what is on the premises. */
export { FileSecrets } from './file-provider.ts';
export { LocalSecrets, type LocalSecretsOptions } from './local-secrets.ts';
export { type GivenSecrets, type ObtainedSecrets, obtainSecrets, type SecretSource } from './obtain.ts';
export type { SecretProvider } from './provider.ts';
export { readProviderSettings } from './read-settings.ts';
export { openSealedSecrets } from './sealed-source.ts';
export { sealingKey } from './sealing-key.ts';
