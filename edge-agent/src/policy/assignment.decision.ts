/**
 * May a document run under the policy? Looks at what can be known before it runs: whose it is, which version, which steps
 * it calls and which hosts it names. Executors look again at each address, program and file. Pure.
 */
import { allTasks, classify, type Workflow } from '@casare/shared/workflow';
import { type Lists, matchesPattern, refusedBy, stepName, stepRefusal } from './patterns.decision.ts';
import { isAtLeast, readRange } from './versions.decision.ts';

/** Why a job is refused; the code begins with `POLICY_`. */
export interface PolicyRefusal {
  readonly code: string;
  readonly reason: string;
}

/** A workflow as the assignment names it. */
export interface NamedWorkflow {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

/** The part of the policy that this looks at. */
export interface DocumentRules {
  readonly steps?: Lists | undefined;
  readonly workflows?: Lists | undefined;
  readonly versions?: Readonly<Record<string, string>> | undefined;
}

/** Judges one document, which `named` says it is; null when nothing is against it. */
export function documentRefusal(rules: DocumentRules, named: NamedWorkflow, document: Workflow): PolicyRefusal | null {
  const { namespace, name, version } = document.document;
  const key = `${namespace}/${name}`;
  if (named.namespace !== namespace || named.name !== name || named.version !== version) {
    const asked = `${named.namespace}/${named.name}@${named.version}`;
    return refuse(
      'POLICY_WORKFLOW_MISNAMED',
      `The document says that it is ${key}@${version}, and was sent as ${asked}.`,
    );
  }
  const unwanted = refusedBy(rules.workflows, key);
  if (unwanted !== null) {
    return refuse('POLICY_WORKFLOW_REFUSED', `${key} ${whyOf(unwanted.rule, 'workflows')}.`);
  }
  return versionRefusal(rules.versions, key, version) ?? stepsRefusal(rules.steps, document);
}

/** The rules of a record by patterns of workflows that mean this one. */
export function rulesFor<Rule>(record: Readonly<Record<string, Rule>> | undefined, workflow: string): Rule[] {
  return Object.entries(record ?? {}).flatMap(([pattern, rule]) => (matchesPattern(pattern, workflow) ? [rule] : []));
}

function versionRefusal(versions: DocumentRules['versions'], key: string, version: string): PolicyRefusal | null {
  const older = rulesFor(versions, key).find((range) => !isAtLeast(version, readRange(range) ?? ''));
  if (older === undefined) return null;
  return refuse(
    'POLICY_VERSION_REFUSED',
    `${key}@${version} is older than the policy allows (${older}): run a newer version.`,
  );
}

function stepsRefusal(lists: Lists | undefined, document: Workflow): PolicyRefusal | null {
  for (const { task, path } of allTasks(document)) {
    const classified = classify(task);
    // A function of the document is its own tasks, which are looked at too.
    if (classified.kind === 'call' && Object.hasOwn(document.use?.functions ?? {}, classified.task.call)) continue;
    const step =
      classified.kind === 'call' ? stepName(classified.task.call) : classified.kind === 'run' ? 'workflow' : null;
    if (step === null) continue;
    const refused = stepRefusal(lists, step);
    if (refused !== null)
      return refuse('POLICY_STEP_REFUSED', `${path} calls ${step}, which ${whyOf(refused.rule, 'steps')}.`);
  }
  return null;
}

function whyOf(rule: string | null, section: string): string {
  return rule === null
    ? `is in no line of \`${section}.allow\``
    : `is forbidden by \`${rule}\` of \`${section}.forbid\``;
}

function refuse(code: string, text: string): PolicyRefusal {
  return { code, reason: `The agent's policy does not let it run: ${text}` };
}
