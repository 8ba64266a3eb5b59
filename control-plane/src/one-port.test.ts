/** A whole control plane on one port, with a certificate of its own for the web: who is shown what, and who is refused. */
import { chainProbeOptions, TUNNEL_ALPN } from '@casare/certs';
import { CARRIER_PATHS, CARRIER_SUBPROTOCOL } from '@casare/shared/protocol';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { startTestControlPlane, type TestControlPlane } from './testing.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!hasOpenssl)('one port with a certificate of the web (skipped without openssl)', () => {
  let folder = '';
  let plane: TestControlPlane;
  let port = 0;
  let ca = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'casare-one-port-'));
    const [key, cert] = [path.join(folder, 'web.key'), path.join(folder, 'web.pem')];
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert];
    const names = ['-subj', '/CN=web', '-addext', 'subjectAltName=DNS:web.example,IP:127.0.0.1'];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...made, ...names], { stdio: 'pipe' });
    await chmod(key, 0o600);
    ca = await readFile(cert, 'utf8');
    plane = await startTestControlPlane({
      CASARE_PORT: '0',
      CASARE_WEB_TLS_CERT: cert,
      CASARE_WEB_TLS_KEY: key,
      CASARE_PUBLIC_TUNNEL_URL: 'wss://tunnel.example',
      CASARE_PUBLIC_ENROL_URL: 'https://enrol.example',
    });
    port = Number(new URL(plane.url).port);
  });
  afterAll(async () => {
    await plane.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The names of the certificate that is shown, or why there is none. */
  async function shown(tls: ConnectionOptions): Promise<string> {
    const socket = connect({ rejectUnauthorized: false, ...tls, host: '127.0.0.1', port });
    const names = await new Promise<string>((resolve) => {
      socket.once('secureConnect', () => resolve(socket.getPeerCertificate().subjectaltname ?? ''));
      socket.on('error', () => undefined).once('close', () => resolve('closed'));
    });
    socket.destroy();
    return names;
  }

  function ask(path: string, host: string, tls: ConnectionOptions = {}): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const options = { ca, servername: 'web.example', ...tls, host: '127.0.0.1', port, path, agent: false as const };
      const asking = request({ ...options, headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.on('error', reject).end();
    });
  }

  it('its address is https, and each name shows its own certificate', async () => {
    expect(plane.url).toBe(`https://127.0.0.1:${port}`);
    const web = 'DNS:web.example, IP Address:127.0.0.1';
    expect(await shown({ servername: 'web.example' })).toBe(web);
    expect(await shown({ servername: '' })).toBe(web);
    expect(await shown(chainProbeOptions('127.0.0.1'))).toContain('DNS:tunnel.example');
    expect(await shown({ servername: 'enrol.example' })).toContain('DNS:enrol.example');
    expect(await shown({ servername: 'enrol.example', ALPNProtocols: [TUNNEL_ALPN] })).not.toContain('DNS:');
  });

  it('the web answers to its names, and to no name of the agents (421), nor the reverse', async () => {
    expect(await ask('/readyz', 'web.example')).toBe(200);
    expect(await ask('/readyz', `127.0.0.1:${port}`)).toBe(200);
    expect(await ask('/readyz', 'tunnel.example')).toBe(421);
    expect(await ask('/readyz', 'Enrol.Example:443')).toBe(421);
    const enrol = { servername: 'enrol.example', rejectUnauthorized: false };
    expect(await ask('/enrol/nonce', 'enrol.example', enrol)).toBe(404);
    expect(await ask('/enrol/nonce', '127.0.0.1', enrol)).toBe(421);
    expect(await ask('/enrol/nonce', 'tunnel.example', enrol)).toBe(421);
    // Plain HTTP is nobody's here.
    await expect(fetch(`http://127.0.0.1:${port}/readyz`)).rejects.toThrow();
  });

  it('a carrier in the TLS of the web leads to the tunnel, which shows its own certificate', async () => {
    const outer = new WebSocket(`wss://127.0.0.1:${port}${CARRIER_PATHS.tunnel}`, [CARRIER_SUBPROTOCOL], { ca });
    const inner = connect({ socket: createWebSocketStream(outer), servername: '', rejectUnauthorized: false });
    let names: string | undefined;
    inner.once('secureConnect', () => (names = inner.getPeerCertificate().subjectaltname));
    // TLS 1.3 tells of it after the client's part of the handshake.
    const [refused] = (await once(inner, 'error')) as [Error];
    expect(refused.message).toContain('certificate required');
    expect(names).toContain('DNS:tunnel.example');
    outer.terminate();
  });
});
