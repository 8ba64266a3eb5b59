/** REST for routes and maintenance windows. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { ClosuresService } from './closures.service.ts';

@Controller()
export class RoutesController {
  readonly #closures: ClosuresService;

  constructor(@Inject(ClosuresService) closures: ClosuresService) {
    this.#closures = closures;
  }

  @Handles(api.routes.list)
  routes({ caller, query }: Call<typeof api.routes.list>) {
    return this.#closures.routes(caller.tenant, query);
  }

  @Handles(api.routes.get)
  route({ caller, params }: Call<typeof api.routes.get>) {
    return this.#closures.route(caller.tenant, params.id);
  }

  @Handles(api.routes.act)
  act({ caller, params, unchanged }: Call<typeof api.routes.act>) {
    return this.#closures.act(caller, params.id, params.action, unchanged);
  }

  @Handles(api.maintenance.list)
  list({ caller, query }: Call<typeof api.maintenance.list>) {
    return this.#closures.list(caller.tenant, query);
  }

  @Handles(api.maintenance.create)
  create({ caller, body }: Call<typeof api.maintenance.create>) {
    return this.#closures.create(caller, body);
  }

  @Handles(api.maintenance.remove)
  remove({ caller, params }: Call<typeof api.maintenance.remove>) {
    return this.#closures.remove(caller, params.id);
  }
}
