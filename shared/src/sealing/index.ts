/** Secrets sealed to single agents, so that what carries and keeps them cannot read them. */
export { sealingFingerprint } from './fingerprint.ts';
export { generateSealingKey, publicSealingKeyOf, type SealingKeyPair } from './key-pair.ts';
export { openSealed, type SealedPlace, sealTo } from './sealed.ts';
export { Sealed, SealingFingerprint, SealingPublicKey } from './shapes.ts';
