/**
 * Writes, or with `--check` compares, the generated files that built programs make. A generator is a function from nothing to text; equal
 * sources give equal text.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'prettier';
import { schemaText } from '../../control-plane/dist/graphql/index.js';
import { asyncApiDocument } from './asyncapi.ts';
import { certsPage } from './certs.ts';
import { doctorPage } from './doctor.ts';
import { schemaSql } from './schema.ts';
import { selftestPage } from './selftest.ts';
import { stateMachines } from './state-machines.ts';
import { stepPages } from './steps.ts';
import { ROOT, writeOrCompare } from './write.ts';

/** Folders that hold nothing but generated files: what no generator makes any more is taken away. */
const WHOLE = ['docs/steps'];

const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

async function files(): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  made.set('control-plane/schema.graphql', schemaText());
  made.set('shared/asyncapi.json', json(asyncApiDocument()));
  made.set('control-plane/schema.sql', await schemaSql());
  made.set('docs/state-machines.md', stateMachines());
  made.set('docs/security/certs.md', certsPage());
  made.set('docs/guides/doctor.md', doctorPage());
  made.set('docs/install/selftest.md', selftestPage());
  for (const [name, text] of stepPages()) made.set(`docs/steps/${name}`, text);
  return made;
}

const made = await files();
const leftOver: string[] = [];
for (const folder of WHOLE) {
  for (const entry of await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    const name = path.relative(ROOT, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !made.has(name)) leftOver.push(name);
  }
}
for (const [name, text] of made) {
  if (name.endsWith('.md')) made.set(name, await format(text, { parser: 'markdown', printWidth: 120 }));
}
await writeOrCompare(made, leftOver);
