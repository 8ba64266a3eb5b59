/** The engine without HTTP or a database: its time limit, what is under way at once, and errors that say nothing. */
import { api } from '@casare/shared/api';
import { describe, expect, it } from 'vitest';
import type { Caller } from '../platform/http/caller.ts';
import { silentLog, type Log } from '../platform/log.ts';
import { Fault } from '../platform/errors.ts';
import { GraphqlEngine, type Asking } from './engine.ts';
import type { Batches } from './loaders.ts';
import { buildSchema } from './schema.ts';

const schema = buildSchema();
const caller = { role: 'owner', scopes: null, tenant: 'default' } as Caller;
const nothing = {} as Batches;

function asking(perform: Asking['perform']): Asking {
  return { caller, requestId: 'r-1', signal: new AbortController().signal, perform };
}
const codes = (answer: Awaited<ReturnType<GraphqlEngine['answer']>>) =>
  answer.errors?.map(({ extensions }) => extensions?.['code']);

describe('the engine', () => {
  it('answers when the time is up, and begins nothing more', async () => {
    const begun: string[] = [];
    const first = Promise.withResolvers<object>();
    const engine = new GraphqlEngine(schema, nothing, silentLog, 50);
    const perform: Asking['perform'] = (operation) => {
      begun.push(operation.id);
      return first.promise;
    };
    const document = 'mutation { a: cancelJob(id: "1") { state } b: retryJob(id: "1") { state } }';
    const answer = await engine.answer({ query: document }, asking(perform));
    expect([codes(answer), answer.data]).toEqual([['GRAPHQL_TIME_UP'], null]);
    expect(answer.errors![0]!.extensions!['detail']).toContain('may have been carried out');
    first.resolve({ state: 'cancelled' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toEqual(['jobs.cancel']);
  });

  it('has so much cost under way for a tenant, and not more', async () => {
    const engine = new GraphqlEngine(schema, nothing, silentLog);
    const held = Promise.withResolvers<object>();
    const document = 'query ($n: Int) { jobs(limit: $n) { items { state review { reason } } } }';
    const heavy = () =>
      engine.answer(
        { query: document, variables: { n: 200 } },
        asking(() => held.promise),
      );
    // 200 jobs of 11 each: twenty-two of them fit below 50,000.
    const under = Array.from({ length: 22 }, heavy);
    expect(codes(await heavy())).toEqual(['REQUESTS_BUSY']);
    held.resolve({ items: [], nextCursor: null });
    expect((await Promise.all(under)).every((answer) => answer.errors === undefined)).toBe(true);
    expect((await heavy()).errors).toBeUndefined();
  });

  it('says nothing of an error that nobody expects, and logs it', async () => {
    const logged: unknown[] = [];
    const log = { ...silentLog, error: (...said: unknown[]) => logged.push(said) } as unknown as Log;
    const engine = new GraphqlEngine(schema, nothing, log);
    const answer = await engine.answer(
      { query: '{ me { role } }' },
      asking(() => Promise.reject(new Error('hunter2'))),
    );
    expect(codes(answer)).toEqual(['INTERNAL_ERROR']);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(JSON.stringify(answer)).toContain('r-1');
    expect(logged).toHaveLength(1);
    const wrong = await engine.answer(
      { query: '{ me { role } }' },
      asking(() => Promise.resolve({ role: 'hunter2' })),
    );
    expect(codes(wrong)).toEqual(['INTERNAL_ERROR']);
    expect(JSON.stringify(wrong)).not.toContain('hunter2');
    const fault = new Fault({ code: 'DATABASE_BUSY', what: 'The database is busy', status: 503 });
    logged.length = 0;
    const busy = await engine.answer(
      { query: '{ me { role } }' },
      asking(() => Promise.reject(fault)),
    );
    expect(busy.errors).toMatchObject([{ extensions: { code: 'DATABASE_BUSY', retryAfterSeconds: 5 } }]);
    expect(logged).toMatchObject([['a field of GraphQL failed', { request: 'r-1', error: fault }]]);
  });

  it('takes the operation that is named', async () => {
    const engine = new GraphqlEngine(schema, nothing, silentLog);
    const perform: Asking['perform'] = (operation) =>
      Promise.resolve(operation === api.auth.me ? { role: 'owner' } : null);
    const query = 'query A { me { role } } query B { me { tenant } }';
    expect((await engine.answer({ query, operationName: 'A' }, asking(perform))).data).toEqual({
      me: { role: 'owner' },
    });
    expect(codes(await engine.answer({ query }, asking(perform)))).toEqual(['GRAPHQL_INVALID']);
  });
});
