/** The client's table: by operation, where it is and how it answers. */
import type { Document, Operation } from './document.ts';

/** TypeScript text; equal documents give equal text. */
export function clientTable(document: Document): string {
  const groups = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const [noun, verb] = operation.operationId.split('.') as [string, string];
      const entry = { id: operation.operationId, method: method.toUpperCase(), path, answer: answerOf(operation) };
      groups.set(noun, [...(groups.get(noun) ?? []), `    ${verb}: ${literal(entry)},`]);
    }
  }
  const body = [...groups].map(([noun, lines]) => `  ${noun}: {\n${lines.join('\n')}\n  },`);
  return [
    '/** Generated from control-plane/openapi.json by `npm run generate`: not edited by hand. */',
    '',
    `export const BASE = '${document.servers[0]!.url}';`,
    '',
    '/** The operations, by noun: `api.jobs.submit`. */',
    'export const api = {',
    ...body,
    '} as const;',
    '',
  ].join('\n');
}

function literal(entry: Readonly<Record<string, string>>): string {
  return `{ ${Object.entries(entry)
    .map(([name, value]) => `${name}: '${value}'`)
    .join(', ')} }`;
}

/** How the client gives an answer back. */
function answerOf({ operationId, responses }: Operation): 'json' | 'bytes' | 'events' | 'nothing' {
  const successes = Object.entries(responses).filter(([status]) => ['200', '201', '204'].includes(status));
  if (successes.length !== 1) throw new Error(`${operationId} has ${successes.length} answers of success, not one`);
  const types = Object.keys(successes[0]![1].content ?? {});
  if (types.length === 0) return 'nothing';
  if (types.includes('application/json')) return 'json';
  return types.includes('text/event-stream') ? 'events' : 'bytes';
}
