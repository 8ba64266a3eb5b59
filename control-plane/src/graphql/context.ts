/** What the fields of one request share. */
import type { Endpoint } from '@casare/shared/api';
import type { Caller } from '../platform/http/caller.ts';
import type { Asked } from '../platform/http/operation-calls.ts';
import type { Loaders } from './loaders.ts';

export interface GraphqlContext {
  readonly caller: Caller;
  /** Aborts when the client went away or the time is up: nothing more is begun then. */
  readonly signal: AbortSignal;
  readonly loaders: Loaders;
  /** Carries an operation of REST out, with all that REST asks. */
  readonly perform: (endpoint: Endpoint, asked: Asked) => Promise<unknown>;
}
