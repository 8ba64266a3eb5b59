/** What the sentences of the kit, and of our own features, mean. */
import { expect } from 'vitest';
import type { Json } from '@casare/shared/workflow';
import type { Secrets } from '@casare/shared/protocol';
import { sameErrorType } from '../../../edge-agent/src/engine/errors.ts';
import type { GherkinStep, Scenario } from './gherkin.ts';
import type { StubAnswer, Stubs } from './stubs.ts';
import { readData, World } from './world.ts';

type Meaning = (world: World, args: readonly string[], docString: string | null) => void | Promise<void>;

const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/^a workflow with definition:$/, (world, _, text) => world.define(text ?? '')],
  [/^(?:given )?the workflow input is:$/, (world, _, text) => void (world.input = readData(text))],
  [/^the workflow is executed$/, (world) => world.execute()],
  [/^the workflow should complete$/, (world) => expect(world.ran.ending).toMatchObject({ type: 'run.completed' })],
  [/^the workflow should complete with output:$/, (world, _, text) => expect(world.output).toEqual(readData(text))],
  [/^the workflow should fault$/, (world) => expect(world.ran.ending).toMatchObject({ type: 'run.failed' })],
  [/^the workflow should fault with error:$/, (world, _, text) => faultsWith(world, readData(text))],
  [/^the workflow output should have properties (.*)$/, (world, [list]) => hasProperties(world.output, list!)],
  [
    /^the workflow output should have an? '([^']*)' property with value:$/,
    (world, [path], text) => expect(at(world.output, path!)).toEqual(readData(text)),
  ],
  [
    /^the workflow output should have an? '([^']*)' property containing (\d+) items$/,
    (world, [path, count]) => expect(at(world.output, path!)).toHaveLength(Number(count)),
  ],
  [/^(\S+) should run first$/, (world, [name]) => expect(world.started[0]).toBe(name)],
  [/^(\S+) should run last$/, (world, [name]) => expect(world.started.at(-1)).toBe(name)],
  [/^(\S+) should run after (\S+)$/, (world, [name, before]) => runsAfter(world, name!, before!)],
  // Our own.
  [/^the saved workflow:$/, (world, _, text) => world.save(text ?? '')],
  [/^the secrets:$/, (world, _, text) => void (world.secrets = readData(text) as Secrets)],
  [
    /^the server answers (\S+ \S+) with:$/,
    (world, [key], text) => world.stubs.answer(key!, readData(text) as unknown as StubAnswer[]),
  ],
  [/^the server never answers (\S+ \S+)$/, (world, [key]) => world.stubs.silence(key!, () => world.clock.expireNext())],
  [/^the server should have been asked:$/, (world, _, text) => expect(world.stubs.asked).toEqual(readData(text))],
  [/^the workflow should have waited for:$/, (world, _, text) => expect(world.clock.waits).toEqual(readData(text))],
  [/^the workflow should time out$/, (world) => expect(world.ran.ending).toMatchObject({ type: 'run.timed_out' })],
  [
    /^the workflow should be suspended at (\S+)$/,
    (world, [position]) => expect(world.ran.ending).toMatchObject({ type: 'run.suspended', position }),
  ],
  [/^(\S+) should not run$/, (world, [name]) => expect(world.started).not.toContain(name)],
  [
    /^nothing recorded should hold '([^']*)'$/,
    (world, [text]) => expect(JSON.stringify(world.ran.events)).not.toContain(text),
  ],
  [/^the definition should be refused at (\S+): (.*)$/, (world, [path, why]) => isRefused(world, path!, why!)],
];

/** Runs a scenario; the error of a step names the step. */
export async function runScenario(scenario: Scenario, stubs: Stubs): Promise<void> {
  const world = new World(stubs);
  for (const step of scenario.steps) {
    try {
      await carryOut(step, world);
    } catch (error) {
      if (error instanceof Error) error.message = `${step.text}: ${error.message}`;
      throw error;
    }
  }
}

async function carryOut({ text, docString }: GherkinStep, world: World): Promise<void> {
  for (const [pattern, meaning] of MEANINGS) {
    const match = pattern.exec(text);
    if (match !== null) return meaning(world, match.slice(1), docString);
  }
  throw new Error('nobody knows what this step means');
}

/** The kit writes standard types under another base than the specification; they mean the same. */
function faultsWith(world: World, expected: Json): void {
  const { ending } = world.ran;
  if (ending.type !== 'run.failed') throw new Error(`it ended otherwise: ${JSON.stringify(ending)}`);
  const { type, ...rest } = expected as Readonly<Record<string, Json>>;
  expect(ending.error).toMatchObject(rest);
  if (typeof type === 'string')
    expect([ending.error.type, sameErrorType(type, ending.error.type)]).toEqual([ending.error.type, true]);
}

function hasProperties(output: Json, list: string): void {
  const paths = [...list.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '');
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) expect(at(output, path), path).toBeDefined();
}

function at(value: Json, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((inner, name) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, name)) return undefined;
    return (inner as Readonly<Record<string, Json>>)[name];
  }, value);
}

function runsAfter(world: World, name: string, before: string): void {
  const [first, second] = [world.started.indexOf(before), world.started.indexOf(name)];
  expect(first, before).toBeGreaterThanOrEqual(0);
  expect(second, `${name} after ${before}`).toBeGreaterThan(first);
}

function isRefused(world: World, path: string, why: string): void {
  const problems = world.problems();
  expect(problems.map((problem) => problem.path)).toContain(path);
  const problem = problems.find((one) => one.path === path);
  expect(problem?.message).toContain(why);
  expect(problem?.line).toBeGreaterThan(1);
}
