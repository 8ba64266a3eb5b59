/** For tests of this room: alerts over real jobs, a real mail server and a real receiver of webhooks, by a clock moved by hand. */
import { AlertRuleRequest, type AlertRule, type Expiration } from '@casare/shared/api';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, vi } from 'vitest';
import { agentsAway } from '../fleet/index.ts';
import { assigned, jobsHarness, type JobsHarness, type TestAgent } from '../jobs/testing.ts';
import { ManualClock } from '../platform/clock.ts';
import { sql } from '../platform/database/index.ts';
import type { Caller } from '../platform/http/caller.ts';
import { createIds } from '../platform/ids.ts';
import { silentLog } from '../platform/log.ts';
import { createMailer } from '../platform/mail/mail.ts';
import { startMailServer, type MailServerForTests } from '../platform/mail/testing.ts';
import { OutboundAllowed } from '../platform/outbound/allowed.ts';
import { Outbound } from '../platform/outbound/outbound.ts';
import { isRefusal } from '../platform/refusal.ts';
import { createAlerts, type Alerts } from './alerts.module.ts';

export interface ReceivedCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of webhooks; `answer` is its status, or what it does before it answers. */
export interface Receiver {
  readonly url: string;
  readonly calls: ReceivedCall[];
  answer: number | (() => Promise<number>);
  close(): Promise<void>;
}

export interface AlertsDesk {
  readonly clock: ManualClock;
  readonly house: JobsHarness;
  readonly caller: Caller;
  readonly mail: MailServerForTests;
  readonly receiver: Receiver;
  readonly first: Alerts;
  /** What ends, as trust says. */
  endings: Expiration[];
  replica(options?: { readonly allow?: string; readonly random?: () => number }): Alerts;
  channel(kind: 'email' | 'webhook', more?: object): Promise<{ id: string; secret: string | null }>;
  rule(kind: AlertRule['kind'], channels: readonly string[], more?: object): Promise<AlertRule>;
  /** Runs a job of a workflow to this end; its id. */
  run(workflow: string, agent: TestAgent, end: RunEventBody): Promise<string>;
  /** When every event can be read: readers wait for transactions that are open anywhere on the server. */
  readable(): Promise<void>;
  /** The tenant is in this state from now on, by the desk's clock. */
  tenant(state: 'active' | 'suspended'): Promise<void>;
  close(): Promise<void>;
}

const hidden = sql<{ hidden: boolean }, []>(
  'testHiddenEvents',
  'SELECT EXISTS (SELECT FROM live_event WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())) AS hidden',
);
const moveTenant = sql<never, [state: string, since: Date]>(
  'testMoveTenant',
  `UPDATE tenant SET state = $1, state_since = $2 WHERE id = 'default'`,
);
const at = '2026-01-01T00:00:00.000Z';

export async function openAlertsDesk(): Promise<AlertsDesk> {
  const house = await jobsHarness();
  await house.jobs.start();
  const clock = new ManualClock('2026-01-01T00:30:00Z');
  const { db } = house.database;
  const mail = await startMailServer({});
  const receiver = await startReceiver();
  const key = randomBytes(32);
  const caller: Caller = {
    ...{ ...house.by, accountId: 'a', credential: 'key:k', role: 'owner', scopes: null },
    ...{ email: null, via: 'apiKey', csrfToken: null },
  };
  let made = 0;
  const replica: AlertsDesk['replica'] = ({ allow = 'http://127.0.0.1', random = () => 0.5 } = {}) =>
    createAlerts({
      ...{ db, clock, ids: createIds(clock), log: silentLog, random, webUrl: 'https://casare.example' },
      outbound: new Outbound({ allowed: OutboundAllowed.parse(allow)! }),
      mailer: createMailer({ url: mail.url, from: 'casare@acme.example' }),
      sealingKey: () => Promise.resolve(key),
      agentsAway: (tenant, before, limit) => agentsAway(db, tenant, before, limit),
      endings: () => Promise.resolve(desk.endings),
    });
  const first = replica();
  const desk: AlertsDesk = {
    ...{ clock, house, caller, mail, receiver, first, replica, endings: [] },
    async tenant(state) {
      await db.execute(moveTenant(state, clock.now()));
    },
    async channel(kind, more = {}) {
      const name = `c${(made += 1)}`;
      const request =
        kind === 'email'
          ? { kind, name, to: ['ops@acme.example'], ...more }
          : { kind, name, url: receiver.url, ...more };
      const added = await first.alerts.addChannel(caller, request);
      if (isRefusal(added)) throw new Error(added.code);
      return { id: added.channel.id, secret: added.secret };
    },
    async rule(kind, channels, more = {}) {
      const request = AlertRuleRequest.parse({ kind, name: `r${(made += 1)}`, channels, ...more });
      const added = await first.alerts.addRule(caller, request);
      if (isRefusal(added)) throw new Error(added.code);
      return added;
    },
    async run(workflow, agent, end) {
      const id = await house.submit(workflow);
      const { attempt } = await assigned(agent, id);
      const bodies: RunEventBody[] = [{ type: 'run.started', resumed: false }, end];
      const events: RunEvent[] = bodies.map((body, index) => ({ seq: index + 1, at, body }));
      await house.jobs.runs.record(agent, id, attempt, events);
      await desk.readable();
      return id;
    },
    readable: () => vi.waitFor(async () => expect(await db.query(hidden())).toEqual([{ hidden: false }]), 20_000),
    async close() {
      await house.jobs.stop();
      await Promise.all([house.close(), mail.close(), receiver.close()]);
    },
  };
  await db.execute(moveTenant('active', new Date(clock.now().getTime() - 86_400_000)));
  return desk;
}

async function startReceiver(): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const status = typeof receiver.answer === 'number' ? receiver.answer : await receiver.answer();
      calls.push({ headers: request.headers, body });
      response.writeHead(status).end();
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    calls,
    answer: 204,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
