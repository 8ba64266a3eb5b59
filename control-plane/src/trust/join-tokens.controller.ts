/** Join tokens over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { JoinTokens } from './join-tokens.service.ts';

@Controller()
export class JoinTokensController {
  readonly #tokens: JoinTokens;

  constructor(@Inject(JoinTokens) tokens: JoinTokens) {
    this.#tokens = tokens;
  }

  @Handles(api.joinTokens.create)
  create({ caller, body }: Call<typeof api.joinTokens.create>) {
    return this.#tokens.create(caller, body);
  }

  @Handles(api.joinTokens.list)
  list({ caller, query }: Call<typeof api.joinTokens.list>) {
    return this.#tokens.list(caller.tenant, query);
  }

  @Handles(api.joinTokens.revoke)
  revoke({ caller, params }: Call<typeof api.joinTokens.revoke>) {
    return this.#tokens.revoke(caller, params.id);
  }
}
