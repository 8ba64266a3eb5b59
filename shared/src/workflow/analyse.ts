/**
 * What can be said about a document without running it: where it can run, what it touches, what a restart of it means.
 * Calls are literals, so nothing here is a guess; what depends on data is said to be unknown.
 */
import type { OnDisconnect, SlotKind } from '../protocol/messages.ts';
import type { Effect, OnRestart } from '../protocol/run-events.ts';
import { resolveCall } from './call-target.ts';
import type { Workflow } from './document.ts';
import { isTemplate, parseDuration } from './duration.ts';
import { evidenceRulesOf, nearerRules, type EvidenceRules, type RecordRules } from './evidence.ts';
import type { JobRetry } from './job-retry.ts';
import { longestDurationMs } from './longest-duration.ts';
import { useReferences } from './references.ts';
import { isActing, restartOf } from './restart.ts';
import { secretUses } from './secret-use.ts';
import type { StepDeclaration } from './step.ts';
import { holding, referenceOf, subWorkflowPath, subWorkflowsOf } from './sub-workflows.ts';
import { callOf, type CallTask, classify, type Task } from './task.ts';
import { allTasks } from './task-list.ts';

/** A task that acts: a call, a published event, a sub-workflow. */
export interface AnalysedStep {
  readonly path: string;
  readonly name: string;
  /** What it calls: `browser.click:1.0.0@default`, `http`, `openapi`, `emit`, `workflow namespace/name@version`. */
  readonly call: string;
  readonly effect: Effect;
  /** After every override. */
  readonly onRestart: OnRestart;
  /** What is kept of it, as far as the agent's policy lets it. */
  readonly record: EvidenceRules;
}

/** What the control plane routes by and shows before approval. Lists are sorted and hold no doubles. */
export interface Analysis {
  readonly slot: SlotKind;
  readonly capabilities: readonly string[];
  /** Names of the secrets that the document uses. */
  readonly secrets: readonly string[];
  /** Hosts (with port where it is not the scheme's own) of literal addresses. */
  readonly domains: readonly string[];
  /** True when an address depends on data, so that `domains` is not all. */
  readonly dynamicDomains: boolean;
  /** In the order of the text. */
  readonly steps: readonly AnalysedStep[];
  /** Milliseconds; `null` when nothing in the document bounds it. */
  readonly longestDurationMs: number | null;
  /** Where the document says it must run, or `null`. */
  readonly site: string | null;
  readonly onDisconnect: OnDisconnect;
  readonly disconnectGraceMs: number;
  /** What the document says of jobs that fail, or `null`. */
  readonly retry: JobRetry | null;
  /** Names of the files that a success must have stored. */
  readonly outputs: readonly string[];
  /** True when it needs no machine of the customer's: calls by http, data and control flow only. */
  readonly serverless: boolean;
}

/** How long a silent agent is waited for when the document does not say (design section 6), milliseconds. */
export const DISCONNECT_GRACE_MS = 600_000;

/** Steps that work on files, mail servers and databases of the customer's. */
const ON_PREMISES = /^(?:files|mail|db)\./;

const SLOT_ORDER: readonly SlotKind[] = ['plain', 'browser', 'desktop'];

/** Analyses a document that `validateWorkflow` accepted, with the sub-workflows that it holds. */
export function analyse(document: Workflow): Analysis {
  const own = analyseOwn(document);
  const held = Object.entries(subWorkflowsOf(document)).map(([reference, workflow]) => {
    const inner = analyseOwn(holding(workflow, document));
    const base = subWorkflowPath(reference);
    return { ...inner, steps: inner.steps.map((step) => ({ ...step, path: `${base}${step.path}` })) };
  });
  const all = [own, ...held];
  return {
    ...own,
    slot: widest(all.map(({ slot }) => slot)),
    capabilities: sorted(all.flatMap(({ capabilities }) => capabilities)),
    secrets: sorted(all.flatMap(({ secrets }) => secrets)),
    domains: sorted(all.flatMap(({ domains }) => domains)),
    dynamicDomains: all.some(({ dynamicDomains }) => dynamicDomains),
    steps: all.flatMap(({ steps }) => steps),
    serverless: all.every(({ serverless }) => serverless),
  };
}

/** What a document's own text says. */
function analyseOwn(document: Workflow): Analysis {
  const rpa = document.document.metadata?.rpa;
  const tasks = [...allTasks(document)];
  const used = tasks.flatMap(({ task }) => stepOf(document, task) ?? []);
  const slot = widest([...used.map((step) => step.slot), rpa?.slot ?? 'plain']);
  const capabilities = sorted([...used.flatMap((step) => step.capabilities), ...(rpa?.requires ?? [])]);
  const addresses = tasks.flatMap(({ task }) => addressesOf(document, task)).map(hostOf);
  return {
    slot,
    capabilities,
    secrets: secretNames(document),
    domains: sorted(addresses.filter((host) => host !== null)),
    dynamicDomains: addresses.includes(null),
    steps: tasks.filter(({ task }) => isActing(document, task)).map((entry) => analysedStep(document, entry)),
    longestDurationMs: longestDurationMs(document),
    site: rpa?.site ?? null,
    onDisconnect: rpa?.onDisconnect ?? 'continue',
    disconnectGraceMs: parseDuration(rpa?.disconnectGrace ?? '') ?? DISCONNECT_GRACE_MS,
    retry: rpa?.retry ?? null,
    outputs: rpa?.outputs ?? [],
    serverless:
      slot === 'plain' &&
      capabilities.length === 0 &&
      rpa?.site === undefined &&
      !used.some(({ name }) => ON_PREMISES.test(name)),
  };
}

function widest(slots: readonly SlotKind[]): SlotKind {
  return slots.reduce((a, b) => (SLOT_ORDER.indexOf(b) > SLOT_ORDER.indexOf(a) ? b : a), 'plain');
}

function analysedStep(document: Workflow, entry: Iterated): AnalysedStep {
  const { path, name, task, ancestors } = entry;
  const { effect, onRestart } = restartOf(
    document,
    task,
    ancestors.map((above) => above.task),
  );
  const rules = [...ancestors.map((above) => above.task), task].map((each) => each.metadata?.rpa?.record);
  const record = evidenceRulesOf(document, rules.reduce<RecordRules>(nearerRules, {}));
  return { path, name, call: calledBy(document, task), effect, onRestart, record };
}

type Iterated = ReturnType<typeof allTasks> extends Generator<infer Entry> ? Entry : never;

function calledBy(document: Workflow, task: Task): string {
  const classified = classify(task);
  if (classified.kind === 'run') return `workflow ${referenceOf(classified.task)}`;
  const step = stepOf(document, task);
  if (step !== null) return `${step.name}:${step.version}@default`;
  return classified.kind === 'call' ? classified.task.call : classified.kind;
}

function stepOf(document: Workflow, task: Task): StepDeclaration | null {
  const classified = classify(task);
  if (classified.kind !== 'call') return null;
  const call = callOf(classified.task);
  const target = call.to === 'function' ? resolveCall(document, call.reference) : null;
  return target?.kind === 'step' ? target.step : null;
}

function secretNames(document: Workflow): string[] {
  const uses = secretUses(document);
  // An expression that takes `$secrets` as a whole may read any of them.
  if (uses.some(({ name }) => name === null)) return sorted(document.use?.secrets ?? []);
  const policies = useReferences(document).filter(({ into }) => into === 'secrets');
  return sorted([...uses.flatMap(({ name }) => name ?? []), ...policies.map(({ name }) => name)]);
}

/** The addresses a task goes to, as written. */
function addressesOf(document: Workflow, task: Task): string[] {
  const classified = classify(task);
  return classified.kind === 'call' ? callAddresses(document, classified.task) : [];
}

function callAddresses(document: Workflow, task: CallTask): string[] {
  const call = callOf(task);
  if (call.to === 'function') {
    if (stepOf(document, task) === null) return [];
    const { url, server, connection } = call.with;
    return [url, serverAddress(server ?? connection)].filter((address) => typeof address === 'string');
  }
  const endpoint = call.to === 'http' ? call.with.endpoint : call.with.document.endpoint;
  return [typeof endpoint === 'string' ? endpoint : endpoint.uri];
}

/** The address of a mail server or a database, written as that of a site; one that depends on data stays a template. */
function serverAddress(server: unknown): string | undefined {
  if (typeof server === 'string') return server;
  if (typeof server !== 'object' || server === null || !('host' in server)) return undefined;
  const port = 'port' in server ? `:${String(server.port)}` : '';
  return `http://${String(server.host)}${port}`;
}

/** The host of a literal address; `null` when it depends on data. `{name}` in the path or query does not matter. */
function hostOf(address: string): string | null {
  const authority = /^(https?:\/\/[^/?#]+)/i.exec(address)?.[1];
  if (authority === undefined || isTemplate(address) || /[{}]/.test(authority) || !URL.canParse(authority)) return null;
  return new URL(authority).host;
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
