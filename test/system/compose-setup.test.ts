/** What the service `setup` of docker-compose.yaml does, its own script in folders of the test: at the first `up` and at the next ones. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../support/program.ts';

const openssl = spawnSync('openssl', ['version']).status === 0;
if (!openssl) console.log('skipped: there is no openssl here, which the image has');

const Compose = z.looseObject({
  services: z.looseObject({ setup: z.looseObject({ command: z.tuple([z.string()]) }) }),
});
const folder = mkdtempSync(path.join(tmpdir(), 'casare-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const tls = path.join(folder, 'casare-tls');
const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

function sh(script: string): string {
  const options = { encoding: 'utf8', env: { ...process.env, NAME: 'casare.example' } } as const;
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', script], options);
  expect(status, stderr).toBe(0);
  return stdout;
}

/** As Compose does: `$$` is one dollar; the volumes are folders. */
function setup(): void {
  const file = readFileSync(path.join(ROOT, 'installer/docker/docker-compose.yaml'), 'utf8');
  // The tag of merges is YAML 1.1's.
  const [script] = Compose.parse(parse(file, { merge: true })).services.setup.command;
  sh(script.replaceAll('$$', '$').replaceAll('/run/casare-', `${folder}/casare-`));
}

/** A certificate like that of `setup`, which ends in so many days. */
function certificate(days: number): void {
  sh(
    `cd ${tls} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days ${days} -keyout web.key -out web.crt -subj /CN=own`,
  );
}

function expectGood(): void {
  sh(`cd ${tls} && openssl x509 -in web.crt -noout -checkend ${364 * 86_400} -checkhost casare.example
    [ "$(openssl x509 -in web.crt -noout -pubkey)" = "$(openssl pkey -in web.key -pubout)" ]`);
}

describe.skipIf(!openssl)('setup', () => {
  test('makes what is not there, and leaves at the next start what is good', () => {
    for (const name of ['casare-database', 'casare-tls']) mkdirSync(path.join(folder, name));
    setup();
    expectGood();
    const before = ['casare-database/url', 'casare-tls/web.crt', 'casare-tls/web.key'].map(read);
    setup();
    expect(['casare-database/url', 'casare-tls/web.crt', 'casare-tls/web.key'].map(read)).toEqual(before);
    expect(readdirSync(tls).sort()).toEqual(['made-here', 'web.crt', 'web.key']);
  });

  test('makes its own certificate anew before it ends, and leaves alone that of somebody else', () => {
    certificate(29);
    const own = read('casare-tls/web.crt');
    setup();
    expect(read('casare-tls/web.crt')).toBe(own);
    // As if it were the one that was made here a year ago.
    sh(`cd ${tls} && openssl x509 -in web.crt -noout -fingerprint -sha256 >> made-here`);
    setup();
    expect(read('casare-tls/web.crt')).not.toBe(own);
    expectGood();
    certificate(31);
    sh(`cd ${tls} && openssl x509 -in web.crt -noout -fingerprint -sha256 >> made-here`);
    const later = read('casare-tls/web.crt');
    setup();
    expect(read('casare-tls/web.crt')).toBe(later);
  });
});
