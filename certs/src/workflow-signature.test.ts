/** Envelopes and what they cover: made and judged with real keys, and read by the words of the DSSE specification. */
import { generateKeyPairSync, verify } from 'node:crypto';
import { embedSubWorkflows, type Workflow } from '@casare/shared/workflow';
import { describe, expect, test } from 'vitest';
import { readSigningKey, readVerifyKey, seal, signersOf, type SigningKey, type VerifyKey } from './dsse.ts';
import { signWorkflow, subjectsOf, verifyWorkflow, workflowDigest } from './workflow-signature.ts';

interface Pair {
  readonly signing: SigningKey;
  readonly verifying: VerifyKey;
}
function pair(kind: 'ed25519' | 'P-256' | 'P-384' | 'rsa' | 'encrypted'): Pair {
  const made =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'ed25519' || kind === 'encrypted'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: kind === 'P-256' ? 'prime256v1' : 'secp384r1' });
  const sealing = kind === 'encrypted' ? { cipher: 'aes-256-cbc', passphrase: 'secret' } : {};
  const pem = made.privateKey.export({ format: 'pem', type: 'pkcs8', ...sealing }).toString();
  const signing = readSigningKey(pem, kind === 'encrypted' ? 'secret' : undefined);
  const verifying = readVerifyKey(made.publicKey.export({ format: 'pem', type: 'spki' }).toString());
  if (!signing.ok || !verifying.ok) throw new Error('refused');
  return { signing: signing.value, verifying: verifying.value };
}
function documentOf(name: string, text = 'hello', version = '1.0.0'): Workflow {
  return { document: { dsl: '1.0.3', namespace: 'test', name, version }, do: [{ say: { set: { text } } }] };
}
/** As it is saved: with the document of what it runs in it. */
function mainOf(sub: Workflow): Workflow {
  const run = { workflow: { namespace: 'test', name: 'sub', version: '1.0.0' } };
  const main = { ...documentOf('main'), do: [{ say: { set: { text: 'hello' } } }, { more: { run } }] };
  const whole = embedSubWorkflows(main, new Map([['test/sub@1.0.0', sub]]));
  if (!whole.ok) throw new Error(JSON.stringify(whole.findings));
  return whole.document;
}
const sub = documentOf('sub');
const document = mainOf(sub);
const key = pair('ed25519');
const trusting = (...trusted: Pair[]) => ({ trusted: trusted.map(({ verifying }) => verifying), revoked: [] });

describe('envelopes', () => {
  test.each(['ed25519', 'P-256', 'encrypted'] as const)('%s signs, and only its own key says so', (kind) => {
    const own = pair(kind);
    const envelope = seal('text/plain', Buffer.from('hello'), own.signing);
    expect(signersOf(envelope, [key.verifying, own.verifying])).toEqual(new Set([own.verifying.fingerprint]));
    for (const change of [{ payloadType: 'text/html' }, { payload: Buffer.from('hellO').toString('base64') }]) {
      expect(signersOf({ ...envelope, ...change }, [own.verifying])).toEqual(new Set());
    }
    const junk = [{ sig: 'AAAA' }, { sig: 'not base64 at all' }];
    expect(signersOf({ ...envelope, signatures: junk }, [own.verifying])).toEqual(new Set());
  });

  test('what is signed is the PAE of the specification', () => {
    const envelope = seal('http://example.com/HelloWorld', Buffer.from('hello world'), key.signing);
    const pae = Buffer.from('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
    const sig = Buffer.from(envelope.signatures[0]!.sig, 'base64');
    expect(verify(null, pae, key.verifying.key, sig)).toBe(true);
  });

  test('nothing moves from the type into the payload', () => {
    const envelope = seal('a', Buffer.from('b 1 c'), key.signing);
    const moved = { ...envelope, payloadType: 'a 5 b', payload: Buffer.from('c').toString('base64') };
    expect(signersOf(moved, [key.verifying])).toEqual(new Set());
  });

  test('other kinds of keys, other texts and a wrong passphrase are refused', () => {
    for (const kind of ['P-384', 'rsa'] as const) expect(() => pair(kind), kind).toThrow('refused');
    expect(readVerifyKey('no key')).toMatchObject({ ok: false, code: 'SIGNING_KEY_REFUSED' });
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'a' }).toString();
    expect(readSigningKey(pem, 'b')).toMatchObject({
      ok: false,
      message: expect.stringContaining('passphrase') as string,
    });
    expect(readSigningKey(pem)).toMatchObject({ ok: false });
  });
});

describe('workflows', () => {
  test('the digest is that of the content: the order of keys makes no difference, everything else does', () => {
    const plain = documentOf('main');
    const other = { do: plain.do, document: { version: '1.0.0', name: 'main', namespace: 'test', dsl: '1.0.3' } };
    expect(workflowDigest(other)).toBe(workflowDigest(plain));
    expect(workflowDigest(documentOf('main', 'hallo'))).not.toBe(workflowDigest(plain));
  });

  test('a signature covers the workflow and its sub-workflows, and says so', () => {
    const envelope = signWorkflow(document, key.signing);
    expect(verifyWorkflow(envelope, document, trusting(key))).toEqual({ ok: true, value: key.signing.fingerprint });
    const covered = [
      { name: 'test/main@1.0.0', sha256: workflowDigest(document) },
      { name: 'test/sub@1.0.0', sha256: workflowDigest(sub) },
    ];
    expect(subjectsOf(envelope)).toEqual({ ok: true, value: covered });
  });

  test.each([
    ['unknown key', document, [], 'SIGNATURE_UNKNOWN_KEY'],
    ['changed', { ...document, do: [] }, [key], 'SIGNATURE_OTHER_CONTENT'],
    ['a sub-workflow that was changed', mainOf(documentOf('sub', 'bye')), [key], 'SIGNATURE_OTHER_CONTENT'],
    ['another version', documentOf('main', 'hello', '2.0.0'), [key], 'SIGNATURE_OTHER_WORKFLOW'],
    ['the sub-workflow in place of the workflow', sub, [key], 'SIGNATURE_OTHER_WORKFLOW'],
  ] as const)('refused: %s', (_, asked, trusted, code) => {
    const envelope = signWorkflow(document, key.signing);
    expect(verifyWorkflow(envelope, asked, trusting(...trusted))).toMatchObject({ ok: false, code });
  });

  test('a revoked key is told from an unknown one, and a good second signature is enough', () => {
    const other = pair('P-256');
    const envelope = signWorkflow(document, key.signing);
    const revoked = { trusted: [other.verifying], revoked: [key.verifying] };
    expect(verifyWorkflow(envelope, document, revoked)).toMatchObject({ code: 'SIGNATURE_KEY_REVOKED' });
    const [more] = signWorkflow(document, other.signing).signatures;
    const both = { ...envelope, signatures: [...envelope.signatures, more!] };
    expect(verifyWorkflow(both, document, revoked)).toMatchObject({ ok: true, value: other.signing.fingerprint });
  });

  test('a good signature over something else is no signature of a workflow', () => {
    for (const [type, text] of [
      ['application/vnd.in-toto+json', '{}'],
      ['application/vnd.in-toto+json', 'no JSON'],
      ['text/plain', Buffer.from(signWorkflow(document, key.signing).payload, 'base64').toString()],
    ] as const) {
      const envelope = seal(type, Buffer.from(text), key.signing);
      expect(verifyWorkflow(envelope, document, trusting(key))).toMatchObject({ code: 'SIGNATURE_MALFORMED' });
    }
  });
});
