/** Rate limits over real HTTP: each credential has its own, and every answer says what is left. */
import { Controller, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { endpoint } from '@casare/shared/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AUTHENTICATOR, type Authenticator } from './caller.ts';
import { Handles } from './handles.ts';
import { RateLimit } from './rate-limit.ts';
import { openTestEdge, type TestEdge } from './testing.ts';

const look = endpoint({
  id: 'test.look',
  method: 'GET',
  path: '/look',
  summary: 'Does nothing.',
  permission: 'jobs:read',
  answer: 'nothing',
});

@Controller()
class LookController {
  @Handles(look)
  look(): Promise<void> {
    return Promise.resolve();
  }
}

const authenticator: Authenticator = {
  authenticate: ({ apiKey }) => {
    const who = { tenant: 't', accountId: 'a', email: null, actor: 'a', csrfToken: null, scopes: null };
    return Promise.resolve({ ...who, role: 'viewer', via: 'apiKey', credential: `key:${apiKey}` });
  },
  stillIn: () => Promise.resolve(new Map()),
};

@Module({
  imports: [DiscoveryModule],
  controllers: [LookController],
  providers: [{ provide: AUTHENTICATOR, useValue: authenticator }],
})
class TestModule {}

let now = 0;
let edge: TestEdge;
beforeAll(async () => {
  edge = await openTestEdge(TestModule, 'web', { rateLimit: new RateLimit({ perSecond: 1, now: () => now }) });
});
afterAll(() => edge.close());

async function call(key: string) {
  const { status, headers, ...response } = await fetch(`${edge.url}/api/v1/look`, {
    headers: { authorization: `Bearer ${key}` },
  }).then(async (answer) => ({ status: answer.status, headers: answer.headers, text: await answer.text() }));
  const code = status === 204 ? null : (JSON.parse(response.text) as { code: string }).code;
  return {
    status,
    code,
    left: headers.get('ratelimit'),
    policy: headers.get('ratelimit-policy'),
    retry: headers.get('retry-after'),
  };
}

it('refuses one credential that calls too often, with the time to wait, and no other one', async () => {
  expect(await call('ann')).toEqual({
    ...{ status: 204, code: null, retry: null },
    ...{ left: '"credential";r=9;t=1', policy: '"credential";q=10;w=10' },
  });
  const all = await Promise.all(Array.from({ length: 9 }, () => call('ann')));
  expect(all.every(({ status }) => status === 204)).toBe(true);
  expect(await call('ann')).toMatchObject({
    status: 429,
    code: 'RATE_LIMITED',
    retry: '1',
    left: '"credential";r=0;t=10',
  });
  expect(await call('ben')).toMatchObject({ status: 204 });
  now += 1_000;
  expect(await call('ann')).toMatchObject({ status: 204, left: '"credential";r=0;t=10' });
});
