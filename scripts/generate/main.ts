/**
 * Writes, or with `--check` compares, every generated file. A generator is a function from nothing to text; equal
 * sources give equal text.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'prettier';
import { schemaText } from '../../control-plane/dist/graphql/index.js';
import { openApiDocument } from '../../control-plane/dist/platform/http/openapi.js';
import { asyncApiDocument } from './asyncapi.ts';
import { certsPage } from './certs.ts';
import { schemaSql } from './schema.ts';
import { stateMachines } from './state-machines.ts';
import { stepPages } from './steps.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Folders that hold nothing but generated files: what no generator makes any more is taken away. */
const WHOLE = ['docs/steps'];

const json = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

async function files(): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  made.set('control-plane/openapi.json', json(openApiDocument()));
  made.set('control-plane/schema.graphql', schemaText());
  made.set('shared/asyncapi.json', json(asyncApiDocument()));
  made.set('control-plane/schema.sql', await schemaSql());
  made.set('docs/state-machines.md', stateMachines());
  made.set('docs/security/certs.md', certsPage());
  for (const [name, text] of stepPages()) made.set(`docs/steps/${name}`, text);
  return made;
}

const check = process.argv.includes('--check');
const stale: string[] = [];
const made = await files();
for (const folder of WHOLE) {
  for (const entry of await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    const name = path.relative(ROOT, path.join(entry.parentPath, entry.name));
    if (!entry.isFile() || made.has(name)) continue;
    stale.push(name);
    if (!check) await rm(path.join(ROOT, name));
  }
}
for (const [name, text] of made) {
  const file = path.join(ROOT, name);
  const wanted = name.endsWith('.md') ? await format(text, { parser: 'markdown', printWidth: 120 }) : text;
  const there = await readFile(file, 'utf8').catch(() => null);
  if (there === wanted) continue;
  stale.push(name);
  if (check) continue;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, wanted);
}
if (check && stale.length > 0) {
  console.error(
    `These files are not as the sources make them: ${stale.join(', ')}. Run \`npm run generate\` and commit.`,
  );
  process.exit(1);
}
console.log(stale.length === 0 ? 'generated files: all as the sources make them' : `generated: ${stale.join(', ')}`);
