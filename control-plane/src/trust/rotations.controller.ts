/** Rotations over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { Rotations } from './rotations.service.ts';

@Controller()
export class RotationsController {
  readonly #rotations: Rotations;

  constructor(@Inject(Rotations) rotations: Rotations) {
    this.#rotations = rotations;
  }

  @Handles(api.rotations.list)
  list({ caller, query }: Call<typeof api.rotations.list>) {
    return this.#rotations.list(caller.tenant, query);
  }

  @Handles(api.rotations.get)
  get({ caller, params }: Call<typeof api.rotations.get>) {
    return this.#rotations.get(caller.tenant, params.id);
  }

  @Handles(api.rotations.stragglers)
  stragglers({ caller, params, query }: Call<typeof api.rotations.stragglers>) {
    return this.#rotations.stragglers(caller.tenant, params.id, query);
  }

  @Handles(api.rotations.start)
  start({ caller, body }: Call<typeof api.rotations.start>) {
    return this.#rotations.start(caller, body);
  }

  @Handles(api.rotations.advance)
  advance({ caller, params, body }: Call<typeof api.rotations.advance>) {
    return this.#rotations.advance(caller, params.id, body);
  }

  @Handles(api.rotations.rollback)
  rollback({ caller, params, body }: Call<typeof api.rotations.rollback>) {
    return this.#rotations.rollback(caller, params.id, body);
  }
}
