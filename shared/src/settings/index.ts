/**
 * Files of settings that a person writes: `agent.yaml` of an agent, `control-plane.yaml` of a control plane. One way for both: a
 * file with a fault is refused as a whole, all its faults are told together, each with its place, and no value is shown.
 */
import type { z } from 'zod';
import { type Finding, type Problem, readSource, schemaFindings } from '../workflow/index.ts';

/** The largest file that is read. */
export const SETTINGS_BYTES = 65_536;

/** What a file says, with the way back to where it says so; or all that is wrong with it. */
export type Settings<T> =
  | { readonly ok: true; readonly value: T; readonly locate: (finding: Finding) => Problem }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a file, YAML. One with comments only says nothing, and is right. */
export function readSettings<T>(text: string, schema: z.ZodType<T>): Settings<T> {
  const source = readSource(text, 'yaml');
  if (!source.ok) return source;
  const value = source.value ?? {};
  const problems = schemaFindings(schema, value, '').map(source.locate);
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: schema.parse(value), locate: source.locate };
}

/** For a person: what to do, and a line for each problem in the order of the file. */
export function settingsFaults(file: string, problems: readonly Problem[]): { text: string; lines: readonly string[] } {
  const count = problems.length === 1 ? 'a fault' : `${problems.length} faults`;
  const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return {
    text: `${file} has ${count}: correct it and start again`,
    lines: inOrder.map(({ line, column, path, message }) => {
      return `${file}:${line}:${column}: ${message}${path === '' ? '' : ` (${path})`}`;
    }),
  };
}
