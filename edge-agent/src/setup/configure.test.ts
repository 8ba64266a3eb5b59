/** What an installer writes: whole or not at all, and nothing that was not named is touched. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentHome } from '../identity/index.ts';
import { readAgentConfig } from '../service/index.ts';
import { configOf, configure, type ConfigurePlace } from './configure.ts';

const TOKEN = `casare_${'a'.repeat(16)}.${'b'.repeat(43)}.${'c'.repeat(32)}`;
let folder = '';
let place: ConfigurePlace;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'casare-configure-'));
  const home = agentHome(join(folder, 'home'), {});
  place = { home, config: configOf(home), policy: join(folder, 'machine', 'policy.yaml') };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const url = 'https://casare.example/enrol';
const tokenFile = (): string => join(place.home.root, 'join-token');

test('settings and token are there, the token for the agent alone', () => {
  const settings = { url, site: 'plant-7', tags: ['hall=2'], proxy: 'http://proxy:3128', noProxy: ['intra'] };
  configure(place, { settings, joinToken: ` ${TOKEN}\r\n` });
  const held = readAgentConfig(place.config);
  expect(held).toMatchObject({ url, declared: ['site=plant-7', 'hall=2'] });
  expect(held.network).toMatchObject({ proxy: 'http://proxy:3128', noProxy: ['intra'] });
  expect(readFileSync(tokenFile(), 'utf8')).toBe(`${TOKEN}\n`);
  expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);
  expect(statSync(place.home.root).mode & 0o777).toBe(0o700);
});

test('an upgrade names some: the others stay, also those named without a value, and an identity needs no token', () => {
  configure(place, { settings: { url, site: 'a', proxy: 'http://proxy:3128' } });
  writeFileSync(place.home.identity, '{}');
  configure(place, { settings: { site: 'b', proxy: '', tags: [] }, joinToken: TOKEN });
  const held = readAgentConfig(place.config);
  expect([held.url, held.declared, held.network]).toEqual([url, ['site=b'], { proxy: 'http://proxy:3128' }]);
  expect(existsSync(tokenFile())).toBe(false);
});

test('a setting is taken out where that is said', () => {
  configure(place, { settings: { url, workerSocket: '/run/x/host.sock' } });
  configure(place, { settings: { workerSocket: null } });
  expect(readFileSync(place.config, 'utf8')).not.toContain('workerSocket');
  expect(readAgentConfig(place.config).url).toBe(url);
  expect(configure(place, { settings: { workerSocket: null } }).at(-1)).toContain('unchanged');
});

test('one that changes nothing leaves the file as a person wrote it', () => {
  configure(place, { settings: {} });
  const text = `# ours\nurl: ${url}\nslots: { browser: 3 }\n`;
  writeFileSync(place.config, text);
  expect(configure(place, { settings: { url } }).at(-1)).toContain('unchanged');
  expect(readFileSync(place.config, 'utf8')).toBe(text);
  configure(place, { settings: { name: 'press' } });
  expect(readAgentConfig(place.config)).toMatchObject({ name: 'press', slots: { browser: 3 } });
});

test('a text is a text, whatever YAML would make of it', () => {
  configure(place, { settings: { url, name: 'x\nproxy: http://evil:1' } });
  expect(readAgentConfig(place.config)).toMatchObject({ name: 'x\nproxy: http://evil:1', network: {} });
});

test.each([
  ['a URL that is none', { settings: { url: 'http://casare.example' } }, 'CONFIG_INVALID'],
  ['a token that is none', { settings: { url }, joinToken: 'casare_x' }, 'JOIN_TOKEN'],
  ['a proxy with a password', { settings: { url, proxy: 'http://a:b@proxy:1' } }, 'CONFIG_INVALID'],
])('%s: nothing is written', (_, wanted, code) => {
  let fault = '';
  try {
    configure(place, wanted);
  } catch (error) {
    fault = (error as { code: string }).code;
  }
  expect(fault).toContain(code);
  expect(existsSync(place.home.root)).toBe(false);
});

test('a policy is judged, and becomes that of the machine', () => {
  const file = join(folder, 'given.yaml');
  writeFileSync(file, 'stpes: {}');
  expect(() => configure(place, { settings: { url }, policy: file })).toThrow('stpes');
  expect(existsSync(place.policy)).toBe(false);
  writeFileSync(file, 'watch: false\n');
  configure(place, { settings: { url }, policy: file });
  expect(readFileSync(place.policy, 'utf8')).toBe('watch: false\n');
});
