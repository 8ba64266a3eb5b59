/** For tests: the web's end of carriers, as the control plane has it, with a certificate of any CA. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { CARRIER_FRAME_BYTES, CARRIER_PATHS, CARRIER_SUBPROTOCOL } from '@casare/shared/protocol';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { type InspectionCa, splice } from './proxy-for-tests.ts';

export class CarrierWeb {
  readonly url: string;
  /** Paths that were asked for. */
  readonly carried: string[] = [];
  /** Takes an opened carrier instead of the service. */
  hostile: ((socket: WebSocket) => void) | null = null;
  /** The carriers, newest last. */
  readonly sockets: WebSocket[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `tunnel` and `enrol`: ports of this machine where the services listen. */
  static async start(ca: InspectionCa, services: { tunnel?: number; enrol?: number }): Promise<CarrierWeb> {
    const server = createServer({ key: ca.keyPem, cert: ca.certPem }, (_, response) => {
      response.writeHead(302, { location: 'https://127.0.0.1/login' }).end();
    });
    server.on('tlsClientError', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const web = new CarrierWeb(server);
    const sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: CARRIER_FRAME_BYTES,
      handleProtocols: () => CARRIER_SUBPROTOCOL,
    });
    server.on('upgrade', (request, socket, head) => {
      const service = request.url === CARRIER_PATHS.tunnel ? services.tunnel : services.enrol;
      web.carried.push(request.url ?? '');
      sockets.handleUpgrade(request, socket, head, (opened) => {
        opened.on('error', () => opened.terminate());
        web.sockets.push(opened);
        if (web.hostile !== null) web.hostile(opened);
        else splice(createWebSocketStream(opened), connect(service ?? 0, '127.0.0.1'));
      });
    });
    return web;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
