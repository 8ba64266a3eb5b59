import { describe, expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import { HEAD } from './fixtures.test-support.ts';
import { workflowJsonSchema } from './json-schema.ts';
import { parseWorkflow } from './parse.ts';

const http = (rpa: string, args = '', method = 'get'): string =>
  `${HEAD}do:\n  - a:\n      call: http\n      with: { method: ${method}, endpoint: https://a.example/x${args} }\n      metadata: { rpa: { ${rpa} } }\n`;
const problemsOf = (text: string): string[] => {
  const parsed = parseWorkflow(text);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path} ${message}`);
};

describe('files of a call by HTTP', () => {
  it.each([
    ['a stored answer', http('saveAs: reports/a.pdf', ', output: response')],
    ['a computed name', http("saveAs: '${ .name }', bodyFrom: '${ .file }'")],
    ['a form', http("formFiles: { a: a.pdf, b: ['${ .file }', { file: b.pdf, name: B.pdf }] }", ', body: { c: 1 }')],
    ['a computed form', http("formFiles: '${ .files }'", ", body: '${ .fields }'")],
    [
      'a stored answer of an operation',
      `${HEAD}do:\n  - a: { call: openapi, with: { document: { endpoint: https://a.example/o.json }, operationId: x }, metadata: { rpa: { saveAs: a } } }\n`,
    ],
  ])('may be %s', (_what, text) => expect(problemsOf(text)).toEqual([]));

  it.each([
    ['a misspelt name', http('saveas: a'), 'there is no `saveas` here; did you mean `saveAs`?'],
    ['a name that leads out', http('saveAs: ../a'), '/do/0/a/metadata/rpa/saveAs'],
    ['an answer that is base64, too', http('saveAs: a', ', output: raw'), '/do/0/a/with/output'],
    ['a file and a form', http('bodyFrom: a, formFiles: { b: c }'), '/do/0/a/metadata/rpa/formFiles'],
    ['a file and a body', http('bodyFrom: a', ', body: b'), '/do/0/a/with/body'],
    ['a form with a text as fields', http('formFiles: { a: b }', ', body: b'), '/do/0/a/with/body'],
    ['a secret', http("saveAs: '${ $secrets.x }'"), '$secrets'],
    [
      'a step of the catalogue',
      `${HEAD}do:\n  - a: { call: log, with: { message: x }, metadata: { rpa: { saveAs: a } } }\n`,
      'there is no `saveAs` here',
    ],
    [
      'the request of an operation',
      `${HEAD}do:\n  - a: { call: openapi, with: { document: { endpoint: https://a.example/o.json }, operationId: x }, metadata: { rpa: { bodyFrom: a } } }\n`,
      'there is no `bodyFrom` here',
    ],
  ])('are not %s', (_what, text, problem) => expect(problemsOf(text).join('\n')).toContain(problem));

  it('change nothing of what a restart does: the method says it', () => {
    const ruleOf = (method: string) => {
      const parsed = parseWorkflow(http('saveAs: a', '', method));
      return parsed.ok ? analyse(parsed.document).steps[0]?.onRestart : parsed.problems;
    };
    expect([ruleOf('get'), ruleOf('put'), ruleOf('post')]).toEqual(['rerun', 'rerun', 'suspend']);
  });

  it('are in the JSON Schema of the two calls, and of no other task', () => {
    const { task } = workflowJsonSchema().$defs as Record<string, { anyOf: { properties: Record<string, object> }[] }>;
    const having = (name: string) =>
      task!.anyOf.flatMap(({ properties }) =>
        JSON.stringify(properties['metadata']).includes(name) ? [(properties['call'] as { const?: string }).const] : [],
      );
    expect([having('saveAs'), having('formFiles')]).toEqual([['http', 'openapi'], ['http']]);
  });
});
