/**
 * What people do about jobs that nobody tries again by itself: look at them, run one or many again, put them away. Each
 * job that is run again is a retry of its own, with its own entry in the audit log; a purge is one entry with all ids.
 */
import {
  DEAD_LETTERS_AT_ONCE,
  type DeadLetter,
  type DeadLetterChoice,
  type DeadLetterCounts,
  type DeadLetterDetails,
  type DeadLetterFilter,
  type DeadLettersDone,
} from '@casare/shared/api';
import type { TenantDatabase, Transaction } from '../platform/database/index.ts';
import { pageOf, type Page, type PageAsk } from '../platform/paging.ts';
import { badCursor, refuse, type Refusal } from '../platform/refusal.ts';
import { countDeadLetters } from './dead-letter-counts.store.ts';
import { findDeadLetter, findDeadLetters, purgeDeadLetters } from './dead-letter.store.ts';
import { jobCursor } from './query.service.ts';
import type { Submitter } from './submit.service.ts';

export interface DeadLetterDependencies {
  readonly db: TenantDatabase;
  /** Runs a job again, as a person's retry. */
  readonly retry: (by: Submitter, jobId: string) => Promise<Refusal | null>;
  readonly audit: (
    tx: Transaction,
    by: Submitter,
    action: string,
    subject: string,
    detail: Record<string, unknown>,
  ) => Promise<void>;
}

const NOT_THERE = 'DEAD_LETTER_NOT_FOUND';

export class DeadLettersService {
  readonly #deps: DeadLetterDependencies;

  constructor(dependencies: DeadLetterDependencies) {
    this.#deps = dependencies;
  }

  async list(tenant: string, filter: DeadLetterFilter, ask: PageAsk): Promise<Page<DeadLetter> | Refusal> {
    const beyond = jobCursor(ask);
    if (beyond === undefined) return badCursor();
    const narrowed = { filter, ids: null, beyond, ascending: ask.sort === 'createdAt', limit: ask.limit + 1 };
    return pageOf(await findDeadLetters(this.#deps.db.of(tenant), tenant, narrowed), ask.limit, (letter) => [
      letter.id,
    ]);
  }

  /** How many there are, by reason and workflow. */
  counts(tenant: string, filter: DeadLetterFilter): Promise<DeadLetterCounts> {
    return countDeadLetters(this.#deps.db.of(tenant), tenant, filter);
  }

  async get(tenant: string, id: string): Promise<DeadLetterDetails | Refusal> {
    const found = await findDeadLetter(this.#deps.db.of(tenant), tenant, id);
    if (found) return found;
    return refuse('not_found', NOT_THERE, `Job ${id} is no dead letter.`, { fix: 'List them to find its id.' });
  }

  /** Runs them again, one after the other; what changed meanwhile is refused and harms no other. */
  async retry(by: Submitter, choice: DeadLetterChoice): Promise<DeadLettersDone> {
    const { chosen, done } = await this.#choose(by.tenant, choice);
    for (const id of chosen) {
      const refusal = await this.#deps.retry(by, id);
      if (refusal) done.refused.push({ id, code: refusal.code });
      else done.ids.push(id);
    }
    return done;
  }

  /** Takes them off the list for good. */
  async purge(by: Submitter, choice: DeadLetterChoice): Promise<DeadLettersDone> {
    const { chosen, done } = await this.#choose(by.tenant, choice);
    if (chosen.length === 0) return done;
    const ids = await this.#deps.db.of(by.tenant).transaction(async (tx) => {
      const purged = await purgeDeadLetters(tx, by.tenant, chosen);
      if (purged.length > 0) await this.#deps.audit(tx, by, 'dead-letters.purge', 'jobs', { jobs: purged });
      return purged;
    });
    const gone = chosen.filter((id) => !ids.includes(id)).map((id) => ({ id, code: NOT_THERE }));
    return { ...done, ids, refused: [...done.refused, ...gone] };
  }

  async #choose(
    tenant: string,
    choice: DeadLetterChoice,
  ): Promise<{ chosen: string[]; done: { ids: string[]; refused: { id: string; code: string }[]; more: boolean } }> {
    const [ids, filter] = 'ids' in choice ? [[...new Set(choice.ids)], {}] : [null, choice.filter];
    const ask = { filter, ids, beyond: null, ascending: false, limit: DEAD_LETTERS_AT_ONCE + 1 };
    const found = (await findDeadLetters(this.#deps.db.of(tenant), tenant, ask)).map((letter) => letter.id);
    const refused = (ids ?? []).filter((id) => !found.includes(id)).map((id) => ({ id, code: NOT_THERE }));
    const chosen = found.slice(0, DEAD_LETTERS_AT_ONCE);
    return { chosen, done: { ids: [], refused, more: found.length > chosen.length } };
  }
}
