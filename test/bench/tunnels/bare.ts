/**
 * A part: the peer. `node:https` with the same certificates and TLS settings and `ws`, and nothing else: it answers
 * the first message with one as long as `welcome` and every other with one as long as `pong`.
 */
import { SUBPROTOCOL } from '@casare/shared/protocol';
import { tunnelServerOptions } from '@casare/certs';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeHeapSnapshot } from 'node:v8';
import { WebSocketServer } from 'ws';
import { serve } from '../frame/child.ts';
import type { Credentials } from './leaves.ts';
import { usage, usageAfterGc } from './usage.ts';

const WELCOME = { type: 'welcome', session: randomUUID(), pingMs: 15_000, deadMs: 45_000, leaseMs: 60_000, runs: [] };

async function start({ privateKeyPem, chainPem, agentRoots }: Credentials['bare']): Promise<number> {
  const server = createServer(tunnelServerOptions({ privateKeyPem, chainPem }, agentRoots));
  const webSockets = new WebSocketServer({
    ...{ server, clientTracking: false, perMessageDeflate: false, maxPayload: 1_048_576 },
    handleProtocols: () => SUBPROTOCOL,
  });
  webSockets.on('connection', (socket) => {
    let n = 0;
    socket.on('error', () => socket.terminate());
    socket.on('message', () => {
      socket.send(JSON.stringify(n === 0 ? WELCOME : { type: 'pong', n, leaseMs: 60_000 }));
      n += 1;
    });
  });
  server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 });
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

serve({
  start,
  usage: async () => usage(),
  usageAfterGc: () => usageAfterGc(),
  snapshot: async (file: string) => writeHeapSnapshot(file),
});
