/**
 * Nest's WebSocket adapter over our own tunnel listener: Nest sees a server that exists already, and sockets that were
 * admitted. Messages do not pass through Nest: a session handles them in order, with back-pressure.
 */
import type { WebSocketAdapter } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { TunnelServer } from './tunnel-server.ts';

export class TunnelAdapter implements WebSocketAdapter<TunnelServer, WebSocket> {
  readonly #server: TunnelServer;

  constructor(server: TunnelServer) {
    this.#server = server;
  }

  create(): TunnelServer {
    return this.#server;
  }

  bindClientConnect(server: TunnelServer, callback: (...args: unknown[]) => void): void {
    server.onTunnel((socket, peer) => callback(socket, peer));
  }

  bindClientDisconnect(client: WebSocket, callback: (reason?: unknown) => void): void {
    client.on('close', (code) => callback(code));
  }

  closeClient(client: WebSocket): void {
    client.terminate();
  }

  bindMessageHandlers(): void {
    // A session listens to its socket itself.
  }

  /** The listener is closed by the fleet, which opened it. */
  close(): void {}

  dispose(): void {}
}
