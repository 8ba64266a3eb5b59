/** Secrets that were sealed to this agent: nobody else opens them, the control plane neither. */
import { openSealed } from '@casare/shared/sealing';
import { Fault } from '../fault.ts';
import type { SecretSource } from './obtain.ts';

/** The agent, as its certificate names it, and its private sealing key. */
export interface SealedRecipient {
  readonly tenant: string;
  readonly agentId: string;
  /** Raw, base64. */
  readonly privateKey: string;
}

/** Opens what is sealed to this agent. The rules are those inside; what the control plane says of them counts nothing. */
export function openSealedSecrets({ tenant, agentId, privateKey }: SealedRecipient): SecretSource {
  return async ({ sealedSecrets = {} }) => {
    const opened = await Promise.all(
      Object.entries(sealedSecrets).map(async ([name, { version, sealed }]) => {
        const content = await openSealed(privateKey, { tenant, agentId, name, version }, sealed);
        if (content !== null) return [name, content] as const;
        const why = 'it was sealed to another key, or is not what was sealed for this agent, secret and version';
        throw new Fault(
          'SECRET_SEALED_UNREADABLE',
          `version ${version} of the secret ${name} does not open here (${why}): seal it anew, \`casare secrets reseal ${name}\``,
        );
      }),
    );
    return {
      secrets: Object.fromEntries(opened.map(([name, { value }]) => [name, value])),
      secretRules: Object.fromEntries(opened.map(([name, { rules }]) => [name, rules])),
    };
  };
}
