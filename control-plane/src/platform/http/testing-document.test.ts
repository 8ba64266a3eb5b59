import { expect, test } from 'vitest';
import { heldToDocument } from './testing-document.ts';

const answered = (path: string, body: unknown, init?: ResponseInit, method = 'GET') =>
  heldToDocument(async () => Response.json(body, init))(`http://x/api/v1${path}`, { method });
const problem = { headers: { 'content-type': 'application/problem+json' } };

test('an answer as the document has it passes', async () => {
  expect((await answered('/agents', { items: [], nextCursor: null })).status).toBe(200);
  const refused = { type: 't', title: 'No.', status: 404, code: 'NO' };
  expect((await answered('/agents/1', refused, { status: 404, ...problem })).status).toBe(404);
});

test.each([
  ['a field that is missing', '/agents', { items: [] }, {}, "must have required property 'nextCursor'"],
  ['a field that is not declared', '/agents', { items: [], nextCursor: null, n: 1 }, {}, 'additional properties'],
  ['a status that is not declared', '/agents', { items: [] }, { status: 202 }, 'no answer 202'],
  ['a problem that is none', '/agents/1', { code: 'NO' }, { status: 404, ...problem }, 'is not as the document says'],
  ['an operation that is not declared', '/agent', {}, {}, 'no such operation'],
])('%s does not', async (_, path, body, init, fault) => {
  await expect(answered(path, body, init)).rejects.toThrow(fault);
});

test('bytes are of the type that the document has, and files that are kept of any', async () => {
  const bytes = (path: string, type: string) =>
    heldToDocument(async () => new Response('x', { headers: { 'content-type': type } }))(`http://x/api/v1${path}`);
  await expect(bytes('/audit/export', 'application/octet-stream')).rejects.toThrow('no application/octet-stream');
  expect((await bytes('/audit/export', 'application/x-ndjson')).status).toBe(200);
  expect((await bytes('/artifacts/1', 'image/png')).status).toBe(200);
});
