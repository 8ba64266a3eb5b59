import { expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { foreignHosts, publicHosts, publicUrls } from './public-urls.ts';

const PORTS = { web: 8080, enrol: 8442, tunnel: 8443 };
const ONE = { web: 443, enrol: 443, tunnel: 443 };
const TLS = { CASARE_WEB_TLS_CERT: '/c.pem', CASARE_WEB_TLS_KEY: '/k.pem' };

test.each([
  [{}, PORTS, ['http://127.0.0.1:8080', 'https://127.0.0.1:8442', 'wss://127.0.0.1:8443']],
  [TLS, PORTS, ['https://127.0.0.1:8080', 'https://127.0.0.1:8442', 'wss://127.0.0.1:8443']],
  [{ ...TLS, CASARE_PORT: '443' }, ONE, ['https://127.0.0.1', 'https://127.0.0.1', 'wss://127.0.0.1']],
  [{ CASARE_PORT: '443' }, ONE, ['http://127.0.0.1:443', 'https://127.0.0.1', 'wss://127.0.0.1']],
  [
    { ...TLS, CASARE_HOST: '2001:db8::1' },
    PORTS,
    ['https://[2001:db8::1]:8080', 'https://[2001:db8::1]:8442', 'wss://[2001:db8::1]:8443'],
  ],
])('of %j', (env, ports, [web, enrol, tunnel]) => {
  expect(publicUrls(readConfig(env), ports)).toEqual({ web, enrol, tunnel });
});

test('a host of another service is foreign, one that is shared is not', () => {
  const hosts = publicHosts({
    web: 'https://Casare.example',
    enrol: 'https://casare.example:8442',
    tunnel: 'wss://tunnel.example',
  });
  expect(hosts).toEqual({ web: 'casare.example', enrol: 'casare.example', tunnel: 'tunnel.example' });
  expect([...foreignHosts(hosts, 'web')]).toEqual(['tunnel.example']);
  expect([...foreignHosts(hosts, 'tunnel')]).toEqual(['casare.example']);
});
