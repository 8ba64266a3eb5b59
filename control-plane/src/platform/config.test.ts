import { expect, test } from 'vitest';
import { DEFAULT_HOME, isLoopback, readConfig } from './config.ts';

test('without an environment: loopback, the stable ports, the embedded database', () => {
  expect(readConfig({})).toEqual({
    home: DEFAULT_HOME,
    databaseUrl: null,
    signerSocket: null,
    host: '127.0.0.1',
    web: { port: 8080, publicUrl: null },
    enrol: { port: 8442, publicUrl: null },
    tunnel: { port: 8443, publicUrl: null },
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

test('an empty variable is an absent one', () => {
  expect(readConfig({ CASARE_WEB_PORT: '', CASARE_DATABASE_URL: '' }).web.port).toBe(8080);
});
