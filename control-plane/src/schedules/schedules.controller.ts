/** REST for schedules. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call } from '../platform/http/handles.ts';
import { FiringService } from './firing.service.ts';
import { SchedulesService } from './schedules.service.ts';

@Controller()
export class SchedulesController {
  readonly #schedules: SchedulesService;
  readonly #firing: FiringService;

  constructor(@Inject(SchedulesService) schedules: SchedulesService, @Inject(FiringService) firing: FiringService) {
    this.#schedules = schedules;
    this.#firing = firing;
  }

  @Handles(api.schedules.list)
  list({ caller, query }: Call<typeof api.schedules.list>) {
    return this.#schedules.list(caller.tenant, query);
  }

  @Handles(api.schedules.create)
  create({ caller, body }: Call<typeof api.schedules.create>) {
    return this.#schedules.create(caller, body);
  }

  @Handles(api.schedules.preview)
  preview({ body }: Call<typeof api.schedules.preview>) {
    return Promise.resolve(this.#schedules.preview(body));
  }

  @Handles(api.schedules.get)
  get({ caller, params }: Call<typeof api.schedules.get>) {
    return this.#schedules.get(caller.tenant, params.id);
  }

  @Handles(api.schedules.update)
  update({ caller, params, body, unchanged }: Call<typeof api.schedules.update>) {
    return this.#schedules.update(caller, params.id, body, unchanged);
  }

  @Handles(api.schedules.firings)
  firings({ caller, params, query }: Call<typeof api.schedules.firings>) {
    return this.#schedules.firings(caller.tenant, params.id, query);
  }

  @Handles(api.schedules.trigger)
  trigger({ caller, params }: Call<typeof api.schedules.trigger>) {
    return this.#firing.trigger(caller, params.id);
  }

  @Handles(api.schedules.remove)
  remove({ caller, params, unchanged }: Call<typeof api.schedules.remove>) {
    return this.#schedules.remove(caller, params.id, unchanged);
  }

  // Last: its path would match those above.
  @Handles(api.schedules.act)
  act({ caller, params, unchanged }: Call<typeof api.schedules.act>) {
    return this.#schedules.act(caller, params.id, params.action, unchanged);
  }
}
