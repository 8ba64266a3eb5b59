import fc from 'fast-check';
import { createPrivateKey, generateKeyPairSync, sign, webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAgentLeaf } from './leaf.ts';
import { createRequest, readRequest } from './request.ts';
import { AGENT_ID, codeOf, createWorld, must, TRUST_DOMAIN } from './world.fixture.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  type Extension,
} from './x509.ts';

let csr: Uint8Array;
beforeAll(async () => {
  csr = (await createRequest()).csr;
});

/** A request on `curve`, signed with `hash`, asking for `extensions`. */
async function requestFor(curve: string, hash: string, extensions: Extension[] = []) {
  const algorithm = { name: 'ECDSA', namedCurve: curve, hash };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
    extensions,
    name: 'CN=root, O=Evil',
  });
  return new Uint8Array(request.rawData);
}

/** A DER element of `tag`. */
function element(tag: number, content: Uint8Array): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

describe('request', () => {
  test('is made with a P-256 key, names nobody and proves possession', async () => {
    const made = await createRequest();
    const request = must(readRequest(made.csr));
    const key = createPrivateKey(made.privateKeyPem);
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(request.publicKey.length).toBe(91);
    expect(request.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('whatever it asks for, the server builds every field itself', async () => {
    const asking = await requestFor('P-256', 'SHA-256', [
      new BasicConstraintsExtension(true, 9, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'url', value: `spiffe://t-globex.${TRUST_DOMAIN}/agent/${AGENT_ID}` },
        { type: 'dns', value: 'gateway.test' },
      ]),
    ]);
    const { publicKey } = must(readRequest(asking));
    const world = await createWorld();
    const name = { tenant: 'acme', trustDomain: TRUST_DOMAIN, agentId: AGENT_ID };
    const issued = must(await createAgentLeaf(world.acme.issuer, { ...name, publicKey, now: new Date() }));
    const seen = new X509Certificate(issued.certificate);
    expect(seen.subject).toBe(`CN=${AGENT_ID}`);
    expect(seen.subjectAltName).toBe(`URI:spiffe://t-acme.${TRUST_DOMAIN}/agent/${AGENT_ID}`);
    expect(seen.ca).toBe(false);
    expect(seen.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  });

  test('every single flipped bit is refused', () => {
    const codes = new Set<string>();
    for (let bit = 0; bit < csr.length * 8; bit++) {
      const flipped = Uint8Array.from(csr);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      codes.add(codeOf(readRequest(flipped)));
    }
    expect(codes).not.toContain('OK');
    expect(codes).toContain('CSR_SIGNATURE');
    expect(codes).toContain('CSR_MALFORMED');
  });

  test('every cut and every appended byte is refused', () => {
    for (let end = 0; end < csr.length; end++) expect(codeOf(readRequest(csr.subarray(0, end)))).toBe('CSR_MALFORMED');
    expect(codeOf(readRequest(Buffer.concat([csr, Buffer.from([0])])))).toBe('CSR_MALFORMED');
  });

  test('huge object identifiers, deep nesting, empty sequences and size are refused, and the process lives', () => {
    let nested: Buffer = Buffer.from([0x05, 0x00]);
    for (let depth = 0; depth < 900; depth++) nested = element(0x30, nested);
    const spki = element(0x30, element(0x30, element(0x06, Buffer.alloc(3_000, 0x81))));
    const info = [Buffer.from([2, 1, 0]), element(0x30, Buffer.alloc(0)), spki, element(0xa0, Buffer.alloc(0))];
    const hugeOid = element(
      0x30,
      Buffer.concat([element(0x30, Buffer.concat(info)), element(0x30, Buffer.alloc(0)), Buffer.from([3, 1, 0])]),
    );
    for (const bytes of [nested, hugeOid, Buffer.alloc(0), element(0x30, Buffer.alloc(0)), Buffer.alloc(4_096, 0x30)]) {
      expect(codeOf(readRequest(bytes))).toBe('CSR_MALFORMED');
    }
    expect(codeOf(readRequest(Buffer.alloc(4_097, 0x30)))).toBe('CSR_TOO_LARGE');
    expect(codeOf(readRequest(csr))).toBe('OK');
  });

  test('other keys and other signature algorithms are refused', async () => {
    expect(codeOf(readRequest(await requestFor('P-384', 'SHA-256')))).toBe('CSR_KEY_REFUSED');
    expect(codeOf(readRequest(await requestFor('P-256', 'SHA-384')))).toBe('CSR_ALGORITHM');
  });

  test("somebody else's public key is refused: the sender cannot sign for it", async () => {
    const victim = must(readRequest(csr)).publicKey;
    const mine = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const parts = [Buffer.from([2, 1, 0]), element(0x30, Buffer.alloc(0)), victim, element(0xa0, Buffer.alloc(0))];
    const signed = (info: Buffer, key: typeof mine.privateKey) => {
      const signature = Buffer.concat([Buffer.from([0]), sign('sha256', info, key)]);
      const algorithm = Buffer.from('300a06082a8648ce3d040302', 'hex');
      return element(0x30, Buffer.concat([info, algorithm, element(0x03, signature)]));
    };
    const info = element(0x30, Buffer.concat(parts));
    expect(codeOf(readRequest(signed(info, mine.privateKey)))).toBe('CSR_SIGNATURE');
    // Control: the same form with the signer's own key is a valid request.
    const own = mine.publicKey.export({ format: 'der', type: 'spki' });
    const honest = element(0x30, Buffer.concat(parts.with(2, own)));
    expect(codeOf(readRequest(signed(honest, mine.privateKey)))).toBe('OK');
  });

  test('never throws, whatever the bytes', () => {
    const mutated = fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }),
          mutated.map((changes) => change(csr, changes)),
        ),
        (bytes) => {
          const same = Buffer.compare(bytes, csr) === 0;
          expect(readRequest(bytes).ok).toBe(same);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

function change(bytes: Uint8Array, changes: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [at, value] of changes) copy[at % copy.length] = value;
  return copy;
}
