/** What a function call means: one of the document's own functions, or a step of the catalogue. Own names win. */
import { findStep } from './catalog/index.ts';
import type { Workflow } from './document.ts';
import { isTemplate } from './duration.ts';
import { nearest } from './problem.ts';
import type { StepDeclaration } from './step.ts';
import { escapePointer, type TaskEntry } from './task-list.ts';

export type CallTarget =
  | { readonly kind: 'step'; readonly step: StepDeclaration }
  /** `entry.path` is `/use/functions/<name>`. */
  | { readonly kind: 'function'; readonly entry: TaskEntry }
  | { readonly kind: 'unknown'; readonly message: string; readonly suggestion?: string };

/** Resolves the `call` of a function call task. */
export function resolveCall(document: Workflow, reference: string): CallTarget {
  if (isTemplate(reference)) {
    return {
      kind: 'unknown',
      message: 'a call names its step literally: what a document does must be known before it runs',
    };
  }
  const functions = document.use?.functions ?? {};
  const own = Object.hasOwn(functions, reference) ? functions[reference] : undefined;
  if (own !== undefined) {
    const path = `/use/functions/${escapePointer(reference)}`;
    return { kind: 'function', entry: { name: reference, task: own, path, index: 0 } };
  }
  const found = findStep(reference);
  if (found.ok) return { kind: 'step', step: found.step };
  const { message, suggestion = nearest(reference, Object.keys(functions)) } = found;
  if (suggestion === undefined) return { kind: 'unknown', message };
  const asked = message.endsWith('?') ? message : `${message}; did you mean \`${suggestion}\`?`;
  return { kind: 'unknown', message: asked, suggestion };
}
