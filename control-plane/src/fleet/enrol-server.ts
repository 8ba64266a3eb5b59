/** The enrol listener: HTTPS without client certificates, bounded like everything that strangers can reach. */
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { TlsOptions } from 'node:tls';
import type { Entrance } from '../platform/edge/entrances.ts';
import { boundHandshakes } from '../platform/edge/pending-handshakes.ts';
import { openListener, type OpenListener } from '../platform/http/listeners.ts';

const HANDSHAKES = 500;
const CONNECTIONS = 2_000;
const HEAD_MS = 10_000;
const REQUEST_MS = 30_000;

export class EnrolServer {
  #server: Server | null = null;
  #listener: OpenListener | null = null;

  /** Starts to serve; gives the port. @throws Fault PORT_IN_USE, PORT_NOT_USABLE */
  async listen(tls: TlsOptions, requests: RequestListener, entrance: Entrance): Promise<number> {
    const limits = {
      maxHeaderSize: 8_192,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 2_000,
    };
    const server = createServer({ ...tls, ...limits }, requests);
    server.maxHeadersCount = 100;
    server.maxConnections = CONNECTIONS;
    boundHandshakes(server, HANDSHAKES);
    server.on('tlsClientError', (_, socket) => socket.destroy());
    this.#server = server;
    this.#listener = await openListener(server, entrance);
    return this.#listener.port;
  }

  /** New connections get this certificate. */
  renew({ key, cert, minVersion, maxVersion, secureOptions }: TlsOptions): void {
    this.#server?.setSecureContext({ key, cert, minVersion, maxVersion, secureOptions });
  }

  async close(): Promise<void> {
    await this.#listener?.close(1_000);
  }
}
