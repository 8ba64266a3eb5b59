/** Which assignments the policy lets in, with a control for each refusal. */
import { generateKeyPairSync } from 'node:crypto';
import { readSigningKey, signWorkflow } from '@casare/certs';
import type { JobAssign } from '@casare/shared/protocol';
import { embedSubWorkflows, normalise, parseWorkflow, type Workflow, withWorkflows } from '@casare/shared/workflow';
import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import { Policy } from './policy-file.ts';
import { isAtLeast } from './versions.decision.ts';

function documentOf(tasks: string, head = "namespace: billing, name: invoices, version: '1.2.0'"): Workflow {
  const parsed = parseWorkflow(`document: { dsl: '1.0.3', ${head} }\n${tasks}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return normalise(parsed.document);
}
const TASKS = `do:
  - open: { call: browser.open, with: { url: 'https://portal.example.com/' } }
  - say: { call: log, with: { message: hello } }
`;
const DOCUMENT = documentOf(TASKS);

function sent(document: Workflow, change: Partial<JobAssign['workflow']> = {}, input: JobAssign['input'] = {}) {
  const { namespace, name, version } = document.document;
  const workflow = { namespace, name, version, digest: '0'.repeat(64), document: document as never, ...change };
  return { workflow, input };
}
function code(policy: unknown, assignment = sent(DOCUMENT)): string {
  return judge(Policy.parse(policy), assignment)?.code ?? 'ok';
}

test('without a policy everything is let in, also what it could not read', () => {
  expect(code({}, sent(DOCUMENT, { document: 'no document' }))).toBe('ok');
});

describe('steps', () => {
  test.each([
    [{ allow: ['browser.*'] }, 'ok'],
    [{ allow: ['browser.open'] }, 'ok'],
    [{ allow: ['*'] }, 'ok'],
    [{ allow: ['browser.click'] }, 'POLICY_STEP_REFUSED'],
    [{ allow: ['browser'] }, 'POLICY_STEP_REFUSED'],
    [{ allow: [] }, 'POLICY_STEP_REFUSED'],
    [{ forbid: ['browser.open'] }, 'POLICY_STEP_REFUSED'],
    [{ allow: ['*'], forbid: ['browser.*'] }, 'POLICY_STEP_REFUSED'],
    [{ forbid: ['log'] }, 'POLICY_STEP_REFUSED'],
    [{ forbid: ['browser.click'] }, 'ok'],
  ])('%j: %s', (steps, expected) => expect(code({ steps })).toBe(expected));

  test('in every corner of a document: loops, branches, handlers, functions; also http and sub-workflows', () => {
    const corners = [
      'do: [{ a: { for: { in: [1] }, do: [{ b: { call: browser.close } }] } }]',
      'do: [{ a: { fork: { branches: [{ b: { call: browser.close } }] } } }]',
      'do: [{ a: { try: [{ b: { set: { x: 1 } } }], catch: { do: [{ c: { call: browser.close } }] } } }]',
      'use: { functions: { f: { call: browser.close } } }\ndo: [{ a: { call: f } }]',
      "use: { functions: { 'browser.open': { call: browser.close } } }\ndo: [{ a: { call: browser.open, with: { url: x } } }]",
    ];
    for (const corner of corners) {
      expect(code({ steps: { forbid: ['browser.close'] } }, sent(documentOf(corner))), corner).toBe(
        'POLICY_STEP_REFUSED',
      );
      expect(code({ steps: { forbid: ['browser.open'] } }, sent(documentOf(corner))), corner).toBe('ok');
    }
    const http = documentOf("do: [{ a: { call: http, with: { method: get, endpoint: 'https://a.example' } } }]");
    expect(code({ steps: { forbid: ['http'] } }, sent(http))).toBe('POLICY_STEP_REFUSED');
    const sub = documentOf("do: [{ a: { run: { workflow: { namespace: n, name: s, version: '1.0.0' } } } }]");
    expect(code({ steps: { allow: ['browser.*'] } }, sent(sub))).toBe('POLICY_STEP_REFUSED');
    expect(code({ steps: { allow: ['workflow'] } }, sent(sub))).toBe('ok');
  });
});

describe('sub-workflows are judged like the workflow', () => {
  const sub = documentOf(TASKS, "namespace: common, name: login, version: '1.0.0'");
  const run = "{ run: { workflow: { namespace: common, name: login, version: '1.0.0' } } }";
  const whole = embedSubWorkflows(documentOf(`do: [{ a: ${run} }]`), new Map([['common/login@1.0.0', sub]]));
  if (!whole.ok) throw new Error(JSON.stringify(whole.findings));
  const { document } = whole;

  test.each([
    [{ steps: { forbid: ['browser.open'] } }, 'POLICY_STEP_REFUSED'],
    [{ steps: { allow: ['workflow', 'browser.*'] } }, 'ok'],
    [{ workflows: { allow: ['billing/*'] } }, 'POLICY_WORKFLOW_REFUSED'],
    [{ workflows: { allow: ['billing/*', 'common/*'] } }, 'ok'],
    [{ versions: { 'common/login': '>=1.0.1' } }, 'POLICY_VERSION_REFUSED'],
    [{ domains: { forbid: ['*.example.com'] } }, 'POLICY_DOMAIN_REFUSED'],
  ])('%j: %s', (policy, expected) => expect(code(policy, sent(document))).toBe(expected));

  test('also under the name of another, and when it is no document', () => {
    const other = withWorkflows(document, { 'common/login@1.0.1': sub });
    expect(code({ workflows: { allow: ['*/*'] } }, sent(other))).toBe('POLICY_WORKFLOW_MISNAMED');
    const broken = withWorkflows(document, { 'common/login@1.0.0': {} as Workflow });
    expect(code({ workflows: { allow: ['*/*'] } }, sent(broken))).toBe('POLICY_DOCUMENT_UNREADABLE');
  });
});

test('hosts that the document names', () => {
  expect(code({ domains: { allow: ['portal.example.com:443'] } })).toBe('ok');
  expect(code({ domains: { allow: ['*.example.org'] } })).toBe('POLICY_DOMAIN_REFUSED');
  expect(code({ domains: { forbid: ['*.example.com'] } })).toBe('POLICY_DOMAIN_REFUSED');
});

test('workflows by name, and no document under the name of another', () => {
  expect(code({ workflows: { allow: ['billing/*'] } })).toBe('ok');
  expect(code({ workflows: { allow: ['bill/*'] } })).toBe('POLICY_WORKFLOW_REFUSED');
  expect(code({ workflows: { forbid: ['*/invoices'] } })).toBe('POLICY_WORKFLOW_REFUSED');
  for (const change of [{ name: 'other' }, { namespace: 'other' }, { version: '9.0.0' }]) {
    expect(code({ workflows: { allow: ['*/*'] } }, sent(DOCUMENT, change))).toBe('POLICY_WORKFLOW_MISNAMED');
  }
});

test('least versions', () => {
  expect(code({ versions: { 'billing/invoices': '>=1.2.0' } })).toBe('ok');
  expect(code({ versions: { 'billing/*': '1.2.1' } })).toBe('POLICY_VERSION_REFUSED');
  expect(code({ versions: { 'billing/other': '>=9.0.0' } })).toBe('ok');
  const ordered = [
    '1.0.0-1',
    '1.0.0-2',
    '1.0.0-10',
    '1.0.0-a',
    '1.0.0-a.1',
    '1.0.0-b',
    '1.0.0',
    '1.0.1',
    '1.9.0',
    '1.10.0',
    '2.0.0',
  ];
  for (const [index, version] of ordered.entries()) {
    expect(ordered.filter((least) => isAtLeast(version, least))).toEqual(ordered.slice(0, index + 1));
  }
  expect(isAtLeast('1.0.0+build', '1.0.0')).toBe(true);
  expect(isAtLeast('1.0', '1.0.0')).toBe(false);
});

test('inputs, also against a pattern that never ends', () => {
  const limited = (schema: unknown, input: JobAssign['input']) =>
    code({ inputs: { 'billing/*': schema } }, sent(DOCUMENT, {}, input));
  const amount = { properties: { amount: { type: 'number', maximum: 100 } }, required: ['amount'] };
  expect(limited(amount, { amount: 100 })).toBe('ok');
  expect(limited(amount, { amount: 101 })).toBe('POLICY_INPUT_REFUSED');
  expect(limited(amount, {})).toBe('POLICY_INPUT_REFUSED');
  expect(limited(false, {})).toBe('POLICY_INPUT_REFUSED');
  expect(limited({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(50)}!`)).toBe('POLICY_INPUT_REFUSED');
  const shown = judge(Policy.parse({ inputs: { 'billing/*': amount } }), sent(DOCUMENT, {}, { amount: 777_777 }));
  expect(shown?.reason).toContain('/amount must be <= 100');
  expect(shown?.reason).not.toContain('777777');
});

describe('signatures', () => {
  const keys = ['release', 'old'].map((id) => {
    const pair = generateKeyPairSync('ed25519');
    const signing = readSigningKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    if (!signing.ok) throw new Error(signing.message);
    return { id, signing: signing.value, pem: pair.publicKey.export({ format: 'pem', type: 'spki' }) as string };
  });
  const [release, old] = keys as [(typeof keys)[0], (typeof keys)[0]];
  const policy = {
    signed: 'required',
    keys: keys.map(({ id, pem }) => ({ id, publicKey: pem, who: 'Release team' })),
    revokedKeys: ['old'],
  };
  const by = (key: typeof release, document = DOCUMENT) => signWorkflow(document, key.signing);

  test('by a pinned key', () => expect(code(policy, sent(DOCUMENT, { signature: by(release) }))).toBe('ok'));
  test('none', () => expect(code(policy)).toBe('POLICY_SIGNATURE_MISSING'));
  test('not asked for: whatever it is', () => {
    expect(code({ keys: policy.keys }, sent(DOCUMENT, { signature: by(old) }))).toBe('ok');
  });
  test('by a revoked key, named by its id, by its fingerprint, or under another id', () => {
    expect(code(policy, sent(DOCUMENT, { signature: by(old) }))).toBe('POLICY_SIGNATURE_REVOKED');
    const byPrint = { ...policy, revokedKeys: [release.signing.fingerprint] };
    expect(code(byPrint, sent(DOCUMENT, { signature: by(release) }))).toBe('POLICY_SIGNATURE_REVOKED');
    const twice = { ...policy, keys: [...policy.keys, { id: 'again', publicKey: old.pem, who: 'Nobody' }] };
    expect(code(twice, sent(DOCUMENT, { signature: by(old) }))).toBe('POLICY_SIGNATURE_REVOKED');
  });
  test('by a key that is not pinned, whatever it calls itself', () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const stranger = readSigningKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
    if (!stranger.ok) throw new Error(stranger.message);
    const forged = signWorkflow(DOCUMENT, { ...stranger.value, fingerprint: release.signing.fingerprint });
    expect(code(policy, sent(DOCUMENT, { signature: forged }))).toBe('POLICY_SIGNATURE_UNKNOWN');
  });
  test('changed after it was signed, and that of another workflow or version', () => {
    const changed = documentOf(TASKS.replace('portal.', 'evil.'));
    expect(code(policy, sent(changed, { signature: by(release) }))).toBe('POLICY_SIGNATURE_CHANGED');
    for (const head of [
      "namespace: billing, name: other, version: '1.2.0'",
      "namespace: billing, name: invoices, version: '1.1.0'",
    ]) {
      const other = by(release, documentOf(TASKS, head));
      expect(code(policy, sent(DOCUMENT, { signature: other }))).toBe('POLICY_SIGNATURE_OTHER');
    }
  });
});

test('what cannot be judged is refused', () => {
  const head = DOCUMENT.document as never;
  for (const document of [null, 5, [], {}, { document: head, do: [{ a: null }] }, { document: head, do: 5 }]) {
    const verdict = code({ steps: { allow: ['*'] } }, sent(DOCUMENT, { document: document as never }));
    expect(verdict, JSON.stringify(document)).toBe('POLICY_DOCUMENT_UNREADABLE');
  }
});
