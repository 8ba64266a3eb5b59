/** CAs below an offline root, over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { AuthorityRequests } from './authority-requests.service.ts';

@Controller()
export class AuthoritiesController {
  readonly #requests: AuthorityRequests;

  constructor(@Inject(AuthorityRequests) requests: AuthorityRequests) {
    this.#requests = requests;
  }

  @Handles(api.authorities.request)
  request({ caller, body }: Call<typeof api.authorities.request>) {
    return this.#requests.request(caller, body);
  }

  @Handles(api.authorities.list)
  list({ caller, query }: Call<typeof api.authorities.list>) {
    return this.#requests.list(caller, query);
  }

  @Handles(api.authorities.import)
  import({ caller, params, body }: Call<typeof api.authorities.import>) {
    return this.#requests.import(caller, params.id, body);
  }
}
