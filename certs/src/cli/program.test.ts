import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExtendedKeyUsage } from '../x509.ts';
import { pinOf } from '../pin.ts';
import { createWorld, rogue, type World } from '../world.fixture.ts';
import { run } from './program.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  world = await createWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-certs-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function call(...args: string[]) {
  const said = { out: '', error: '' };
  const code = await run(args, { out: (text) => (said.out += text), error: (text) => (said.error += text) });
  return { code, ...said };
}

async function file(name: string, text: string): Promise<string> {
  const at = path.join(folder, name);
  await writeFile(at, text);
  return at;
}

describe('casare-certs', () => {
  test('--help and --version', async () => {
    expect(await call('--help')).toMatchObject({ code: 0, out: expect.stringContaining('inspect') as string });
    expect(await call('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });

  test('inspect prints a chain as JSON', async () => {
    const at = await file('chain.pem', `${world.agent.chainPem}${world.serverRoot.pem}`);
    const { code, out } = await call('inspect', at, '--output', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { kind: null, extendedKeyUsage: ['clientAuth'], names: [expect.stringMatching(/^uri:spiffe:\/\/t-acme\./)] },
      { kind: 'agent-ca', keyId: world.acme.keyed.keyId },
      { kind: 'server-root', pin: pinOf(world.serverRoot.pem) },
    ]);
  });

  test('inspect prints a table, and nothing in a certificate can steer the terminal', async () => {
    const hostile = await rogue(world.acme, {
      purpose: ExtendedKeyUsage.clientAuth,
      commonName: 'a\u001b[31mb\u202e',
      names: ['url:x\u001b]0;owned\u0007'],
    });
    const { code, out } = await call('inspect', await file('hostile.pem', hostile.pem));
    expect(code).toBe(0);
    expect(out).toContain('clientAuth');
    expect(out).toContain('\\u{1b}]0;owned\\u{7}');
    expect(out).not.toMatch(/[^\n\P{C}]/u);
  });

  test.each([
    ['a missing file', () => path.join(folder, 'none.pem'), 'FILE_UNREADABLE'],
    ['a folder', () => folder, 'FILE_UNREADABLE'],
    ['a file without a certificate', () => file('empty.pem', 'hello'), 'NO_CERTIFICATE'],
    ['a broken one', () => file('broken.pem', world.acme.pem.replace('MII', 'AII')), 'CERTIFICATE_MALFORMED'],
    ['one over 1 MiB', () => file('big.pem', ' '.repeat(1_048_577)), 'FILE_UNREADABLE'],
  ])('inspect answers %s with one line and exit code 1', async (_, at, code) => {
    const answer = await call('inspect', await at());
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.error).toMatch(new RegExp(`^${code}: .+\n$`));
  });

  test.each([[['inspect']], [['inspect', 'x.pem', '--output', 'xml']], [['frobnicate']], [['--nonsense']]])(
    'wrong usage %j ends with exit code 2',
    async (args) => {
      expect((await call(...args)).code).toBe(2);
    },
  );
});
