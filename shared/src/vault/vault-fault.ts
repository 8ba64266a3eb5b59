/**
 * What a call of Vault comes to when it is no answer, and how bytes get there and back.
 *
 * Invariant: no text of Vault's is repeated. An answer to a login or an encryption could quote what was sent.
 */
import { z } from 'zod';

/** An answer as it came. */
export interface VaultReply {
  readonly status: number;
  /** At most a megabyte; the carrier refuses more. */
  readonly body: string;
}

/**
 * Sends one request to the server that the carrier was made for, and gives its answer, whatever its status. No redirect is followed.
 * Throws when there is none; the message is shown to people.
 */
export type VaultSend = (request: {
  readonly method: 'GET' | 'POST';
  /** From the root: `/v1/…`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}) => Promise<VaultReply>;

/** An error a person can meet: what happened, why, what to do. */
export class VaultFault extends Error {
  override readonly name = 'VaultFault';
  /** `VAULT_…`, stable. */
  readonly code: string;
  readonly what: string;
  readonly fix: string;
  /** It may pass by itself. */
  readonly isPassing: boolean;

  constructor(code: string, what: string, fix: string, options: { isPassing?: boolean; cause?: unknown } = {}) {
    super(`${what}: ${fix}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.what = what;
    this.fix = fix;
    this.isPassing = options.isPassing ?? false;
  }
}

/** The parts of answers that are read. https://developer.hashicorp.com/vault/api-docs */
const Answer = z.object({ data: z.unknown().optional(), auth: z.unknown().optional() });

/** What stands in an answer; null when it is no JSON of Vault's. */
export function contentOf({ body }: VaultReply): z.infer<typeof Answer> | null {
  try {
    const parsed = Answer.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * What a status means that is no success. https://developer.hashicorp.com/vault/api-docs#http-status-codes
 * @param asked what was asked for, in the words of people
 */
export function faultOf(status: number, address: string, asked: string): VaultFault {
  const passing = { isPassing: true };
  switch (status) {
    case 403:
      return new VaultFault(
        'VAULT_DENIED',
        `Vault at ${address} does not let this login ${asked}`,
        'give its policy that path, or correct the path',
      );
    case 404:
      return new VaultFault(
        'VAULT_NO_SUCH_PATH',
        `Vault at ${address} has nothing where it was asked to ${asked}`,
        'check mount, path and namespace',
      );
    case 429:
    case 412:
      return new VaultFault('VAULT_BUSY', `Vault at ${address} asks to come back later`, 'try again', passing);
    case 503:
      return new VaultFault(
        'VAULT_SEALED',
        `Vault at ${address} is sealed, or down for maintenance`,
        'have it unsealed',
        passing,
      );
    default:
      break;
  }
  if ((status >= 300 && status < 400) || status === 472 || status === 473) {
    return new VaultFault(
      'VAULT_STANDBY',
      `Vault at ${address} is a standby that sends callers elsewhere`,
      'give the address of the cluster, or of its active server',
    );
  }
  if (status >= 500) {
    return new VaultFault(
      'VAULT_BROKEN',
      `Vault at ${address} failed to ${asked} (status ${status})`,
      "see Vault's own log",
      passing,
    );
  }
  return new VaultFault(
    'VAULT_REFUSED',
    `Vault at ${address} refused to ${asked} (status ${status})`,
    'check mount, path and parameters',
  );
}

export function oddAnswer(address: string, asked: string): VaultFault {
  return new VaultFault(
    'VAULT_ANSWER',
    `What answers at ${address} to ${asked} is not what Vault answers`,
    'check the address, and what stands between',
  );
}
