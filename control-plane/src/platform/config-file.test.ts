import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addressConfig, ConfigFileInvalid, serverConfig } from './config-file.ts';
import { readConfig } from './config.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-config-'));
  file = path.join(folder, 'control-plane.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (text: string) => writeFileSync(file, text);
const secret = (name: string, text: string, mode = 0o600) => {
  writeFileSync(path.join(folder, name), text);
  chmodSync(path.join(folder, name), mode);
};
const read = (env: Record<string, string> = {}) => serverConfig({ CASARE_CONFIG: file, ...env });
function linesOf(env: Record<string, string> = {}): readonly string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigFileInvalid)) throw error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    return error.lines.map((line) => line.replaceAll(folder, ''));
  }
}

test('a file says what the environment would, secrets by files of their own, paths beside it', () => {
  secret('database-url', 'postgres://casare:canary@db.example/casare\n');
  write(`
host: 0.0.0.0
web: { port: 443, publicUrl: https://casare.example.com, tls: { cert: web.crt, key: /etc/ssl/web.key } }
tunnel: { publicUrl: wss://agents.casare.example.com:8443 }
database: { urlFile: database-url }
proxySources: [10.0.0.0/8, '::1']
expiryWarningDays: [60, 14]
historyDays: 0
s3: { bucket: runs, pathStyle: true, keysFile: s3-keys }
`);
  const { config, env } = read();
  const { proxySources, ...others } = config;
  expect(proxySources).not.toBeNull();
  const { proxySources: _, ...same } = readConfig({
    CASARE_HOST: '0.0.0.0',
    CASARE_WEB_PORT: '443',
    CASARE_PUBLIC_WEB_URL: 'https://casare.example.com',
    CASARE_WEB_TLS_CERT: path.join(folder, 'web.crt'),
    CASARE_WEB_TLS_KEY: '/etc/ssl/web.key',
    CASARE_PUBLIC_TUNNEL_URL: 'wss://agents.casare.example.com:8443',
    CASARE_DATABASE_URL: 'postgres://casare:canary@db.example/casare',
    CASARE_PROXY_SOURCES: '10.0.0.0/8,::1',
    CASARE_EXPIRY_WARNING_DAYS: '60,14',
    CASARE_HISTORY_DAYS: '0',
    CASARE_S3_BUCKET: 'runs',
    CASARE_S3_PATH_STYLE: '1',
    CASARE_S3_KEYS_FILE: path.join(folder, 's3-keys'),
  });
  expect(others).toEqual(same);
  // What a backup tells of: the same words.
  expect(env).toMatchObject({ CASARE_S3_BUCKET: 'runs' });
});

test('a file with comments only changes nothing, and the environment goes over it', () => {
  write('# nothing yet\n');
  expect(read().config).toEqual(readConfig({}));
  write('web: { port: 1 }\nenrol: { port: 2 }\n');
  const { config } = read({ CASARE_WEB_PORT: '3', CASARE_ENROL_PORT: '' });
  expect([config.web.port, config.enrol.port]).toEqual([3, 2]);
});

test('all faults of one kind are told together, each with its place, named as in the file, and no value is shown', () => {
  write('webb: { port: 1 }\nhost: 7\nweb:\n  tls: { cret: x }\nproxySources: ["10.0.0.0/8,::1"]\n');
  expect(linesOf()).toEqual([
    '/control-plane.yaml:1:1: there is no `webb` here; did you mean `web`? (/webb)',
    '/control-plane.yaml:2:7: expected a text, found a number (/host)',
    '/control-plane.yaml:4:10: there is no `cret` here; did you mean `cert`? (/web/tls/cret)',
    expect.stringMatching(/^\/control-plane.yaml:5:\d+: must have no comma: give several as a list/),
  ]);

  write('logLevel: canary\nweb:\n  port: 80800\n  tls: { cert: a }\n');
  const lines = linesOf({ CASARE_TUNNEL_PORT: 'canary' });
  expect(lines).toEqual([
    expect.stringMatching(/^\/control-plane.yaml:1:11: `logLevel` .*\(\/logLevel\)$/),
    expect.stringMatching(/^\/control-plane.yaml:3:9: `web.port` .*\(\/web\/port\)$/),
    'CASARE_TUNNEL_PORT of the environment is not a port number',
  ]);
  expect(lines.join()).not.toContain('canary');

  write('web:\n  tls: { cert: a }\n');
  expect(linesOf()).toEqual([
    '/control-plane.yaml:2:16: `web.tls.cert` and `web.tls.key` need each other (/web/tls/cert)',
  ]);
});

test('a secret that others may read, that is none, or that is not there is refused without a word of it', () => {
  secret('open', 'postgres://u:canary@h/d', 0o640);
  secret('two', 'canary canary');
  write('database:\n  urlFile: open\nmail:\n  urlFile: two\nsecrets:\n  keysFile: none\n');
  expect(linesOf()).toEqual([
    '/control-plane.yaml:2:12: /open can be read by others: run `chmod 600 /open` (/database/urlFile)',
    '/control-plane.yaml:4:12: /two holds no single word of ASCII (/mail/urlFile)',
    '/control-plane.yaml:6:13: /none cannot be read (ENOENT) (/secrets/keysFile)',
  ]);
});

test('a signer needs the addresses alone, and opens no secret', () => {
  write('host: 127.0.0.2\nenrol: { publicUrl: https://agents.example }\ndatabase: { urlFile: none }\n');
  const config = addressConfig({ CASARE_CONFIG: file, CASARE_DATABASE_APP_URL: 'postgres://ignored/x' });
  expect(config).toMatchObject({
    host: '127.0.0.2',
    databaseUrl: null,
    databaseAppUrl: null,
    enrol: { publicUrl: 'https://agents.example' },
  });
});

test('a file that is not there is said with a code; without one the environment is all', () => {
  expect(() => read()).toThrow(expect.objectContaining({ code: 'CONFIG_MISSING' }) as Error);
  expect(serverConfig({ CASARE_PORT: '443' }).config.onePort).toBe(443);
});
