/** Agents over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { AgentsService } from './agents.service.ts';

@Controller()
export class AgentsController {
  readonly #agents: AgentsService;

  constructor(@Inject(AgentsService) agents: AgentsService) {
    this.#agents = agents;
  }

  @Handles(api.agents.list)
  list({ caller, query }: Call<typeof api.agents.list>) {
    return this.#agents.list(caller.tenant, query);
  }

  @Handles(api.agents.get)
  get({ caller, params }: Call<typeof api.agents.get>) {
    return this.#agents.get(caller.tenant, params.id);
  }

  @Handles(api.agents.update)
  update({ caller, params, body, unchanged }: Call<typeof api.agents.update>) {
    return this.#agents.update(caller, params.id, body, unchanged);
  }

  @Handles(api.agents.act)
  act({ caller, params, unchanged }: Call<typeof api.agents.act>) {
    return this.#agents.act(caller, params.id, params.action, unchanged);
  }
}
