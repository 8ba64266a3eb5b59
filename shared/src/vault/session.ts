/**
 * A login at Vault, kept alive: made when it is first needed, renewed when two thirds of its time are over, made anew when
 * it cannot be, and given back at the end.
 *
 * Invariants: one login or renewal at a time, whoever waits for it; a call that is refused because the token is gone is
 * made once more under a new login, and one that a policy refuses makes none; the token is in this object and in headers.
 */
import { z } from 'zod';
import { contentOf, faultOf, oddAnswer, VaultFault, type VaultReply, type VaultSend } from './vault-fault.ts';

/** Who logs in. Files are read when they are needed, so that what changes in them counts. */
export type VaultAuth =
  | {
      readonly method: 'approle';
      readonly mount: string;
      readonly roleId: () => Promise<string>;
      readonly secretId: () => Promise<string>;
    }
  | { readonly method: 'token'; readonly token: () => Promise<string> }
  /** The certificate is the carrier's. */
  | { readonly method: 'cert'; readonly mount: string; readonly role?: string | undefined };

export interface VaultSessionOptions {
  /** For people. */
  readonly address: string;
  readonly namespace?: string | undefined;
  readonly auth: VaultAuth;
  readonly send: VaultSend;
  /** Of one request, milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** Runs something later and answers how to call it off; a program may end before it. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** A token and its times, by the clock. */
interface Held {
  readonly token: string;
  /** Null: it does not end. */
  readonly endsAt: number | null;
  readonly renewAt: number | null;
  /** We made it, and give it back. */
  readonly isOurs: boolean;
}

/** `auth` of a login or a renewal. https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle */
const Auth = z.object({
  client_token: z.string().min(1).max(4_096),
  lease_duration: z.number().min(0),
  renewable: z.boolean(),
});
/** `data` of https://developer.hashicorp.com/vault/api-docs/auth/token#lookup-a-token-self */
const Looked = z.object({ ttl: z.number().min(0), renewable: z.boolean().optional() });

/** Of the time of a token, when it is renewed. */
const RENEW_AT = 2 / 3;
/** A renewal that failed is tried again after this, while the token holds, milliseconds. */
const AGAIN_MS = 15_000;
/** A token that ends within this is taken for one that has ended, milliseconds. */
const MARGIN_MS = 1_000;
/** The most that a timer takes, milliseconds. */
const LONGEST_MS = 2_147_483_647;

export class VaultSession {
  readonly address: string;
  readonly #options: VaultSessionOptions;
  #held: Held | null = null;
  #changing: Promise<Held> | null = null;
  #callOff: (() => void) | null = null;
  #closed = false;

  constructor(options: VaultSessionOptions) {
    this.address = options.address;
    this.#options = options;
  }

  /**
   * One call below `/v1/`; answers with any status except what means that this login may not do it or that Vault does
   * not serve now.
   * @param asked what it is for, in the words of people
   * @throws VaultFault VAULT_UNREACHABLE, VAULT_SEALED, VAULT_STANDBY, VAULT_BUSY, VAULT_BROKEN, VAULT_DENIED,
   *   VAULT_LOGIN_REFUSED, VAULT_ANSWER, and what reading credentials throws
   */
  async call(
    method: 'GET' | 'POST',
    path: string,
    asked: string,
    { body, signal }: { readonly body?: object; readonly signal?: AbortSignal } = {},
  ): Promise<VaultReply> {
    const held = await this.#login();
    const first = await this.#send(method, path, held.token, body, signal);
    if (first.status !== 403) return this.#served(first, asked);
    // Vault says the same of a token that is gone and of a path that is not allowed.
    if (await this.#isAlive(held)) throw faultOf(403, this.address, asked);
    this.#forget(held);
    let next = await this.#login();
    // A renewal that was under way meanwhile has brought the same token back.
    if (next.token === held.token) {
      this.#forget(next);
      next = await this.#login();
    }
    const second = await this.#send(method, path, next.token, body, signal);
    if (second.status === 403) throw faultOf(403, this.address, asked);
    return this.#served(second, asked);
  }

  /** Whether it serves. https://developer.hashicorp.com/vault/api-docs/system/health; no login. @throws VaultFault as `call` */
  async health(signal?: AbortSignal): Promise<void> {
    const { status } = await this.#send('GET', 'sys/health?standbyok=true&perfstandbyok=true', null, undefined, signal);
    if (status === 501) {
      throw new VaultFault('VAULT_SEALED', `Vault at ${this.address} is not initialised`, 'have it initialised');
    }
    if (status !== 200) throw faultOf(status, this.address, 'say how it is');
  }

  /** Logs in where that was not done yet. @throws VaultFault as `call` */
  async login(): Promise<void> {
    await this.#login();
  }

  /** Gives a token of ours back; afterwards nothing is renewed. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#callOff?.();
    const held = this.#held;
    this.#held = null;
    if (held?.isOurs === true) {
      await this.#send('POST', 'auth/token/revoke-self', held.token).catch(() => undefined);
    }
  }

  async #login(): Promise<Held> {
    const held = this.#held;
    const now = this.#options.now();
    if (held !== null && (held.endsAt === null || now < held.endsAt - MARGIN_MS)) return held;
    return this.#change(() => this.#logIn());
  }

  #change(make: () => Promise<Held>): Promise<Held> {
    this.#changing ??= make()
      .then((held) => {
        this.#held = held;
        this.#plan(held);
        return held;
      })
      .finally(() => (this.#changing = null));
    return this.#changing;
  }

  /** A renewal is due whether anybody calls or not. */
  #plan(held: Held): void {
    this.#callOff?.();
    this.#callOff = null;
    if (this.#closed || held.renewAt === null) return;
    const inMs = Math.min(LONGEST_MS, Math.max(0, held.renewAt - this.#options.now()));
    this.#callOff = this.#options.after(inMs, () => {
      if (this.#held !== held) return;
      // Whoever calls next hears of what went wrong; until then the token serves.
      this.#change(() => this.#renew(held)).catch(() => undefined);
    });
  }

  async #renew(held: Held): Promise<Held> {
    try {
      const reply = await this.#send('POST', 'auth/token/renew-self', held.token, {});
      if (reply.status === 200) return this.#heldBy(contentOf(reply)?.auth, 'renew its login', held);
      // It may not be renewed any more: what ends is made anew when it is needed.
      if (reply.status === 403 || reply.status === 400) return { ...held, renewAt: null };
    } catch (error) {
      if (!(error instanceof VaultFault)) throw error;
    }
    const again = this.#options.now() + AGAIN_MS;
    return { ...held, renewAt: held.endsAt !== null && again >= held.endsAt ? null : again };
  }

  async #logIn(): Promise<Held> {
    const { auth } = this.#options;
    if (auth.method === 'token') return this.#lookUp(await auth.token());
    const path = `auth/${inPath(auth.mount)}/login`;
    const body =
      auth.method === 'approle'
        ? { role_id: await auth.roleId(), secret_id: await auth.secretId() }
        : auth.role === undefined
          ? {}
          : { name: auth.role };
    const reply = await this.#send('POST', path, null, body);
    if (reply.status === 400 || reply.status === 403) throw this.#loginRefused();
    this.#served(reply, 'log in');
    if (reply.status !== 200) throw faultOf(reply.status, this.address, `log in at ${auth.mount}`);
    return this.#heldBy(contentOf(reply)?.auth, 'log in', null);
  }

  async #lookUp(token: string): Promise<Held> {
    const reply = await this.#send('GET', 'auth/token/lookup-self', token);
    if (reply.status === 403) throw this.#loginRefused();
    this.#served(reply, 'log in');
    const looked = Looked.safeParse(contentOf(reply)?.data);
    if (!looked.success) throw oddAnswer(this.address, 'log in');
    return this.#until(token, looked.data.ttl, looked.data.renewable ?? false, false);
  }

  #heldBy(auth: unknown, asked: string, before: Held | null): Held {
    const read = Auth.safeParse(auth);
    if (!read.success) throw oddAnswer(this.address, asked);
    const { client_token: token, lease_duration: seconds, renewable } = read.data;
    return this.#until(token, seconds, renewable, before?.isOurs ?? true);
  }

  #until(token: string, seconds: number, renewable: boolean, isOurs: boolean): Held {
    const now = this.#options.now();
    if (seconds === 0) return { token, endsAt: null, renewAt: null, isOurs };
    const ms = seconds * 1_000;
    return { token, endsAt: now + ms, renewAt: renewable ? now + ms * RENEW_AT : null, isOurs };
  }

  async #isAlive({ token }: Held): Promise<boolean> {
    const { status } = await this.#send('GET', 'auth/token/lookup-self', token);
    return status === 200;
  }

  #forget(held: Held): void {
    if (this.#held === held) this.#held = null;
  }

  #loginRefused(): VaultFault {
    const { auth } = this.#options;
    const by = { approle: 'this role id and secret id', token: 'this token', cert: 'this certificate' }[auth.method];
    return new VaultFault(
      'VAULT_LOGIN_REFUSED',
      `Vault at ${this.address} does not log in by ${by}`,
      'give new credentials, or check mount and namespace',
    );
  }

  #served(reply: VaultReply, asked: string): VaultReply {
    const { status } = reply;
    if (
      status >= 500 ||
      status === 429 ||
      status === 412 ||
      (status >= 300 && status < 400) ||
      status === 472 ||
      status === 473
    )
      throw faultOf(status, this.address, asked);
    return reply;
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    token: string | null,
    body?: object,
    signal?: AbortSignal,
  ): Promise<VaultReply> {
    const { namespace, send, timeoutMs } = this.#options;
    const late = AbortSignal.timeout(timeoutMs);
    const headers = {
      // Proxies of Vault's may demand it: no page that somebody is led to can send it.
      'x-vault-request': 'true',
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
      ...(token === null ? {} : { 'x-vault-token': token }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    try {
      return await send({
        ...{ method, path: `/v1/${path}`, headers },
        signal: signal === undefined ? late : AbortSignal.any([late, signal]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (error instanceof VaultFault) throw error;
      throw this.#unreachable(late.aborted ? `no answer within ${timeoutMs} ms` : textOf(error), error);
    }
  }

  #unreachable(why: string, cause: unknown): VaultFault {
    const fix = 'check the address, the network, the CA file and that Vault runs';
    return new VaultFault('VAULT_UNREACHABLE', `Vault at ${this.address} cannot be reached (${why})`, fix, {
      isPassing: true,
      cause,
    });
  }
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

/** Segments as they stand in an address. A path has been checked for `..` where it was read. */
export function inPath(text: string): string {
  return text
    .split('/')
    .filter((segment) => segment !== '')
    .map(encodeURIComponent)
    .join('/');
}
