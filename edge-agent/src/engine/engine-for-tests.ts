/**
 * What the engine's tests share: steps that are doubles, a clock that tests move, and a recorder that keeps a journal.
 * Everything else is real: documents, jq, replay.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunEvent, RunEventBody, SecretRulesByName, Secrets } from '@casare/shared/protocol';
import { RunEvent as RunEventSchema } from '@casare/shared/protocol';
import { type Json, parseWorkflow, readSource, type StepDeclaration } from '@casare/shared/workflow';
import { Workflow as WorkflowSchema, type Workflow } from '@casare/shared/workflow';
import { z } from 'zod';
import type { Clock } from './clock.ts';
import { runWorkflow, type RunEndingBody } from './engine.ts';
import { createExpressions, type Expressions } from './expressions.ts';
import type { RunOptions } from './frame.ts';
import type { PauseSwitch } from './pause.ts';
import type { Step, StepContext, StepPolicy, StepRegistry } from './steps.ts';

/** A call that a double received. */
export interface DoubleCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly position: string;
}

/** Does what a test says in place of an executor. */
export type DoubleScript = (args: Record<string, unknown>, context: StepContext) => unknown;

/** A registry of step doubles that keeps what was called. */
export class StepDoubles implements StepRegistry {
  readonly calls: DoubleCall[] = [];
  readonly #steps = new Map<string, Step>();

  /** Adds a double; its declaration accepts any arguments and any JSON unless `declared` says otherwise. */
  add(name: string, declared: Partial<StepDeclaration>, script: DoubleScript): this {
    const declaration: StepDeclaration = {
      name,
      version: '1.0.0',
      summary: 'A double.',
      with: z.record(z.string(), z.unknown()),
      output: z.json(),
      example: {},
      effect: 'idempotent',
      defaultTimeoutMs: 30_000,
      slot: 'plain',
      capabilities: [],
      needsSession: false,
      ...declared,
    };
    this.#steps.set(name, {
      declaration,
      run: async (args, context) => {
        const known = args as Record<string, unknown>;
        this.calls.push({ name, args: known, position: context.position });
        return script(known, context);
      },
    });
    return this;
  }

  find(reference: string): Step | null {
    return this.#steps.get(reference.split(/[:@]/)[0] ?? '') ?? null;
  }

  /** The calls of one step, in order. */
  of(name: string): DoubleCall[] {
    return this.calls.filter((call) => call.name === name);
  }
}

/** A clock on which sleeping takes no time but moves it, and deadlines expire when a test says so. */
export class ManualClock implements Clock {
  readonly slept: number[] = [];
  readonly deadlines = new Set<{ readonly ms: number; readonly expire: () => void }>();
  #now = Date.UTC(2026, 4, 1);

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    this.slept.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }

  deadline(ms: number, expire: () => void): () => void {
    const entry = { ms, expire };
    this.deadlines.add(entry);
    return () => this.deadlines.delete(entry);
  }

  /** Expires every deadline of this length. */
  expire(ms: number): void {
    for (const entry of [...this.deadlines].filter((one) => one.ms === ms)) {
      this.deadlines.delete(entry);
      entry.expire();
    }
  }
}

/** A run as a test sees it: its ending, its events, what its steps were asked. */
export interface Ran {
  readonly ending: RunEndingBody;
  readonly bodies: readonly RunEventBody[];
  readonly events: readonly RunEvent[];
}

/** What a test may say about a run. */
export interface RunSetup {
  readonly steps?: StepRegistry;
  readonly policy?: StepPolicy;
  readonly input?: Json;
  readonly secrets?: Secrets;
  readonly secretRules?: SecretRulesByName;
  readonly journal?: readonly RunEvent[];
  readonly clock?: ManualClock;
  readonly signal?: AbortSignal;
  readonly pause?: PauseSwitch;
  readonly runFolder?: string;
  readonly expressions?: Expressions;
  readonly artifacts?: readonly string[];
  /** Refuses the event after this many, as an agent that dies does. */
  readonly dieAfter?: number;
  /** Events of steering tasks that may be under way unanswered. */
  readonly ahead?: number;
  /** `ahead`: the step that starts acts already. */
  readonly onEvent?: (body: RunEventBody, ahead: boolean) => void | Promise<void>;
}

/** The agent died at this point, as far as the engine can tell. */
export class Died extends Error {}

let shared: Expressions | undefined;
/** One jq for all tests of a file. */
export function sharedExpressions(): Expressions {
  return (shared ??= createExpressions({ now: () => Date.UTC(2026, 4, 1) }));
}

const done = () => Promise.resolve();
const open: StepPolicy = {
  restrictsUrls: false,
  evidence: () => 'all',
  checkUrl: done,
  checkApplication: done,
  checkFile: done,
  checkScript: done,
};
const folders: string[] = [];
/** A folder of its own for a run's files; `removeRunFolders` takes it away. */
export function newRunFolder(): string {
  folders.push(mkdtempSync(path.join(tmpdir(), 'casare-engine-')));
  return folders.at(-1)!;
}

/** For `afterAll`. */
export function removeRunFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Runs a document; `events` is filled while it runs, so that it can be read after a death, too. */
export async function runIt(document: Workflow | string, setup: RunSetup = {}, events: RunEvent[] = []): Promise<Ran> {
  const clock = setup.clock ?? new ManualClock();
  const record = async (body: RunEventBody, ahead = false) => {
    if (setup.dieAfter !== undefined && events.length >= setup.dieAfter) throw new Died('the agent died');
    // Through JSON and the wire schema: what the outbox would refuse must not get this far.
    const event = { seq: events.length + 1, at: new Date(clock.now()).toISOString(), body };
    events.push(RunEventSchema.parse(JSON.parse(JSON.stringify(event))));
    await setup.onEvent?.(body, ahead);
  };
  const options: RunOptions = {
    runId: '0196a7a0-0000-7000-8000-000000000001',
    document: typeof document === 'string' ? workflow(document) : document,
    input: setup.input ?? {},
    secrets: setup.secrets ?? {},
    secretRules: setup.secretRules,
    journal: setup.journal ?? [],
    artifacts: setup.artifacts ?? [],
    record,
    mayGoAhead: () => true,
    ahead: setup.ahead ?? 0,
    artifact: () => Promise.resolve(),
    steps: setup.steps ?? new StepDoubles(),
    policy: setup.policy ?? open,
    expressions: setup.expressions ?? sharedExpressions(),
    clock,
    signal: setup.signal ?? new AbortController().signal,
    ...(setup.pause === undefined ? {} : { pause: setup.pause }),
    runFolder: setup.runFolder ?? tmpdir(),
    log: () => undefined,
    random: () => 0.5,
  };
  const ending = await runWorkflow(options);
  return { ending, events, bodies: events.map((event) => event.body) };
}

/** A document from its `do` (and anything else) as YAML; the head is filled in. Steps need not exist. */
export function workflow(yaml: string): Workflow {
  const head = "document: { dsl: '1.0.3', namespace: test, name: test, version: '1.0.0' }\n";
  const source = readSource(yaml.startsWith('document:') ? yaml : head + yaml, 'yaml');
  if (!source.ok) throw new Error(JSON.stringify(source.problems));
  return WorkflowSchema.parse(source.value);
}

/** The example workflow that `npm start` runs. */
export function invoiceWorkflow(): Workflow {
  const file = new URL('../../../docs/examples/supplier-portal/download-invoices.yaml', import.meta.url);
  const result = parseWorkflow(readFileSync(file, 'utf8'));
  if (!result.ok) throw new Error(result.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return result.document;
}
