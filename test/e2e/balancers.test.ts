/**
 * Real balancers in front of a control plane on ONE port: haproxy and nginx that pass TLS through and say by the PROXY
 * protocol whose connection it is, and the same two that end TLS themselves and carry the inner one in a WebSocket.
 * Whatever they claim in headers, the tunnel sees the agent's certificate or nobody (security tests 16, 18 and 19).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { tunnelClientOptions, type TunnelClientIdentity } from '@casare/certs';
import { api, createClient, type Client } from '@casare/shared/client';
import { CARRIER_PATHS, CARRIER_SUBPROTOCOL, CLOSE, SUBPROTOCOL } from '@casare/shared/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket, type ClientOptions } from 'ws';
import { findBalancers, type Balancer } from '../support/balancers.ts';
import { freePorts } from '../support/ports.ts';
import { startProgram, type Program } from '../support/program.ts';
import { until } from '../support/stack.ts';

/** Connections from here must say whose they are. */
const BALANCER = '127.0.0.2';
/** A client's address that only a PROXY header can bring. */
const CLIENT = '127.0.0.9';

const found = await findBalancers();
const reason = 'reason' in found ? found.reason : spawnSync('openssl', ['version']).status === 0 ? null : 'no openssl';

describe.skipIf(reason !== null)(reason === null ? 'behind balancers' : `behind balancers: skipped, ${reason}`, () => {
  let home = '';
  let plane: Program | undefined;
  let haproxy: Balancer | undefined;
  let nginx: Balancer | undefined;
  let client: Client;
  let outerCa = '';
  let identity: TunnelClientIdentity & { readonly rootPem: string; readonly agentId: string };
  let at: Record<'plane' | 'passed' | 'named' | 'stream' | 'bare' | 'haproxyWeb' | 'nginxWeb', number>;

  beforeAll(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'casare-balancers-'));
    await chmod(home, 0o711);
    const names = ['plane', 'passed', 'named', 'stream', 'bare', 'haproxyWeb', 'nginxWeb'] as const;
    const ports = await freePorts(names.length);
    at = Object.fromEntries(names.map((name, n) => [name, ports[n]])) as typeof at;
    outerCa = makeOuterCertificate(home);
    await startEverything();
    identity = await enrolThroughBalancer();
  });
  afterAll(async () => {
    // What a failed start did not come to is not there.
    await nginx?.stop();
    await haproxy?.stop();
    await plane?.end();
    await rm(home, { recursive: true, force: true });
  });

  async function startEverything(): Promise<void> {
    const env = {
      ...process.env,
      CASARE_HOME: home,
      CASARE_PORT: String(at.plane),
      CASARE_PROXY_SOURCES: `${BALANCER}/32`,
      CASARE_PUBLIC_ENROL_URL: `https://127.0.0.1:${at.passed}`,
      CASARE_PUBLIC_TUNNEL_URL: `wss://127.0.0.1:${at.passed}`,
    };
    plane = startProgram('control-plane/dist/cli/main.js', ['up'], env, path.join(home, 'control-plane.log'));
    const [balancers, url] = [found as Exclude<typeof found, { reason: string }>, `http://127.0.0.1:${at.plane}`];
    haproxy = await balancers.haproxy(haproxyConfig(at, home), home, [at.passed, at.named, at.haproxyWeb]);
    nginx = await balancers.nginx(nginxBlocks(at, home), home, [at.stream, at.bare, at.nginxWeb]);
    await until('the control plane', 60_000, async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false);
    const { apiKey } = JSON.parse(await readFile(path.join(home, 'admin.json'), 'utf8')) as { apiKey: string };
    client = createClient({ url, apiKey });
  }

  /** The product's agent, through haproxy. */
  async function enrolThroughBalancer(): Promise<typeof identity> {
    const { token } = await client.call(api.joinTokens.create, { body: { autoApprove: true } });
    const agentHome = path.join(home, 'agent');
    const args = ['enrol', '--url', `https://127.0.0.1:${at.passed}`, '--token', token, '--home', agentHome];
    const log = path.join(home, 'enrol.log');
    const code = await startProgram('edge-agent/dist/cli/main.js', [...args, '--name', 'e2e'], process.env, log).ended;
    if (code !== 0) throw new Error(`enrolment ended with ${code}: ${await readFile(log, 'utf8')}`);
    const credential = await readFile(path.join(agentHome, 'credential.pem'), 'utf8');
    const { agentId } = JSON.parse(await readFile(path.join(agentHome, 'identity.json'), 'utf8')) as {
      agentId: string;
    };
    const blocks = (label: string) =>
      [...credential.matchAll(new RegExp(`-----BEGIN ${label}-----[^]*?-----END ${label}-----\n`, 'g'))].join('');
    return {
      agentId,
      privateKeyPem: blocks('PRIVATE KEY'),
      chainPem: blocks('CERTIFICATE'),
      rootPem: await readFile(path.join(agentHome, 'server-roots.pem'), 'utf8'),
    };
  }

  const mine = (host = '127.0.0.1'): ConnectionOptions => tunnelClientOptions(identity, host, [identity.rootPem]);
  const anonymous: ConnectionOptions = { rejectUnauthorized: false, servername: '', ALPNProtocols: ['casare-tunnel'] };

  it.each(['passed', 'stream'] as const)('passed through with a PROXY header (%s): a whole session', async (way) => {
    const tunnel = await greet(connectTls({ ...mine(), host: '127.0.0.1', port: at[way] }));
    expect(await connected()).toBe(true);
    tunnel.close();
    await once(tunnel, 'close');
  });

  it.each(['passed', 'haproxyWeb', 'nginxWeb'] as const)('the agent itself, by %s', async (way) => {
    const args = ['run', '--home', path.join(home, 'agent')];
    const carried = { CASARE_CARRIER: `wss://127.0.0.1:${at[way]}`, CASARE_CA_FILE: path.join(home, 'outer.crt') };
    const env = { ...process.env, ...(way === 'passed' ? {} : carried) };
    const agent = startProgram('edge-agent/dist/cli/main.js', args, env, path.join(home, 'agent.log'));
    try {
      await until('the agent', 60_000, connected);
    } finally {
      await agent.end();
    }
    await until('its end', 10_000, async () => !(await connected()));
    if (way === 'passed') return;
    const log = () => (way === 'nginxWeb' ? readFile(path.join(home, 'nginx-access.log'), 'utf8') : haproxy!.output());
    await until('the log', 10_000, async () => (await log()).includes(`"GET ${CARRIER_PATHS.tunnel} HTTP/1.1"`));
  });

  it('by the name in the ClientHello, that haproxy and we both read', async () => {
    const named = { ...mine('localhost'), host: '127.0.0.1', port: at.named };
    const tunnel = await greet(connectTls(named));
    tunnel.close();
    await once(tunnel, 'close');
    expect(await opens(connectTls({ ...named, servername: 'web.example' }))).toBe(false);
  });

  it.each(['passed', 'stream'] as const)('nobody without a certificate (%s)', async (way) => {
    expect(await opens(connectTls({ ...anonymous, host: '127.0.0.1', port: at[way] }))).toBe(false);
  });

  it('a balancer that must name the client and does not is not served', async () => {
    expect(await opens(connectTls({ ...mine(), host: '127.0.0.1', port: at.bare }))).toBe(false);
    // The same without the balancer, from an address that is not listed.
    expect(await opens(connectTls({ ...mine(), host: '127.0.0.1', port: at.plane }))).toBe(true);
  });

  describe.each(['haproxyWeb', 'nginxWeb'] as const)('TLS ended by %s', (way) => {
    it('carries a whole session in a WebSocket, end to end', async () => {
      const tunnel = await greet(inside(carrier(way), mine()));
      expect(await connected()).toBe(true);
      tunnel.close();
      await once(tunnel, 'close');
    });

    it('its headers name a verified client, and that grants nothing', async () => {
      expect(await opens(inside(carrier(way), anonymous))).toBe(false);
    });

    it('the console and its API are there too, and no header signs in', async () => {
      const outer = connectTls({ ca: outerCa, servername: 'localhost', host: '127.0.0.1', port: at[way] });
      outer.write('GET /api/v1/agents HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      let text = '';
      for await (const chunk of outer) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 401/);
    });
  });

  it("a refused agent's address in the log is its own, not the balancer's", async () => {
    await client.call(api.agents.act, { params: { id: identity.agentId, action: 'lock' } });
    for (const way of ['passed', 'stream'] as const) {
      const socket = connectTls({
        ...mine(),
        host: '127.0.0.1',
        port: at[way],
        localAddress: CLIENT,
      } as ConnectionOptions);
      const [code] = (await once(dialOver(socket), 'close')) as [number];
      expect(code).toBe(CLOSE.locked);
    }
    const log = await readFile(path.join(home, 'control-plane.log'), 'utf8');
    const refused = log.split('\n').filter((line) => line.includes('a tunnel was refused'));
    expect(refused.length).toBeGreaterThanOrEqual(2);
    for (const line of refused.slice(-2)) expect(line).toContain(`"address":"${CLIENT}"`);
  });

  async function connected(): Promise<boolean> {
    const { items } = await client.call(api.agents.list, {});
    return items.some((agent) => agent.id === identity.agentId && agent.connected);
  }

  function carrier(way: 'haproxyWeb' | 'nginxWeb'): WebSocket {
    const url = `wss://localhost:${at[way]}${CARRIER_PATHS.tunnel}`;
    const lookup: unknown = { host: '127.0.0.1', ca: outerCa, servername: 'localhost' };
    return new WebSocket(url, [CARRIER_SUBPROTOCOL], { ...(lookup as ClientOptions), perMessageDeflate: false });
  }
});

/** The inner TLS connection. */
function inside(outer: WebSocket, tls: ConnectionOptions): TLSSocket {
  const stream = createWebSocketStream(outer);
  const socket = connectTls({ ...tls, socket: stream });
  stream.on('error', (error) => socket.destroy(error));
  return socket;
}

function dialOver(socket: TLSSocket): WebSocket {
  const options: unknown = { createConnection: () => socket, perMessageDeflate: false };
  const tunnel = new WebSocket('wss://127.0.0.1/tunnel', [SUBPROTOCOL], options as ClientOptions);
  tunnel.on('error', () => undefined);
  return tunnel;
}

async function opens(socket: TLSSocket): Promise<boolean> {
  const tunnel = dialOver(socket);
  const opened = new Promise<boolean>((resolve) => {
    tunnel.once('open', () => resolve(true)).once('close', () => resolve(false));
  });
  const did = await opened;
  tunnel.terminate();
  return did;
}

/** Greets, and resolves when welcomed and answered. */
async function greet(socket: TLSSocket): Promise<WebSocket> {
  const tunnel = dialOver(socket);
  await once(tunnel, 'open');
  const facts = { hostname: 'e2e', os: 'linux', arch: 'x64', agentVersion: '0.1.0', nodeVersion: '24' };
  const slots = { plain: 1, browser: 0, desktop: 0 };
  const rest = { capabilities: [], declared: [], slots, runs: [] };
  tunnel.send(JSON.stringify({ type: 'hello', protocol: 1, instance: crypto.randomUUID(), epoch: 1, facts, ...rest }));
  await message(tunnel, 'welcome');
  tunnel.send(JSON.stringify({ type: 'ping', n: 1 }));
  await message(tunnel, 'pong');
  return tunnel;
}

async function message(tunnel: WebSocket, type: string): Promise<void> {
  for (;;) {
    const [data] = (await once(tunnel, 'message')) as [Buffer];
    if ((JSON.parse(data.toString()) as { type: string }).type === type) return;
  }
}

/** What a balancer says of a client whose certificate it verified. */
const FORGED = {
  'Client-Cert': ':MIIB:',
  'X-Forwarded-Client-Cert': 'URI=spiffe://t-default.casare.internal/agent/0198a7c0-0000-7000-8000-000000000000',
  'X-SSL-Client-Verify': 'SUCCESS',
  'X-SSL-Client-S-DN': 'CN=agent',
  'X-Forwarded-For': '192.0.2.1',
} as const;

function haproxyConfig(at: Record<string, number>, home: string): string {
  const headers = Object.entries(FORGED).map(([name, value]) => `  http-request set-header ${name} "${value}"`);
  return `
global
  maxconn 200
  log stdout format raw local0
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend passed
  mode tcp
  bind 127.0.0.1:${at['passed']}
  default_backend plane
frontend named
  mode tcp
  bind 127.0.0.1:${at['named']}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req_ssl_hello_type 1 }
  use_backend plane if { req_ssl_sni -i localhost }
backend plane
  mode tcp
  source ${BALANCER}
  server plane 127.0.0.1:${at['plane']} send-proxy-v2
frontend web
  mode http
  log global
  option httplog
  bind 127.0.0.1:${at['haproxyWeb']} ssl crt ${path.join(home, 'outer.pem')}
${headers.join('\n')}
  default_backend web
backend web
  mode http
  server web 127.0.0.1:${at['plane']}
`;
}

function nginxBlocks(at: Record<string, number>, home: string): { http: string; stream: string } {
  const headers = Object.entries(FORGED).map(([name, value]) => `proxy_set_header ${name} "${value}";`);
  const certificate = path.join(home, 'outer.pem');
  return {
    http: `access_log ${path.join(home, 'nginx-access.log')}; server {
      listen 127.0.0.1:${at['nginxWeb']} ssl;
      ssl_certificate ${certificate}; ssl_certificate_key ${certificate};
      location / {
        proxy_pass http://127.0.0.1:${at['plane']};
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;
        ${headers.join(' ')}
      }
    }`,
    stream: `
      server { listen 127.0.0.1:${at['stream']}; proxy_pass 127.0.0.1:${at['plane']}; proxy_bind ${BALANCER}; proxy_protocol on; }
      server { listen 127.0.0.1:${at['bare']}; proxy_pass 127.0.0.1:${at['plane']}; proxy_bind ${BALANCER}; }`,
  };
}

/** The balancers' own certificate with its key, `outer.pem`; gives what to trust it by. */
function makeOuterCertificate(home: string): string {
  const [key, certificate] = [path.join(home, 'outer.key'), path.join(home, 'outer.crt')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=balancer', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, ...names], { stdio: 'pipe' });
  execFileSync('sh', ['-c', 'umask 077; cat "$1" "$2" > "$3"', 'sh', certificate, key, path.join(home, 'outer.pem')]);
  return execFileSync('cat', [certificate], { encoding: 'utf8' });
}
