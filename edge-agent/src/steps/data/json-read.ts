/** `data.json.read`: a JSON file, or the part of it that a pointer (RFC 6901) names. */
import { DATA_STEPS, type Json } from '@casare/shared/workflow';
import { StepFailure, type Step } from '../../engine/index.ts';
import { executor } from '../executor.ts';
import { readText } from './whole-text.ts';

/** The largest file, bytes. */
const FILE_BYTES = 16_777_216;

export const jsonReadStep: Step = executor(DATA_STEPS.jsonRead, async ({ file, at = '' }, context) => {
  const value = parse(await readText(context, file, { maxBytes: FILE_BYTES }));
  // The engine refuses what is nested too deeply or larger than an output may be.
  return partAt(value, at) as never;
});

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new StepFailure({
      type: 'validation',
      code: 'JSON_BROKEN',
      title: 'The file is no JSON',
      // The parser's words quote the content; where it is, is enough.
      detail: `It cannot be read${/ at position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0] ?? ''}: check what wrote it.`,
      certain: true,
    });
  }
}

function partAt(value: Json, pointer: string): Json {
  let part: Json = value;
  for (const escaped of pointer.split('/').slice(1)) {
    const name = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    const next: Json | undefined =
      typeof part === 'object' && part !== null && Object.hasOwn(part, name)
        ? (part as Readonly<Record<string, Json>>)[name]
        : undefined;
    if (next === undefined) throw missing(pointer, name);
    part = next;
  }
  return part;
}

function missing(pointer: string, name: string): StepFailure {
  return new StepFailure({
    type: 'validation',
    code: 'JSON_PART_MISSING',
    title: 'The file has no such part',
    detail: `On the way ${pointer} there is no ${JSON.stringify(name)}.`,
    certain: true,
  });
}
