/**
 * The value of a secret from whoever calls: piped in, or typed where nothing of it is shown. Never from an argument: other
 * users of the machine can read those, and shells keep them.
 */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './exit.ts';

/** Where a value comes from; given as an argument, so that tests can be it. */
export interface SecretInput {
  /** A person types. */
  readonly interactive: boolean;
  /** All that is piped in. */
  read(): Promise<string>;
  /** One line, not shown. */
  ask(question: string): Promise<string>;
}

/** The largest value with the quotes around it, bytes. */
const INPUT_BYTES = 262_144;

/** The process's own input. */
export function processInput(): SecretInput {
  return {
    interactive: process.stdin.isTTY,
    async read() {
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const part of process.stdin as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > INPUT_BYTES) throw new UsageError(`The value is larger than ${INPUT_BYTES} bytes.`);
        parts.push(part);
      }
      return Buffer.concat(parts).toString('utf8');
    },
    async ask(question) {
      process.stderr.write(question);
      const nowhere = new Writable({ write: (_, __, done) => done() });
      const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
      try {
        return await lines.question('');
      } finally {
        lines.close();
        process.stderr.write('\n');
      }
    },
  };
}

/** A text; with `members` a map of them. @throws UsageError */
export async function readValue(
  input: SecretInput,
  { map, members }: { readonly map: boolean; readonly members: readonly string[] },
): Promise<string | Record<string, string>> {
  if (members.length > 0) {
    if (!input.interactive) throw new UsageError('--member asks at the terminal: pipe a JSON object in with --map.');
    const values: [string, string][] = [];
    for (const member of members) values.push([member, await typed(input, `Value of ${member}: `)]);
    return Object.fromEntries(values);
  }
  if (input.interactive && !map) return typed(input, 'Value: ');
  if (input.interactive) throw new UsageError('--map reads a JSON object that is piped in: name --member to type one.');
  const text = (await input.read()).replace(/\r?\n$/, '');
  if (text === '') throw new UsageError('There is no value: pipe it in, or type it at a terminal.');
  return map ? mapOf(text) : text;
}

async function typed(input: SecretInput, question: string): Promise<string> {
  const value = await input.ask(question);
  if (value === '') throw new UsageError('The value is empty.');
  if ((await input.ask('Again: ')) !== value) throw new UsageError('The two values differ.');
  return value;
}

/** The parser's own message would quote the value. */
function mapOf(text: string): Record<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError('What is piped in is not JSON: --map takes an object of texts.');
  }
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isMap && Object.values(value as object).every((member) => typeof member === 'string')) {
    return value as Record<string, string>;
  }
  throw new UsageError('What is piped in is no JSON object of texts, as --map takes it.');
}
