/** Locks over HTTP. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { Locks } from './locks.service.ts';

@Controller()
export class LocksController {
  readonly #locks: Locks;

  constructor(@Inject(Locks) locks: Locks) {
    this.#locks = locks;
  }

  @Handles(api.locks.list)
  list({ caller, query }: Call<typeof api.locks.list>) {
    return this.#locks.list(caller.tenant, query);
  }

  @Handles(api.locks.create)
  create({ caller, body }: Call<typeof api.locks.create>) {
    return this.#locks.create(caller, body);
  }

  @Handles(api.locks.lift)
  lift({ caller, params, body }: Call<typeof api.locks.lift>) {
    return this.#locks.lift(caller, params.id, body);
  }
}
