/** Signing in and out over HTTP. The session's cookie is out of reach of scripts and never sent across sites. */
import { Controller, Inject } from '@nestjs/common';
import { api, type Me } from '@casare/shared/api';
import type { Request, Response } from 'express';
import { clientOf } from '../platform/edge/client-address.ts';
import { Handles, type Call } from '../platform/http/handles.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { AccountsService, type From, type NewSession } from './accounts.service.ts';
import { enter, leave, viewOf } from './session-cookie.ts';

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
    return this.#entered(session, request, response);
  }

  @Handles(api.auth.acceptInvitation)
  async acceptInvitation({ body, request, response }: Call<typeof api.auth.acceptInvitation>): Promise<Me | Refusal> {
    const session = await this.#accounts.acceptInvitation(body.token, body.password, fromOf(request));
    return this.#entered(session, request, response);
  }

  @Handles(api.auth.changePassword)
  changePassword({ caller, body, request }: Call<typeof api.auth.changePassword>) {
    return this.#accounts.changePassword(caller, body, fromOf(request));
  }

  @Handles(api.auth.logout)
  async logOut({ request, response }: Call<typeof api.auth.logout>): Promise<void> {
    await leave({ accounts: this.#accounts, webUrl: this.#webUrl, request, response });
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

  async #entered(session: NewSession | Refusal, request: Request, response: Response): Promise<Me | Refusal> {
    if (isRefusal(session)) return session;
    return enter(session, { accounts: this.#accounts, webUrl: this.#webUrl, request, response });
  }
}

const USER_AGENT = 300;

/** Where a request comes from. */
export function fromOf(request: Request): From {
  const userAgent = (request.get('user-agent') ?? '').slice(0, USER_AGENT);
  return { address: clientOf(request.socket).address.slice(0, 100), userAgent };
}
