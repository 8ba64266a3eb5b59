/** Attacks 1 to 9: on enrolment, over its real listener, with a real database. */
import { certificatesInPem, createRequest, parseJoinToken, readCertificate, signEnrolProof } from '@casare/certs';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { by, enrol, enrolRequest, openScene, post, type Scene } from '../../control-plane/src/fleet/testing.ts';
import { runCli } from '../../control-plane/src/cli/program.ts';
import { attack } from './attack.ts';
import { bitString, integer, oid, sequence, tagged } from './der-for-tests.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene.close());

const idOf = (token: string): string => {
  const parsed = parseJoinToken(token);
  return parsed.ok ? parsed.value.id : '';
};

async function rows(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const name = `attack${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
  return scene.harness.database.owner.query({ name, text, values });
}

attack(
  1,
  '50 redemptions of one join token at once give one identity',
  [
    {
      file: 'control-plane/src/trust/join-token.store.ts',
      find: ' AND uses_left > 0',
      replace: ' AND uses_left > -99',
    },
  ],
  async () => {
    await rows('ALTER TABLE join_token DROP CONSTRAINT IF EXISTS join_token_uses_left_check');
    const token = await scene.token();
    const requests = await Promise.all(Array.from({ length: 50 }, () => enrolRequest(scene, token)));
    const answers = await Promise.all(requests.map(({ body }) => post(scene, '/enrol', body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await rows('SELECT id FROM agent WHERE join_token_id = $1', [idOf(token)])).toHaveLength(1);
  },
);

attack(
  2,
  'the id of a token without its secret is denied',
  [
    {
      file: 'certs/src/join-token.ts',
      find: 'stored.length === given.length && timingSafeEqual(stored, given)',
      replace: 'true',
    },
  ],
  async () => {
    const token = await scene.token();
    for (const guess of [`${idOf(token)}.${'A'.repeat(43)}`, `${idOf(token)}.`, idOf(token)]) {
      const { body } = await enrolRequest(scene, token);
      expect((await post(scene, '/enrol', { ...body, token: guess })).status, guess).not.toBe(201);
    }
    // The control: with its secret it is good.
    expect((await post(scene, '/enrol', (await enrolRequest(scene, token)).body)).status).toBe(201);
  },
);

attack(
  3,
  'the secret of a token appears in no row, log line, certificate or answer',
  [
    {
      file: 'control-plane/src/trust/join-tokens.service.ts',
      find: 'const secretHash = hashJoinToken(token);',
      replace: 'const secretHash = Buffer.from(token.secret).toString("hex");',
    },
  ],
  async () => {
    const token = await scene.token();
    const made = await enrolRequest(scene, token);
    const secret = made.body.token.split('.')[1]!;
    const refused = await post(scene, '/enrol', { ...made.body, hostname: 1 });
    const answer = await post(scene, '/enrol', (await enrolRequest(scene, token, made.key)).body);
    expect(answer.status).toBe(201);
    const tables = await rows(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`);
    expect(tables.length).toBeGreaterThan(20);
    const forms = [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')];
    const seen = [scene.logged(), JSON.stringify(answer.body), JSON.stringify(refused.body)];
    for (const { name } of tables) {
      const found = await rows(`SELECT row_to_json(t)::text AS row FROM "${String(name)}" t`);
      seen.push(...found.map(({ row }) => String(row)));
    }
    for (const form of forms) expect(seen.filter((text) => text.includes(form))).toEqual([]);
  },
);

attack(
  4,
  'tokens that are wrong, expired, revoked, used or unknown get one and the same opaque answer',
  [{ file: 'control-plane/src/trust/join-token.store.ts', find: ' AND revoked_at IS NULL AND expires_at > $3' }],
  async () => {
    const good = await scene.token();
    const [revoked, used, expired] = [await scene.token(), await scene.token(), await scene.token()];
    await scene.trust.joinTokens.revoke(by, idOf(revoked));
    await enrol(scene, used);
    await rows('UPDATE join_token SET expires_at = now() WHERE id = $1', [idOf(expired)]);
    const text = (token: string): string => token.slice('casare_'.length).split('.').slice(0, 2).join('.');
    const wrong = [
      `${idOf(good)}.${'A'.repeat(43)}`,
      `unknown00.${'A'.repeat(43)}`,
      ...[revoked, used, expired].map(text),
    ];
    const answers = new Set<string>();
    for (const token of wrong) {
      const { body } = await enrolRequest(scene, good);
      const answer = await post(scene, '/enrol', { ...body, token });
      answers.add(JSON.stringify({ status: answer.status, ...(answer.body as object), instance: null }));
    }
    expect([...answers]).toEqual([expect.stringContaining('ENROL_DENIED')]);
    expect((await post(scene, '/enrol', (await enrolRequest(scene, good)).body)).status).toBe(201);
  },
);

attack(
  5,
  'a request with a flipped bit is denied',
  [
    {
      file: 'certs/src/request.ts',
      find: "if (!verify('sha256', parts.signed, key, parts.signature)) {",
      replace: 'if (parts.signed.length === 0) {',
    },
  ],
  async () => {
    const token = await scene.token();
    const key = await createRequest();
    for (const at of [key.csr.length - 2, key.csr.length - 30, 40, 60]) {
      const csr = Uint8Array.from(key.csr);
      csr[at] = csr[at]! ^ 1;
      const fresh = await enrolRequest(scene, token, key);
      const proof = signEnrolProof(key.privateKeyPem, fresh.body.nonce, csr);
      const body = { ...fresh.body, csr: Buffer.from(csr).toString('base64'), proof };
      expect(await post(scene, '/enrol', body), `byte ${at}`).toMatchObject({ status: 400 });
    }
    expect((await post(scene, '/enrol', (await enrolRequest(scene, token, key)).body)).status).toBe(201);
  },
);

attack(
  6,
  'a request for CA:true, serverAuth and foreign names gets a plain leaf: the server builds every field (CVE-2021-27098)',
  [
    {
      file: 'certs/src/leaf.ts',
      find: '...leafExtensions(ExtendedKeyUsage.clientAuth),',
      replace: '...leafExtensions(ExtendedKeyUsage.serverAuth),',
    },
  ],
  async () => {
    const token = await scene.token();
    const greedy = greedyRequest();
    const made = await enrolRequest(scene, token, greedy);
    const answer = await post(scene, '/enrol', made.body);
    expect(answer.status).toBe(201);
    const { certificateChain, agentId } = answer.body as { certificateChain: string; agentId: string };
    const leaf = readCertificate(certificatesInPem(certificateChain)[0]!);
    if (!leaf.ok) throw new Error(leaf.code);
    expect(leaf.value).toMatchObject({
      ...{ ca: false, keyUsage: ['digitalSignature'], extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] },
      names: [{ type: 'uri', value: `spiffe://t-default.casare.internal/agent/${agentId}` }],
    });
    expect(Buffer.from(leaf.value.subject).toString('latin1')).not.toContain('evil');
  },
);

attack(
  7,
  'an unknown message to the enrol listener is denied by default (CVE-2026-30836)',
  [
    {
      file: 'shared/src/protocol/enrolment.ts',
      find: 'export const EnrolRequest = z.strictObject({',
      replace: 'export const EnrolRequest = z.object({',
    },
  ],
  async () => {
    const token = await scene.token();
    for (const extra of [{ kind: 'renew' }, { tenant: 'other' }, { agentId: 'x' }, { __proto__: 1, state: 'active' }]) {
      const { body } = await enrolRequest(scene, token);
      expect(await post(scene, '/enrol', { ...body, ...extra })).toMatchObject({ status: 400 });
    }
    for (const path of ['/enrol/admin', '/enrol/PKIOperation', '/api/v1/agents', '/tunnel', '/']) {
      expect((await post(scene, path, {})).status, path).toBe(404);
    }
    expect((await post(scene, '/enrol', (await enrolRequest(scene, token)).body)).status).toBe(201);
  },
);

attack(
  8,
  'malformed DER (empty, nested, huge identifiers, endless lengths) is a clear error, and the process lives',
  [
    {
      file: 'certs/src/request.ts',
      find: "return refuse('CSR_MALFORMED', 'the request is not a PKCS#10 request in DER');",
      replace: "throw new Error('not caught');",
    },
  ],
  async () => {
    const token = await scene.token();
    const nested = Array.from({ length: 900 }).reduce<Buffer>((inner) => sequence(inner), Buffer.from([5, 0]));
    const hugeOid = sequence(sequence(oid(Buffer.alloc(3_000, 0x81))));
    const bytes = [
      Buffer.alloc(0),
      sequence(),
      nested,
      hugeOid,
      Buffer.from('3084ffffffff', 'hex'),
      Buffer.alloc(4_096, 0x30),
    ];
    for (const der of bytes) {
      const { body } = await enrolRequest(scene, token);
      const answer = await post(scene, '/enrol', { ...body, csr: der.toString('base64') });
      expect([answer.status, (answer.body as { code: string }).code]).toEqual([
        400,
        expect.stringMatching(/^(CSR|REQUEST)_/),
      ]);
    }
    expect((await post(scene, '/enrol', (await enrolRequest(scene, token)).body)).status).toBe(201);
  },
);

attack(
  9,
  'quotes, line ends and escape sequences in host facts stay literal in rows, logs and on terminals',
  [
    {
      file: 'shared/src/terminal/text.ts',
      find: "char === '\\n' ? ' ' : escaped(char),",
      replace: 'char,',
    },
  ],
  async () => {
    const name = `'"<b>\u001b[31m\n\u202e$(x)`;
    const token = await scene.token();
    const { body } = await enrolRequest(scene, token);
    const answer = await post(scene, '/enrol', { ...body, name, hostname: `h\u001b]0;owned\u0007` });
    const { agentId } = answer.body as { agentId: string };
    expect(await scene.fleet.agents.get('default', agentId)).toMatchObject({ name });
    expect(scene.logged()).not.toMatch(/[\u001b\u202e]/);
    let printed = '';
    const out = (text: string): void => void (printed += text);
    const terminal = { out, err: out, interactive: false, colour: false };
    const args = ['agents', '--url', `http://127.0.0.1:${scene.ports.web}`, '--api-key', scene.apiKey];
    expect(await runCli(args, { terminal, env: {}, signal: new AbortController().signal, exitCode: 0 })).toBe(0);
    expect(printed).toContain('\\u001b[31m');
    expect(printed).not.toMatch(/[^\n\P{C}]/u);
  },
);

/** A well-signed request that asks for everything it must not have. */
function greedyRequest(): Awaited<ReturnType<typeof createRequest>> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = (value: string) => Buffer.concat([Buffer.from([0x0c, value.length]), Buffer.from(value)]);
  const set = (inner: Buffer) => tagged(0x31, inner);
  const octets = (inner: Buffer) => tagged(0x04, inner);
  const subject = sequence(set(sequence(oid('550403'), text('evil'))));
  const extension = (id: string, value: Buffer) => sequence(oid(id), octets(value));
  const uri = (value: string) => tagged(0x86, Buffer.from(value));
  const extensions = sequence(
    extension('551d13', sequence(Buffer.from([1, 1, 0xff]))),
    extension('551d25', sequence(oid('2b06010505070301'))),
    extension('551d11', sequence(uri('spiffe://t-other.casare.internal/agent/x'), uri('spiffe://evil/'))),
  );
  const asked = sequence(oid('2a864886f70d01090e'), set(extensions));
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const info = sequence(integer(0), subject, spki, tagged(0xa0, asked));
  const csr = sequence(info, sequence(oid('2a8648ce3d040302')), bitString(sign('sha256', info, privateKey)));
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    csr,
  };
}
