import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { documentOf, HEAD, INVOICES } from './fixtures.test-support.ts';
import { normalise } from './normalise.ts';
import { parseWorkflow } from './parse.ts';

/** The problems of `HEAD` and a text, as `line:column message`. */
function problemsOf(text: string, head = HEAD): string[] {
  const parsed = parseWorkflow(head + text);
  return parsed.ok ? [] : parsed.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

const call = (body: string): string => `do:\n  - a:\n      call: ${body}\n`;

describe('parseWorkflow names the place and what was meant', () => {
  it('a wrong word for what is recorded of a run', () => {
    const document = (when: string): string =>
      `document: { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0, metadata: { rpa: { record: { trace: ${when} } } } }\n${call('log\n      with: { message: x }')}`;
    expect(problemsOf(document('always'), '')).toEqual([]);
    expect(problemsOf(document('allways'), '').join()).toContain('did you mean `always`?');
  });

  const table: readonly (readonly [what: string, text: string, problem: string])[] = [
    ['an unknown step', call('¦browser.clik'), 'there is no step `browser.clik`; did you mean `browser.click`?'],
    [
      'an unknown version',
      call('¦browser.click:9.0.0'),
      'there is no version `9.0.0` of step `browser.click`; did you mean `browser.click:1.0.0`?',
    ],
    [
      'a remote catalogue',
      call('¦browser.click:1.0.0@acme'),
      'there is no catalogue `acme`: only `default` is supported, remote catalogues are refused',
    ],
    [
      'a computed step',
      call("¦'${ .step }'"),
      'a call names its step literally: what a document does must be known before it runs',
    ],
    [
      'a computed script',
      call("browser.evaluate\n      with: { script: ¦'${ .code }' }"),
      '`script` must be written out, not computed: give data by another argument',
    ],
    [
      'an own function',
      'use: { functions: { tidyUp: { set: { a: 1 } } } }\ndo:\n  - a: { call: ¦tidyup }\n',
      'there is no step `tidyup`; did you mean `tidyUp`?',
    ],
    [
      'an unknown key of a task',
      'do:\n  - a: { set: { x: 1 }, ¦thn: end }\n',
      'there is no `thn` here; did you mean `then`?',
    ],
    ['an unknown key of the document', 'do: []\n¦timeuot: x\n', 'there is no `timeuot` here; did you mean `timeout`?'],
    ['an unknown kind of task', 'do:\n  - a: { ¦cal: http }\n', 'there is no kind of task `cal`; did you mean `call`?'],
    [
      'an unknown argument',
      call("browser.fill\n      with: { target: 'button', value: x, ¦expct: {} }"),
      'there is no `expct` here; did you mean `expect`?',
    ],
    [
      'an unknown argument inside one',
      call("browser.click\n      with: { target: 'button', expect: { ¦visibel: 'button' } }"),
      'there is no `visibel` here; did you mean `visible`?',
    ],
    ['a missing argument', call('browser.click\n      ¦with: {}'), '`target` is missing'],
    ['a missing with', 'do:\n  - ¦a:\n      call: browser.click\n', '`target` is missing'],
    [
      'a literal of the wrong type',
      call("browser.check\n      with: { target: 'checkbox', checked: ¦3 }"),
      'expected `true` or `false`, found a number',
    ],
    [
      'an unknown choice',
      call("browser.click\n      with: { target: 'button', button: ¦rihgt }"),
      'expected one of `left`, `right`, `middle`, found `rihgt`; did you mean `right`?',
    ],
    [
      'an unknown timeout',
      'use: { timeouts: { short: { after: PT1S } } }\ndo:\n  - a: { set: { x: 1 }, timeout: ¦shrt }\n',
      '`use.timeouts` has no `shrt`; did you mean `short`?',
    ],
    ['an unknown retry', 'do:\n  - a: { try: [], catch: { retry: ¦often } }\n', '`use.retries` has no `often`'],
    ['an unknown error', 'do:\n  - a: { raise: { error: ¦oops } }\n', '`use.errors` has no `oops`'],
    [
      'an unknown authentication',
      call('http\n      with: { method: get, endpoint: { uri: "https://a.example", authentication: { use: ¦x } } }'),
      '`use.authentications` has no `x`',
    ],
    [
      'a doubled task name',
      'do:\n  - a: { set: { x: 1 } }\n  - ¦a: { set: { x: 1 } }\n',
      'two tasks of this list are called `a`',
    ],
    [
      'then that leads nowhere',
      'do:\n  - first: { set: { x: 1 }, then: ¦secnd }\n  - second: { set: { x: 1 } }\n',
      'there is no task `secnd` in this list; did you mean `second`?',
    ],
    [
      'then into another list',
      'do:\n  - a: { do: [{ b: { set: { x: 1 }, then: ¦c } }] }\n  - c: { set: { x: 1 } }\n',
      'there is no task `c` in this list',
    ],
    [
      'then of a switch case',
      "do:\n  - a: { switch: [{ one: { when: '.x', then: ¦nope } }] }\n",
      'there is no task `nope` in this list',
    ],
    [
      'then between branches',
      'do:\n  - a: { fork: { branches: [{ b: { set: { x: 1 }, then: ¦c } }, { c: { set: { x: 1 } } }] } }\n',
      'there is no task `c` in this list',
    ],
    ['a bad selector', call("browser.click\n      with: { target: ¦'button \"Save' }"), 'bad selector: '],
    [
      'a bad selector in a probe',
      'do:\n  - a:\n      metadata: { rpa: { verify: { exists: ¦\'buton "x"\' } } }\n      call: log\n      with: { message: x }\n',
      'bad selector: ',
    ],
    [
      '$secrets outside input.from',
      "use: { secrets: [s] }\ndo:\n  - a: { set: { x: ¦'${ $secrets.s }' } }\n",
      '`$secrets` is only there in `input.from`: take the secret in there and use it as input',
    ],
    [
      '$secrets in an argument that looks like input.from',
      call("log\n      with: { message: ¦'${ $secrets.s }' }"),
      '`$secrets` is only there in `input.from`: take the secret in there and use it as input',
    ],
    [
      '$secrets without ${ }',
      'use: { secrets: [s] }\ndo:\n  - a: { if: ¦$secrets.s == 1, set: { x: 1 } }\n',
      '`$secrets` is only there in `input.from`: take the secret in there and use it as input',
    ],
    [
      'a secret that is not declared',
      "use: { secrets: [portal] }\ndo:\n  - a: { input: { from: ¦'$secrets.protal' }, set: { x: 1 } }\n",
      'secret `protal` is not declared: add it to `use.secrets`; did you mean `portal`?',
    ],
    [
      'verify without a probe',
      'do:\n  - ¦a: { metadata: { rpa: { onRestart: verify } }, call: log, with: { message: x } }\n',
      '`onRestart: verify` needs `metadata.rpa.verify`, such as `{ exists: \'row "7"\' }`',
    ],
    [
      'a function that calls itself',
      'use: { functions: { f: { do: [{ a: { call: ¦f } }] } } }\ndo: []\n',
      'a function cannot call itself, nor one that calls it',
    ],
    [
      'two kinds in one task',
      'do:\n  - a: { set: { x: 1 }, ¦wait: PT1S }\n',
      'a task is of one kind, not both `set` and `wait`',
    ],
    [
      'two tasks in one item',
      'do:\n  - a: { set: { x: 1 } }\n    ¦b: { set: { x: 1 } }\n',
      'an item of a list holds one task: write `- b:` for the next, or indent it below `a`',
    ],
    ['a bad duration', 'do:\n  - a: { wait: ¦P1Y }\n', 'expected an ISO 8601 duration'],
    [
      'a task list that is an object',
      'do: ¦{ a: { set: { x: 1 } } }\n',
      'expected a list of tasks, `- name: { ... }` each',
    ],
    ['listen', 'do:\n  - a: { ¦listen: { to: {} } }\n', '`listen` is not supported yet'],
    ['run.container', 'do:\n  - a:\n      run:\n        ¦container: { image: x }\n', '`run.container` is refused'],
    ['run.script', 'do:\n  - a: { run: { ¦script: { language: js, code: x } } }\n', '`run.script` is refused'],
    ['run.shell', 'do:\n  - a: { run: { ¦shell: { command: x } } }\n', '`run.shell` is refused'],
    ['grpc', call('¦grpc'), '`call: grpc` is not supported'],
    ['asyncapi', call('¦asyncapi'), '`call: asyncapi` is not supported'],
    ['a schedule', 'do: []\n¦schedule: { every: PT1H }\n', '`schedule` is not part of a document here'],
    ['catalogues', 'use: { ¦catalogs: {} }\ndo: []\n', '`use.catalogs` is refused'],
    [
      'a sub-workflow that floats',
      'do:\n  - a: { run: { workflow: { namespace: n, name: w, version: ¦latest } } }\n',
      'expected an exact version',
    ],
    ['broken YAML', 'do:\n  - a: { set: { x: 1 }\n¦', ''],
    ['a doubled key', 'do: []\n¦do: []\n', '`do` is there twice'],
    ['a custom tag', 'do: ¦!wrong []\n', 'Unresolved tag'],
    ['two documents', 'do: []\n¦---\nx: 1\n', 'expected one document'],
    ['a number that JSON lacks', 'do:\n  - a: { set: { x: ¦.inf } }\n', 'expected a number that JSON can hold'],
    ['an unknown alias', 'do: ¦*tasks\n', 'there is no anchor `&tasks`'],
  ];

  // `¦` marks the place that the problem must name.
  it.each(table)('%s', (_, marked, problem) => {
    const before = marked.slice(0, marked.indexOf('¦')).split('\n');
    const problems = problemsOf(marked.replace('¦', ''));
    expect(problems).toHaveLength(1);
    const place = `${before.length + 1}:${(before.at(-1) ?? '').length + 1} `;
    expect(problems[0]?.slice(0, (place + problem).length)).toBe(place + problem);
  });

  it('a missing member by what should have it', () => {
    expect(problemsOf('timeout: { after: PT1S }\n')).toEqual(['1:1 `do` is missing']);
  });

  it('gives the suggestion on its own', () => {
    const parsed = parseWorkflow(HEAD + call('browser.clik'));
    expect(parsed).toMatchObject({ ok: false, problems: [{ path: '/do/0/a/call', suggestion: 'browser.click' }] });
  });

  it('reports two desktop branches of a fork, known steps and others', () => {
    const click = '{ call: desktop.click, with: { target: \'button "A"\' } }';
    const branches = `[{ b: ${click} }, { c: { do: [{ d: { call: desktop.kyes } }] } }]`;
    const problems = problemsOf(`do:\n  - a: { fork: { branches: ${branches} } }\n`);
    expect(problems).toEqual([
      '3:95 branches `b` and `c` both use the desktop: run them one after the other',
      expect.stringContaining('there is no step `desktop.kyes`'),
    ]);
  });

  it('lists problems in the order of the text, fifty at most', () => {
    const tasks = Array.from({ length: 80 }, (_, index) => `  - t${index}: { call: nope }`).join('\n');
    const problems = problemsOf(`do:\n${tasks}\n`);
    expect(problems).toHaveLength(50);
    expect(problems[0]).toMatch(/^3:/);
    expect(problems[49]).toMatch(/^52:/);
  });
});

describe('parseWorkflow accepts', () => {
  it('a whole browser workflow, without warnings', () => {
    expect(parseWorkflow(INVOICES)).toMatchObject({ ok: true, warnings: [] });
  });

  it('every kind of task of the profile', () => {
    const document = documentOf(`use:
  authentications: { portal: { basic: { use: login } } }
  errors: { gone: { type: 'https://example.com/gone', status: 410 } }
  functions: { greet: { set: { hello: '\${ .name }' } } }
  secrets: [login]
do:
  - fetch: { call: http, with: { method: get, endpoint: { uri: 'https://a.example/{id}', authentication: { use: portal } } } }
  - api: { call: openapi, with: { document: { endpoint: 'https://a.example/api.json' }, operationId: getPet } }
  - own: { call: greet, with: { name: Ada } }
  - loop: { for: { each: item, in: '.items', at: n }, while: '.n < 3', do: [{ x: { set: '\${ . }' } }] }
  - both: { fork: { compete: true, branches: [{ l: { wait: { seconds: 1 } } }, { r: { wait: PT2S } }] } }
  - safe: { try: [{ r: { raise: { error: gone } } }], catch: { as: err, do: [{ n: { set: { e: '\${ $err }' } } }], then: told } }
  - told: { emit: { event: { with: { source: 'https://a.example', type: a.b.c, data: { x: 1 } } } } }
  - sub: { run: { workflow: { namespace: n, name: other, version: 1.0.0, input: { a: 1 } } } }
  - route: { switch: [{ one: { when: .x, then: exit } }, { rest: { then: end } }] }
`);
    expect(document.do).toHaveLength(9);
  });

  it('expressions wherever a step takes a value, at any depth', () => {
    expect(
      problemsOf(
        call("browser.check\n      with: { target: '${ .t }', checked: '${ .c }', expect: { visible: '${ .v }' } }"),
      ),
    ).toEqual([]);
  });

  it('JSON, and only JSON when asked to', () => {
    const json = JSON.stringify(documentOf(INVOICES));
    expect(parseWorkflow(json, { format: 'json' }).ok).toBe(true);
    const yaml = parseWorkflow(INVOICES, { format: 'json' });
    expect(yaml).toMatchObject({
      ok: false,
      problems: [{ line: 1, message: expect.stringContaining('not JSON') as string }],
    });
  });

  it('anchors and aliases within bounds', () => {
    expect(problemsOf('do:\n  - a: &t { set: { x: 1 } }\n  - b: *t\n')).toEqual([]);
  });

  it('and warns of a secret that is not used and of a task named like a directive', () => {
    const parsed = parseWorkflow(`${HEAD}use: { secrets: [old] }\ndo:\n  - end: { set: { x: 1 } }\n`);
    expect(parsed).toMatchObject({
      ok: true,
      warnings: [
        { line: 2, column: 18, message: 'secret `old` is not used' },
        { line: 4, column: 5 },
      ],
    });
  });

  it('what it wrote itself: parse(stringify(document)) is the document', () => {
    const name = fc.stringMatching(/^[a-z][a-zA-Z0-9 ~/]{0,8}$/);
    const leaf = fc.oneof(
      fc.record({ set: fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 3 }) }),
      fc.record({ wait: fc.record({ seconds: fc.nat(1_000) }) }),
      fc.record({ call: fc.constant('log'), with: fc.record({ message: fc.string({ maxLength: 40 }) }) }),
    );
    const list = fc.uniqueArray(fc.tuple(name, leaf), { selector: ([key]) => key, maxLength: 5 });
    const items = list.map((entries) => entries.map(([key, task]) => ({ [key]: task })));
    const tasks = fc.tuple(items, items).map(([outer, inner]) => [...outer, { nested_: { do: inner } }]);
    const head = { dsl: '1.0.3', namespace: 'n', name: 'w', version: '1.0.0' };
    fc.assert(
      fc.property(tasks, (list) => {
        const parsed = parseWorkflow(stringify({ document: head, do: list }));
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
        const again = parseWorkflow(stringify(parsed.document));
        expect(again).toMatchObject({ document: parsed.document, warnings: parsed.warnings });
        const pinned = normalise(parsed.document);
        expect(normalise(pinned)).toEqual(pinned);
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});
