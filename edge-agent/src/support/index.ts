/** What an agent's administrator sends to whoever helps. */
export { type Bundle, type Manifest, packBundle } from './bundle.ts';
export { collectParts } from './collect.ts';
export { knownSecrets } from './known-secrets.ts';
