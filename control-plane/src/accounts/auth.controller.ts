/** Signing in and out over HTTP. The session's cookie is out of reach of scripts and never sent across sites. */
import { Controller, Inject } from '@nestjs/common';
import { api, permissionsOf, type Me } from '@casare/shared/api';
import type { Request, Response } from 'express';
import { clientOf } from '../platform/edge/client-address.ts';
import { SESSION_COOKIE, type Caller } from '../platform/http/caller.ts';
import { credentialsOf } from '../platform/http/guard.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { AccountsService, SESSION_MS, type From, type NewSession } from './accounts.service.ts';

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
        ? await this.#accounts.logInWithCode(body.code, fromOf(request))
        : await this.#accounts.logIn(body.email, body.password, fromOf(request), body.secondFactor);
    return this.#entered(session, response);
  }

  @Handles(api.auth.acceptInvitation)
  async acceptInvitation({ body, request, response }: Call<typeof api.auth.acceptInvitation>): Promise<Me | Refusal> {
    const session = await this.#accounts.acceptInvitation(body.token, body.password, fromOf(request));
    return this.#entered(session, response);
  }

  @Handles(api.auth.changePassword)
  changePassword({ caller, body, request }: Call<typeof api.auth.changePassword>) {
    return this.#accounts.changePassword(caller, body, fromOf(request));
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

  #entered(session: NewSession | Refusal, response: Response): Me | Refusal {
    if (isRefusal(session)) return session;
    this.#setCookie(response, session.token, SESSION_MS);
    return viewOf(session.caller);
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

const USER_AGENT = 300;

/** Where a request comes from. */
export function fromOf(request: Request): From {
  const userAgent = (request.get('user-agent') ?? '').slice(0, USER_AGENT);
  return { address: clientOf(request.socket).address.slice(0, 100), userAgent };
}

function viewOf(caller: Caller): Me {
  const { accountId, email, role, tenant, via, csrfToken } = caller;
  return { accountId, email, role, permissions: permissionsOf(caller), tenant, via, csrfToken };
}
