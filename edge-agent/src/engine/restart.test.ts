import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '@casare/shared/protocol';
import { BROWSER_STEPS } from '@casare/shared/workflow';
import { StepFailure } from './errors.ts';
import { runUntilEnd } from './resuming-for-tests.ts';
import {
  invoiceWorkflow,
  ManualClock,
  newRunFolder,
  removeRunFolders,
  type Ran,
  runIt,
  type RunSetup,
  StepDoubles,
} from './engine-for-tests.ts';

afterAll(removeRunFolders);

/** The portal of the example as step doubles: it lives on when the worker dies, the browser session does not. */
class PortalDouble {
  readonly downloads: string[] = [];
  readonly steps = new StepDoubles();
  readonly folder = newRunFolder();
  #hasFailedOnce = false;

  constructor() {
    const page = (session: Map<string, unknown>) => {
      const state = session.get('page') as { signedIn: boolean; fields: string[] } | undefined;
      if (state !== undefined) return state;
      throw new StepFailure({ type: 'runtime', status: 409, title: 'No browser session is open', certain: true });
    };
    const state = { url: 'http://portal/', title: 'Portal' };
    this.steps
      .add('browser.open', BROWSER_STEPS.open, (_args, { session }) => {
        session.set('page', { signedIn: false, fields: [] });
        return state;
      })
      .add('browser.fill', BROWSER_STEPS.fill, (args, { session }) => {
        page(session).fields.push(String(args['value']));
        return state;
      })
      .add('browser.click', BROWSER_STEPS.click, (_args, { session }) => {
        page(session).signedIn = page(session).fields.join() === 'anna@example.com,correct horse';
        return state;
      })
      .add('browser.table', BROWSER_STEPS.table, (args, { session }) => {
        if (!page(session).signedIn) throw new StepFailure({ type: 'authorization', title: 'Sign in first' });
        if (!this.#hasFailedOnce) {
          this.#hasFailedOnce = true;
          throw new StepFailure({ type: 'timeout', title: 'The list did not appear' });
        }
        const { Month } = args['filter'] as { Month: string };
        return ['A-1', 'A-2', 'A-3'].map((number) => ({ Number: number, Month }));
      })
      .add('browser.download', BROWSER_STEPS.download, (args, { session, runFolder }) => {
        if (!page(session).signedIn) throw new StepFailure({ type: 'authorization', title: 'Sign in first' });
        const name = String(args['saveAs']);
        const content = `PDF of ${String(args['target'])}`;
        const file = path.join(runFolder, 'files', name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
        this.downloads.push(name);
        const sha256 = createHash('sha256').update(content).digest('hex');
        return { path: name, bytes: content.length, sha256, mediaType: 'application/pdf' };
      });
  }

  setup(clock = new ManualClock()): RunSetup {
    return {
      clock,
      steps: this.steps,
      runFolder: this.folder,
      input: { portalUrl: 'http://portal/', month: '2026-05' },
      secrets: { supplierPortal: { username: 'anna@example.com', password: 'correct horse' } },
    };
  }
}

const FILES = ['2026-05/A-1.pdf', '2026-05/A-2.pdf', '2026-05/A-3.pdf'];
const DONE = { type: 'run.completed', output: { month: '2026-05', files: FILES } };

describe('the example workflow', () => {
  it('retries after the list timed out and downloads every invoice once', async () => {
    const portal = new PortalDouble();
    const clock = new ManualClock();
    const { ending, events } = await runIt(invoiceWorkflow(), portal.setup(clock));
    expect(ending).toEqual(DONE);
    expect(clock.slept).toEqual([2_000]);
    expect(portal.downloads).toEqual(FILES);
    expect(portal.steps.of('browser.open').map((call) => call.position)).toEqual([
      '/do/1/fetchInvoices{1}/try/0/open',
      '/do/1/fetchInvoices{2}/try/0/open',
    ]);
    expect(portal.steps.of('browser.download')[2]).toMatchObject({
      position: '/do/1/fetchInvoices{2}/try/3/each[2]/do/0/save',
      args: { target: 'row "A-3" >> link "PDF"' },
    });
    expect(JSON.stringify(events)).not.toMatch(/correct horse|anna@example/);
  });

  it('fails with its own error when there is no invoice', async () => {
    const portal = new PortalDouble();
    portal.steps.add('browser.table', BROWSER_STEPS.table, () => []);
    expect((await runIt(invoiceWorkflow(), portal.setup())).ending).toMatchObject({
      type: 'run.failed',
      error: { type: 'https://example.com/errors/no-invoices', status: 404, instance: '/do/2/check' },
    });
  });

  it('ends the same wherever the agent dies once', async () => {
    const document = invoiceWorkflow();
    const { events } = await runIt(document, new PortalDouble().setup());
    for (let dieAfter = 0; dieAfter < events.length; dieAfter += 1) {
      const portal = new PortalDouble();
      const { ending, journal } = await runUntilEnd(document, portal.setup(), [dieAfter]);
      expect(ending, `after ${dieAfter} events`).toEqual(DONE);
      expect(new Set(portal.downloads)).toEqual(new Set(FILES));
      const next = events[dieAfter]?.body;
      const wasBetween = next?.type === 'step.completed' && next.path.endsWith('/save');
      // A download is made again only when the agent died between the file and its record.
      expect(portal.downloads.length, `after ${dieAfter} events`).toBe(wasBetween ? 4 : 3);
      const saved = journal.flatMap(({ body }) =>
        body.type === 'step.completed' && body.path.endsWith('/save') ? [body.position] : [],
      );
      expect(saved).toHaveLength(3);
    }
  });

  it('ends the same however often the agent dies', async () => {
    const document = invoiceWorkflow();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(60), { maxLength: 4 }), async (deaths) => {
        const portal = new PortalDouble();
        const { ending } = await runUntilEnd(document, portal.setup(), deaths);
        expect(ending).toEqual(DONE);
        expect(new Set(portal.downloads)).toEqual(new Set(FILES));
      }),
      { numRuns: 25 },
    );
  });

  it('downloads again what is no longer there', async () => {
    const document = invoiceWorkflow();
    const { events } = await runIt(document, new PortalDouble().setup());
    const lastSave = events.findLastIndex(({ body }) => body.type === 'step.started' && body.path.endsWith('/save'));
    const portal = new PortalDouble();
    const journal: RunEvent[] = [];
    await runIt(document, { ...portal.setup(), dieAfter: lastSave }, journal).catch(() => undefined);
    rmSync(path.join(portal.folder, 'files', FILES[0] ?? ''));
    const resume = async (artifacts: readonly string[]) => {
      portal.downloads.length = 0;
      const { ending } = await runIt(document, { ...portal.setup(), journal, artifacts });
      expect(ending).toEqual(DONE);
      return [...portal.downloads];
    };
    expect(await resume([FILES[0] ?? ''])).toEqual([FILES[2]]);
    expect(await resume([])).toEqual([FILES[0], FILES[2]]);
    expect(existsSync(path.join(portal.folder, 'files', FILES[0] ?? ''))).toBe(true);
  });
});

describe('steps that must not be repeated', () => {
  const yaml = `
do:
  - each:
      for: { each: n, in: '[1, 2, 3]' }
      do:
        - pay: { call: pay, with: { n: '\${ $n }' }, export: { as: '. as $paid | $context | .paid += [$paid]' } }
  - note: { set: '\${ $context.paid }' }
`;
  const payments = () => {
    const steps = new StepDoubles().add('pay', { effect: 'unsafe' }, (args) => args['n']);
    return { steps, paid: () => steps.calls.map((call) => call.args['n']) };
  };

  it('are done at most once wherever the agent dies, and a person is asked only when one is in doubt', async () => {
    const { events } = await runIt(yaml, { steps: payments().steps });
    for (let dieAfter = 0; dieAfter < events.length; dieAfter += 1) {
      const { steps, paid } = payments();
      const { ending } = await runUntilEnd(yaml, { steps }, [dieAfter]);
      const next = events[dieAfter]?.body;
      const isInDoubt = next?.type === 'step.completed' && next.path.endsWith('/pay');
      expect(new Set(paid()).size, `after ${dieAfter} events`).toBe(paid().length);
      if (isInDoubt) {
        expect(ending).toMatchObject({ type: 'run.suspended', position: next.position });
        expect(ending).toMatchObject({
          reason: expect.stringMatching(/pay \(pay\).*its outcome was not recorded/) as string,
        });
      } else {
        expect(ending).toEqual({ type: 'run.completed', output: [1, 2, 3] });
        expect(paid()).toEqual([1, 2, 3]);
      }
    }
  });

  it('are handed to a person when they were done in a session that is gone', async () => {
    const act = { effect: 'unsafe', slot: 'desktop', needsSession: true } as const;
    const steps = new StepDoubles().add('act', act, () => null);
    const document = 'do:\n  - a: { call: act }\n  - b: { call: act }';
    const { ending } = await runUntilEnd(document, { steps }, [3]);
    expect(ending).toMatchObject({
      type: 'run.suspended',
      position: '/do/0/a',
      reason: expect.stringContaining('live session it worked in is gone') as string,
    });
    expect(steps.calls).toHaveLength(1);
  });

  it('are recognised by their arguments also when those hold a secret', async () => {
    const steps = new StepDoubles().add('pay', { effect: 'unsafe' }, (args) => ({ sent: args['to'] }));
    const document = `
use: { secrets: [account] }
do:
  - a: { input: { from: $secrets.account }, call: pay, with: { to: '\${ . }' }, output: { as: '{ to: $input }' } }
  - b: { call: pay, with: { to: '\${ .to }' } }
`;
    const { ending } = await runUntilEnd(document, { steps, secrets: { account: 'DE89-3704' } }, [3]);
    expect(ending.type).toBe('run.completed');
    // The handle in the output of the first attempt still stands for the value in the second.
    expect(steps.calls.map((call) => call.args)).toEqual([{ to: 'DE89-3704' }, { to: 'DE89-3704' }]);
  });
});

describe('steps that can be verified', () => {
  const steps = (exists: boolean) =>
    new StepDoubles()
      .add('desktop.click', { effect: 'unsafe', slot: 'desktop', needsSession: true }, () => 'clicked')
      .add('desktop.exists', { slot: 'desktop', needsSession: true }, () => exists);
  const yaml = (verify: string) =>
    `do:\n  - a: { call: desktop.click, metadata: { rpa: { onRestart: verify${verify} } } }`;

  it.each([
    ['exists', true, 1],
    ['exists', false, 2],
    ['gone', true, 2],
    ['gone', false, 1],
  ] as const)('%s: the probe sees it %s, so it is clicked %i times', async (kind, seen, clicks) => {
    const doubles = steps(seen);
    const document = yaml(`, verify: { ${kind}: '\${ @json "cell \\(.ref)" }' }`);
    const { ending, journal } = await runUntilEnd(document, { steps: doubles, input: { ref: 'R 1' } }, [2]);
    expect(ending.type).toBe('run.completed');
    expect(doubles.of('desktop.click')).toHaveLength(clicks);
    expect(doubles.of('desktop.exists')[0]?.args).toEqual({ target: 'cell "R 1"' });
    expect(journal.filter(({ body }) => body.type === 'step.completed')).toHaveLength(1);
  });

  it('are handed to a person when there is no probe or it fails', async () => {
    const without = await runUntilEnd(yaml(''), { steps: steps(true) }, [2]);
    expect(without.ending).toMatchObject({
      type: 'run.suspended',
      reason: expect.stringContaining('verify') as string,
    });
    const broken = steps(true).add('desktop.exists', {}, () => Promise.reject(new Error('no screen')));
    const failed = await runUntilEnd(yaml(', verify: { exists: \'cell "x"\' }'), { steps: broken }, [2]);
    expect(failed.ending).toMatchObject({
      type: 'run.suspended',
      reason: expect.stringContaining('no screen') as string,
    });
  });
});

describe('tasks that steer', () => {
  it('a try goes on after its last failed attempt, with the context of that moment', async () => {
    const yaml = `
do:
  - t:
      try:
        - a: { call: count, export: { as: '$context | .seen += 1' } }
        - b: { call: flaky }
      catch: { errors: { with: { status: 503 } }, retry: { limit: { attempt: { count: 3 } } } }
output: { as: $context.seen }
`;
    const doubles = () =>
      new StepDoubles()
        .add('count', {}, () => 1)
        .add('flaky', {}, (_args, { position }) => {
          if (position.includes('{3}')) return 'up';
          throw new StepFailure({ type: 'communication', status: 503, title: 'Down' });
        });
    const { events } = await runIt(yaml, { steps: doubles() });
    for (let dieAfter = 0; dieAfter < events.length; dieAfter += 1) {
      const { ending, journal } = await runUntilEnd(yaml, { steps: doubles() }, [dieAfter]);
      expect(ending, `after ${dieAfter} events`).toEqual({ type: 'run.completed', output: 3 });
      const attempts = journal.flatMap(({ body }) => (body.type === 'step.failed' ? [body.position] : []));
      expect(attempts.filter((position) => position === '/do/0/t{1}').length).toBe(1);
    }
  });

  it('a catch that was entered is entered again, without a second attempt', async () => {
    const yaml = `
do:
  - t:
      try: [ { a: { call: fails } } ]
      catch: { do: [ { b: { call: act } }, { c: { call: act } } ] }
`;
    const doubles = () => {
      let isFirst = true;
      return new StepDoubles()
        .add('act', { effect: 'unsafe' }, () => 'acted')
        .add('fails', {}, () => {
          if (!isFirst) return 'would succeed now';
          isFirst = false;
          throw new StepFailure({ type: 'communication', title: 'Down' });
        });
    };
    const steps = doubles();
    const { ending } = await runUntilEnd(yaml, { steps }, [8]);
    expect(ending).toMatchObject({ output: 'acted' });
    expect(steps.of('fails')).toHaveLength(1);
    expect(steps.of('act').map((call) => call.position)).toEqual(['/do/0/t/catch/do/0/b', '/do/0/t/catch/do/1/c']);
  });

  it('a wait waits only for what is left of it', async () => {
    const clock = new ManualClock();
    const cut = new AbortController();
    const yaml = 'do:\n  - w: { wait: { minutes: 10 } }\n  - a: { set: { x: 1 } }';
    const journal: RunEvent[] = [];
    await runIt(yaml, { clock, dieAfter: 2, signal: cut.signal }, journal).catch(() => undefined);
    const resumed = new ManualClock();
    resumed.advance(4 * 60_000);
    await runIt(yaml, { clock: resumed, journal });
    expect(resumed.slept).toEqual([6 * 60_000]);
  });

  it('an event is emitted once, and a decided race stays decided', async () => {
    const yaml = `
do:
  - e: { emit: { event: { with: { source: 'urn:s', type: t } } }, output: { as: .id } }
  - race: { fork: { compete: true, branches: [ { a: { set: [1] } }, { b: { set: [2] } } ] } }
  - last: { set: { x: 1 } }
`
      .replaceAll('set: [1]', 'set: { n: 1 }')
      .replaceAll('set: [2]', 'set: { n: 2 }');
    const first = await runIt(yaml, {});
    const outputOf = ({ events }: Ran, position: string) =>
      events.find(({ body }) => body.type === 'step.completed' && body.position === position)?.body;
    const again = await runIt(yaml, { journal: first.events });
    expect(outputOf(first, '/do/0/e')).toMatchObject({ output: expect.stringMatching(/^[0-9a-f-]{36}$/) as string });
    expect(outputOf(again, '/do/0/e')).toBeUndefined();
    expect(outputOf(again, '/do/1/race')).toBeUndefined();
    expect(again.ending.type).toBe('run.completed');
  });
});
