/**
 * A support bundle of a home in which every place that can hold a secret holds one, each with the word canary in it: not
 * one byte of the unpacked zip has it. The settings and hosts that help are there.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeEnrolledHome } from '../doctor/home-for-tests.ts';
import type { AgentHome } from '../identity/index.ts';
import { createTestPki } from '../identity/pki-for-tests.ts';
import { assignment } from '../outbox/outbox-for-tests.ts';
import { Outbox, StoredAssignment } from '../outbox/index.ts';
import { packBundle } from './bundle.ts';

const MAIN = new URL('../cli/main.ts', import.meta.url).pathname;
const CREDENTIALS = 'proxyuser:canary-proxy-file-password';
let folder = '';
let home: AgentHome;
let out = '';
let said = '';
let files: Record<string, Uint8Array> = {};

/** Named so that nothing but its value gives it away; it stands in the log. */
const SECRET_ENV = { ACME_DB_PASSWORD: 'kanarie-of-the-environment', ACME_PLAIN: 'canary-without-a-telling-name' };

beforeAll(async () => {
  const pki = await createTestPki();
  folder = mkdtempSync(join(tmpdir(), 'casare-support-'));
  home = writeEnrolledHome(join(folder, 'agent'), pki, { tunnelUrl: 'wss://gateway.example.invalid:8443/tunnel' });
  plant();
  out = join(folder, 'bundle.zip');
  const only = ['--conditions=source', '--no-warnings', MAIN, 'support-bundle', '--home', home.root];
  const env = {
    ...process.env,
    ...SECRET_ENV,
    CASARE_BROWSER: '/does/not/exist',
    CASARE_PROXY: 'http://user:canary-in-a-url@proxy.example.invalid:3128',
    CASARE_PROXY_AUTH: 'someone:canary-proxy-auth',
    HTTPS_PROXY: 'user:ca/kanarie-without-a-scheme@proxy:3128',
  };
  said = execFileSync(process.execPath, [...only, '--out', out, '--config', join(folder, 'agent.yaml')], {
    env,
    encoding: 'utf8',
  });
  files = unzipSync(readFileSync(out));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function plant(): void {
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
  write(join(folder, 'proxy-auth'), `${CREDENTIALS}\n`);
  write(join(folder, 'join-token'), 'casare_canary0123456789.canarycanarycanary');
  write(
    join(folder, 'agent.yaml'),
    `url: https://enrol.example.invalid:8442\nproxy: http://proxy.example.invalid:3128\nproxyAuthFile: ${folder}/proxy-auth\n# token: canary-in-a-comment\n`,
  );
  write(home.network.file, JSON.stringify({ proxyAuthFile: join(folder, 'proxy-auth') }));
  write(
    join(home.root, 'policy.yaml'),
    'domains:\n  allow: [portal.example.invalid]\n# password: canary-in-the-policy\n',
  );
  write(home.sealingKey, JSON.stringify({ privateKey: 'canary-sealing-key' }));
  write(home.nextKey, JSON.stringify({ privateKeyPem: 'canary-next-key', csr: '' }));
  const lines = [
    `{"msg":"the proxy said no to ${CREDENTIALS}"}`,
    `{"msg":"Proxy-Authorization: Basic ${Buffer.from(CREDENTIALS).toString('base64')}"}`,
    '{"msg":"Authorization: Bearer canary.token-value"}',
    '{"msg":"join token casare_canary0123456789.canarycanarycanary"}',
    '{"password":"canary-in-json","msg":"x"}',
    '{"msg":"opened https://user:canary@portal.example.invalid/?token=canary"}',
    '{"msg":"mail to canary.person@example.invalid"}',
    `{"msg":"a program printed ${SECRET_ENV.ACME_DB_PASSWORD}"}`,
    '{"msg":"-----BEGIN PRIVATE KEY-----\\ncanary\\n-----END PRIVATE KEY-----"}',
    '{"msg":"user:ca/kanarie-without-a-scheme was refused"}',
    '{"msg":"job 01a213fb says: canary of a job"}',
    '{"msg":"connected"}',
  ];
  write(join(home.logs, 'agent.log'), `${lines.join('\n')}\n`);
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const older = join(home.logs, `agent.${number}.log`);
    write(older, 'older\n');
    utimesSync(older, 1_000 - number, 1_000 - number);
  }
  mkdirSync(join(home.runs, 'job-1'));
  write(join(home.runs, 'job-1', 'canary.txt'), 'canary-of-a-run');
  write(join(home.spool, '01a213fb'), 'canary-of-a-file');
  const outbox = Outbox.open({ file: home.outbox });
  const run = StoredAssignment.parse(assignment({ input: { card: 'canary-input' } }));
  outbox.accept(run);
  outbox.append(run, new Date(), { type: 'run.log', level: 'info', message: 'canary-event' });
  outbox.close();
}

test('no byte of any file in it has a planted secret, in any form', () => {
  const forbidden = ['canary', 'kanarie', CREDENTIALS, Buffer.from(CREDENTIALS).toString('base64').slice(0, 20)];
  for (const [name, bytes] of Object.entries(files)) {
    const text = Buffer.from(bytes).toString('latin1');
    for (const secret of forbidden) expect(text.toLowerCase(), name).not.toContain(secret.toLowerCase());
    expect(text, name).not.toContain('BEGIN PRIVATE KEY');
  }
  expect(readFileSync(out).toString('latin1')).not.toContain('canary');
  expect(said).not.toMatch(/canary|kanarie/);
});

test('what helps is there: settings with their hosts, the log, counts, findings', () => {
  const text = (name: string): string => Buffer.from(files[name] ?? []).toString('utf8');
  expect(text('agent.yaml')).toContain('https://enrol.example.invalid:8442');
  expect(text('agent.yaml')).toContain(`proxyAuthFile: ${folder}/proxy-auth`);
  expect(text('policy.yaml')).toContain('portal.example.invalid');
  expect(text('logs/agent.log')).toMatch(/"msg":"connected"/);
  expect(text('logs/agent.log')).toMatch(/portal\.example\.invalid/);
  const json = (name: string): unknown => JSON.parse(text(name));
  expect(json('doctor.json')).toContainEqual(expect.objectContaining({ name: 'browser', code: 'BROWSER_NONE' }));
  expect(json('status.json')).toEqual({ up: false, last: null });
  expect(json('outbox.json')).toMatchObject({
    files: { 'outbox.db': expect.any(Number) as number },
    spool: { files: 1, bytes: 16 },
  });
  expect(json('environment.json')).toMatchObject({
    ...{ ACME_PLAIN: null, ACME_DB_PASSWORD: null, CASARE_PROXY_AUTH: null, PATH: process.env['PATH'] },
    CASARE_PROXY: 'http://[taken out]@proxy.example.invalid:3128',
  });
});

test('the manifest names every file with its size, and what was left out; the command says the same', () => {
  const manifest = JSON.parse(Buffer.from(files['MANIFEST.json']!).toString('utf8')) as {
    files: { name: string; bytes: number }[];
    leftOut: { what: string; why: string }[];
  };
  const sizes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, bytes.length]));
  delete sizes['MANIFEST.json'];
  expect(Object.fromEntries(manifest.files.map(({ name, bytes }) => [name, bytes]))).toEqual(sizes);
  for (const { name } of manifest.files) expect(said).toContain(name);
  for (const { what } of manifest.leftOut) expect(said).toContain(what);
  expect(said).toMatch(/bundle\.zip, \d+ bytes: look through it before you send it\n$/);
});

test('a file that is there is not overwritten', () => {
  const args = ['--conditions=source', '--no-warnings', MAIN, 'support-bundle', '--home', home.root, '--out', out];
  expect(() => execFileSync(process.execPath, args, { stdio: 'pipe' })).toThrow(/USAGE: .*is there already/);
});

test('of many logs the newest are there; a part that is too long is cut at a line', () => {
  const logs = Object.keys(files).filter((name) => name.startsWith('logs/'));
  expect(logs).toEqual(['logs/agent.log', ...[1, 2, 3, 4, 5].map((number) => `logs/agent.${number}.log`)]);
  const text = 'Größe Ж\n'.repeat(600_000);
  const parts = (['end', undefined] as const).map((keep) => ({
    name: `${keep}`,
    about: '',
    text,
    ...(keep ? { keep } : {}),
  }));
  const packed = unzipSync(packBundle(parts, [], { at: '2026-01-01T00:00:00Z', agentVersion: '1' }).zip);
  for (const { name } of parts) expect(Buffer.from(packed[name]!).toString().replaceAll('Größe Ж\n', '')).toBe('');
});
