/** REST for dead letters: hands parsed requests to the service, nothing else. */
import { Controller, Inject } from '@nestjs/common';
import { api } from '@casare/shared/api';
import { Handles, type Call, type Reply } from '../platform/http/handles.ts';
import type { Refusal } from '../platform/refusal.ts';
import { DeadLettersService } from './dead-letters.service.ts';

type Answer<E extends Parameters<typeof Handles>[0]> = Promise<Reply<E> | Refusal>;

@Controller()
export class DeadLettersController {
  readonly #letters: DeadLettersService;

  constructor(@Inject(DeadLettersService) letters: DeadLettersService) {
    this.#letters = letters;
  }

  @Handles(api.deadLetters.list)
  async list({ caller, query }: Call<typeof api.deadLetters.list>): Answer<typeof api.deadLetters.list> {
    const { limit, cursor, sort, ...filter } = query;
    return this.#letters.list(caller.tenant, filter, { limit, cursor, sort });
  }

  // Before the one that shows one of them: `counts` is no id.
  @Handles(api.deadLetters.counts)
  async counts({ caller, query }: Call<typeof api.deadLetters.counts>): Answer<typeof api.deadLetters.counts> {
    return this.#letters.counts(caller.tenant, query);
  }

  @Handles(api.deadLetters.get)
  async get({ caller, params }: Call<typeof api.deadLetters.get>): Answer<typeof api.deadLetters.get> {
    return this.#letters.get(caller.tenant, params.id);
  }

  @Handles(api.deadLetters.retry)
  async retry({ caller, body }: Call<typeof api.deadLetters.retry>): Answer<typeof api.deadLetters.retry> {
    return this.#letters.retry(caller, body);
  }

  @Handles(api.deadLetters.purge)
  async purge({ caller, body }: Call<typeof api.deadLetters.purge>): Answer<typeof api.deadLetters.purge> {
    return this.#letters.purge(caller, body);
  }
}
