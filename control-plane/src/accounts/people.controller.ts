/** Accounts and sessions over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api, type Invitation } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { isRefusal, type Refusal } from '../platform/refusal.ts';
import { WEB_URL } from './auth.controller.ts';
import { PeopleService, type NewInvitation } from './people.service.ts';
import { SessionsService } from './sessions.service.ts';

@Controller()
export class PeopleController {
  readonly #people: PeopleService;
  readonly #sessions: SessionsService;
  readonly #webUrl: string;

  constructor(
    @Inject(PeopleService) people: PeopleService,
    @Inject(SessionsService) sessions: SessionsService,
    @Inject(WEB_URL) webUrl: string,
  ) {
    this.#people = people;
    this.#sessions = sessions;
    this.#webUrl = webUrl;
  }

  @Handles(api.accounts.list)
  list({ caller, query }: Call<typeof api.accounts.list>) {
    return this.#people.list(caller, query);
  }

  @Handles(api.accounts.get)
  get({ caller, params }: Call<typeof api.accounts.get>) {
    return this.#people.get(caller, params.id);
  }

  @Handles(api.accounts.invite)
  async invite({ caller, body }: Call<typeof api.accounts.invite>) {
    return this.#linked(caller.tenant, await this.#people.invite(caller, body));
  }

  @Handles(api.accounts.inviteAgain)
  async inviteAgain({ caller, params, body }: Call<typeof api.accounts.inviteAgain>) {
    return this.#linked(caller.tenant, await this.#people.inviteAgain(caller, params.id, body.ttlSeconds));
  }

  @Handles(api.accounts.setRole)
  setRole({ caller, params, body, unchanged }: Call<typeof api.accounts.setRole>) {
    return this.#people.setRole(caller, params.id, body, unchanged);
  }

  @Handles(api.accounts.setPlatform)
  setPlatform({ caller, params, body, unchanged }: Call<typeof api.accounts.setPlatform>) {
    return this.#people.setPlatform(caller, params.id, body.platform, unchanged);
  }

  @Handles(api.accounts.resetSecondFactor)
  resetSecondFactor({ caller, params, unchanged }: Call<typeof api.accounts.resetSecondFactor>) {
    return this.#people.resetSecondFactor(caller, params.id, unchanged);
  }

  @Handles(api.accounts.delete)
  delete({ caller, params, unchanged }: Call<typeof api.accounts.delete>) {
    return this.#people.delete(caller, params.id, unchanged);
  }

  // Last: its path would match those above.
  @Handles(api.accounts.act)
  act({ caller, params, unchanged }: Call<typeof api.accounts.act>) {
    return this.#people.act(caller, params.id, params.action, unchanged);
  }

  @Handles(api.sessions.list)
  listSessions({ caller, query }: Call<typeof api.sessions.list>) {
    return this.#sessions.list(caller, query);
  }

  @Handles(api.sessions.end)
  endSession({ caller, params }: Call<typeof api.sessions.end>) {
    return this.#sessions.end(caller, params.id);
  }

  @Handles(api.sessions.endOthers)
  endOthers({ caller }: Call<typeof api.sessions.endOthers>) {
    return this.#sessions.endOthers(caller);
  }

  /** By mail where the operator has a server; a letter that it does not take leaves the link to who invites. */
  async #linked(tenant: string, made: NewInvitation | Refusal): Promise<Invitation | Refusal> {
    if (isRefusal(made)) return made;
    const { account, token, expiresAt } = made;
    // The token stands behind `#`, so it is in no log of a server or proxy.
    const url = `${this.#webUrl}/invitation#token=${token}`;
    const mailed = await this.#people.mail(tenant, account, url, expiresAt);
    return { account, url: mailed ? null : url, mailedTo: mailed ? account.email : null, expiresAt };
  }
}
