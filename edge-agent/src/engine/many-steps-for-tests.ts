/**
 * A workflow with every kind of task, every effect class and every restart rule, and the world that its steps act on, which
 * lives on when the worker dies.
 */
import { embedSubWorkflows, type Workflow } from '@casare/shared/workflow';
import { newRunFolder, type RunSetup, StepDoubles, workflow } from './engine-for-tests.ts';
import { StepFailure } from './errors.ts';

const SUB = `document: { dsl: '1.0.3', namespace: test, name: sub, version: '1.0.0' }
do:
  - read: { call: read, with: { what: sub } }
  - pay: { call: pay, with: { to: sub } }
`;
const TOP = `
use:
  retries: { quick: { delay: PT1S, limit: { attempt: { count: 3 } } } }
  functions: { note: { call: read, with: { what: function } } }
do:
  - init: { set: { n: 0 }, export: { as: '{ paid: [] }' } }
  - group:
      do:
        - one: { set: { n: '\${ .n + 1 }' } }
        - two: { call: read, with: { what: '\${ .n }' }, output: { as: '{ n: 1 }' } }
  - choose: { switch: [ { go: { when: .n == 1, then: chosen } } ] }
  - never: { call: pay, with: { to: nobody } }
  - chosen: { call: write, with: { name: chosen } }
  - loop:
      for: { each: who, in: '["anna", "bert"]' }
      do:
        - keep: { call: write, with: { name: '\${ $who }' } }
        - pay: { call: pay, with: { to: '\${ $who }' }, export: { as: '. as $to | $context | .paid += [$to]' } }
  - parallel:
      fork:
        branches:
          - left: { do: [ { read: { call: read, with: { what: left } } }, { pay: { call: pay, with: { to: left } } } ] }
          - right: { call: write, with: { name: right } }
          - told: { emit: { event: { with: { type: t, source: 'urn:s' } } }, output: { as: .type } }
  - race: { fork: { compete: true, branches: [ { fast: { set: { won: fast } } }, { slow: { set: { won: slow } } } ] } }
  - flaky:
      try:
        - before: { call: write, with: { name: before } }
        - fails: { call: flaky }
      catch: { errors: { with: { status: 503 } }, retry: quick }
  - wrong:
      try: [ { thrown: { raise: { error: { type: 'https://x.example/e', status: 409 } } } } ]
      catch: { as: e, do: [ { mend: { call: pay, with: { to: '\${ "mended \\($e.status)" }' } } } ] }
  - pause: { wait: PT1M }
  - event: { emit: { event: { with: { type: e, source: 'urn:s' } } } }
  - submit:
      metadata: { rpa: { onRestart: verify, verify: { exists: 'row "7"' } } }
      call: form.submit
  - scope:
      metadata: { rpa: { onRestart: restartScope } }
      do:
        - open: { call: screen.open }
        - type: { call: screen.type, with: { text: hello } }
        - seen: { call: screen.read }
  - again: { call: pay, with: { to: keyed }, metadata: { rpa: { onRestart: rerun, effect: idempotent } } }
  - function: { call: note }
  - sub: { run: { workflow: { namespace: test, name: sub, version: 1.0.0 } } }
  - skipped: { if: 'false', call: pay, with: { to: nobody } }
  - last: { call: pay, with: { to: last } }
output: { as: '{ paid: $context.paid, last: . }' }
`;

/** What a run ends with, however often it died. */
export const MANY_STEPS_OUTPUT = { paid: ['anna', 'bert'], last: 'last' };
/** Whom an unsafe step pays, once each. */
export const PAID_ONCE = ['anna', 'bert', 'left', 'mended 409', 'sub', 'last'];

/** The document with its sub-workflow. */
export function manySteps(): Workflow {
  const embedded = embedSubWorkflows(workflow(TOP), new Map([['test/sub@1.0.0', workflow(SUB)]]));
  if (!embedded.ok) throw new Error(JSON.stringify(embedded.findings));
  return embedded.document;
}

/** The world of a run and all its attempts. */
export class ManyStepsWorld {
  /** Who was paid, in order. */
  readonly payments: string[] = [];
  readonly written = new Set<string>();
  submitted = 0;
  readonly #folder = newRunFolder();
  readonly #steps = new StepDoubles();
  #hasFailed = false;

  constructor() {
    const screen = { slot: 'desktop', needsSession: true } as const;
    const open = (session: Map<string, unknown>): string[] => {
      const texts = session.get('screen') as string[] | undefined;
      if (texts !== undefined) return texts;
      throw new StepFailure({ type: 'runtime', status: 409, title: 'Nothing is open', certain: true });
    };
    this.#steps
      .add('read', {}, ({ what }) => ({ read: what }))
      .add('write', { effect: 'idempotent' }, ({ name }) => {
        this.written.add(String(name));
        return { n: 1 };
      })
      .add('pay', { effect: 'unsafe' }, ({ to }) => {
        this.payments.push(String(to));
        return to;
      })
      .add('flaky', {}, () => {
        if (this.#hasFailed) return 'up';
        this.#hasFailed = true;
        throw new StepFailure({ type: 'communication', status: 503, title: 'Down' });
      })
      .add('form.submit', { effect: 'checkable' }, () => (this.submitted += 1))
      .add('form.exists', {}, () => this.submitted > 0)
      .add('screen.open', { ...screen, effect: 'unsafe' }, (_args, { session }) => {
        session.set('screen', []);
        return null;
      })
      .add('screen.type', { ...screen, effect: 'unsafe' }, ({ text }, { session }) => open(session).push(String(text)))
      .add('screen.read', screen, (_args, { session }) => open(session).join());
  }

  setup(): RunSetup {
    return { steps: this.#steps, runFolder: this.#folder };
  }
}
