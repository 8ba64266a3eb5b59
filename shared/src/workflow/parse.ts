/** From a text to a document that may be run, or to what is wrong with it, by line and column. */
import type { Workflow } from './document.ts';
import type { Finding, Problem } from './problem.ts';
import { type Format, readSource } from './source.ts';
import { validateWorkflow } from './validate.ts';

/** A document, or its problems in the order of the text (at most `MAX_PROBLEMS`). */
export type Parsed =
  | {
      readonly ok: true;
      readonly document: Workflow;
      readonly warnings: readonly Problem[];
      /** Where in the text something is that is found later. */
      readonly locate: (finding: Finding) => Problem;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads and checks a workflow. YAML takes JSON too; `format: 'json'` takes nothing else. */
export function parseWorkflow(text: string, options: { readonly format?: Format } = {}): Parsed {
  const source = readSource(text, options.format ?? 'yaml');
  if (!source.ok) return source;
  const validated = validateWorkflow(source.value);
  if (!validated.ok) return { ok: false, problems: validated.findings.map(source.locate).sort(byPlace) };
  const { document, warnings } = validated;
  return { ok: true, document, warnings: warnings.map(source.locate).sort(byPlace), locate: source.locate };
}

function byPlace(a: Problem, b: Problem): number {
  return a.line - b.line || a.column - b.column;
}
