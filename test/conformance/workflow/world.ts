/** One scenario while it runs: what was given, and what came of it when the real engine had run it. */
import {
  embedSubWorkflows,
  type Json,
  normalise,
  parseWorkflow,
  readSource,
  type Workflow,
} from '@casare/shared/workflow';
import type { RunEventBody, Secrets } from '@casare/shared/protocol';
import { type Ran, runIt } from '../../../edge-agent/src/engine/engine-for-tests.ts';
import { createStepRegistry } from '../../../edge-agent/src/steps/index.ts';
import type { Stubs } from './stubs.ts';
import { VirtualClock } from './virtual-clock.ts';

export class World {
  readonly stubs: Stubs;
  readonly clock = new VirtualClock();
  /** Sub-workflows by `namespace/name@version`. */
  readonly saved = new Map<string, Workflow>();
  secrets: Secrets = {};
  input: Json = {};
  #definition = '';
  #ran: Ran | null = null;

  constructor(stubs: Stubs) {
    this.stubs = stubs;
    stubs.reset();
  }

  define(text: string): void {
    this.#definition = text;
  }

  /** Saves a workflow, as people push one before the one that runs it. */
  save(text: string): void {
    const document = this.#pinned(text);
    const { namespace, name, version } = document.document;
    this.saved.set(`${namespace}/${name}@${version}`, document);
  }

  /** What the validator says of the definition. */
  problems(): readonly { readonly path: string; readonly message: string; readonly line: number }[] {
    const parsed = parseWorkflow(this.#definition);
    return parsed.ok ? [] : parsed.problems;
  }

  /** Runs the definition as an agent does: checked, normalised, by the agent's own steps. */
  async execute(): Promise<void> {
    const steps = createStepRegistry({
      ...{ home: '/nowhere', env: {}, platform: process.platform },
      transport: this.stubs.transport,
    });
    this.#ran = await runIt(this.#pinned(this.#definition), {
      ...{ steps, input: this.input, secrets: this.secrets },
      clock: this.clock as never,
    });
  }

  get ran(): Ran {
    if (this.#ran === null) throw new Error('The workflow has not been executed');
    return this.#ran;
  }

  get output(): Json {
    const { ending } = this.ran;
    if (ending.type === 'run.completed') return ending.output;
    throw new Error(`The workflow did not complete: ${JSON.stringify(ending)}`);
  }

  /** Names of tasks in the order in which they started. */
  get started(): string[] {
    return this.ran.bodies.flatMap((body) => (isStart(body) ? [body.name] : []));
  }

  #pinned(text: string): Workflow {
    const parsed = parseWorkflow(text);
    if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    const embedded = embedSubWorkflows(normalise(parsed.document), this.saved);
    if (!embedded.ok) throw new Error(JSON.stringify(embedded.findings));
    return embedded.document;
  }
}

/** Data of a scenario. */
export function readData(text: string | null): Json {
  const source = readSource(text ?? '', 'yaml');
  if (!source.ok) throw new Error(JSON.stringify(source.problems));
  return source.value as Json;
}

function isStart(body: RunEventBody): body is Extract<RunEventBody, { type: 'step.started' }> {
  return body.type === 'step.started';
}
