/** Signing in and out over HTTP. The session's cookie is out of reach of scripts and never sent across sites. */
import { Controller, Inject } from '@nestjs/common';
import { api, permissionsOf, type Me } from '@casare/shared/api';
import type { Response } from 'express';
import { clientOf } from '../platform/edge/client-address.ts';
import { SESSION_COOKIE, type Caller } from '../platform/http/caller.ts';
import { credentialsOf } from '../platform/http/guard.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { AccountsService, SESSION_MS } from './accounts.service.ts';

/** Nest token of the address that browsers reach the console by. */
export const WEB_URL = Symbol('WebUrl');

@Controller()
export class AuthController {
  readonly #accounts: AccountsService;
  readonly #webUrl: string;

  constructor(@Inject(AccountsService) accounts: AccountsService, @Inject(WEB_URL) webUrl: string) {
    this.#accounts = accounts;
    this.#webUrl = webUrl;
  }

  @Handles(api.auth.login)
  async logIn({ body, request, response }: Call<typeof api.auth.login>): Promise<Me | Refusal> {
    const session =
      'code' in body
        ? await this.#accounts.logInWithCode(body.code)
        : await this.#accounts.logIn(body.email, body.password, clientOf(request.socket).address);
    if (isRefusal(session)) return session;
    this.#setCookie(response, session.token, SESSION_MS);
    return viewOf(session.caller);
  }

  @Handles(api.auth.logout)
  async logOut({ request, response }: Call<typeof api.auth.logout>): Promise<void> {
    const { sessionToken } = credentialsOf(request);
    if (sessionToken !== null) await this.#accounts.logOut(sessionToken);
    this.#setCookie(response, '', 0);
  }

  @Handles(api.auth.me)
  async me({ caller }: Call<typeof api.auth.me>): Promise<Me> {
    return viewOf(caller);
  }

  @Handles(api.auth.createSignInCode)
  async createSignInCode({ caller }: Call<typeof api.auth.createSignInCode>) {
    const made = await this.#accounts.createSignInCode(caller);
    if (isRefusal(made)) return made;
    const { code, expiresAt } = made;
    return { code, url: `${this.#webUrl}/login#code=${code}`, expiresAt: expiresAt.toISOString() };
  }

  #setCookie(response: Response, token: string, maxAgeMs: number): void {
    const secure = this.#webUrl.startsWith('https://') ? '; Secure' : '';
    const age = Math.floor(maxAgeMs / 1_000);
    response.setHeader(
      'Set-Cookie',
      `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}${secure}`,
    );
  }
}

function viewOf(caller: Caller): Me {
  const { accountId, email, role, tenant, via, csrfToken } = caller;
  return { accountId, email, role, permissions: permissionsOf(caller), tenant, via, csrfToken };
}
