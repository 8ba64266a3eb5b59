/** Offline roots, with the real openssl as the outside judge. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkAuthority, checkRoot, type ExpectedAuthority } from './authority-check.ts';
import { tenantConstraints } from './agent-ca.ts';
import { createOfflineRoot, exportRootKey, signAuthority, verifyRootFiles, type RootFiles } from './ceremony.ts';
import { caExtensions, DAY_MS, openIssuer, signCertificate, type Issuer } from './certificate.ts';
import { decryptKey, encryptKey } from './encrypted-key.ts';
import { generateKey } from './keys.ts';
import { createLocalSigner } from './local-signer.ts';
import { requestInPem, toPem } from './pem.ts';
import { createRequest, readRequest } from './request.ts';
import { makeRootDirectory, readRootFiles } from './root-directory.ts';
import { ExtendedKeyUsage, Extension } from './x509.ts';
import { codeOf, derOf, must, TRUST_DOMAIN } from './world.fixture.ts';

const PASSPHRASE = 'correct horse battery';
const now = new Date();
let folder: string;
let roots: Record<'server' | 'agent', RootFiles>;
let csr: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'casare-ceremony-'));
  const made = async (kind: 'server' | 'agent') => must(await createOfflineRoot({ kind, passphrase: PASSPHRASE, now }));
  roots = { server: await made('server'), agent: await made('agent') };
  csr = toPem('CERTIFICATE REQUEST', (await createRequest()).csr);
});
afterAll(() => rm(folder, { recursive: true }));

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' }).startsWith('OpenSSL 3');
  } catch {
    return false;
  }
})();

async function openssl(command: string, files: Record<string, string>): Promise<string> {
  const names = new Map<string, string>();
  for (const [name, text] of Object.entries(files)) {
    names.set(name, path.join(folder, name));
    await writeFile(names.get(name)!, text);
  }
  const args = command.split(' ').map((word) => names.get(word) ?? word.replace('%PASS', PASSPHRASE));
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const signing = (more: Partial<Parameters<typeof signAuthority>[0]> = {}) =>
  signAuthority({
    ...{ root: roots.server, passphrase: PASSPHRASE, csr, kind: 'server_ca', tenant: null },
    ...{ trustDomain: TRUST_DOMAIN, now },
    ...more,
  });
const forAcme = { kind: 'agent_ca', tenant: 'acme' } as const;

function expected(more: Partial<ExpectedAuthority> = {}): ExpectedAuthority {
  const { publicKey } = must(readRequest(requestInPem(csr)));
  const trusted = [{ id: 'root', certificatePem: roots.server.certificate }];
  return { kind: 'server_ca', tenant: null, trustDomain: TRUST_DOMAIN, publicKey, roots: trusted, now, ...more };
}
const acme = (more: Partial<ExpectedAuthority> = {}) =>
  expected({ ...forAcme, roots: [{ id: 'root', certificatePem: roots.agent.certificate }], ...more });

describe('an encrypted key', () => {
  test('opens by its passphrase alone, and holds nothing in the clear', async () => {
    const { privateKey } = await generateKey('P-384');
    const pem = must(await encryptKey(privateKey, PASSPHRASE));
    expect(must(decryptKey(pem, PASSPHRASE))).toEqual(privateKey);
    expect(codeOf(decryptKey(pem, 'correct horse batterz'))).toBe('PASSPHRASE_WRONG');
    expect(codeOf(decryptKey(pem.replace(/[A-Z]/, 'a'), PASSPHRASE))).not.toBe('OK');
    expect(codeOf(decryptKey(toPem('PRIVATE KEY', privateKey), PASSPHRASE))).toBe('ROOT_KEY_MALFORMED');
    const raw = Buffer.from(privateKey).subarray(40, 60);
    expect(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64').includes(raw)).toBe(false);
  });

  test.each(['', 'too short', 'x'.repeat(1_001), 'two lines\nof passphrase'])(
    'is not made by %j',
    async (passphrase) => {
      const { privateKey } = await generateKey('P-384');
      expect(codeOf(await encryptKey(privateKey, passphrase))).toBe('PASSPHRASE_REFUSED');
    },
  );

  test.runIf(hasOpenssl)('is read by openssl pkey, with scrypt and AES-256 in it', async () => {
    const text = await openssl('pkey -in k.pem -passin pass:%PASS -noout -text', { 'k.pem': roots.server.key });
    expect(text).toContain('secp384r1');
    const shape = await openssl('asn1parse -in k.pem', { 'k.pem': roots.server.key });
    for (const part of ['PBES2', 'scrypt', 'aes-256-cbc', ':4000']) expect(shape).toContain(part);
  });

  test.runIf(hasOpenssl)('that openssl made is read here', async () => {
    await openssl('genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -aes256 -pass pass:%PASS -out o.key', {
      'o.key': '',
    });
    const { readFile } = await import('node:fs/promises');
    const pem = await readFile(path.join(folder, 'o.key'), 'utf8');
    must(decryptKey(pem, PASSPHRASE));
  });
});

describe('a root at the safe', () => {
  test('is exported from a server only with the master key, and is the same key', async () => {
    const masterKey = randomBytes(32);
    const rateLimit = { take: () => true };
    const clock = () => now;
    const signer = createLocalSigner({ masterKey, trustDomain: TRUST_DOMAIN, gatewayHosts: [], rateLimit, now: clock });
    const { certificate, sealedKey } = must(await signer.createRoot({ id: 'r', kind: 'server' }));
    const options = { id: 'r', certificate, sealedKey, masterKey, passphrase: PASSPHRASE };
    const files = must(await exportRootKey(options));
    must(await verifyRootFiles(files, PASSPHRASE));
    expect(codeOf(await verifyRootFiles({ ...files, key: roots.server.key }, PASSPHRASE))).toBe('ROOT_KEY_UNUSABLE');
    expect(codeOf(await exportRootKey({ ...options, masterKey: randomBytes(32) }))).toBe('ROOT_KEY_UNUSABLE');
    expect(codeOf(await exportRootKey({ ...options, id: 'other' }))).toBe('ROOT_KEY_UNUSABLE');
    must(await signer.addIssuer({ id: 'r', certificate, sealedKey }));
    const ca = must(await signer.signServerCa({ issuer: 'r', id: 'ca' }));
    const notRoot = await exportRootKey({ ...options, id: 'ca', ...ca });
    expect(codeOf(notRoot)).toBe('NOT_A_ROOT');
    must(await signing({ root: files }));
  });

  test('lives in a directory that is private and never overwritten', async () => {
    const directory = path.join(folder, 'safe');
    const options = { directory, kinds: ['server', 'agent'] as const, passphrase: PASSPHRASE, now };
    const [server] = must(await makeRootDirectory(options));
    expect((await readdir(directory)).toSorted()).toEqual([
      ...['agent-root.key', 'agent-root.pem', 'server-root.key', 'server-root.pem'],
    ]);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(directory, 'server-root.key'))).mode & 0o777).toBe(0o600);
    expect(codeOf(await makeRootDirectory(options))).toBe('ROOT_EXISTS');
    const read = must(await readRootFiles(directory, 'server'));
    expect(read.certificate).toBe(server?.certificate);
    must(await verifyRootFiles(read, PASSPHRASE));
    expect(codeOf(await readRootFiles(path.join(folder, 'none'), 'agent'))).toBe('FILE_UNREADABLE');
  });

  test.runIf(hasOpenssl)('signs CAs that openssl finds right, and every name in the request is ignored', async () => {
    await openssl(
      'req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256 -noenc -keyout x.key -out x.csr -subj /CN=evil/O=Evil -addext subjectAltName=DNS:evil.test -addext basicConstraints=CA:TRUE',
      {
        'x.key': '',
        'x.csr': '',
      },
    );
    const { readFile } = await import('node:fs/promises');
    const foreign = await readFile(path.join(folder, 'x.csr'), 'utf8');
    expect(await openssl('req -verify -noout -in own.csr', { 'own.csr': csr })).toBeDefined();
    const server = must(await signing({ csr: foreign })).certificate;
    const agent = must(await signing({ root: roots.agent, csr: foreign, ...forAcme })).certificate;
    const verify = (root: RootFiles, ca: string) =>
      openssl('verify -x509_strict -CAfile root.pem ca.pem', { 'root.pem': root.certificate, 'ca.pem': ca });
    expect(await verify(roots.server, server)).toContain('OK');
    expect(await verify(roots.agent, agent)).toContain('OK');
    await expect(verify(roots.agent, server)).rejects.toThrow();
    for (const ca of [server, agent]) {
      const text = await openssl('x509 -noout -text -in ca.pem', { 'ca.pem': ca });
      expect(text).not.toMatch(/evil/i);
      expect(text).toMatch(/CA:TRUE, pathlen:0/);
    }
    expect(await openssl('x509 -noout -text -in ca.pem', { 'ca.pem': agent })).toContain(`URI:t-acme.${TRUST_DOMAIN}`);
  });

  test('refuses a wrong passphrase, the other root, a broken request, and a tenant that does not belong', async () => {
    expect(codeOf(await signing())).toBe('OK');
    expect(codeOf(await signing({ passphrase: 'another passphrase' }))).toBe('PASSPHRASE_WRONG');
    expect(codeOf(await signing({ root: roots.agent }))).toBe('ROOT_WRONG_KIND');
    expect(codeOf(await signing({ ...forAcme }))).toBe('ROOT_WRONG_KIND');
    expect(codeOf(await signing({ root: { ...roots.server, key: roots.agent.key } }))).toBe('ROOT_KEY_UNUSABLE');
    expect(codeOf(await signing({ csr: 'nothing' }))).toBe('CSR_MALFORMED');
    const flipped = Buffer.from(requestInPem(csr));
    flipped[flipped.length - 1]! ^= 1;
    expect(codeOf(await signing({ csr: toPem('CERTIFICATE REQUEST', flipped) }))).toBe('CSR_SIGNATURE');
    expect(codeOf(await signing({ tenant: 'acme' }))).toBe('TENANT_REFUSED');
    expect(codeOf(await signing({ root: roots.agent, kind: 'agent_ca' }))).toBe('TENANT_REFUSED');
    expect(codeOf(await signing({ root: roots.agent, kind: 'agent_ca', tenant: 'A.b' }))).toBe('TENANT_REFUSED');
  });
});

describe('a certificate from the safe', () => {
  test('is taken when it is what the template makes, and says which root signed it', async () => {
    const server = must(await signing());
    expect(must(checkAuthority(server.certificate, expected()))).toMatchObject({ keyId: server.keyId, issuer: 'root' });
    const agent = must(await signing({ root: roots.agent, ...forAcme }));
    expect(must(checkAuthority(agent.certificate, acme())).keyId).toBe(agent.keyId);
  });

  test('is refused for another key, kind, tenant, trust domain or root, and when it is not good now', async () => {
    const server = must(await signing()).certificate;
    const agent = must(await signing({ root: roots.agent, ...forAcme })).certificate;
    const other = must(readRequest((await createRequest()).csr)).publicKey;
    const stranger = must(await createOfflineRoot({ kind: 'server', passphrase: PASSPHRASE, now })).certificate;
    const later = new Date(now.getTime() + 800 * DAY_MS);
    const messages = [
      checkAuthority(server, expected({ publicKey: other })),
      checkAuthority(agent, expected()),
      checkAuthority(server, acme()),
      checkAuthority(agent, acme({ tenant: 'globex' })),
      checkAuthority(agent, acme({ trustDomain: 'other.test' })),
      checkAuthority(server, expected({ roots: [{ id: 'x', certificatePem: stranger }] })),
      checkAuthority(server, expected({ roots: [] })),
      checkAuthority(server, expected({ now: later })),
      checkAuthority(server + agent, expected()),
      checkAuthority(roots.server.certificate, expected()),
      checkAuthority('nothing', expected()),
    ].map((result) => (result.ok ? 'OK' : result.message));
    expect(messages).toMatchInlineSnapshot(`
      [
        "it is for another key than the one that waits",
        "it is not a server-ca",
        "it is not a agent-ca",
        "it is for another tenant",
        "it is for another tenant",
        "no root that is trusted here signed it",
        "no root that is trusted here signed it",
        "it is not good now, or ends within a day",
        "it is not one certificate in PEM",
        "it is not a server-ca",
        "it is not one certificate in PEM",
      ]
    `);
  });

  test('is refused when it may do more than the template allows', async () => {
    const key = must(decryptKey(roots.agent.key, PASSPHRASE));
    const root = must(await openIssuer(derOf(roots.agent.certificate), key));
    const certify = async (extensions: Extension[], by: Issuer = root) => {
      const { publicKey } = must(readRequest(requestInPem(csr)));
      const blueprint = { subject: [{ CN: ['x'] }], publicKey, now, lifetimeMs: 30 * DAY_MS, extensions };
      return must(await signCertificate(blueprint, by)).certificate;
    };
    const client = caExtensions(0, ExtendedKeyUsage.clientAuth);
    const good = tenantConstraints(`t-acme.${TRUST_DOMAIN}`);
    // Without the exclusions, this CA could issue names of other kinds.
    const loose = new Extension(good.type, true, looser(good.value));
    const wrong = [
      await certify(client),
      await certify([...client, loose]),
      await certify([...caExtensions(1, ExtendedKeyUsage.clientAuth), good]),
    ];
    expect(codeOf(checkAuthority(await certify([...client, good]), acme()))).toBe('OK');
    expect(wrong.map((pem) => codeOf(checkAuthority(pem, acme())))).toEqual(
      wrong.map(() => 'AUTHORITY_CERTIFICATE_REFUSED'),
    );
  });

  test('a root from outside is one of ours, signed by itself and good for a while', () => {
    expect(codeOf(checkRoot(roots.server.certificate, 'server', now))).toBe('OK');
    expect(codeOf(checkRoot(roots.server.certificate, 'agent', now))).toBe('ROOT_REFUSED');
    expect(codeOf(checkRoot(roots.server.certificate + roots.agent.certificate, 'server', now))).toBe('ROOT_REFUSED');
    expect(codeOf(checkRoot(roots.server.certificate, 'server', new Date('2040-01-01')))).toBe('ROOT_REFUSED');
  });
});

/** The name constraints without their excluded subtrees, DER. */
function looser(value: ArrayBuffer): ArrayBuffer {
  const der = Buffer.from(value);
  expect(der[2]).toBe(0xa0);
  const permitted = der.subarray(2, 4 + der[3]!);
  return Uint8Array.from([0x30, permitted.length, ...permitted]).buffer;
}
