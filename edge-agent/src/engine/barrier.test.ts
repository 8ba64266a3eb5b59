/** Where a start need not be on the disk before its step acts, and that a power cut there makes nothing happen twice. */
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { RunEvent, RunEventBody } from '@casare/shared/protocol';
import { Workflow, type Workflow as Document } from '@casare/shared/workflow';
import { ManualClock, newRunFolder, removeRunFolders, runIt, type RunSetup, StepDoubles } from './engine-for-tests.ts';
import { StepFailure } from './errors.ts';
import { createExpressions, type Expressions } from './expressions.ts';
import type { StepContext } from './steps.ts';

/** Documents that are made up. */
const DOCUMENTS = 250;

/** What happened in a run, in its order. */
type Happening = { readonly event: RunEvent; readonly mustBeOnDisk: boolean } | { readonly acted: string };

afterAll(removeRunFolders);

/** Steps of a screen and of the outside world; an act is told by where it stands in its run, which is unique. */
function world() {
  const happenings: Happening[] = [];
  const acts: string[] = [];
  const act = (_args: unknown, { position }: StepContext): string => {
    acts.push(position);
    happenings.push({ acted: position });
    return 'done';
  };
  const screen = { slot: 'desktop', needsSession: true } as const;
  const steps = new StepDoubles()
    .add('screen.open', { ...screen, effect: 'idempotent' }, () => null)
    .add('screen.act', { ...screen, effect: 'unsafe' }, act)
    .add('screen.read', screen, () => 'seen')
    .add('pay', { effect: 'unsafe' }, act)
    .add('refuse', {}, () => {
      throw new StepFailure({ type: 'communication', status: 503, title: 'Down', certain: true });
    });
  return { happenings, acts, steps };
}

/** The names of the steps whose start was covered. */
async function coveredIn(yaml: string): Promise<string[]> {
  const covered: string[] = [];
  const onEvent = (body: RunEventBody, isCovered: boolean): void => {
    if (isCovered && body.type === 'step.started') covered.push(body.name);
  };
  await runIt(yaml, { steps: world().steps, onEvent });
  return covered;
}

const act = (name: string, more = ''): string => `{ ${name}: { call: screen.act${more} } }`;

it.each<[string, string, string[]]>([
  ['what follows in the same list', `do: [${act('a')}, ${act('b')}, ${act('c')}]`, ['b', 'c']],
  ['not before the first', `do: [{ r: { call: screen.read } }, ${act('a')}]`, []],
  ['what stands inside what follows', `do: [${act('a')}, { in: { do: [${act('b')}] } }]`, ['b']],
  ['behind a list that was gone through', `do: [{ in: { do: [${act('a')}] } }, ${act('b')}]`, ['b']],
  ['later rounds of a loop', `do: [{ l: { for: { in: '[1,2,3]' }, do: [${act('a')}] } }]`, ['a', 'a']],
  ['not behind a loop', `do: [{ l: { for: { in: '[1]' }, do: [${act('a')}] } }, ${act('b')}]`, []],
  ['not behind a step under a condition', `do: [${act('a', `, if: 'true'`)}, ${act('b')}]`, []],
  ['not behind a list under a condition', `do: [{ in: { if: 'true', do: [${act('a')}] } }, ${act('b')}]`, []],
  ['not behind a try', `do: [{ t: { try: [${act('a')}], catch: {} } }, ${act('b')}]`, []],
  ['in a try as in any list', `do: [{ t: { try: [${act('a')}, ${act('b')}], catch: {} } }]`, ['b']],
  [
    'not from branch to branch, nor behind them',
    `do: [{ f: { fork: { branches: [${act('a')}, ${act('b')}] } } }, ${act('c')}]`,
    [],
  ],
  ['branches behind it', `do: [${act('a')}, { f: { fork: { branches: [${act('b')}, ${act('c')}] } } }]`, ['b', 'c']],
  [
    'not where a switch may have jumped past it',
    `do: [{ s: { switch: [{ x: { when: 'false', then: b } }] } }, ${act('a')}, ${act('b')}]`,
    [],
  ],
  [
    'where a jump comes later',
    `do: [${act('a')}, { s: { switch: [{ x: { when: 'true', then: c } }] } }, ${act('b')}, ${act('c')}]`,
    ['c'],
  ],
  ['not what a mail or a payment says', `do: [${act('a')}, { p: { call: pay } }, ${act('b')}]`, ['b']],
  ['not behind a payment', `do: [{ p: { call: pay } }, ${act('a')}]`, []],
  [
    'not where it may simply be repeated',
    `do: [${act('a', ', metadata: { rpa: { onRestart: rerun } }')}, ${act('b')}]`,
    [],
  ],
  [
    'not behind one of a scope',
    `do: [{ s: { metadata: { rpa: { onRestart: restartScope } }, do: [${act('a')}] } }, ${act('b')}]`,
    [],
  ],
])('covers %s', async (_what, yaml, covered) => {
  expect(await coveredIn(yaml)).toEqual(covered);
});

it('covers nothing behind a step that failed', async () => {
  const yaml = `do: [{ t: { try: [{ r: { call: refuse } }, ${act('a')}], catch: {} } }, ${act('b')}, ${act('c')}]`;
  expect(await coveredIn(yaml)).toEqual(['c']);
});

/** Tasks of every kind that leads somewhere, in each other; conditions ask what time it is. */
const anyTasks: fc.Memo<unknown[]> = fc.memo((depth) => {
  const condition = fc.constantFrom(undefined, undefined, 'now % 2 == 0', 'now % 2 == 1');
  const leaf = fc.constantFrom<object>(
    { call: 'screen.act' },
    { call: 'screen.act' },
    { call: 'screen.act', metadata: { rpa: { onRestart: 'verify', verify: { exists: 'x' } } } },
    { call: 'pay' },
    { call: 'screen.read' },
    { call: 'refuse' },
    { set: { n: 1 } },
  );
  const inner = depth > 1 ? anyTasks(depth - 1) : fc.constant<unknown[]>([]);
  const nested = fc.oneof(
    inner.map((list) => ({ do: list })),
    inner.map((list) => ({ for: { in: '[1,2]' }, while: 'now % 3 < 3', do: list })),
    inner.map((list) => ({ for: { in: '[range(now % 3)]' }, do: list })),
    inner.map((list) => ({ try: list, catch: { do: [] } })),
    inner.map((list) => ({
      try: list,
      catch: { retry: { delay: 'PT1S', limit: { attempt: { count: 2 } } }, do: list },
    })),
    fc.tuple(inner, inner).map(([a, b]) => ({ fork: { branches: [{ a: { do: a } }, { b: { do: b } }] } })),
    fc
      .tuple(inner, inner)
      .map(([a, b]) => ({ fork: { compete: true, branches: [{ a: { do: a } }, { b: { do: b } }] } })),
    fc.constant({ switch: [{ over: { when: 'now % 2 == 0', then: 'LAST' } }] }),
  );
  const task = fc
    .tuple(depth > 1 ? fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 2, arbitrary: nested }) : leaf, condition)
    .map(([one, when]) => (when === undefined ? one : { ...one, if: when }));
  return fc.array(task, { minLength: 1, maxLength: 4 });
});

/** Names tasks apart, and leads jumps to the end of their list. */
function documentOf(tasks: unknown[]): Document {
  let count = 0;
  const named = (list: unknown[]): unknown[] => {
    const last = `last${(count += 1)}`;
    return [...list.map((task) => ({ [`t${(count += 1)}`]: within(task, last) })), { [last]: { set: { n: 1 } } }];
  };
  const within = (value: unknown, last: string): unknown => {
    if (value === 'LAST') return last;
    if (Array.isArray(value)) return value.map((one) => within(one, last));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        (key === 'do' || key === 'try') && Array.isArray(one) ? named(one) : within(one, last),
      ]),
    );
  };
  const head = { dsl: '1.0.3', namespace: 'test', name: 'test', version: '1.0.0' };
  return Workflow.parse({ document: head, do: [{ open: { call: 'screen.open' } }, ...named(tasks)] });
}

/** Each attempt at another time of day: what asks for it goes another way. */
function jqAt(seconds: number): Expressions {
  return createExpressions({ now: () => seconds * 1_000 });
}

it('does nothing twice wherever the power is cut, though the record lacks covered starts and the time has changed', async () => {
  const clocks = [0, 1, 2, 5].map(jqAt);
  await fc.assert(
    fc.asyncProperty(
      anyTasks(3),
      fc.shuffledSubarray([0, 1, 2, 3], { minLength: 2, maxLength: 2 }),
      async (tasks, at) => {
        const [before, after] = at.map((one) => clocks[one]!);
        const document = documentOf(tasks);
        const { happenings, acts, steps } = world();
        const events: RunEvent[] = [];
        const setup: RunSetup = { steps, runFolder: newRunFolder(), clock: new ManualClock() };
        const onEvent = (body: RunEventBody, covered: boolean): void => {
          happenings.push({ event: events.at(-1)!, mustBeOnDisk: isNotRepeated(body) && !covered });
        };
        await runIt(document, { ...setup, onEvent, expressions: before! }, events);
        const all = [...happenings];
        for (const [index, happening] of all.entries()) {
          if (!('acted' in happening)) continue;
          // The power is cut just when this has acted. What had to be on the disk is, and what lies behind is not.
          const happened = all.slice(0, index + 1);
          acts.splice(0, acts.length, ...happened.flatMap((one) => ('acted' in one ? [one.acted] : [])));
          const recorded = happened.filter((one) => 'event' in one);
          const kept = recorded.slice(0, recorded.findLastIndex(({ mustBeOnDisk }) => mustBeOnDisk) + 1);
          const journal = kept.map(({ event }) => event);
          await runIt(document, { ...setup, journal, expressions: after! });
          expect(acts.filter((one, n) => acts.indexOf(one) !== n)).toEqual([]);
        }
      },
    ),
    { numRuns: DOCUMENTS },
  );
  await Promise.all(clocks.map((clock) => clock.close()));
});

function isNotRepeated(body: RunEventBody): boolean {
  return body.type === 'step.started' && (body.onRestart === 'suspend' || body.onRestart === 'verify');
}
