/** API keys over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { ApiKeysService } from './api-keys.service.ts';

@Controller()
export class ApiKeysController {
  readonly #keys: ApiKeysService;

  constructor(@Inject(ApiKeysService) keys: ApiKeysService) {
    this.#keys = keys;
  }

  @Handles(api.apiKeys.list)
  list({ caller, query }: Call<typeof api.apiKeys.list>) {
    return this.#keys.list(caller, query);
  }

  @Handles(api.apiKeys.create)
  create({ caller, body }: Call<typeof api.apiKeys.create>) {
    return this.#keys.create(caller, body);
  }

  @Handles(api.apiKeys.rotate)
  rotate({ caller, params, body }: Call<typeof api.apiKeys.rotate>) {
    return this.#keys.rotate(caller, params.id, body);
  }

  @Handles(api.apiKeys.revoke)
  revoke({ caller, params }: Call<typeof api.apiKeys.revoke>) {
    return this.#keys.revoke(caller, params.id);
  }
}
