/** Workflows through the API of a running control plane, and the front door that jobs use. */
import { api } from '@casare/shared/api';
import { ApiError, createClient, type Client } from '@casare/shared/client';
import { subWorkflowsOf } from '@casare/shared/workflow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { createIds } from '../platform/ids.ts';
import { isRefusal } from '../platform/refusal.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';
import type { VersionRow } from './workflow.store.ts';
import { WorkflowsService } from './workflows.service.ts';

const yaml = { mediaType: 'application/yaml' } as const;
const source = (
  version: string,
  more = '',
) => `document: { dsl: '1.0.3', namespace: test, name: hello, version: '${version}' }
${more}do:
  - greet:
      set: { text: hello }
`;
const SCHEMA = `input:
  schema:
    document:
      type: object
      required: [month]
      additionalProperties: false
      properties: { month: { type: string, pattern: '^\\d{4}-\\d{2}$' }, url: { type: string, format: uri } }
`;

let plane: TestControlPlane;
let client: Client;
let workflows: WorkflowsService;
beforeAll(async () => {
  plane = await startTestControlPlane();
  client = plane.client;
  workflows = new WorkflowsService(plane.database.db, systemClock, createIds(systemClock));
});
afterAll(() => plane.close());

async function refusalOf(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return (error as ApiError).problem;
}
const push = (body: string | Record<string, never>) => client.call(api.workflows.push, { body, ...yaml });
async function resolved(reference: string, tenant = 'default'): Promise<VersionRow> {
  const row = await workflows.resolve(tenant, reference);
  if (isRefusal(row)) throw new Error(row.code);
  return row;
}

describe('pushing', () => {
  test('the same document again, in other clothes, is the version that is there', async () => {
    const first = await push(source('1.0.0'));
    expect(first).toMatchObject({
      namespace: 'test',
      name: 'hello',
      version: '1.0.0',
      requirements: { slot: 'plain' },
    });
    expect(await push(`# a comment\n${source('1.0.0')}`)).toEqual(first);
    const body = (await client.call(api.workflows.get, { params: { id: first.id } })).document;
    expect(await client.call(api.workflows.push, { body: body as Record<string, never> })).toEqual(first);
  });

  test('many at once save one version', async () => {
    const saved = await Promise.all(Array.from({ length: 8 }, () => push(source('1.1.0'))));
    expect(new Set(saved.map(({ id }) => id)).size).toBe(1);
  });

  test('another document under a saved version is a conflict', async () => {
    await push(source('1.2.0'));
    const problem = await refusalOf(push(source('1.2.0').replace('hello }', 'bye }')));
    expect([problem.status, problem.code]).toEqual([409, 'WORKFLOW_VERSION_EXISTS']);
  });

  test('broken documents are refused with lines and columns', async () => {
    const broken = await refusalOf(push('document:\n  dsl: [1\ndo: 5\n'));
    expect([broken.status, broken.code]).toEqual([422, 'WORKFLOW_INVALID']);
    expect(broken.problems?.[0]?.line).toBeGreaterThan(1);
    const unknown = await refusalOf(push(source('2.0.0').replace('set: { text: hello }', 'call: browser.clik')));
    expect(unknown.problems?.[0]).toMatchObject({
      line: 4,
      suggestion: expect.stringContaining('browser.click') as string,
    });
  });

  test('an input schema that cannot be compiled is refused', async () => {
    const bad = source('2.0.0', 'input: { schema: { document: { type: strin } } }\n');
    expect((await refusalOf(push(bad))).problems?.[0]?.path).toBe('/input/schema/document');
  });

  test('validating says the same without saving', async () => {
    const validate = (body: string) => client.call(api.workflows.validate, { body, ...yaml });
    expect(await validate(source('9.0.0'))).toMatchObject({ valid: true, problems: [] });
    expect(await validate('do: 1')).toMatchObject({ valid: false });
    expect((await client.call(api.workflows.list)).items.some(({ version }) => version === '9.0.0')).toBe(false);
  });
});

describe('finding', () => {
  test('lists show the newest version, pages go to the end, versions go back', async () => {
    for (const name of ['a', 'b', 'c']) await push(source('1.0.0').replace('hello,', `${name},`));
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: { limit: number; cursor?: string } = { limit: 2, ...(cursor === null ? {} : { cursor }) };
      const page: { items: { name: string }[]; nextCursor: string | null } = await client.call(api.workflows.list, {
        query,
      });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(names).toEqual(['c', 'b', 'a', 'hello']);
    const newest = (await client.call(api.workflows.list)).items.find(({ name }) => name === 'hello')!;
    const versions = await client.call(api.workflows.versions, { params: { id: newest.id } });
    expect(versions.items.map(({ version }) => version)).toEqual(['1.2.0', '1.1.0', '1.0.0']);
  });

  test('a cursor that is none of ours is refused', async () => {
    const problem = await refusalOf(client.call(api.workflows.list, { query: { cursor: 'x' } }));
    expect(problem.code).toBe('CURSOR_INVALID');
  });

  test('jobs resolve by name, by version and by id', async () => {
    expect((await resolved('test/hello')).version).toBe('1.2.0');
    const old = await resolved('test/hello@1.0.0');
    expect(await resolved(old.id.toUpperCase())).toBe(old);
    for (const reference of ['test/none', 'test/hello@7.0.0', crypto.randomUUID(), '../x', 'a/b/c']) {
      expect(await workflows.resolve('default', reference)).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    }
  });

  test('another tenant sees nothing', async () => {
    const { id } = await resolved('test/hello');
    expect(await workflows.resolve('other', id)).toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
    const theirs = createClient({ url: plane.url, apiKey: await plane.keyOf('owner', 'other') });
    expect((await theirs.call(api.workflows.list)).items).toEqual([]);
    expect((await refusalOf(theirs.call(api.workflows.get, { params: { id } }))).status).toBe(404);
  });
});

describe('checking input', () => {
  test('by the schema of the document', async () => {
    await push(source('3.0.0', SCHEMA));
    const row = await resolved('test/hello@3.0.0');
    const check = (input: unknown) => workflows.validateInput(row, input);
    expect(check({ month: '2026-10', url: 'https://a.example/' })).toEqual([]);
    expect(check({ month: '10' })[0]?.path).toBe('input/month');
    expect(check({})[0]?.message).toContain('month');
    expect(check({ month: '2026-10', x: 1 })[0]?.message).toContain('(x)');
    expect(check({ month: '2026-10', url: 'no url' })[0]?.message).toContain('uri');
  });

  test('anything goes without one', async () => {
    expect(workflows.validateInput(await resolved('test/hello@1.0.0'), { any: 'thing' })).toEqual([]);
  });

  test('a pattern that backtracks for ever is ended', async () => {
    await push(source('3.1.0', `input: { schema: { document: { type: string, pattern: '^(a+)+$' } } }\n`));
    const row = await resolved('test/hello@3.1.0');
    expect(workflows.validateInput(row, `${'a'.repeat(50)}!`)[0]?.message).toContain('1000 ms');
  });
});

describe('sub-workflows', () => {
  const sub = (version: string, text: string): string =>
    `document: { dsl: '1.0.3', namespace: test, name: sub, version: '${version}' }\n${text}\n`;
  const top = (
    version: string,
    of: string,
  ): string => `document: { dsl: '1.0.3', namespace: test, name: top, version: '${version}' }
do:
  - part:
      run: { workflow: { namespace: test, name: sub, version: ${of} } }
`;

  test('are pinned when a workflow is pushed, with what they need', async () => {
    const refused = await refusalOf(push(top('1.0.0', '1.0.0')));
    expect(refused).toMatchObject({
      code: 'WORKFLOW_INVALID',
      problems: [{ line: 4, message: expect.stringContaining('test/sub@1.0.0') as string }],
    });
    await push(
      sub(
        '1.0.0',
        `use: { secrets: [portal] }
do: [{ a: { input: { from: $secrets.portal }, call: browser.open, with: { url: 'https://a.example' } } }]`,
      ),
    );
    const check = { body: top('1.0.0', '1.0.0'), ...yaml };
    expect(await client.call(api.workflows.validate, check)).toMatchObject({ valid: true });
    const pushed = await push(top('1.0.0', '1.0.0'));
    expect(pushed).toMatchObject({ requirements: { slot: 'browser', capabilities: ['browser.chromium'] } });
    const { document, analysis } = await resolved('test/top@1.0.0');
    expect(analysis.secrets).toEqual(['portal']);
    expect(Object.keys(subWorkflowsOf(document))).toEqual(['test/sub@1.0.0']);
  });

  test('of another tenant are not there', async () => {
    const checked = await workflows.check('other', top('1.0.0', '1.0.0'));
    expect(checked).toMatchObject({ saved: null, problems: [{ line: 4 }] });
  });
});
