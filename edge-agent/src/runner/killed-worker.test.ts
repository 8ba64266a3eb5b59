/** A real worker process, killed with -9 at moments of a long run: the run goes on in another one, and nothing is done twice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { embedSubWorkflows, type Workflow } from '@casare/shared/workflow';
import type { RunEvent } from '@casare/shared/protocol';
import { systemClock } from '../clock.ts';
import { workflow } from '../engine/engine-for-tests.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { Policy } from '../policy/index.ts';
import { json, serve, type TestServer } from '../steps/http/server-for-tests.ts';
import { ForkedWorker } from './forked-worker.ts';
import { Run } from './run.ts';

const WORKER = new URL('./worker.ts', import.meta.url);
const FOR_EVER = Number.MAX_SAFE_INTEGER;
/** Events after which the worker dies: a sample over the whole run. */
const MOMENTS = [1, 7, 13, 21, 30, 41] as const;

const call = (method: string, place: string): string =>
  `{ call: http, with: { method: ${method}, endpoint: 'ORIGIN/${place}' } }`;
const SUB = `document: { dsl: '1.0.3', namespace: test, name: sub, version: '1.0.0' }
do:
  - read: ${call('get', 'sub')}
  - pay: ${call('post', 'pay/sub')}
`;
const TOP = `
use: { retries: { quick: { limit: { attempt: { count: 3 } } } }, functions: { look: ${call('get', 'function')} } }
do:
  - init: { set: { n: 1 }, export: { as: '{ paid: [] }' } }
  - group: { do: [ { one: { set: { n: 2 } } }, { read: ${call('get', 'one')} } ] }
  - choose: { switch: [ { go: { then: chosen } } ] }
  - never: ${call('post', 'pay/nobody')}
  - chosen: ${call('put', 'put/chosen')}
  - loop:
      for: { each: who, in: '["anna", "bert", "carl"]' }
      do:
        - keep: { input: { from: '{ who: $who }' }, call: http, with: { method: put, endpoint: 'ORIGIN/put/{who}' } }
        - pay:
            input: { from: '{ who: $who }' }
            call: http
            with: { method: post, endpoint: 'ORIGIN/pay/{who}' }
            export: { as: '$context | .paid += [$who]' }
  - parallel: { fork: { branches: [ { left: ${call('post', 'pay/left')} }, { right: ${call('get', 'right')} } ] } }
  - flaky: { try: [ { asks: ${call('get', 'flaky')} } ], catch: { errors: { with: { status: 503 } }, retry: quick } }
  - wrong:
      try: [ { thrown: { raise: { error: { type: 'https://x.example/e', status: 409 } } } } ]
      catch: { do: [ { mend: ${call('post', 'pay/mended')} } ] }
  - pause: { wait: { milliseconds: 20 } }
  - event: { emit: { event: { with: { type: e, source: 'urn:s' } } } }
  - file: { call: data.text.write, with: { saveAs: note.txt, text: hello } }
  - told: { call: log, with: { message: half } }
  - function: { call: look }
  - sub: { run: { workflow: { namespace: test, name: sub, version: 1.0.0 } } }
  - last: ${call('post', 'pay/last')}
output: { as: $context.paid }
`;
const PAID = ['anna', 'bert', 'carl', 'last', 'left', 'mended', 'sub'];

let server: TestServer;
let hasFailed = false;
beforeAll(async () => {
  server = await serve((asked, response) => {
    const isFirst = asked.path === '/flaky' && !hasFailed;
    if (isFirst) hasFailed = true;
    json(response, { at: asked.path }, isFirst ? 503 : 200);
  });
});
afterAll(() => server.close());

function document(): Workflow {
  const of = (text: string): Workflow => workflow(text.replaceAll('ORIGIN', server.origin));
  const embedded = embedSubWorkflows(of(TOP), new Map([['test/sub@1.0.0', of(SUB)]]));
  if (!embedded.ok) throw new Error(JSON.stringify(embedded.findings));
  return embedded.document;
}

/** Runs to the end on real workers, the first of which dies after so many events. */
async function runKilledAfter(moment: number): Promise<readonly RunEvent[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'casare-killed-'));
  const outbox = Outbox.open({ file: path.join(home, 'outbox.db') });
  const plain = assignment();
  const given = StoredAssignment.parse({ ...plain, workflow: { ...plain.workflow, document: document() } });
  outbox.accept(given);
  const gone = Promise.withResolvers<void>();
  let worker: ForkedWorker | undefined;
  let events = 0;
  const log = (): void => undefined;
  const run = new Run(
    given,
    { secrets: {} },
    {
      ...{ outbox, log, clock: systemClock, runFolder: path.join(home, 'run'), policy: Policy.parse({}) },
      intake: { keep: () => Promise.resolve('0196a7a0-0000-7000-8000-000000000009') } as never,
      takeWorker: () =>
        (worker = new ForkedWorker({ module: WORKER, environment: { CASARE_HOME: home }, log }, process.env)),
      lease: () => ({ mono: FOR_EVER, wall: FOR_EVER }),
      wake: () => {
        events += 1;
        if (events === moment && worker !== undefined) process.kill(worker.record.pid, 'SIGKILL');
      },
      ended: () => undefined,
      gone: () => gone.resolve(),
    },
  );
  run.start();
  await gone.promise;
  const journal = outbox.journal(run.key);
  outbox.close();
  rmSync(home, { recursive: true, force: true });
  return journal;
}

it.skipIf(process.platform === 'win32').each(MOMENTS)('killed after %i events', async (moment) => {
  server.asked.length = 0;
  hasFailed = false;
  const journal = await runKilledAfter(moment);
  const starts = journal.filter(({ body }) => body.type === 'run.started');
  expect(starts.map(({ body }) => body.type === 'run.started' && body.resumed)).toEqual([false, true]);
  const paid = server.asked.filter(({ path: at }) => at.startsWith('/pay/')).map(({ path: at }) => at.slice(5));
  expect(new Set(paid).size, 'nobody is paid twice').toBe(paid.length);
  const ending = journal.at(-1)!.body;
  if (ending.type === 'run.suspended') {
    // It died between the start of this step and its recorded end: whether it paid, only a person can see.
    const ended = journal.some(({ body }) => body.type === 'step.completed' && body.position === ending.position);
    expect([ending.reason, ended]).toEqual([expect.stringContaining('must not simply be repeated'), false]);
    expect(ending.position).toMatch(/pay|left|mend|last/);
  } else {
    expect(ending).toEqual({ type: 'run.completed', output: ['anna', 'bert', 'carl'] });
    expect(paid.toSorted()).toEqual(PAID);
  }
});
