import { describe, expect, it } from 'vitest';
import { analyse } from './analyse.ts';
import { documentOf, INVOICES } from './fixtures.test-support.ts';

describe('analyse', () => {
  it('says what a browser workflow needs, touches and may repeat', () => {
    const { steps, ...rest } = analyse(documentOf(INVOICES));
    expect(rest).toEqual({
      slot: 'browser',
      capabilities: ['browser.chromium'],
      secrets: ['supplierPortal'],
      domains: [],
      dynamicDomains: true,
      longestDurationMs: 900_000,
      site: null,
      onDisconnect: 'continue',
      disconnectGraceMs: 600_000,
      outputs: [],
      retry: null,
      serverless: false,
    });
    expect(steps.map(({ name, call, effect, onRestart }) => `${name} ${call} ${effect} ${onRestart}`)).toEqual([
      'open browser.open:1.0.0@default idempotent restartScope',
      'pass browser.fill:1.0.0@default unsafe restartScope',
      'submit browser.click:1.0.0@default unsafe restartScope',
      'save browser.download:1.0.0@default idempotent rerun',
    ]);
    expect(steps[3]?.path).toBe('/do/1/fetchInvoices/try/2/each/do/0/save');
  });

  it('reads metadata.rpa of the document', () => {
    const text = `document:
  { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0, metadata: { rpa: { onDisconnect: hold, disconnectGrace: PT1M,
    requires: [os=linux, erp], site: hamburg, slot: desktop, outputs: ['*.pdf'] } } }
do: []
`;
    expect(analyse(documentOf(text))).toMatchObject({
      slot: 'desktop',
      capabilities: ['erp', 'os=linux'],
      site: 'hamburg',
      onDisconnect: 'hold',
      disconnectGraceMs: 60_000,
      outputs: ['*.pdf'],
      serverless: false,
    });
  });

  it('says what is kept of each step: kind by kind, what stands nearest', () => {
    const text = `document: { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0, metadata: { rpa: { record: { screenshots: always } } } }
do:
  - around:
      metadata: { rpa: { record: { screenshots: never, network: always } } }
      do:
        - a: { call: log, with: { message: x }, metadata: { rpa: { record: { network: never } } } }
        - b: { call: log, with: { message: x } }
  - c: { call: log, with: { message: x } }
`;
    const kept = analyse(documentOf(text)).steps.map(({ name, record }) => [name, record.screenshots, record.network]);
    expect(kept).toEqual([
      ['a', 'never', 'never'],
      ['b', 'never', 'always'],
      ['c', 'always', 'onFailure'],
    ]);
  });

  it('lists literal hosts and says when there are more', () => {
    const get = (uri: string): string => `{ call: http, with: { method: get, endpoint: '${uri}' } }`;
    const literal = analyse(
      documentOf(`do:\n  - a: ${get('https://B.example:8443/pets/{id}')}\n  - b: ${get('https://a.example/?q={x}')}\n`),
    );
    expect(literal).toMatchObject({
      domains: ['a.example', 'b.example:8443'],
      dynamicDomains: false,
      serverless: true,
    });
    for (const uri of ['https://{tenant}.example/', '${ .url }', '/relative', 'https://u@{h}/']) {
      expect(analyse(documentOf(`do:\n  - a: ${get(uri)}\n`))).toMatchObject({ domains: [], dynamicDomains: true });
    }
  });

  it('lists mail servers and databases like hosts, and says that they need a machine of the customer', () => {
    const query = (host: string, port: string): string =>
      `{ call: db.query, with: { connection: { type: postgres, host: '${host}'${port}, database: d, user: u }, sql: s } }`;
    const mail =
      "{ call: mail.send, with: { server: { host: smtp.example }, from: a@b.example, to: c@b.example, subject: s, text: '' } }";
    const text = `do:\n  - a: ${query('db.example', ', port: 5433')}\n  - b: ${mail}\n`;
    expect(analyse(documentOf(text))).toMatchObject({
      domains: ['db.example:5433', 'smtp.example'],
      dynamicDomains: false,
      serverless: false,
    });
    for (const [host, port] of [
      ['${ .host }', ''],
      ['db.example', ", port: '${ .port }'"],
    ] as const) {
      expect(analyse(documentOf(`do:\n  - a: ${query(host, port)}\n`))).toMatchObject({
        domains: [],
        dynamicDomains: true,
      });
    }
    const data = 'do:\n  - a: { call: data.hash, with: { text: x } }\n';
    expect(analyse(documentOf(data))).toMatchObject({ serverless: true });
  });

  it('finds secrets in expressions and in authentication', () => {
    const document = documentOf(`use:
  secrets: [one, two, three, unused]
  authentications: { a: { bearer: { use: two } } }
do:
  - x: { input: { from: { k: '\${ $secrets["one"].key }' } }, set: { y: 1 } }
  - z: { call: openapi, with: { document: { endpoint: 'https://a.example' }, operationId: o, authentication: { basic: { use: three } } } }
`);
    expect(analyse(document).secrets).toEqual(['one', 'three', 'two']);
    const whole = documentOf(
      "use: { secrets: [b, a] }\ndo:\n  - x: { input: { from: '$secrets | keys' }, set: { y: 1 } }\n",
    );
    expect(analyse(whole).secrets).toEqual(['a', 'b']);
  });

  it.each([
    ['get', 'idempotent', 'rerun'],
    ['PUT', 'idempotent', 'rerun'],
    ['post', 'unsafe', 'suspend'],
    ['${ .method }', 'unsafe', 'suspend'],
  ])('an http call by %s is %s', (method, effect, onRestart) => {
    const document = documentOf(
      `do:\n  - a: { call: http, with: { method: '${method}', endpoint: 'https://a.example' } }\n`,
    );
    expect(analyse(document).steps).toMatchObject([{ effect, onRestart }]);
  });

  it('applies restart rules from the document inwards, the innermost last', () => {
    const rpa = (rule: string): string => `metadata: { rpa: { onRestart: ${rule} } }`;
    const click = "call: browser.click, with: { target: 'button' }";
    const document = documentOf(`document: { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0, ${rpa('restartScope')} }
do:
  - a: { ${click} }
  - b: { ${rpa('suspend')}, do: [{ c: { ${click} } }, { d: { ${rpa('rerun')}, ${click} } }] }
  - e: { metadata: { rpa: { effect: idempotent } }, ${click} }
  - f: { set: { x: 1 } }
`);
    const rules = analyse(document).steps.map(({ name, effect, onRestart }) => `${name} ${effect} ${onRestart}`);
    expect(rules).toEqual(['a unsafe restartScope', 'c unsafe suspend', 'd unsafe rerun', 'e idempotent restartScope']);
  });
});

describe('the longest duration', () => {
  const log = 'call: log, with: { message: x }, timeout: { after: PT1S }';
  it.each<[string, number | null]>([
    ['- a: { wait: PT2S }\n  - b: { wait: { seconds: 3 } }', 5_000],
    [`- a: { ${log} }`, 1_000],
    ['- a: { fork: { branches: [{ b: { wait: PT2S } }, { c: { wait: PT5S } }] } }', 5_000],
    ['- a: { for: { in: [1, 2, 3] }, do: [{ b: { wait: PT2S } }] }', 6_000],
    ['- a: { for: { in: .items }, do: [{ b: { wait: PT2S } }] }', null],
    ['- a: { timeout: { after: PT9S }, for: { in: .items }, do: [{ b: { wait: PT2S } }] }', 9_000],
    [
      '- a: { try: [{ b: { wait: PT2S } }], catch: { retry: { delay: PT1S, limit: { attempt: { count: 2 } } } } }',
      8_000,
    ],
    ['- a: { try: [{ b: { wait: PT2S } }], catch: { retry: { delay: PT1S } } }', null],
    ['- a: { wait: PT1S }\n  - b: { wait: PT1S, then: a }', null],
    ['- a: { call: http, with: { method: get, endpoint: "https://a.example" } }', null],
    ['- a: { call: twice }\n  - b: { call: twice }\nuse: { functions: { twice: { wait: PT2S } } }', 4_000],
  ])('%s', (tasks, expected) => {
    expect(analyse(documentOf(`do:\n  ${tasks}\n`)).longestDurationMs).toBe(expected);
  });
});
