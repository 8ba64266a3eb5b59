/**
 * The signer that this process uses: a child of its own, or, when CASARE_SIGNER_SOCKET names its socket, one that runs
 * under another user. This process never reads the master key and never holds a CA's key.
 */
import { createSignerClient, dialSigner, startSignerChild, type Signer, type SignerClient } from '@casare/certs';
import { Fault } from '../platform/errors.ts';
import type { Log } from '../platform/log.ts';

export interface SignerOptions {
  /** Holds `master.key`, which the child opens. */
  readonly home: string;
  /** Socket of a signer that runs by itself; null: a child. */
  readonly socket: string | null;
  /** Hosts that a gateway's certificate may name; the child is told them. */
  readonly hosts: readonly string[];
  readonly log: Log;
}

/** A signer, and how it is looked after. */
export interface OpenSigner {
  readonly signer: SignerClient;
  /** @throws Fault SIGNER_DOWN, MASTER_KEY_UNUSABLE, FILE_NOT_PRIVATE or what else kept it from starting */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** In the host part of every agent's name. Ours alone: nothing resolves it. */
export const TRUST_DOMAIN = 'casare.internal';
const READY_MS = 10_000;

/** Starts or reaches the signer; does not wait for it. */
export function openSigner(options: SignerOptions): OpenSigner {
  return options.socket === null ? childSigner(options) : otherSigner(options.socket, options.log);
}

/** The key of the enrol listener's nonces: the same for all replicas whose signers share a master key. */
export async function enrolNonceKey(signer: Signer): Promise<Uint8Array> {
  const derived = await signer.deriveKey({ purpose: 'enrol-nonce' });
  if (derived.ok) return Buffer.from(derived.value.key, 'base64');
  throw signerFault('The signer gave no key for nonces', derived);
}

/** The key that second factors, answers kept for repeated requests, or secrets of webhooks are sealed under, or links signed; asked for when first needed. */
export function sealingKey(
  signer: Signer,
  purpose: 'second-factor' | 'answers' | 'alert-webhooks' | 'artifact-links',
): () => Promise<Uint8Array> {
  let known: Uint8Array | null = null;
  return async () => {
    if (known !== null) return known;
    const derived = await signer.deriveKey({ purpose });
    if (!derived.ok) throw signerFault(`The signer gave no key (${purpose})`, derived);
    return (known = Buffer.from(derived.value.key, 'base64'));
  };
}

/** Whether a refusal says that the signer is away, or has too much to do: nothing is wrong with what was asked. */
export function isAway({ code }: { readonly code: string }): boolean {
  return code === 'SIGNER_DOWN' || code === 'SIGNER_BUSY';
}

/** A refusal of the signer as something to throw: its absence has a code of its own, since trying again helps. */
export function signerFault(what: string, refused: { readonly code: string; readonly message: string }): Fault {
  const { code, message } = refused;
  const away = isAway(refused);
  return new Fault({
    code: away ? code : 'SIGNER_REFUSED',
    what,
    why: away ? message : `${message} (${code})`,
    fix: away
      ? 'Try again in some seconds; if it stays, see the log for why the signer is away'
      : 'Try again in a minute',
    status: 503,
  });
}

function childSigner({ home, hosts, log }: SignerOptions): OpenSigner {
  const child = startSignerChild({
    home,
    trustDomain: TRUST_DOMAIN,
    gatewayHosts: hosts,
    onLog: (level, message, fields) => log[level](message, fields),
  });
  return {
    signer: child.signer,
    async ready() {
      const ready = await child.ready();
      if (!ready.ok) throw new Fault({ code: ready.code, what: 'The signer does not start', why: ready.message });
    },
    stop: () => child.stop(),
  };
}

function otherSigner(socket: string, log: Log): OpenSigner {
  const signer = createSignerClient({
    dial: () => dialSigner(socket),
    onChange: (state) => (state.up ? log.info('the signer is there') : log.error('the signer is away', { ...state })),
  });
  return {
    signer,
    async ready() {
      if (await signer.ready(READY_MS)) return;
      throw new Fault({
        code: 'SIGNER_DOWN',
        what: `The signer at ${socket} does not answer`,
        ...(signer.state.up ? {} : { why: signer.state.why }),
        fix: 'Start it (`casare-certs signer`), or unset CASARE_SIGNER_SOCKET to have one started',
      });
    },
    async stop() {
      signer.close();
    },
  };
}
