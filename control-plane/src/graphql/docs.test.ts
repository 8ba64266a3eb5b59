/** The examples of docs/api/graphql.md, executed as they stand there, and its tables held against the source. */
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import { MUTATIONS } from './fields.ts';
import { LIMITS } from './limits.ts';
import { askerWith, at, textAt, type Ask } from './testing.ts';

const PAGE = path.resolve(import.meta.dirname, '../../../docs/api/graphql.md');
const WORKFLOW = `
document: { dsl: 1.0.3, namespace: test, name: invoices, version: 1.0.0 }
do: [{ act: { set: { done: true } } }]
`;

let plane: TestControlPlane;
let ask: Ask;
let page: string;
let id: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  ask = askerWith(plane.url, plane.admin.apiKey);
  page = await readFile(PAGE, 'utf8');
  await ask('mutation ($d: JSON!) { pushWorkflow(document: $d) { id } }', { d: WORKFLOW });
  const input = { workflow: 'test/invoices', input: { number: 4711 } };
  id = textAt(await ask('mutation ($i: JobRequest!) { submitJob(input: $i) { id } }', { i: input }), 'submitJob', 'id');
});
afterAll(() => plane.close());

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map((match) => match[1]!);

it('each document is answered without an error', async () => {
  const documents = blocks('graphql');
  expect(documents.length).toBeGreaterThanOrEqual(7);
  for (const document of documents) {
    const variables = document.includes('$input')
      ? { input: { workflow: 'test/invoices' } }
      : document.includes('$id')
        ? { id }
        : undefined;
    const answer = await ask(document, variables);
    expect([document, answer.codes]).toEqual([document, []]);
  }
  const { items } = at(await ask(documents[0]!.replace('state: pending', 'state: cancelled')), 'jobs') as {
    items: object[];
  };
  expect(items).toMatchObject([{ id, workflow: { namespace: 'test', name: 'invoices' }, agent: null }]);
});

it.skipIf(spawnSync('curl', ['--version']).error)('each command is carried out (needs curl)', async () => {
  const [request, stream] = blocks('sh');
  const env = { ...process.env, CASARE_URL: plane.url, CASARE_API_KEY: plane.admin.apiKey };
  const run = (command: string) => promisify(execFile)('sh', ['-c', command], { env });
  expect(JSON.parse((await run(request!)).stdout)).toEqual({ data: { me: { role: 'owner', tenant: 'default' } } });
  // It never ends: what it begins with is enough.
  const begun = await run(`${stream!.trim()} --max-time 2 || true`);
  expect(begun.stdout).toContain('retry: 2000');
});

it('the limits and the mutations are those of the source', () => {
  for (const limit of [LIMITS.document, LIMITS.tokens, LIMITS.depth, LIMITS.aliases, LIMITS.roots, LIMITS.cost]) {
    expect(page).toMatch(new RegExp(`\\b${limit.toLocaleString('en-US')}\\b`));
  }
  for (const name of Object.keys(MUTATIONS)) expect(page).toContain(name);
});
