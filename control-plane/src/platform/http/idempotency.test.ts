/** Idempotency keys over real HTTP and a real database: an effect is had once, whatever fails, dies or comes at once. */
import { Controller, Inject, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { endpoint } from '@casare/shared/api';
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { sql, type Database } from '../database/index.ts';
import { testDatabase, type TestDatabase } from '../database/testing.ts';
import { refuse } from '../refusal.ts';
import { AUTHENTICATOR, type Authenticator } from './caller.ts';
import { Handles, type Call } from './handles.ts';
import { RUN_MS, secondUse, type KeyUse } from './idempotency.decision.ts';
import { Idempotency } from './idempotency.ts';
import { openTestEdge, type TestEdge } from './testing.ts';

describe('the second use of a key', () => {
  const use = { digest: 'd', ageMs: 0, run: 'r', effect: false, status: null };
  test.each<[string, Partial<KeyUse>, unknown]>([
    ['of another request', { digest: 'other', status: 200 }, 'conflict'],
    ['that was answered', { run: null, effect: true, status: 200 }, 'replay'],
    ['that is being carried out', {}, 'inProgress'],
    ['that was committed a moment ago', { effect: true }, 'inProgress'],
    ['whose process died before its effect', { ageMs: RUN_MS }, { takeOver: 'r' }],
    ['whose process died after its effect', { ageMs: RUN_MS, effect: true }, 'answerLost'],
    ['that failed after its effect', { run: null, effect: true }, 'answerLost'],
  ])('%s', (_, more, expected) => {
    const outcome = secondUse({ ...use, ...more }, 'd');
    expect(outcome).toEqual(expected);
  });
});

const make = endpoint({
  id: 'test.make',
  method: 'POST',
  path: '/made/{kind}',
  status: 201,
  summary: 'Makes a thing; its secret is shown once.',
  permission: 'jobs:write',
  params: z.object({ kind: z.enum(['one', 'other']) }),
  body: z.strictObject({
    name: z.string(),
    how: z.enum(['refuse', 'failBefore', 'failAfter', 'wait', 'alone']).optional(),
  }),
  answer: { json: z.object({ id: z.string(), secret: z.string() }) },
});
const insert = sql<never, [name: string]>('testMakeThing', 'INSERT INTO thing (name) VALUES ($1)');
const count = sql<{ n: number }, [name: string]>(
  'testCountThings',
  'SELECT count(*)::int AS n FROM thing WHERE name = $1',
);
const age = sql<never, [seconds: number]>(
  'testAgeKeys',
  `UPDATE idempotency_key SET created_at = created_at - make_interval(secs => $1)`,
);
const stored = sql<{ text: string }>('testStoredKeys', 'SELECT k::text AS text FROM idempotency_key AS k');

const DATABASE = Symbol('Database');
/** What the handlers of `wait` wait for. */
let gate = Promise.withResolvers<void>();
let entered = Promise.withResolvers<void>();

@Controller()
class ThingsController {
  readonly #db: Database;
  constructor(@Inject(DATABASE) db: Database) {
    this.#db = db;
  }

  @Handles(make)
  async make({ body: { name, how } }: Call<typeof make>) {
    if (how === 'refuse') return refuse('conflict', 'THING_WRONG', 'Not now.');
    if (how === 'failBefore') throw new Error('before');
    if (how === 'alone') await this.#db.execute(insert(name));
    else await this.#db.transaction((tx) => this.#insert(tx, name, how));
    if (how === 'failAfter') throw new Error('after');
    return { id: randomUUID(), secret: `secret-${randomUUID()}` };
  }

  async #insert(tx: Pick<Database, 'execute'>, name: string, how: string | undefined): Promise<void> {
    if (how === 'wait') {
      entered.resolve();
      await gate.promise;
    }
    await tx.execute(insert(name));
  }
}

let database: TestDatabase;
let edge: TestEdge;
let other: TestEdge;
beforeAll(async () => {
  database = await testDatabase();
  await database.owner.transaction((tx) =>
    tx.script('CREATE TABLE thing (name text); GRANT SELECT, INSERT, UPDATE, DELETE ON thing TO casare_system'),
  );
  const open = (serverKey: number) => {
    const sealingKey = () => Promise.resolve(new Uint8Array(32).fill(serverKey));
    return openTestEdge(module(database.db), 'web', { idempotency: new Idempotency({ db: database.db, sealingKey }) });
  };
  [edge, other] = [await open(1), await open(2)];
});
afterAll(async () => {
  await edge.close();
  await other.close();
  await database.close();
});
beforeEach(() => {
  gate = Promise.withResolvers<void>();
  entered = Promise.withResolvers<void>();
});

function module(db: Database) {
  const authenticator: Authenticator = {
    authenticate: ({ apiKey }) => {
      const credential = `key:${apiKey}`;
      const who = { accountId: randomUUID(), email: null, actor: credential, csrfToken: null };
      return Promise.resolve({ ...who, tenant: 't', role: 'owner', scopes: null, via: 'apiKey', credential });
    },
    stillIn: () => Promise.resolve(new Map()),
  };
  @Module({
    imports: [DiscoveryModule],
    controllers: [ThingsController],
    providers: [
      { provide: AUTHENTICATOR, useValue: authenticator },
      { provide: DATABASE, useValue: db },
    ],
  })
  class TestModule {}
  return TestModule;
}

interface Ask {
  readonly key: string;
  readonly name: string;
  readonly how?: string;
  readonly by?: string;
  readonly kind?: string;
  readonly at?: TestEdge;
}

async function ask({ key, name, how, by = 'ann', kind = 'one', at = edge }: Ask) {
  const response = await fetch(`${at.url}/api/v1/made/${kind}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by}`, 'idempotency-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ name, ...(how === undefined ? {} : { how }) }),
  });
  const { code, secret } = (await response.json()) as { code?: string; secret?: string };
  const repeated = response.headers.get('idempotency-replayed') === 'true';
  return { status: response.status, said: code ?? secret, repeated };
}

const things = async (name: string) => (await database.db.query(count(name)))[0]!.n;

describe('a key', () => {
  it('has one effect and one answer, secret included, which nobody finds in the database', async () => {
    const first = await ask({ key: 'guessable', name: 'once' });
    expect(first).toMatchObject({ status: 201, repeated: false, said: expect.stringMatching(/^secret-/) as string });
    expect(await ask({ key: 'guessable', name: 'once' })).toEqual({ ...first, repeated: true });
    expect(await things('once')).toBe(1);
    const rows = (await database.db.query(stored())).map(({ text }) => text).join('\n');
    for (const text of [first.said!, 'guessable', Buffer.from(first.said!).toString('hex')])
      expect(rows).not.toContain(text);
    // Nor a digest of the body by which somebody could try what they guess.
    const body = JSON.stringify([null, { name: 'once' }]);
    expect(rows).not.toContain(createHash('sha256').update(body).digest('base64url'));
    // Another master key opens nothing, and repeats nothing.
    const lost = await ask({ key: 'guessable', name: 'once', at: other });
    expect([lost.status, lost.said, await things('once')]).toEqual([409, 'IDEMPOTENCY_ANSWER_LOST', 1]);
  });

  it('stands for one caller, one operation on one path, and one body', async () => {
    const key = 'scope';
    await ask({ key, name: 'scoped' });
    expect(await ask({ key, name: 'changed' })).toMatchObject({ status: 422, said: 'IDEMPOTENCY_CONFLICT' });
    expect(await ask({ key, name: 'scoped', by: 'bob' })).toMatchObject({ status: 201, repeated: false });
    expect(await ask({ key, name: 'scoped', kind: 'other' })).toMatchObject({ status: 201, repeated: false });
    expect([await things('scoped'), await things('changed')]).toEqual([3, 0]);
  });

  it.each(['alone', undefined])('that comes 12 times at once has one effect (%s)', async (how) => {
    const name = `at once ${how}`;
    const all = await Promise.all(Array.from({ length: 12 }, () => ask({ key: name, name, ...(how ? { how } : {}) })));
    expect(await things(name)).toBe(1);
    const answers = new Set(all.filter(({ status }) => status === 201).map(({ said }) => said));
    expect(answers.size).toBe(1);
    const others = all.filter(({ status }) => status !== 201);
    expect(others.every(({ status, said }) => status === 409 && said === 'IDEMPOTENCY_IN_PROGRESS')).toBe(true);
  });

  it('is free again after a refusal, and after a failure that has changed nothing', async () => {
    expect(await ask({ key: 'r', name: 'refused', how: 'refuse' })).toMatchObject({ said: 'THING_WRONG' });
    expect(await ask({ key: 'r', name: 'refused' })).toMatchObject({ status: 201, repeated: false });
    expect(await ask({ key: 'f', name: 'failed', how: 'failBefore' })).toMatchObject({ status: 500 });
    expect(await ask({ key: 'f', name: 'failed' })).toMatchObject({ status: 201, repeated: false });
  });

  it('whose request failed after its effect does not have it again', async () => {
    const asked = { key: 'after', name: 'after', how: 'failAfter' };
    expect(await ask(asked)).toMatchObject({ status: 500 });
    expect(await ask(asked)).toMatchObject({ status: 409, said: 'IDEMPOTENCY_ANSWER_LOST' });
    expect(await things('after')).toBe(1);
  });

  it('of a request that was believed dead: who took over has the effect, the other one cannot commit', async () => {
    const asked = { key: 'dead', name: 'dead', how: 'wait' };
    const first = ask(asked);
    await entered.promise;
    expect(await ask(asked)).toMatchObject({ status: 409, said: 'IDEMPOTENCY_IN_PROGRESS' });
    await database.db.execute(age(RUN_MS / 1_000));
    entered = Promise.withResolvers<void>();
    const second = ask(asked);
    await entered.promise;
    gate.resolve();
    expect([await first, await second]).toMatchObject([
      { status: 409, said: 'IDEMPOTENCY_IN_PROGRESS' },
      { status: 201, repeated: false },
    ]);
    expect(await things('dead')).toBe(1);
  });
});
