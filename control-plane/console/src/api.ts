/**
 * The control plane, called by the signed-in person: the shared client over the page's own origin, with the session's
 * CSRF token. A call that shows the session to be over says so once, here, for all pages.
 */
import type { LoginRequest, Me } from '@casare/shared/api';
import {
  api,
  ApiError,
  createClient,
  followEvents,
  pathOf,
  type Client,
  type FollowItem,
  type FollowOptions,
  type Operation,
  type OperationId,
  type Rest,
  type ResultOf,
  type Tagged,
} from '@casare/shared/client';

export class Api implements Client {
  readonly #client: Client;
  readonly #onSignedOut: () => void;
  #me: Me | null = null;

  constructor(onSignedOut: () => void) {
    this.#onSignedOut = onSignedOut;
    this.#client = createClient({ url: '', csrfToken: () => this.#me?.csrfToken ?? null });
  }

  /** Signs in, ending whoever was signed in here before. @throws ApiError AUTH_* */
  async signIn(request: LoginRequest): Promise<Me> {
    return (this.#me = await this.#client.call(api.auth.login, { body: request }));
  }

  /** Signs in by what a sign-in provider sent the browser back with. @throws ApiError SIGN_ON_* */
  async completeSignOn(query: string): Promise<Me> {
    return (this.#me = await this.#client.call(api.signOn.complete, { body: { query } }));
  }

  /** Sets the password of an invitation and signs in. @throws ApiError AUTH_INVITATION_USED */
  async acceptInvitation(token: string, password: string): Promise<Me> {
    return (this.#me = await this.#client.call(api.auth.acceptInvitation, { body: { token, password } }));
  }

  /** Who is signed in; null when nobody is. @throws ApiError when that cannot be told. */
  async whoIsIt(): Promise<Me | null> {
    try {
      this.#me = await this.#client.call(api.auth.me);
    } catch (error) {
      if (!isSignedOut(error)) throw error;
      this.#me = null;
    }
    return this.#me;
  }

  /** @throws ApiError */
  async call<Id extends OperationId>(operation: Operation<Id>, ...rest: Rest<Id>): Promise<ResultOf<Id>> {
    return (await this.tagged(operation, ...rest)).value;
  }

  /** The same, with the ETag for `ifMatch`. @throws ApiError */
  async tagged<Id extends OperationId>(operation: Operation<Id>, ...rest: Rest<Id>): Promise<Tagged<ResultOf<Id>>> {
    try {
      return await this.#client.tagged(operation, ...rest);
    } catch (error) {
      if (isSignedOut(error)) this.#onSignedOut();
      if (!(await this.#renewedToken(error))) throw error;
      return this.#client.tagged(operation, ...rest);
    }
  }

  /** Live events until `signal` aborts. @throws ApiError when refused for good. */
  async *follow(options: Pick<FollowOptions, 'job' | 'signal' | 'onBreak'>): AsyncGenerator<FollowItem> {
    try {
      yield* followEvents({ url: '', ...options });
    } catch (error) {
      if (isSignedOut(error)) this.#onSignedOut();
      throw error;
    }
  }

  /** After another tab signed in anew, the same person's call (which did nothing) may be made once more. */
  async #renewedToken(error: unknown): Promise<boolean> {
    if (!(error instanceof ApiError) || error.problem.code !== 'CSRF_TOKEN_WRONG') return false;
    const before = this.#me;
    const now = await this.whoIsIt();
    return now !== null && now.accountId === before?.accountId && now.csrfToken !== before.csrfToken;
  }
}

/** The address of an artifact's bytes; the server sends them as a download, or a bucket does to which it leads. */
export function artifactUrl(id: string): string {
  return `${pathOf(api.artifacts.get, { id })}?redirect=1`;
}

/** The address of the record of a run. */
export function recordUrl(job: string): string {
  return pathOf(api.jobs.record, { id: job });
}

/** The address of everything of a tenant, as a zip. */
export function exportUrl(tenant: string): string {
  return pathOf(api.tenants.export, { tenant });
}

function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status === 401;
}
