/** The tunnel's gateway: hands every admitted socket to the sessions. */
import { Inject } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import type { AdmittedPeer } from '../trust/index.ts';
import { TunnelSessions } from './tunnel-sessions.ts';

@WebSocketGateway()
export class TunnelGateway implements OnGatewayConnection<WebSocket> {
  readonly #sessions: TunnelSessions;

  constructor(@Inject(TunnelSessions) sessions: TunnelSessions) {
    this.#sessions = sessions;
  }

  handleConnection(socket: WebSocket, peer: AdmittedPeer): void {
    this.#sessions.begin(socket, peer);
  }
}
