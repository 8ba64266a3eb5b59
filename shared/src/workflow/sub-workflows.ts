/**
 * Sub-workflows. A document names the exact version of what `run.workflow` runs; when it is saved, the documents of all of
 * them, also of those that they run, are put into it (`document.metadata.rpa.workflows`). So a saved document is whole: what
 * runs cannot change behind it, and analysis, assignment and replay need nothing else.
 */
import type { Workflow } from './document.ts';
import { classify, type RunTask } from './task.ts';
import { allTasks, escapePointer } from './task-list.ts';

/** A `run.workflow` where it stands. */
export interface SubWorkflowUse {
  /** `namespace/name@version`. */
  readonly reference: string;
  /** JSON Pointer of the task. */
  readonly path: string;
}

/** The reference of what a task runs: `namespace/name@version`. */
export function referenceOf({ run }: RunTask): string {
  const { namespace, name, version } = run.workflow;
  return `${namespace}/${name}@${version}`;
}

/** Every `run.workflow` of the document itself, in the order of the text. */
export function subWorkflowUses(document: Workflow): SubWorkflowUse[] {
  return [...allTasks(document)].flatMap(({ task, path }) => {
    const classified = classify(task);
    return classified.kind === 'run' ? [{ reference: referenceOf(classified.task), path }] : [];
  });
}

/** The documents that a saved document holds, by reference. */
export function subWorkflowsOf(document: Workflow): Readonly<Record<string, Workflow>> {
  // Each was validated when it was saved itself.
  return (document.document.metadata?.rpa?.workflows ?? {}) as Readonly<Record<string, Workflow>>;
}

/** Where a sub-workflow stands in the document that holds it: JSON Pointer. */
export function subWorkflowPath(reference: string): string {
  return `/document/metadata/rpa/workflows/${escapePointer(reference)}`;
}

/** A sub-workflow with the documents of the one that holds it, so that it can be looked at like that one. */
export function holding(subWorkflow: Workflow, holder: Workflow): Workflow {
  return withWorkflows(subWorkflow, subWorkflowsOf(holder));
}

/** The document with these sub-workflows in it; `undefined` takes them out. */
export function withWorkflows(document: Workflow, workflows: Readonly<Record<string, Workflow>> | undefined): Workflow {
  const { metadata, ...head } = document.document;
  const { workflows: before, ...rpa } = metadata?.rpa ?? {};
  void before;
  const next = { ...rpa, ...(workflows === undefined ? {} : { workflows }) };
  const { rpa: replaced, ...rest } = metadata ?? {};
  void replaced;
  const kept = { ...rest, ...(Object.keys(next).length === 0 ? {} : { rpa: next }) };
  return { ...document, document: { ...head, ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }) } };
}
