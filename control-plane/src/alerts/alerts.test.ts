import type { RunEventBody } from '@casare/shared/protocol';
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../platform/database/index.ts';
import { LETTERS } from '../platform/mail/letter-limit.ts';
import { isRefusal } from '../platform/refusal.ts';
import { waitAfter } from './backoff.decision.ts';
import { openAlertsDesk, type AlertsDesk } from './testing.ts';

let desk: AlertsDesk;
beforeAll(async () => {
  desk = await openAlertsDesk();
});
afterEach(async () => {
  const rules = await desk.first.alerts.rules('default', { limit: 200 });
  if (isRefusal(rules)) throw new Error(rules.code);
  const { items } = rules;
  for (const { id } of items) await desk.first.alerts.removeRule(desk.caller, id);
  desk.receiver.answer = 204;
  desk.receiver.calls.length = 0;
  desk.mail.letters.length = 0;
  desk.mail.broken = false;
});
afterAll(() => desk.close());

const failed: RunEventBody = {
  type: 'run.failed',
  error: { type: 'about:blank', status: 500, code: 'PORTAL_DOWN', title: 'No answer' },
};
const completed: RunEventBody = { type: 'run.completed', output: {} };
const MINUTE = 60_000;
const bodies = () =>
  desk.receiver.calls.map(({ body }) => JSON.parse(body) as { type: string; data: { cause: string } });
async function listed(open?: 'true' | 'false') {
  const page = await desk.first.alerts.list('default', { limit: 50, open });
  if (isRefusal(page)) throw new Error(page.code);
  return page.items;
}

test('the address of a webhook is shown to nobody, and still called', async () => {
  const request = { kind: 'webhook', name: 'slack', url: `${desk.receiver.url}/T000/B000/0123456789abcdef` } as const;
  const made = await desk.first.alerts.addChannel(desk.caller, request);
  if (isRefusal(made)) throw new Error(made.code);
  const shown = `${new URL(desk.receiver.url).origin}/…cdef`;
  expect(made.channel.url).toBe(shown);
  const page = await desk.first.alerts.channels('default', { limit: 200 });
  expect('items' in page && page.items.find(({ id }) => id === made.channel.id)).toMatchObject({ url: shown });
  expect(await desk.first.alerts.testChannel(desk.caller, made.channel.id)).toMatchObject({ delivered: true });
  await desk.first.alerts.removeChannel(desk.caller, made.channel.id);
});

describe('a workflow that fails', () => {
  test('is told of once until a job of it succeeds, by mail and webhook, by however many replicas', async () => {
    const [mail, hook] = [await desk.channel('email'), await desk.channel('webhook')];
    await desk.rule('job.failed', [mail.id, hook.id], { cleared: true });
    const [workflow, agent] = [await desk.house.workflow('fails'), await desk.house.agent('fails')];
    const job = await desk.run(workflow, agent, failed);
    await desk.run(workflow, agent, failed);
    const replicas = [desk.first, desk.replica(), desk.replica()];
    await Promise.all(replicas.map(({ watch }) => watch.lookAtJobs()));
    await Promise.all(replicas.flatMap(({ deliverer }) => [deliverer.turn(), deliverer.turn()]));
    expect(desk.mail.letters).toHaveLength(1);
    expect(desk.mail.letters[0]!.text).toMatch(/^Subject: \[Casare\] test\/fails failed\r$/m);
    expect(desk.mail.letters[0]!.text).toContain('code: PORTAL_DOWN');
    expect(desk.mail.letters[0]!.text.replaceAll('=\r\n', '')).toContain(`https://casare.example/jobs/${job}`);
    expect(bodies()).toMatchObject([{ type: 'alert.raised', data: { cause: 'workflow:test/fails' } }]);
    expect((await listed())[0]).toMatchObject({
      times: 2,
      clearedAt: null,
      deliveries: [{ state: 'delivered' }, { state: 'delivered' }],
    });

    await desk.run(workflow, agent, completed);
    await desk.first.watch.lookAtJobs();
    await desk.first.deliverer.turn();
    expect(bodies().map(({ type }) => type)).toEqual(['alert.raised', 'alert.cleared']);
    expect(desk.mail.letters).toHaveLength(2);
    await desk.run(workflow, agent, failed);
    await desk.first.watch.lookAtJobs();
    expect(await listed('true')).toHaveLength(1);
    expect(await listed('false')).toHaveLength(1);
  });

  test('does not count where it failed before the rule, is another one, or the rule is disabled', async () => {
    const hook = await desk.channel('webhook');
    const [workflow, agent] = [await desk.house.workflow('before'), await desk.house.agent('before')];
    await desk.run(workflow, agent, failed);
    const rule = await desk.rule('job.failed', [hook.id], { workflow: 'test/before' });
    const other = await desk.rule('job.failed', [hook.id], { workflow: 'test/other' });
    await desk.first.watch.lookAtJobs();
    expect(await listed()).toEqual([]);
    for (const { id } of [rule, other]) await desk.first.alerts.act(desk.caller, id, 'disable');
    await desk.run(workflow, agent, failed);
    for (const { id } of [rule, other]) await desk.first.alerts.act(desk.caller, id, 'enable');
    await desk.first.watch.lookAtJobs();
    expect(await listed()).toEqual([]);
    await desk.run(workflow, agent, failed);
    await desk.first.watch.lookAtJobs();
    expect((await listed()).map(({ rule: of }) => of.id)).toEqual([rule.id]);
  });
});

test('a job that waits for a person is told of, and is over when it waits no more', async () => {
  const hook = await desk.channel('webhook');
  await desk.rule('job.needs_review', [hook.id], { cleared: true });
  const [workflow, agent] = [await desk.house.workflow('reviewed'), await desk.house.agent('reviewed')];
  const job = await desk.run(workflow, agent, { type: 'run.suspended', reason: 'in doubt', position: '/do/0/act' });
  await desk.first.watch.lookAtJobs();
  expect(await listed('true')).toMatchObject([{ cause: `job:${job}`, detail: { reason: 'in doubt' } }]);
  await desk.house.jobs.steer.review(desk.house.by, job, { decision: 'fail', reason: 'no' });
  await desk.readable();
  await desk.first.watch.lookAtJobs();
  await desk.first.deliverer.turn();
  expect(
    bodies()
      .map(({ type }) => type)
      .toSorted(),
  ).toEqual(['alert.cleared', 'alert.raised']);
});

test('an agent that is away for longer than its minutes is told of, once, and again after it was back', async () => {
  const hook = await desk.channel('webhook');
  const rule = await desk.rule('agent.offline', [hook.id], { minutes: 10 });
  const agent = await desk.house.agent('away');
  const seen = sql<never, [id: string, at: Date]>('testAgentSeen', 'UPDATE agent SET created_at = $2 WHERE id = $1');
  const others = sql<never, [id: string]>('testOthersGone', `UPDATE agent SET state = 'decommissioned' WHERE id <> $1`);
  const { db } = desk.house.database;
  await db.execute(others(agent.agentId));
  await db.execute(seen(agent.agentId, new Date(desk.clock.now().getTime() - 9 * MINUTE)));
  const look = () => Promise.all([desk.first, desk.replica()].map(({ watch }) => watch.lookAtStates()));
  await look();
  expect(await listed()).toEqual([]);
  desk.clock.advance(2 * MINUTE);
  for (let n = 0; n < 3; n += 1) await look();
  expect(await listed('true')).toMatchObject([{ cause: `agent:${agent.agentId}`, times: 1, rule: { id: rule.id } }]);
  await db.execute(seen(agent.agentId, desk.clock.now()));
  await look();
  expect(await listed('true')).toEqual([]);
  desk.clock.advance(11 * MINUTE);
  await look();
  expect([(await listed('true')).length, (await listed()).length]).toEqual([1, 2]);
});

describe('a tenant that is suspended', () => {
  test('gets no letter and no call; what its jobs did is told of when it is resumed', async () => {
    const hook = await desk.channel('webhook');
    await desk.rule('job.failed', [hook.id]);
    const [workflow, agent] = [await desk.house.workflow('suspended'), await desk.house.agent('suspended')];
    await desk.run(workflow, agent, failed);
    await desk.tenant('suspended');
    await desk.readable();
    await desk.first.watch.lookAtJobs();
    await desk.first.deliverer.turn();
    expect([(await listed('true')).length, desk.receiver.calls.length]).toEqual([1, 0]);
    await desk.tenant('active');
    await desk.first.deliverer.turn();
    expect(bodies()).toMatchObject([{ type: 'alert.raised', data: { cause: 'workflow:test/suspended' } }]);
  });

  test('has agents that are away, which is no news; resumed, they have their time to come back', async () => {
    const hook = await desk.channel('webhook');
    await desk.tenant('suspended');
    await desk.rule('agent.offline', [hook.id], { minutes: 10 });
    await desk.rule('certificate.expiring', [hook.id]);
    desk.endings = [{ subject: 'web', id: 'web', name: 'n', notAfter: '2026-01-09T00:00:00.000Z', next: 'x' }];
    const away = await desk.house.agent('cut off');
    away.disconnect();
    desk.clock.advance(3_600_000);
    await desk.first.watch.lookAtStates();
    expect(await listed('true')).toEqual([]);
    desk.endings = [];
    await desk.tenant('active');
    desk.clock.advance(9 * MINUTE);
    await desk.first.watch.lookAtStates();
    expect(await listed('true')).toEqual([]);
    desk.clock.advance(2 * MINUTE);
    await desk.first.watch.lookAtStates();
    expect(await listed('true')).not.toEqual([]);
  });
});

test('a certificate that ends is told of until it does not any more', async () => {
  const hook = await desk.channel('webhook');
  await desk.rule('certificate.expiring', [hook.id]);
  const notAfter = '2026-01-09T00:00:00.000Z';
  desk.endings = [
    { subject: 'web', id: 'web', name: 'the certificate of the web listener', notAfter, next: 'Replace it.' },
  ];
  await desk.first.watch.lookAtStates();
  await desk.first.watch.lookAtStates();
  expect(await listed('true')).toMatchObject([{ cause: 'certificate:web:web', times: 1 }]);
  desk.endings = [];
  await desk.first.watch.lookAtStates();
  expect(await listed('true')).toEqual([]);
});

describe('a delivery', () => {
  /** An alert that waits in the outbox. */
  async function waiting(kind: 'email' | 'webhook', more: object = {}) {
    const channel = await desk.channel(kind, more);
    await desk.rule('certificate.expiring', [channel.id]);
    desk.endings = [{ subject: 'web', id: 'web', name: 'n', notAfter: '2026-01-09T00:00:00.000Z', next: 'x' }];
    await desk.first.watch.lookAtStates();
    desk.endings = [];
    return channel;
  }
  const deliveryOf = async () => (await listed())[0]!.deliveries[0]!;

  test('is signed as Standard Webhooks has it, and its secret is stored nowhere', async () => {
    const { secret } = await waiting('webhook');
    await desk.first.deliverer.turn();
    const { headers, body } = desk.receiver.calls[0]!;
    const key = Buffer.from(secret!.replace('whsec_', ''), 'base64');
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(Number(headers['webhook-timestamp'])).toBe(Math.floor(desk.clock.now().getTime() / 1_000));
    expect(headers['webhook-id']).toBe((await deliveryOf()).id);
    const dump = sql<{ row: string }, []>(
      'testDumpAlerts',
      'SELECT row_to_json(c)::text AS row FROM alert_channel c UNION ALL SELECT row_to_json(e)::text FROM audit_event e',
    );
    const rows = JSON.stringify(await desk.house.database.db.query(dump()));
    expect(rows).toContain('alertChannel.created');
    expect(rows).not.toContain(secret!.slice(6, 30));
  });

  test.each(['email', 'webhook'] as const)('by %s that fails is tried again later, with the same id', async (kind) => {
    await waiting(kind);
    desk.mail.broken = true;
    desk.receiver.answer = 503;
    await desk.first.deliverer.turn();
    expect(await deliveryOf()).toMatchObject({
      state: 'pending',
      attempts: 1,
      lastError: expect.stringMatching(/not now|503/) as string,
    });
    desk.mail.broken = false;
    desk.receiver.answer = 200;
    await desk.first.deliverer.turn();
    expect(await deliveryOf()).toMatchObject({ state: 'pending', attempts: 1 });
    desk.clock.advance(waitAfter(1, 0.5)!);
    await desk.first.deliverer.turn();
    const { id, ...delivered } = await deliveryOf();
    expect(delivered).toMatchObject({ state: 'delivered', attempts: 2, lastError: null });
    if (kind === 'webhook') expect(desk.receiver.calls.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    else expect(desk.mail.letters[0]!.text).toContain(`Message-ID: <${id}@acme.example>`);
  });

  test('is sent again when whoever sent it died before it was on record', async () => {
    await waiting('webhook');
    const dying = desk.replica();
    // It hangs between the call and the record.
    let arrived = (): void => {};
    let answered = (): void => {};
    const isThere = new Promise<void>((resolve) => (arrived = resolve));
    const hangs = new Promise<void>((resolve) => (answered = resolve));
    desk.receiver.answer = async () => {
      arrived();
      await hangs;
      return 500;
    };
    const turn = dying.deliverer.turn();
    await isThere;
    // Another replica may take it over only after a while.
    desk.receiver.answer = 204;
    await desk.first.deliverer.turn();
    expect(desk.receiver.calls).toEqual([]);
    desk.clock.advance(MINUTE);
    await desk.first.deliverer.turn();
    expect(await deliveryOf()).toMatchObject({ state: 'delivered', attempts: 2 });
    // What the slow one finds in the end changes nothing.
    answered();
    await turn;
    expect(await deliveryOf()).toMatchObject({ state: 'delivered', attempts: 2, lastError: null });
    expect(new Set(desk.receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('is given up after three days of trying, and that is on record', async () => {
    await waiting('webhook');
    desk.receiver.answer = 500;
    const from = desk.clock.now().getTime();
    for (let n = 1; n <= 14; n += 1) {
      await desk.first.deliverer.turn();
      desk.clock.advance(waitAfter(n, 1) ?? 0);
    }
    expect(await deliveryOf()).toMatchObject({ state: 'failed', attempts: 14, lastError: 'it answered with 500' });
    expect((desk.clock.now().getTime() - from) / 86_400_000).toBeGreaterThan(3);
  });

  test('to an address of this machine is refused unless the operator allows it', async () => {
    await waiting('webhook');
    await desk.replica({ allow: '10.0.0.0/8' }).deliverer.turn();
    expect(desk.receiver.calls).toEqual([]);
    expect((await deliveryOf()).lastError).toMatch(/OUTBOUND_REFUSED/);
  });
});

test('a rule that is removed while it is changed is not there', async () => {
  const hook = await desk.channel('webhook');
  const { id } = await desk.rule('certificate.expiring', [hook.id]);
  const { db } = desk.house.database;
  const waits = sql<{ n: number }, []>(
    'testWaitsForRule',
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
  );
  let changed: ReturnType<typeof desk.first.alerts.act> | undefined;
  await db.transaction(async (tx) => {
    await tx.script(`DELETE FROM alert_rule WHERE id = '${id}'`);
    changed = desk.first.alerts.act(desk.caller, id, 'disable');
    await expect.poll(async () => (await db.query(waits()))[0]!.n).toBe(1);
  });
  expect(await changed).toMatchObject({ code: 'ALERT_RULE_NOT_FOUND' });
});

test('a channel is tried out at once, and it is said what is wrong with it', async () => {
  const [mail, hook] = [await desk.channel('email'), await desk.channel('webhook')];
  for (const { id } of [mail, hook]) {
    expect(await desk.first.alerts.testChannel(desk.caller, id)).toEqual({ delivered: true, reason: null });
  }
  expect(bodies()).toMatchObject([{ type: 'alert.test' }]);
  expect(desk.mail.letters).toHaveLength(1);
  desk.receiver.answer = 404;
  expect(await desk.first.alerts.testChannel(desk.caller, hook.id)).toEqual({
    delivered: false,
    reason: 'it answered with 404',
  });
  const stranger = { ...desk.caller, tenant: 'other' };
  expect(await desk.first.alerts.testChannel(stranger, hook.id)).toMatchObject({ code: 'ALERT_CHANNEL_NOT_FOUND' });
});

test('trying channels out sends a bounded number of letters of one tenant', async () => {
  const mail = await desk.channel('email');
  const tried = async () => {
    const outcome = await desk.first.alerts.testChannel(desk.caller, mail.id);
    return isRefusal(outcome) ? outcome.code : 'sent';
  };
  const outcomes = await Promise.all(Array.from({ length: LETTERS + 5 }, tried));
  expect(outcomes.filter((one) => one === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(5);
  expect(desk.mail.letters.length).toBeLessThanOrEqual(LETTERS);
  desk.clock.advance(60_000);
  expect(await tried()).toBe('sent');
});
