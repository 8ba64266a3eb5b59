import path from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { DEFAULT_HOME, isLoopback, readConfig } from './config.ts';
import { OutboundAllowed } from './outbound/allowed.ts';

test('without an environment: loopback, the stable ports, the embedded database', () => {
  expect(readConfig({})).toEqual({
    home: DEFAULT_HOME,
    databaseUrl: null,
    rateLimit: 1_000,
    databaseAppUrl: null,
    databaseSystemUrl: null,
    databaseListenUrl: null,
    signerSocket: null,
    host: '127.0.0.1',
    onePort: null,
    webTls: null,
    proxySources: null,
    web: { port: 8080, publicUrl: null },
    enrol: { port: 8442, publicUrl: null },
    tunnel: { port: 8443, publicUrl: null },
    outboundAllowed: new OutboundAllowed(),
    historyDays: 90,
    orphanDays: 7,
    mail: null,
    secretsMaster: { from: 'file' },
    bucket: null,
    warningDays: [90, 30, 7, 1],
    logLevel: 'info',
  });
});

test('every fault is reported together, without values', () => {
  const env = { CASARE_WEB_PORT: '80800', CASARE_DATABASE_URL: 'mysql://u:hunter2@h/d', CASARE_LOG_LEVEL: 'loud' };
  expect(() => readConfig(env)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/CASARE_DATABASE_URL.*CASARE_WEB_PORT.*CASARE_LOG_LEVEL/) as string,
    }),
  );
  expect(() => readConfig(env)).not.toThrow(/hunter2/);
});

test('plain HTTP stays on loopback unless a TLS proxy is named', () => {
  expect(() => readConfig({ CASARE_HOST: '0.0.0.0' })).toThrow('CASARE_PUBLIC_WEB_URL');
  const config = readConfig({ CASARE_HOST: '0.0.0.0', CASARE_PUBLIC_WEB_URL: 'https://casare.example/' });
  expect(config.web.publicUrl).toBe('https://casare.example');
  expect(['127.0.0.1', '::1', 'localhost', '127.1.2.3'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example'].some(isLoopback)).toBe(false);
});

test('the ages of warnings are a list of days', () => {
  expect(readConfig({ CASARE_EXPIRY_WARNING_DAYS: '60,5' }).warningDays).toEqual([60, 5]);
  for (const wrong of ['soon', '1,', '-1', '1,2,3,4,5,6,7,8,9,10,11'])
    expect(() => readConfig({ CASARE_EXPIRY_WARNING_DAYS: wrong })).toThrow('CASARE_EXPIRY_WARNING_DAYS');
});

test('history is kept for days, or for ever', () => {
  expect(readConfig({}).historyDays).toBe(90);
  expect(readConfig({ CASARE_HISTORY_DAYS: '7' }).historyDays).toBe(7);
  expect(readConfig({ CASARE_HISTORY_DAYS: '0' }).historyDays).toBeNull();
  expect(readConfig({ CASARE_RATE_LIMIT: '50' }).rateLimit).toBe(50);
  expect(readConfig({ CASARE_RATE_LIMIT: '0' }).rateLimit).toBeNull();
  for (const wrong of ['-1', '1.5', 'ever'])
    expect(() => readConfig({ CASARE_HISTORY_DAYS: wrong })).toThrow('CASARE_HISTORY_DAYS');
});

test('an empty variable is an absent one', () => {
  expect(readConfig({ CASARE_WEB_PORT: '', CASARE_DATABASE_URL: '' }).web.port).toBe(8080);
});

test('one port takes the place of three', () => {
  const config = readConfig({ CASARE_PORT: '443' });
  expect(config).toMatchObject({ onePort: 443, web: { port: 443 }, enrol: { port: 443 }, tunnel: { port: 443 } });
  expect(() => readConfig({ CASARE_PORT: '443', CASARE_ENROL_PORT: '8442' })).toThrow(
    /CASARE_ENROL_PORT and CASARE_PORT/,
  );
});

test('a certificate of the web: PEM or .pfx, and then no address is too public', () => {
  const pem = { CASARE_WEB_TLS_CERT: '/c.pem', CASARE_WEB_TLS_KEY: '/k.pem' };
  expect(readConfig({ ...pem, CASARE_HOST: '0.0.0.0' }).webTls).toEqual({
    from: { cert: '/c.pem', key: '/k.pem' },
    passphraseFile: null,
  });
  const pfx = { CASARE_WEB_TLS_PFX: 'web.pfx', CASARE_WEB_TLS_PASSPHRASE_FILE: '/p' };
  expect(readConfig(pfx).webTls).toEqual({ from: { pfx: path.resolve('web.pfx') }, passphraseFile: '/p' });
  for (const [env, named] of [
    [{ CASARE_WEB_TLS_CERT: '/c.pem' }, 'CASARE_WEB_TLS_KEY'],
    [{ CASARE_WEB_TLS_KEY: '/k.pem' }, 'CASARE_WEB_TLS_CERT'],
    [{ ...pem, ...pfx }, 'CASARE_WEB_TLS_PFX'],
    [{ CASARE_WEB_TLS_PASSPHRASE_FILE: '/p' }, 'CASARE_WEB_TLS_PASSPHRASE_FILE'],
    [{ ...pem, CASARE_PUBLIC_WEB_URL: 'http://casare.example' }, 'CASARE_PUBLIC_WEB_URL'],
  ] as const) {
    expect(() => readConfig(env)).toThrow(named);
  }
});

test('balancers that are believed are a list of networks', () => {
  const { proxySources } = readConfig({ CASARE_PROXY_SOURCES: '10.0.0.0/8, ::1' });
  expect(['10.1.2.3', '::1', '127.0.0.1'].map((address) => proxySources?.has(address))).toEqual([true, true, false]);
  expect(() => readConfig({ CASARE_PROXY_SOURCES: 'balancer.example' })).toThrow('CASARE_PROXY_SOURCES');
});

test('what may be called is a list, or the start fails', () => {
  const target = { plain: false, host: 'vault.internal', port: 8200 };
  const { outboundAllowed } = readConfig({ CASARE_OUTBOUND_ALLOW: '10.0.0.0/8, vault.internal:8200' });
  expect(outboundAllowed.objection(target, '192.168.0.1')).toBe(null);
  expect(() => readConfig({ CASARE_OUTBOUND_ALLOW: '10.0.0.0/99' })).toThrow(/CASARE_OUTBOUND_ALLOW is no list/);
});

test('mail needs a server and a sender', () => {
  const both = { CASARE_SMTP_URL: 'smtps://a:b@mail.acme.example', CASARE_MAIL_FROM: 'Casare <casare@acme.example>' };
  expect(readConfig(both).mail).toEqual({ url: both.CASARE_SMTP_URL, from: both.CASARE_MAIL_FROM });
  const { CASARE_MAIL_FROM: _, ...server } = both;
  expect(() => readConfig(server)).toThrow(/CASARE_SMTP_URL and CASARE_MAIL_FROM need each other/);
  expect(() => readConfig({ ...both, CASARE_MAIL_FROM: 'a@b\r\nBcc: c@d' })).toThrow(/CASARE_MAIL_FROM is no address/);
});

test('master keys of secrets are 32 bytes each, and no message quotes them', () => {
  const keys = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const text = keys.map((key) => key.toString('base64')).join(', ');
  expect(readConfig({ CASARE_SECRETS_MASTER_KEY: text }).secretsMaster).toEqual({ from: 'environment', keys });
  const short = Buffer.alloc(31, 3).toString('base64');
  expect(() => readConfig({ CASARE_SECRETS_MASTER_KEY: short })).toThrow(/CASARE_SECRETS_MASTER_KEY is no list/);
  expect(() => readConfig({ CASARE_SECRETS_MASTER_KEY: short })).not.toThrow(short);
});

test('a transit key of Vault is the master key, beside the others that stay readable', () => {
  const vault = { CASARE_SECRETS_VAULT_ADDR: 'https://vault.internal:8200/', CASARE_SECRETS_VAULT_TOKEN_FILE: '/t' };
  const read = { address: 'https://vault.internal:8200', mount: 'transit', key: 'casare' };
  expect(readConfig(vault).secretsMaster).toMatchObject({ from: 'vault', vault: read });
  expect(readConfig({ ...vault, CASARE_SECRETS_MASTER: 'file' }).secretsMaster).toMatchObject({
    from: 'file',
    vault: read,
  });
  const login = { CASARE_SECRETS_VAULT_ROLE_ID: 'r', CASARE_SECRETS_VAULT_SECRET_ID_FILE: '/s' };
  expect(() => readConfig({ ...vault, ...login })).toThrow(/CASARE_SECRETS_VAULT_ADDR needs/);
  expect(() => readConfig({ ...vault, CASARE_SECRETS_VAULT_ADDR: 'http://vault.internal' })).toThrow(/is no https URL/);
  expect(() => readConfig({ CASARE_SECRETS_MASTER: 'vault' })).toThrow(
    /CASARE_SECRETS_MASTER needs CASARE_SECRETS_VAULT_ADDR/,
  );
});

describe('a bucket', () => {
  const keys = { CASARE_S3_ACCESS_KEY_ID: 'id', CASARE_S3_SECRET_ACCESS_KEY: 'a-secret' };

  it('has keys of the environment or a file; with an endpoint its name is in the path', () => {
    const of = { accessKeyId: 'id', secretAccessKey: 'a-secret' };
    const plain = { prefix: '', pathStyle: false, redirect: false };
    const aws = { bucket: 'files', endpoint: null, region: 'us-east-1', ...plain, keys: { of } };
    expect(readConfig({ ...keys, CASARE_S3_BUCKET: 'files' }).bucket).toEqual(aws);
    const more = { CASARE_S3_ENDPOINT: 'https://s3.example/a/', CASARE_S3_PREFIX: 'a/b', CASARE_S3_KEYS_FILE: '/keys' };
    expect(readConfig({ CASARE_S3_BUCKET: 'files', ...more }).bucket).toEqual({
      ...{ ...aws, endpoint: 'https://s3.example/a', prefix: 'a/b/', pathStyle: true, keys: { file: '/keys' } },
    });
  });

  it.each([
    [{ CASARE_S3_BUCKET: 'files' }],
    [{ ...keys }],
    [{ CASARE_S3_BUCKET: 'files', CASARE_S3_ACCESS_KEY_ID: 'id' }],
    [{ CASARE_S3_BUCKET: 'files', ...keys, CASARE_S3_KEYS_FILE: '/keys' }],
    [{ CASARE_S3_BUCKET: 'files', ...keys, CASARE_S3_PREFIX: '/../x' }],
    [{ CASARE_S3_REDIRECT: '1' }],
    [{ CASARE_S3_BUCKET: 'files', ...keys, CASARE_S3_REDIRECT: '1', CASARE_S3_ENDPOINT: 'http://minio.internal' }],
  ])('is refused with %j, and no key is in the message', (env) => {
    const message = (() => {
      try {
        readConfig(env);
        return 'read';
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).toContain('CASARE_S3_');
    expect(message).not.toContain('a-secret');
  });
});
