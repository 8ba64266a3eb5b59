/** Providers, and signing in with them, over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api, type Me } from '@casare/shared/api';
import { hostCookie } from '../platform/http/caller.ts';
import { cookieOf, credentialsOf } from '../platform/http/guard.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { AccountsService } from './accounts.service.ts';
import { fromOf, WEB_URL } from './auth.controller.ts';
import { ProvidersService } from './providers.service.ts';
import { enter, leave, setCookie } from './session-cookie.ts';
import { ATTEMPT_MS, SignOnService } from './sign-on.service.ts';

/** Begun in this browser, and by nobody else: a planted attempt would sign its owner in as whoever planted it. */
const ATTEMPT_COOKIE = 'casare_sign_on';

@Controller()
export class SignOnController {
  readonly #accounts: AccountsService;
  readonly #providers: ProvidersService;
  readonly #signOn: SignOnService;
  readonly #webUrl: string;

  constructor(
    @Inject(AccountsService) accounts: AccountsService,
    @Inject(ProvidersService) providers: ProvidersService,
    @Inject(SignOnService) signOn: SignOnService,
    @Inject(WEB_URL) webUrl: string,
  ) {
    this.#accounts = accounts;
    this.#providers = providers;
    this.#signOn = signOn;
    this.#webUrl = webUrl;
  }

  @Handles(api.providers.list)
  list({ caller, query }: Call<typeof api.providers.list>) {
    return this.#providers.list(caller, query);
  }

  @Handles(api.providers.create)
  create({ caller, body }: Call<typeof api.providers.create>) {
    return this.#providers.create(caller, body);
  }

  @Handles(api.providers.get)
  get({ caller, params }: Call<typeof api.providers.get>) {
    return this.#providers.get(caller, params.id);
  }

  @Handles(api.providers.change)
  change({ caller, params, body, unchanged }: Call<typeof api.providers.change>) {
    return this.#providers.change(caller, params.id, body, unchanged);
  }

  @Handles(api.providers.remove)
  remove({ caller, params, unchanged }: Call<typeof api.providers.remove>) {
    return this.#providers.remove(caller, params.id, unchanged);
  }

  @Handles(api.signOn.providers)
  offered({ query }: Call<typeof api.signOn.providers>) {
    return this.#signOn.offered(query.tenant);
  }

  @Handles(api.signOn.begin)
  async begin({ body, request, response }: Call<typeof api.signOn.begin>): Promise<{ url: string } | Refusal> {
    const begun = await this.#signOn.begin(body.provider);
    if (isRefusal(begun)) return begun;
    const cookie = { name: hostCookie(request.app, ATTEMPT_COOKIE), path: '/', maxAgeMs: ATTEMPT_MS };
    setCookie(response, this.#webUrl, { ...cookie, value: begun.kept });
    return { url: begun.url };
  }

  @Handles(api.signOn.complete)
  async complete({ body, request, response }: Call<typeof api.signOn.complete>): Promise<Me | Refusal> {
    const name = hostCookie(request.app, ATTEMPT_COOKIE);
    const kept = cookieOf(request, name);
    // Good for one try.
    setCookie(response, this.#webUrl, { name, path: '/', maxAgeMs: 0, value: '' });
    const vouched = await this.#signOn.complete(body.query, kept);
    if (isRefusal(vouched)) return vouched;
    const { account, provider } = vouched;
    const session = await this.#accounts.openSession(account, 'provider', fromOf(request), { providerId: provider });
    if (isRefusal(session)) return session;
    return enter(session, { accounts: this.#accounts, webUrl: this.#webUrl, request, response });
  }

  @Handles(api.signOn.leave)
  async leave({ request, response }: Call<typeof api.signOn.leave>): Promise<{ url: string | null }> {
    const { sessionToken } = credentialsOf(request);
    const url = sessionToken === null ? null : await this.#signOn.leaveUrl(sessionToken);
    await leave({ accounts: this.#accounts, webUrl: this.#webUrl, request, response });
    return { url };
  }
}
