/** The load gate: its bounds as a table, and a flood of real requests against an application that is slow to answer. */
import { Controller, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { endpoint, Problem } from '@casare/shared/api';
import { createConnection, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { isRefusal } from '../refusal.ts';
import { AUTHENTICATOR, type Authenticator } from './caller.ts';
import { Handles, type Call } from './handles.ts';
import { LoadGate, loadGateOf, type LoadLimits } from './load-gate.ts';
import { openTestEdge, type TestEdge } from './testing.ts';

const KIB = 1_024;
const two = { requests: 2, bytes: 100 };
const small: LoadLimits = {
  submits: { replica: { requests: 3, bytes: 150 }, tenant: two },
  requests: { replica: two, tenant: two },
  public: { replica: two, tenant: two },
};

describe('a gate', () => {
  const enter = (gate: LoadGate, tenant: string | null, bytes: number, kind: 'submits' | 'requests' = 'submits') => {
    const left = gate.enter({ kind, tenant, bytes });
    return isRefusal(left) ? `${left.code} ${left.retryAfterSeconds}` : left;
  };
  const lets = expect.any(Function) as unknown;

  it('bounds the requests and the bytes of a tenant, and of all', () => {
    const gate = new LoadGate(small, () => 0.5);
    const first = enter(gate, 'a', 60) as () => void;
    expect(enter(gate, 'a', 41)).toBe('SUBMITS_BUSY 3');
    const second = enter(gate, 'a', 40) as () => void;
    expect(enter(gate, 'a', 0)).toBe('SUBMITS_BUSY 3');
    expect(enter(gate, 'b', 1)).toEqual(lets);
    expect(enter(gate, 'c', 1)).toBe('SUBMITS_BUSY 3');
    first();
    first();
    expect(gate.underWay('submits')).toEqual({ requests: 2, bytes: 41 });
    expect(enter(gate, 'c', 109)).toEqual(lets);
    second();
    expect(enter(gate, 'a', 1)).toEqual(lets);
  });

  it('keeps room for other requests under a flood of submits, and lets one that is alone in', () => {
    const gate = new LoadGate(small, () => 0);
    expect(enter(gate, 'a', 10_000)).toEqual(lets);
    expect(enter(gate, 'a', 1)).toBe('SUBMITS_BUSY 1');
    expect(enter(gate, 'a', 1, 'requests')).toEqual(lets);
    expect(enter(gate, 'a', 1, 'requests')).toEqual(lets);
    expect(enter(gate, 'a', 1, 'requests')).toBe('REQUESTS_BUSY 1');
  });
});

const declared = { method: 'POST', permission: 'jobs:write', summary: 'Waits.', answer: 'nothing' } as const;
const body = z.strictObject({ text: z.string() });
const submit = endpoint({
  ...declared,
  id: 'test.submit',
  path: '/submit',
  body,
  bodyBytes: 256 * KIB,
  load: 'submits',
});
const steer = endpoint({ ...declared, id: 'test.steer', path: '/steer', body });

let answer: () => void;
let held: { now: number; most: number };

@Controller()
class SlowController {
  #answered = new Promise<void>((resolve) => (answer = resolve));
  @Handles(submit)
  async submit(call: Call<typeof submit>) {
    held.now += call.body.text.length;
    held.most = Math.max(held.most, held.now);
    await this.#answered;
    held.now -= call.body.text.length;
  }
  @Handles(steer)
  async steer() {}
}

const base = { accountId: crypto.randomUUID(), email: null, role: 'owner' as const, via: 'apiKey' as const };
const authenticator: Authenticator = {
  authenticate: async ({ apiKey }) => {
    return { ...base, scopes: null, tenant: apiKey!, actor: apiKey!, credential: apiKey!, csrfToken: null };
  },
  stillIn: async (open) => new Map(open.map((caller) => [caller.credential, caller])),
};
@Module({
  imports: [DiscoveryModule],
  controllers: [SlowController],
  providers: [{ provide: AUTHENTICATOR, useValue: authenticator }],
})
class SlowModule {}

describe('a flood', () => {
  const limits: LoadLimits = {
    submits: { replica: { requests: 12, bytes: 1_024 * KIB }, tenant: { requests: 8, bytes: 700 * KIB } },
    requests: { replica: two, tenant: two },
    public: { replica: two, tenant: two },
  };
  let edge: TestEdge;
  let gate: LoadGate;
  beforeEach(async () => {
    held = { now: 0, most: 0 };
    edge = await openTestEdge(SlowModule, 'web', { load: limits });
    gate = loadGateOf(edge.app.getHttpAdapter().getInstance() as object);
  });
  afterEach(() => edge.close());

  const post = (tenant: string, path: string, bytes: number): Promise<Response> =>
    fetch(`${edge.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'x'.repeat(bytes) }),
    });

  it('of submits is answered 429 with Retry-After; what is held stays within the bound, and others go on', async () => {
    const flood = Array.from({ length: 200 }, () => post('acme', 'submit', 100 * KIB));
    let refused = 0;
    for (const each of flood) void each.then(({ status }) => (refused += status === 429 ? 1 : 0));
    await vi.waitFor(() => expect(refused).toBe(194), 10_000);
    // Six bodies of 100 KiB are what 700 KiB hold.
    await vi.waitFor(() => expect(held.now).toBe(6 * 100 * KIB), 5_000);
    expect(held.most).toBeLessThanOrEqual(700 * KIB);
    expect((await post('acme', 'steer', 1)).status).toBe(204);
    const other = post('globex', 'submit', 100 * KIB);
    await vi.waitFor(() => expect(gate.underWay('submits').requests).toBe(7), 5_000);
    const late = await post('acme', 'submit', 1 * KIB * 200);
    expect([late.status, Problem.parse(await late.json()).code]).toEqual([429, 'SUBMITS_BUSY']);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    answer();
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(6);
    expect((await other).status).toBe(204);
    // Everything was given back.
    expect((await post('acme', 'submit', 200 * KIB)).status).toBe(204);
    expect(gate.underWay('submits')).toEqual({ requests: 0, bytes: 0 });
  });

  it('of bodies that never come takes no more than its places, and gives them back when the clients leave', async () => {
    const head = (length: string) =>
      `POST /api/v1/submit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer acme\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
    const open = (length: string): Promise<{ socket: Socket; answer: () => string }> =>
      new Promise((resolve, reject) => {
        let text = '';
        const socket = createConnection(edge.port, '127.0.0.1', () => socket.write(head(length)));
        socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        socket.on('error', reject).on('connect', () => resolve({ socket, answer: () => text }));
      });
    // One announces its length, one announces none: it counts as the largest.
    const slow = [await open(`Content-Length: ${256 * KIB}`), await open('Transfer-Encoding: chunked')];
    await vi.waitFor(() => expect(gate.underWay('submits')).toEqual({ requests: 2, bytes: 512 * KIB }), 5_000);
    // Refused before a byte of it came.
    const refused = await open(`Content-Length: ${256 * KIB}`);
    await vi.waitFor(() => expect(refused.answer()).toMatch(/^HTTP\/1.1 429 /), 5_000);
    for (const { socket } of slow) socket.destroy();
    await vi.waitFor(() => expect(gate.underWay('submits')).toEqual({ requests: 0, bytes: 0 }), 5_000);
    refused.socket.destroy();
    answer();
    expect((await post('acme', 'submit', 200 * KIB)).status).toBe(204);
  });
});
