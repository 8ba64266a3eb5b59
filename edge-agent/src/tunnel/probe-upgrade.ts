/** The last step of a way out, tried for `doctor`: the WebSocket opens, and the gateway does not end it at once. No hello is sent. */
import type { ConnectionOptions } from 'node:tls';
import { CLOSE } from '@casare/shared/protocol';
import { describe, Fault } from '../fault.ts';
import { connectFault, type Network } from '../network/index.ts';
import { dialGateway } from './dial.ts';

/** TLS 1.3 tells a refused client certificate only after the handshake, and a gateway closes after the upgrade. */
const REFUSAL_MS = 500;
const OPENING_MS = 25_000;

export interface UpgradeEnded {
  /** The WebSocket was open before it ended. */
  readonly upgraded: boolean;
  /** The gateway answered the upgrade with a refusal of its own. */
  readonly refused: boolean;
  readonly why: string;
}

/** Null when it stays open. Throws what keeps the connection from being made. */
export function probeUpgrade(network: Network, url: string, tls: ConnectionOptions): Promise<UpgradeEnded | null> {
  return new Promise((resolve, reject) => {
    const socket = dialGateway(network, url, tls, OPENING_MS);
    let upgraded = false;
    let status: number | null = null;
    const end = (answer: UpgradeEnded | null): void => {
      resolve(answer);
      socket.terminate();
    };
    socket.once('open', () => {
      upgraded = true;
      setTimeout(() => end(null), REFUSAL_MS);
    });
    socket.once('unexpected-response', (_, response) => {
      status = response.statusCode ?? 0;
      end({ upgraded, refused: status === 401 || status === 403, why: `the upgrade was answered with HTTP ${status}` });
    });
    socket.on('error', (error) => {
      if (error instanceof Fault) reject(error);
      else if (/^(Invalid|Unexpected|Server sent|Parse Error)/.test(error.message) || /^HPE_/.test(codeText(error))) {
        end({ upgraded, refused: false, why: describe(error) });
      } else reject(connectFault(new URL(url), error));
    });
    socket.once('close', (code, reason) =>
      end({ upgraded, refused: code === CLOSE.locked, why: `closed (${code}) ${reason.toString()}`.trim() }),
    );
  });
}

function codeText(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
