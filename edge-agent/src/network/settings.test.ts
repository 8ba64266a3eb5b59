import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { leavesOut } from './no-proxy.ts';
import { changeSettings, effective, readSettings } from './settings.ts';

const TARGET = new URL('wss://gate.casare.example:8443/tunnel');
let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-settings-'));
  file = join(folder, 'network.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const KEPT = { proxy: 'http://kept:3128' };

test.each<[string, object, NodeJS.ProcessEnv, string | null]>([
  ['nothing is said', {}, {}, null],
  ['it is kept', KEPT, {}, 'kept network.json'],
  ['the environment goes before what is kept', KEPT, { CASARE_PROXY: 'http://ours:1' }, 'ours CASARE_PROXY'],
  ['HTTPS_PROXY where nothing else is said', {}, { HTTPS_PROXY: 'http://all:1' }, 'all HTTPS_PROXY'],
  ['in lower case', {}, { https_proxy: 'http://all:1' }, 'all HTTPS_PROXY'],
  ['what is kept goes before HTTPS_PROXY', KEPT, { HTTPS_PROXY: 'http://all:1' }, 'kept network.json'],
  ['none: not even HTTPS_PROXY', { proxy: 'none' }, { HTTPS_PROXY: 'http://all:1' }, null],
  ['NO_PROXY', {}, { HTTPS_PROXY: 'http://all:1', NO_PROXY: '.casare.example' }, null],
  [
    'CASARE_NO_PROXY goes before NO_PROXY',
    {},
    { HTTPS_PROXY: 'http://all:1', NO_PROXY: '*', CASARE_NO_PROXY: 'x' },
    'all HTTPS_PROXY',
  ],
])('the proxy: %s', (_, kept, environment, expected) => {
  if (Object.keys(kept).length > 0) changeSettings(file, kept);
  const { proxy } = effective(file, environment).wayTo(TARGET);
  expect(proxy === null ? null : `${proxy.url.hostname} ${proxy.from}`).toBe(expected);
});

test('HTTPS_PROXY is not for this machine; a proxy that was named for the agent is', () => {
  const local = new URL('wss://127.0.0.1:8443/');
  expect(effective(file, { HTTPS_PROXY: 'http://all:1' }).wayTo(local).proxy).toBeNull();
  expect(effective(file, { CASARE_PROXY: 'http://ours:1' }).wayTo(local).proxy).not.toBeNull();
});

test('with a carrier, what is asked of the proxy is the carrier', () => {
  const environment = { CASARE_CARRIER: 'wss://web.example', CASARE_PROXY: 'http://ours:1' };
  const way = (noProxy: string) => effective(file, { ...environment, CASARE_NO_PROXY: noProxy }).wayTo(TARGET).proxy;
  expect(way('web.example')).toBeNull();
  expect(way('gate.casare.example')).not.toBeNull();
});

test.each([
  ['*', true],
  ['casare.example', true],
  ['.casare.example', true],
  ['*.casare.example', true],
  ['GATE.casare.example:8443', true],
  ['gate.casare.example:443', false],
  ['asare.example', false],
  ['', false],
  ['.', false],
])('%j leaves gate.casare.example:8443 out: %s', (entry, expected) => {
  expect(leavesOut([entry], TARGET)).toBe(expected);
});

test.each([
  ['10.0.0.0/8', 'wss://10.1.2.3/', true],
  ['10.0.0.0/8', 'wss://11.1.2.3/', false],
  ['10.0.0.0/99', 'wss://10.1.2.3/', false],
  ['2001:db8::/32', 'wss://[2001:db8::1]/', true],
  ['[2001:db8::1]:443', 'wss://[2001:db8::1]/', true],
  ['10.1.2.3', 'wss://10.1.2.3/', true],
  ['2.3', 'wss://10.1.2.3/', false],
])('%j leaves %s out: %s', (entry, target, expected) => {
  expect(leavesOut([entry], new URL(target))).toBe(expected);
});

test('changes go over what is kept, an empty one takes away, and the file is private and holds no secret', () => {
  changeSettings(file, { ...KEPT, systemCa: true, noProxy: ['a.example'] });
  expect(changeSettings(file, { proxy: '', noProxy: [], systemCa: false })).toEqual({});
  changeSettings(file, KEPT);
  expect(readSettings(file)).toEqual(KEPT);
  expect(() => changeSettings(file, { proxy: 'http://agent:canary@kept:1' })).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('canary') as string }),
  );
  expect(readFileSync(file, 'utf8')).not.toContain('canary');
});

test.each<[string, NodeJS.ProcessEnv, string]>([
  ['a proxy that is none', { CASARE_PROXY: 'socks5://agent:canary@x:1' }, 'NETWORK_SETTING'],
  ['a carrier without TLS', { CASARE_CARRIER: 'ws://canary' }, 'NETWORK_SETTING'],
])('the environment: %s is said, without the value', (_, environment, code) => {
  const fault = expect.objectContaining({ code, message: expect.not.stringContaining('canary') as string }) as Error;
  expect(() => effective(file, environment).wayTo(TARGET)).toThrow(fault);
});

test('a damaged file is said, and never taken for no settings', () => {
  writeFileSync(file, '{"proxy": "http://kept:1", "unknown": 1}');
  expect(() => readSettings(file)).toThrow(expect.objectContaining({ code: 'NETWORK_DAMAGED' }));
  writeFileSync(file, '{');
  expect(() => readSettings(file)).toThrow(expect.objectContaining({ code: 'NETWORK_DAMAGED' }));
});

test('credentials that others may read are refused; private ones are taken', () => {
  const secret = join(folder, 'secret');
  writeFileSync(secret, 'agent:canary\n', { mode: 0o644 });
  const { proxy } = effective(file, { CASARE_PROXY: 'http://x:1', CASARE_PROXY_AUTH_FILE: secret }).wayTo(TARGET);
  expect(() => proxy?.authorization()).toThrow(expect.objectContaining({ code: 'PROXY_AUTH_UNREADABLE' }));
  chmodSync(secret, 0o600);
  expect(proxy?.authorization()).toBe(`Basic ${Buffer.from('agent:canary').toString('base64')}`);
});
