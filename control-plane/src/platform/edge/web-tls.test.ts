/** The web's certificate from files made by the system's openssl, served by a real listener. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock, type Clock } from '../clock.ts';
import type { WebTlsFiles } from '../config.ts';
import { openHttpListener } from '../http/web-listener.ts';
import type { OpenListener } from '../http/listeners.ts';
import { createLog } from '../log.ts';
import { ownPort } from './entrances.ts';
import { WebTls } from './web-tls.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let folder = '';
let lines: string[] = [];
let opened: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'casare-web-tls-'));
  lines = [];
  opened = [];
});
afterEach(async () => {
  for (const each of opened.reverse()) await each.stop();
  await rm(folder, { recursive: true });
});

const at = (name: string) => path.join(folder, name);
const logged = (code: string) => lines.filter((line) => line.includes(code)).length;

/** A certificate for `host` in `<name>.pem` with its key in `<name>.key`. */
async function make(name: string, host: string, days = 30, more: string[] = ['-nodes']): Promise<void> {
  const made = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), '-days', String(days)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const names = ['-subj', '/CN=web', '-addext', `subjectAltName=DNS:${host}`];
  execFileSync('openssl', ['req', '-x509', ...curve, ...made, ...names, ...more], { stdio: 'pipe' });
  await chmod(at(`${name}.key`), 0o600);
}

const pem = (name: string, passphraseFile: string | null = null): WebTlsFiles => ({
  from: { cert: at(`${name}.pem`), key: at(`${name}.key`) },
  passphraseFile,
});

async function open(files: WebTlsFiles, clock: Clock = systemClock): Promise<WebTls> {
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } });
  const tls = await WebTls.open(files, { log, clock, intervalMs: 3_600_000 });
  opened.push(tls);
  // After the loop's first look, the files are looked at when the test says so.
  await tls.look();
  return tls;
}

async function serve(tls: WebTls): Promise<OpenListener> {
  const entrance = ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' });
  const listener = await openHttpListener((_, response) => void response.end('here'), entrance, { tls });
  opened.push({ stop: () => listener.close(0) });
  return listener;
}

/** Connects, and says for whom the certificate is that was shown. */
async function shown(port: number): Promise<{ names: string | undefined; socket: TLSSocket }> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: '' });
  await once(socket, 'secureConnect');
  return { names: socket.getPeerCertificate().subjectaltname, socket };
}

describe.skipIf(!hasOpenssl)('a certificate in files (skipped without openssl)', () => {
  test('is served; a new one is taken for new connections, and open ones stay', async () => {
    await make('web', 'one.example');
    const tls = await open(pem('web'));
    const { port } = await serve(tls);
    const first = await shown(port);
    expect(first.names).toBe('DNS:one.example');
    const body = await new Promise((resolve) =>
      get({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (response) =>
        response.on('data', resolve),
      ),
    );
    expect(String(body)).toBe('here');

    await make('next', 'two.example', 60);
    for (const end of ['pem', 'key']) await rename(at(`next.${end}`), at(`web.${end}`));
    await tls.look();
    const second = await shown(port);
    expect(second.names).toBe('DNS:two.example');
    expect(tls.notAfter.getTime()).toBeGreaterThan(Date.now() + 59 * 86_400_000);
    // The first connection goes on.
    first.socket.write('GET / HTTP/1.1\r\nHost: one.example\r\n\r\n');
    expect(String((await once(first.socket, 'data'))[0])).toContain('200 OK');
    for (const { socket } of [first, second]) socket.destroy();
  });

  test('is looked at by itself', async () => {
    await make('web', 'one.example');
    const log = createLog({ level: 'silent', name: 'test' });
    const tls = await WebTls.open(pem('web'), { log, clock: systemClock, intervalMs: 10 });
    opened.push(tls);
    await make('next', 'two.example');
    for (const end of ['pem', 'key']) await rename(at(`next.${end}`), at(`web.${end}`));
    await vi.waitFor(() => expect(tls.name).toBe('DNS:two.example'), 5_000);
  });

  test.each<[string, string, () => Promise<void>]>([
    ['no certificate', 'do not hold a certificate', () => writeFile(at('web.pem'), 'hello')],
    [
      'the key of another',
      'not that of the certificate',
      async () => {
        await make('other', 'two.example');
        await rename(at('other.key'), at('web.key'));
      },
    ],
    ['no file', 'cannot be read', () => rm(at('web.key'))],
    ['a key that others can read', 'FILE_NOT_PRIVATE', () => chmod(at('web.key'), 0o604)],
    ['a file without end', 'larger than', () => writeFile(at('web.pem'), Buffer.alloc(1_048_577))],
  ])('%s in their place: the old one stays, which is said once', async (_, why, change) => {
    await make('web', 'one.example');
    const tls = await open(pem('web'));
    const { port } = await serve(tls);
    await copyFile(at('web.pem'), at('good.pem'));
    await copyFile(at('web.key'), at('good.key'));
    await change();
    await tls.look();
    await tls.look();
    expect(logged('WEB_TLS_NOT_RELOADED')).toBe(1);
    expect(lines.join('')).toContain(why);
    const { names, socket } = await shown(port);
    socket.destroy();
    expect(names).toBe('DNS:one.example');
    // What was mended is taken.
    await make('web', 'three.example');
    await tls.look();
    expect(tls.name).toBe('DNS:three.example');
  });

  test('one that has ended does not replace one that has not', async () => {
    await make('web', 'one.example', 30);
    const later: Clock = { ...systemClock, now: () => new Date(Date.now() + 5 * 86_400_000) };
    const tls = await open(pem('web'), later);
    await make('web', 'two.example', 1);
    await tls.look();
    expect(lines.join('')).toContain('it ended on');
    expect(tls.name).toBe('DNS:one.example');
  });

  test('at the start what cannot be served is refused in one line', async () => {
    await make('web', 'one.example');
    await writeFile(at('web.pem'), 'hello');
    await expect(open(pem('web'))).rejects.toMatchObject({ code: 'WEB_TLS_UNUSABLE' });
    await expect(open(pem('missing'))).rejects.toMatchObject({ code: 'WEB_TLS_UNUSABLE' });
    await make('web', 'one.example');
    await chmod(at('web.key'), 0o644);
    await expect(open(pem('web'))).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
    await chmod(at('web.key'), 0o640);
    await open(pem('web'));
  });

  test('that has ended is served at the start, and it is said', async () => {
    await make('web', 'one.example', 1);
    const late: Clock = { ...systemClock, now: () => new Date(Date.now() + 5 * 86_400_000) };
    await open(pem('web'), late);
    expect(logged('WEB_TLS_ENDED')).toBe(1);
  });

  test('with an encrypted key, or as .pfx: with the passphrase of a private file, never without', async () => {
    await writeFile(at('pass'), 'correct horse\n', { mode: 0o600 });
    await writeFile(at('wrong'), 'correct horsf\n', { mode: 0o600 });
    await make('web', 'one.example', 30, ['-passout', 'pass:correct horse']);
    const key = ['-inkey', at('web.key'), '-in', at('web.pem'), '-passin', 'pass:correct horse'];
    execFileSync('openssl', ['pkcs12', '-export', ...key, '-out', at('web.pfx'), '-passout', 'pass:correct horse']);
    await chmod(at('web.pfx'), 0o600);
    const pfx = (passphraseFile: string | null) => ({ from: { pfx: at('web.pfx') }, passphraseFile });
    for (const files of [pem('web', at('pass')), pfx(at('pass'))]) {
      const { port } = await serve(await open(files));
      const { names, socket } = await shown(port);
      socket.destroy();
      expect(names).toBe('DNS:one.example');
    }
    for (const files of [pem('web'), pem('web', at('wrong')), pfx(null), pfx(at('wrong'))]) {
      await expect(open(files)).rejects.toThrow('the passphrase is missing or wrong');
    }
    await chmod(at('pass'), 0o644);
    await expect(open(pfx(at('pass')))).rejects.toMatchObject({ code: 'FILE_NOT_PRIVATE' });
    expect(lines.join('')).not.toContain('correct horse');
  });
});
