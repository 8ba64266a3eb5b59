/** Signatures from the key to the server, by the command and a running control plane. */
import { generateKeyPairSync } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Problem } from '@casare/shared/api';
import { api, ApiError } from '@casare/shared/client';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { createIds } from '../platform/ids.ts';
import { isRefusal } from '../platform/refusal.ts';
import { WorkflowsService } from '../workflows/index.ts';
import { cliOfTests } from './testing.ts';

const documentOf = (name: string, tasks: string, version = '1.0.0') =>
  `document: { dsl: '1.0.3', namespace: test, name: ${name}, version: '${version}' }\ndo:\n  - ${tasks}\n`;
const SAY = 'say: { call: log, with: { message: hello } }';
const RUN = "more: { run: { workflow: { namespace: test, name: sub, version: '1.0.0' } } }";

const cli = cliOfTests();
const at = (name: string): string => cli.at(name);
beforeAll(async () => {
  await writeFile(at('main.yaml'), documentOf('main', SAY));
  await writeFile(at('sub.yaml'), documentOf('sub', SAY));
  await writeFile(at('both.yaml'), documentOf('both', RUN));
  expect(await casare('workflow', 'keygen', '--out', at('key.pem'))).toMatchObject({ code: 0, err: '' });
});

const casare = (...args: string[]) => cli.run(args, { env: { CASARE_KEY_PASSPHRASE: passphrase } });
let passphrase: string | undefined;
const sign = (file: string, key = 'key.pem', ...more: string[]) =>
  casare('workflow', 'sign', at(file), '--key', at(key), '--out', at(`${file}.sig`), ...more);
const verify = (file: string, signature: string, key = 'key.pem.pub', ...more: string[]) =>
  casare('workflow', 'verify', at(file), '--signature', at(signature), '--key', at(key), ...more);

describe('without a server', () => {
  test('a key is private to its owner, and never overwritten', async () => {
    expect((await stat(at('key.pem'))).mode & 0o777).toBe(0o600);
    const again = await casare('workflow', 'keygen', '--out', at('key.pem'));
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('is there already') as string });
  });

  test('a key says that it is encrypted only when it is', async () => {
    for (const [given, isEncrypted] of [
      ['', false],
      ['secret', true],
    ] as const) {
      passphrase = given;
      const file = `key-${given}.pem`;
      const made = await casare('workflow', 'keygen', '--out', at(file), '--output', 'json');
      passphrase = undefined;
      expect(JSON.parse(made.out)).toMatchObject({ encrypted: isEncrypted });
      expect((await readFile(at(file), 'utf8')).includes('ENCRYPTED')).toBe(isEncrypted);
    }
  });

  test('sign and verify; a changed file, another file and another key do not verify', async () => {
    expect(await sign('main.yaml')).toMatchObject({ code: 0, err: '' });
    expect((await verify('main.yaml', 'main.yaml.sig')).out).toMatch(/holds\s+true\nkey\s+sha256:[0-9a-f]{64}\n/);
    await writeFile(at('clothes.yaml'), `# a comment\n${documentOf('main', SAY.replace('log', "'log:1.0.0'"))}`);
    expect(await verify('clothes.yaml', 'main.yaml.sig')).toMatchObject({ code: 0 });
    await writeFile(at('changed.yaml'), documentOf('main', SAY.replace('hello', 'bye')));
    expect((await verify('changed.yaml', 'main.yaml.sig')).err).toMatch(/^SIGNATURE_OTHER_CONTENT: /);
    expect((await verify('sub.yaml', 'main.yaml.sig')).err).toMatch(/^SIGNATURE_OTHER_WORKFLOW: /);
    await casare('workflow', 'keygen', '--out', at('other.pem'));
    expect(await verify('main.yaml', 'main.yaml.sig', 'other.pem.pub')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^SIGNATURE_UNKNOWN_KEY: /) as string,
    });
    expect((await verify('main.yaml', 'main.yaml')).err).toMatch(/^SIGNATURE_MALFORMED: /);
  });

  test('P-256 keys and encrypted ones', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    await writeFile(at('p256.pem'), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    await writeFile(at('p256.pub'), pair.publicKey.export({ format: 'pem', type: 'spki' }));
    expect(await sign('main.yaml', 'p256.pem')).toMatchObject({ code: 0 });
    expect(await verify('main.yaml', 'main.yaml.sig', 'p256.pub')).toMatchObject({ code: 0 });
    passphrase = 'a secret';
    expect((await casare('workflow', 'keygen', '--out', at('sealed.pem'))).out).toMatch(/encrypted\s+true/);
    expect(await readFile(at('sealed.pem'), 'utf8')).toContain('ENCRYPTED');
    expect(await sign('main.yaml', 'sealed.pem')).toMatchObject({ code: 0 });
    passphrase = undefined;
    expect((await sign('main.yaml', 'sealed.pem')).err).toMatch(/^SIGNING_KEY_REFUSED: .*passphrase/);
    expect((await sign('main.yaml', 'main.yaml')).err).toMatch(/^SIGNING_KEY_REFUSED: /);
  });

  test('sub-workflows are signed with what runs them', async () => {
    expect(await sign('both.yaml')).toMatchObject({ code: 2, err: expect.stringContaining('--with') as string });
    expect((await sign('both.yaml', 'key.pem', '--with', at('sub.yaml'))).out).toMatch(
      /covers\s+test\/both@1.0.0, test\/sub@1.0.0/,
    );
    const whole = ['--with', at('sub.yaml')];
    expect(await verify('both.yaml', 'both.yaml.sig', 'key.pem.pub', ...whole)).toMatchObject({ code: 0 });
    await writeFile(at('sub-changed.yaml'), documentOf('sub', SAY.replace('hello', 'bye')));
    const changed = await verify('both.yaml', 'both.yaml.sig', 'key.pem.pub', '--with', at('sub-changed.yaml'));
    expect(changed.err).toMatch(/^SIGNATURE_OTHER_CONTENT: /);
    await writeFile(at('circle.yaml'), documentOf('sub', RUN));
    expect((await sign('both.yaml', 'key.pem', '--with', at('circle.yaml'))).err).toContain('run each other');
  });
});

describe('on the server', () => {
  async function problemOf(call: Promise<unknown>): Promise<Problem> {
    const error = await call.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    return (error as ApiError).problem;
  }
  const idOf = (out: string): string => /[0-9a-f-]{36}/.exec(out)![0];

  test('pushed with its signature, which goes along with jobs, and over every replica soon', async () => {
    const elsewhere = new WorkflowsService(cli.plane.database.db, systemClock, createIds(systemClock));
    await sign('main.yaml');
    const id = idOf((await casare('workflow', 'push', at('main.yaml'))).out);
    const before = await elsewhere.resolve('default', id);
    expect(isRefusal(before) || before.signature).toBeNull();
    expect(await casare('workflow', 'push', at('main.yaml'), '--signature', at('main.yaml.sig'))).toMatchObject({
      code: 0,
    });
    const signature = JSON.parse(await readFile(at('main.yaml.sig'), 'utf8')) as unknown;
    expect(await cli.plane.client.call(api.workflows.get, { params: { id } })).toMatchObject({
      signed: true,
      signature,
    });
    expect((await casare('workflow', 'list')).out).toMatch(/test\/main\s+1.0.0\s+plain\s+yes/);
    await expect
      .poll(async () => (await elsewhere.resolve('default', id)) as { signature: unknown }, { timeout: 10_000 })
      .toMatchObject({ signature });
    const { items } = await cli.plane.client.call(api.audit.list, { query: { log: 'tenant' } });
    expect(items.find(({ action }) => action === 'workflow.signed')).toMatchObject({ subject: `workflow:${id}` });
  });

  test('with a sub-workflow that the server holds', async () => {
    await casare('workflow', 'push', at('sub.yaml'));
    await sign('both.yaml', 'key.pem', '--with', at('sub.yaml'));
    expect(await casare('workflow', 'push', at('both.yaml'), '--signature', at('both.yaml.sig'))).toMatchObject({
      code: 0,
    });
  });

  test('a signature of something else is refused, and what is none at all', async () => {
    const id = idOf((await casare('workflow', 'push', at('main.yaml'))).out);
    await sign('sub.yaml');
    const sub = await casare('workflow', 'push', at('main.yaml'), '--signature', at('sub.yaml.sig'));
    expect(sub).toMatchObject({ code: 1, err: expect.stringMatching(/^SIGNATURE_OTHER_WORKFLOW: /) as string });
    const body = { payloadType: 'text/plain', payload: 'AAAA', signatures: [{ sig: 'AAAA' }] };
    const params = { id };
    expect((await problemOf(cli.plane.client.call(api.workflows.sign, { params, body }))).code).toBe(
      'SIGNATURE_MALFORMED',
    );
    const none = { params: { id: crypto.randomUUID() }, body };
    expect((await problemOf(cli.plane.client.call(api.workflows.sign, none))).status).toBe(404);
  });
});
