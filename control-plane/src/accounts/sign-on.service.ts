/**
 * Signing in with a provider. What the end needs of the beginning (state, nonce, PKCE's verifier) is kept by the browser that
 * began, sealed, in a cookie that other sites cannot send and scripts cannot read: nothing is stored of who only begins, and
 * nobody can finish what somebody else began.
 */
import { openKey, sealKey } from '@casare/certs';
import type { Configuration } from 'openid-client';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { lineOf } from '../platform/errors.ts';
import type { Outbound } from '../platform/outbound/outbound.ts';
import { isRefusal, refuse, type Refusal } from '../platform/refusal.ts';
import type { AccountRow } from './account.store.ts';
import { hashSecret } from './credential.ts';
import { beginAt, completeAt, discover, leaveAt, outboundFault } from './oidc-client.ts';
import { accountOf } from './provided-accounts.ts';
import { notFound, type ProvidersService } from './providers.service.ts';
import { providerById, providersOffered, type ProviderRow } from './provider.store.ts';
import { sessionProvider } from './session.store.ts';

/** From beginning to end, milliseconds. */
export const ATTEMPT_MS = 10 * 60_000;
/** What a provider says of itself is asked for again after this, milliseconds; a failure sooner. */
const KNOWN_MS = 10 * 60_000;
const FAILED_MS = 5_000;
/** Providers whose word is kept; the longest unasked is forgotten. */
const KNOWN = 200;

export interface SignOnOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly sealingKey: () => Promise<Uint8Array>;
  readonly outbound: Outbound;
  /** Where browsers reach the console, without a trailing slash. */
  readonly webUrl: string;
  readonly providers: ProvidersService;
}

const Kept = z.object({
  provider: z.uuid(),
  until: z.number(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
});

const BOUND_TO = 'sign-on-attempt';

export class SignOnService {
  readonly #options: SignOnOptions;
  readonly #known = new Map<string, { readonly until: number; readonly configuration: Promise<Configuration> }>();

  constructor(options: SignOnOptions) {
    this.#options = options;
  }

  async offered(tenant: string | undefined): Promise<{ items: { id: string; name: string }[] }> {
    return { items: await providersOffered(this.#options.db, tenant ?? null) };
  }

  /** Where the browser goes, and what it keeps. @throws Fault PROVIDER_UNUSABLE, OUTBOUND_* */
  async begin(id: string): Promise<{ url: string; kept: string } | Refusal> {
    const { db, clock, sealingKey } = this.#options;
    const provider = await providerById(db, id);
    if (provider?.kind !== 'oidc') return notFound(id);
    const { scopes } = provider;
    const { url, attempt } = await beginAt(await this.#configurationOf(provider), {
      redirectUri: this.#redirectUri(),
      scopes,
    });
    const until = clock.now().getTime() + ATTEMPT_MS;
    const text = JSON.stringify({ provider: id, until, ...attempt } satisfies z.infer<typeof Kept>);
    return { url, kept: sealKey(Buffer.from(text), await sealingKey(), BOUND_TO) };
  }

  /** Whom the provider vouches for. @throws Fault OUTBOUND_* */
  async complete(query: string, kept: string | null): Promise<{ account: AccountRow; provider: string } | Refusal> {
    const { db, clock } = this.#options;
    const attempt = kept === null ? null : await this.#open(kept);
    const provider = attempt && (await providerById(db, attempt.provider));
    if (attempt === null || provider === null) return unknown();
    let claims: object;
    try {
      claims = await completeAt(await this.#configurationOf(provider), {
        redirectUri: this.#redirectUri(),
        query,
        attempt,
        wanted: ['email', provider.groupsClaim.split('.')[0]!],
      });
    } catch (error) {
      const fault = outboundFault(error);
      if (fault !== null) throw fault;
      return failed(provider, lineOf(error));
    }
    const account = await accountOf(db, provider, claims, clock.now());
    return isRefusal(account) ? account : { account, provider: provider.id };
  }

  /** Where the browser ends the session of this one's provider; null when there is no such place, or none to be found. */
  async leaveUrl(sessionToken: string): Promise<string | null> {
    const { db, webUrl } = this.#options;
    const id = await sessionProvider(db, hashSecret(sessionToken));
    const provider = id && (await providerById(db, id));
    if (!provider) return null;
    try {
      return leaveAt(await this.#configurationOf(provider), `${webUrl}/login`);
    } catch {
      // Ours must end also when theirs cannot.
      return null;
    }
  }

  #redirectUri(): string {
    return `${this.#options.webUrl}/login/callback`;
  }

  /** Several at once share one look; a changed provider is another one. */
  async #configurationOf(provider: ProviderRow): Promise<Configuration> {
    const { clock, outbound, providers } = this.#options;
    const key = `${provider.id} ${provider.changedAt.getTime()}`;
    const now = clock.now().getTime();
    const found = this.#known.get(key);
    if (found !== undefined && found.until > now) return found.configuration;
    const configuration = providers
      .secretOf(provider)
      .then((clientSecret) => discover(outbound, { ...provider, clientSecret }));
    this.#known.delete(key);
    this.#known.set(key, { until: now + KNOWN_MS, configuration });
    configuration.catch(() => this.#known.set(key, { until: now + FAILED_MS, configuration }));
    if (this.#known.size > KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return configuration;
  }

  async #open(kept: string): Promise<z.infer<typeof Kept> | null> {
    const { clock, sealingKey } = this.#options;
    const opened = openKey(kept, await sealingKey(), BOUND_TO);
    if (!opened.ok) return null;
    const attempt = Kept.parse(JSON.parse(Buffer.from(opened.value).toString('utf8')));
    return attempt.until > clock.now().getTime() ? attempt : null;
  }
}

function unknown(): Refusal {
  return refuse('unauthenticated', 'SIGN_ON_UNKNOWN', 'This sign-in was not begun in this browser, or too long ago.', {
    fix: 'Go to the sign-in page and begin again.',
  });
}

function failed({ name }: ProviderRow, detail: string): Refusal {
  return refuse('unauthenticated', 'SIGN_ON_FAILED', `Signing in with ${name} did not work.`, {
    detail: detail.slice(0, 300),
    fix: 'Begin again. If it stays, show this to an owner.',
  });
}
