/** Roots between the server and a safe, by the commands of `casare-certs`: exported, used offline, imported, rotated to. */
import { run, type LocalOpening, type Surroundings } from '@casare/certs/cli';
import { createClient } from '@casare/shared/client';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLocalAccess } from '../local-access.ts';
import { startTestControlPlane, type TestControlPlane } from '../testing.ts';

const PASSPHRASE = 'correct horse battery';

let plane: TestControlPlane;
let folder: string;
beforeAll(async () => {
  plane = await startTestControlPlane();
  folder = await mkdtemp(path.join(tmpdir(), 'casare-ceremony-'));
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true });
});

const openings: LocalOpening[] = [];
async function certs(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const around: Surroundings = {
    out: (text) => (said.out += text),
    error: (text) => (said.error += text),
    env: {},
    signal: new AbortController().signal,
    now: () => new Date(),
    connect: () => Promise.resolve(createClient({ url: plane.url, apiKey: plane.admin.apiKey })),
    openLocal: (how) => {
      openings.push(how);
      return openLocalAccess({ CASARE_HOME: plane.home, CASARE_DATABASE_URL: plane.database.url }, how);
    },
    readInput: () => Promise.resolve(`${PASSPHRASE}\n`),
  };
  const code = await run(args, around);
  return { code, ...said };
}

async function json<T>(...args: string[]): Promise<T> {
  const { code, out, error } = await certs(...args, '--output', 'json');
  expect([code, error], args.join(' ')).toEqual([0, '']);
  return JSON.parse(out) as T;
}

test('a root goes to the safe, signs a CA there, and the CA is rotated to', async () => {
  const at = (name: string): string => path.join(folder, name);
  const safe = at('safe');
  expect(await certs('root', 'export', safe, '--kind', 'server', '--remove')).toMatchObject({
    ...{ code: 2, error: expect.stringMatching(/^LOCAL_ONLY: /) as string },
  });
  expect(await json('root', 'export', safe, '--kind', 'server', '--remove', '--local')).toMatchObject({
    removed: true,
  });
  expect((await readdir(safe)).toSorted()).toEqual(['server-root.key', 'server-root.pem']);
  expect((await stat(path.join(safe, 'server-root.key'))).mode & 0o077).toBe(0);
  expect(await readFile(path.join(safe, 'server-root.key'), 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY');
  // Without its root the server cannot make the next CA, and says what to do.
  const stuck = await certs('rotate', 'start', '--kind', 'server-ca');
  expect([stuck.code, stuck.error]).toEqual([expect.any(Number), expect.stringContaining('root csr') as string]);
  await json('root', 'csr', '--kind', 'server-ca', '--out', at('ca.csr'));
  const wrong = await certs(
    'root',
    'sign',
    at('ca.csr'),
    '--kind',
    'agent-ca',
    '--tenant',
    'x',
    '--root',
    safe,
    '--out',
    at('x'),
  );
  expect(wrong).toMatchObject({ code: 1, error: expect.stringMatching(/^FILE_UNREADABLE: /) as string });
  await json('root', 'sign', at('ca.csr'), '--kind', 'server-ca', '--root', safe, '--out', at('ca.pem'));
  const made = await json<{ id: string; state: string }>('root', 'import', at('ca.pem'));
  expect(made.state).toBe('standby');
  expect(await certs('root', 'import', at('ca.pem'))).toMatchObject({ code: 4 });
  const started = await certs(
    'rotate',
    'start',
    '--kind',
    'server-ca',
    '--authority',
    made.id,
    '--wait',
    '--timeout',
    '60s',
  );
  expect([started.code, started.out]).toEqual([0, expect.stringMatching(/phase +prepare/) as string]);
  const moved = await certs('rotate', 'advance');
  expect([moved.code, moved.out]).toEqual([0, expect.stringMatching(/phase +issue/) as string]);
  const dry = await certs('rotate', 'rollback', '--reason', 'only to see', '--dry-run');
  expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/phase +rollback/) as string]);
  expect((await certs('rotate', 'status')).out).toMatch(/phase +issue/);
  expect(await certs('rotate', 'start', '--kind', 'server-ca')).toMatchObject({ code: 6 });
});

test('roots that no server has seen are made with encrypted keys, and never over others', async () => {
  const directory = path.join(folder, 'cold');
  const made = await json<{ roots: { kind: string; pin: string }[] }>('init', directory);
  expect(made.roots.map(({ kind }) => kind)).toEqual(['server', 'agent']);
  expect(await certs('init', directory)).toMatchObject({
    code: 1,
    error: expect.stringMatching(/^ROOT_EXISTS: /) as string,
  });
  const inspected = await certs('inspect', path.join(directory, 'agent-root.pem'));
  expect(inspected.out).toContain('agent-root');
  // This installation has roots: others are not adopted any more.
  expect((await certs('root', 'adopt', directory, '--local')).code).not.toBe(0);
  // It alone may begin an installation, and so make its database.
  expect(openings.pop()).toEqual({ begins: true });
  await certs('status', '--local');
  expect(openings.pop()).toEqual({ begins: false });
});
