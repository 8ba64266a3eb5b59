/**
 * For tests: an HTTP CONNECT proxy as companies run it. It asks for Basic credentials when it has some, refuses hosts,
 * and can end TLS itself with certificates of a CA of its own, as inspecting proxies do.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

export interface ProxyOptions {
  /** `user:password`; without it anybody may pass. */
  readonly credentials?: string;
  /** Ends the TLS of whoever passes, with a certificate for 127.0.0.1 and localhost by this CA. */
  readonly inspectsAs?: InspectionCa;
  /** What it has decrypted goes on as it is, as behind balancers that end TLS. */
  readonly endsTls?: boolean;
  /** Answers a CONNECT instead of the proxy. */
  readonly answer?: (socket: Duplex) => void;
}

export interface InspectionCa {
  readonly name: string;
  readonly caPem: string;
  readonly keyPem: string;
  readonly certPem: string;
}

export class TestProxy {
  readonly port: number;
  /** `host:port` of each CONNECT that was let through. */
  readonly passed: string[] = [];
  /** CONNECT requests in all. */
  asked = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(options: ProxyOptions = {}): Promise<TestProxy> {
    const server = createServer((_, response) => response.writeHead(400).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const proxy = new TestProxy(server);
    server.on('connection', (socket) => proxy.#keep(socket));
    server.on('connect', (request, socket) => proxy.#connect(request, socket, options));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #connect(request: IncomingMessage, socket: Duplex, options: ProxyOptions): void {
    const { credentials, inspectsAs, answer } = options;
    this.asked += 1;
    if (answer !== undefined) {
      answer(socket);
      return;
    }
    const wanted = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
    if (credentials !== undefined && request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="it"\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    this.passed.push(request.url ?? '');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    const onward = connect(Number(port), host);
    this.#keep(onward);
    if (inspectsAs === undefined) splice(socket, onward);
    else this.#inspect(socket as Socket, onward, inspectsAs, options.endsTls === true);
  }

  /** Reads and passes on what was meant to be secret. */
  #inspect(socket: Socket, onward: Socket, ca: InspectionCa, endsTls: boolean): void {
    const server = createTlsServer({ key: ca.keyPem, cert: ca.certPem, ALPNProtocols: ['http/1.1'] }, (inner) => {
      this.#keep(inner);
      if (endsTls) {
        splice(inner, onward);
        return;
      }
      const outer = connectTls({ socket: onward, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
      this.#keep(outer);
      splice(inner, outer);
    });
    server.on('tlsClientError', () => socket.destroy());
    server.emit('connection', socket);
  }
}

/** A CA of an inspecting proxy with a certificate for this machine; Debian's openssl makes it. */
export function inspectionCa(name: string): InspectionCa {
  const folder = mkdtempSync(join(tmpdir(), 'casare-inspection-'));
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    openssl('req', '-x509', ...curve, '-subj', `/CN=${name}`, '-keyout', 'ca.key', '-out', 'ca.pem');
    writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n');
    openssl('req', ...curve.slice(0, 5), '-subj', '/CN=seen', '-keyout', 'leaf.key', '-out', 'leaf.csr');
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
    openssl('x509', '-req', '-in', 'leaf.csr', ...by, '-out', 'leaf.pem');
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    return { name, caPem: read('ca.pem'), keyPem: read('leaf.key'), certPem: read('leaf.pem') + read('ca.pem') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Joins two streams; both end with either. */
export function splice(one: Duplex, other: Duplex): void {
  one.pipe(other).pipe(one);
  for (const [stream, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    stream.on('error', () => stream.destroy());
    stream.once('close', () => peer.destroy());
  }
}
