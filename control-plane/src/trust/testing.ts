/** For tests: a signer in the test's own process, for what is not about the process boundary. */
import { createLocalSigner, createRateLimit, SIGNATURES, type Signer } from '@casare/certs';
import { systemClock, type Clock } from '../platform/clock.ts';
import { TRUST_DOMAIN } from './signer.ts';

/** Two with the same key open each other's CAs. `clock` is the signer's: what it signs ends by it. */
export function signerForTests(
  masterKey: Uint8Array,
  hosts: readonly string[],
  clock: Pick<Clock, 'now'> = systemClock,
): Signer {
  const now = () => clock.now();
  const rateLimit = createRateLimit({ ...SIGNATURES, now });
  return createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts: hosts, rateLimit, now });
}
