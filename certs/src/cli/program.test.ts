import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExtendedKeyUsage } from '../x509.ts';
import { bundleDigest } from '../bundle.ts';
import { pinOf } from '../pin.ts';
import { createWorld, rogue, type World } from '../world.fixture.ts';
import { all, programFor } from './program.ts';
import { call as callWith, NOW } from './surroundings-for-tests.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  world = await createWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-certs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const call = (...args: string[]) => callWith(args);

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

describe('the help', () => {
  const commands = () => {
    const around = {
      out: () => undefined,
      error: () => undefined,
      env: {},
      signal: AbortSignal.abort(),
      now: () => NOW,
    };
    const never = () => Promise.reject(new Error('not asked for'));
    return all(programFor({ ...around, connect: never, readInput: never }, () => undefined));
  };

  test.each(
    commands()
      .filter((command) => command.commands.length === 0)
      .map((command) => [pathOf(command), command] as const),
  )('of %s has a description, an example that begins with it, and explains every option', async (path, command) => {
    const { code, out } = await call(...path.split(' '), '--help');
    expect(code).toBe(0);
    expect(command.description()).not.toBe('');
    expect(out).toContain(`$ casare-certs ${path}`);
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
  });

  test('of the changing commands offers --dry-run and --if-rev', () => {
    const changing = [
      'rotate start',
      'rotate advance',
      'rotate rollback',
      'cert revoke',
      'lock',
      'unlock',
      'root adopt',
      'root export',
      'root csr',
      'root import',
    ];
    const offered = commands()
      .filter((command) => command.options.some(({ long }) => long === '--dry-run'))
      .filter((command) => command.options.some(({ long }) => long === '--if-rev'))
      .map(pathOf);
    expect(offered.toSorted()).toEqual(changing.toSorted());
  });

  function pathOf(command: ReturnType<typeof commands>[number]): string {
    const above = command.parent?.parent ? `${command.parent.name()} ` : '';
    return `${above}${command.name()}`;
  }
});

describe('needs-renewal', () => {
  test.each([
    ['half of its life is over', 13, undefined, 10],
    ['less than half of its life is over', 10, undefined, 0],
    ['it ends within the time', 10, '15h', 10],
    ['it ends after the time', 10, '13h', 0],
    ['it has ended', 30, undefined, 10],
  ] as const)('%s: exit code %#', async (_, ageHours, within, code) => {
    const born = new Date(NOW.getTime() - ageHours * 3_600_000);
    const at = await file(`leaf-${ageHours}-${within}.pem`, (await createWorld(born)).agent.chainPem);
    const options = within === undefined ? [] : ['--within', within];
    expect(await call('needs-renewal', at, ...options)).toMatchObject({ code });
    const { out } = await call('needs-renewal', at, ...options, '--output', 'json');
    expect(JSON.parse(out)).toEqual({ due: code === 10, notAfter: expect.any(String) as string });
  });

  test.each(['30', '3 d', '-1d', '99999d', 'soon'])('a length of time like %s is wrong usage', async (within) => {
    const at = await file('leaf.pem', world.agent.chainPem);
    expect(await call('needs-renewal', at, `--within=${within}`)).toMatchObject({ code: 2, out: '' });
  });
});

describe('bundle verify', () => {
  test('takes server roots in time whose digest is the expected one, and nothing else', async () => {
    const roots = await file('roots.pem', world.serverRoot.pem);
    const digest = bundleDigest([world.serverRoot.pem]);
    expect(await call('bundle', 'verify', roots, '--digest', digest)).toMatchObject({ code: 0 });
    expect((await call('bundle', 'verify', roots, '--digest', '0'.repeat(64))).error).toMatch(/^BUNDLE_DIFFERS: /);
    for (const other of [world.agentRoot.pem, world.serverCa.pem, `${world.serverRoot.pem}${world.agent.chainPem}`]) {
      const at = await file('other.pem', other);
      expect((await call('bundle', 'verify', at, '--digest', bundleDigest([other]))).error).toMatch(
        /^BUNDLE_REFUSED: /,
      );
    }
  });
});
