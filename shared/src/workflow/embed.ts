/** Puts the documents of sub-workflows into the document that runs them, when it is saved or run from a file. */
import { desktopFindings } from './checks.ts';
import type { Workflow } from './document.ts';
import type { Finding } from './problem.ts';
import { subWorkflowsOf, subWorkflowUses, type SubWorkflowUse, withWorkflows } from './sub-workflows.ts';

/** Documents that one document may hold, and characters of JSON that they may have together. */
export const MAX_WORKFLOWS = 50;
const MAX_LENGTH = 1_048_576;

/** A document with its sub-workflows in it, or why that cannot be. */
export type Embedded =
  { readonly ok: true; readonly document: Workflow } | { readonly ok: false; readonly findings: readonly Finding[] };

/** Puts sub-workflows into a document. `saved`: what was found, as it was saved, by reference. */
export function embedSubWorkflows(document: Workflow, saved: ReadonlyMap<string, Workflow>): Embedded {
  const uses = subWorkflowUses(document);
  const own = ownReference(document);
  const circular = uses.flatMap((use) => {
    const chain = chainTo(own, use.reference, saved);
    return chain === null ? [] : [runsItself(use, [own, ...chain])];
  });
  if (circular.length > 0) return { ok: false, findings: circular };
  const missing = uses.filter(({ reference }) => !saved.has(reference)).map(notFound);
  if (missing.length > 0) return { ok: false, findings: missing };
  const workflows = new Map<string, Workflow>();
  for (const { reference } of uses) {
    const found = saved.get(reference)!;
    for (const [inner, workflow] of Object.entries(subWorkflowsOf(found))) workflows.set(inner, workflow);
    workflows.set(reference, withWorkflows(found, undefined));
  }
  if (workflows.size === 0) return { ok: true, document };
  const length = JSON.stringify([...workflows.values()]).length;
  if (workflows.size > MAX_WORKFLOWS || length > MAX_LENGTH) {
    const message = `its sub-workflows are ${workflows.size} documents of ${length} characters, and ${MAX_WORKFLOWS} of ${MAX_LENGTH} are allowed`;
    return { ok: false, findings: [{ path: uses[0]!.path, at: 'key', message }] };
  }
  const whole = withWorkflows(document, Object.fromEntries(workflows));
  // What could not be seen before the sub-workflows were known.
  const findings = desktopFindings(whole);
  return findings.length > 0 ? { ok: false, findings } : { ok: true, document: whole };
}

/**
 * The references from `from` to `target`, both included; null when nothing leads there. What a saved document runs stands in
 * it, so that each is looked at once.
 */
function chainTo(target: string, from: string, saved: ReadonlyMap<string, Workflow>): readonly string[] | null {
  const holder = saved.get(from);
  const known = holder && new Map([...Object.entries(subWorkflowsOf(holder)), [from, holder] as const]);
  const seen = new Set<string>();
  const look = (reference: string): readonly string[] | null => {
    if (reference === target) return [reference];
    if (seen.has(reference)) return null;
    seen.add(reference);
    const document = known?.get(reference);
    for (const use of document === undefined ? [] : subWorkflowUses(document)) {
      const rest = look(use.reference);
      if (rest !== null) return [reference, ...rest];
    }
    return null;
  };
  return look(from);
}

function ownReference({ document: { namespace, name, version } }: Workflow): string {
  return `${namespace}/${name}@${version}`;
}

/** Also where an earlier text of the same version is saved, which would stand in for it. */
function runsItself({ path }: SubWorkflowUse, chain: readonly string[]): Finding {
  const message = `it would run itself: ${chain.join(' -> ')}`;
  return { path: `${path}/run/workflow`, at: 'value', message };
}

function notFound({ reference, path }: SubWorkflowUse): Finding {
  const message = `there is no workflow \`${reference}\`: push it first`;
  return { path: `${path}/run/workflow`, at: 'value', message };
}
