/** Selectors as arguments: their syntax is checked where a schema is, long before an element is looked for. */
import { z } from 'zod';
import { isTemplate } from './duration.ts';
import { parseSelector } from './selector.ts';

const text = z.string().min(1).max(4_000);

/** A selector that must match exactly one element (workflow-language.md, "Selectors"). */
export const Target = text.superRefine(refuseBadSelector);

/** The same where the document may also write an expression. */
export const TargetOrExpression = text.superRefine((value, context) => {
  if (!isTemplate(value)) refuseBadSelector(value, context);
});

function refuseBadSelector(value: string, context: z.RefinementCtx<string>): void {
  const parsed = parseSelector(value);
  if (!parsed.ok)
    context.addIssue({ code: 'custom', message: `bad selector: ${parsed.message} (character ${parsed.at + 1})` });
}
