/** Which end of the session means that the agent is gone, and which only that it was not let in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tunnelServerOptions } from '@casare/certs';
import { CLOSE, SUBPROTOCOL } from '@casare/shared/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createTestPki, type TestPki } from '../identity/pki-for-tests.ts';
import { Network } from '../network/index.ts';
import { sayLeave } from './leave.ts';

let pki: TestPki;
let folder = '';
beforeAll(async () => {
  pki = await createTestPki();
  folder = mkdtempSync(join(tmpdir(), 'casare-leave-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [CLOSE.left, 'gone', null],
  [CLOSE.notAdmitted, 'CERTIFICATE_REVOKED', 'it ends the session: CERTIFICATE_REVOKED'],
  [CLOSE.goingAway, 'another session', 'it ends the session: another session'],
])('an end with %s (%s)', async (code, reason, said) => {
  const server = createServer(tunnelServerOptions(pki.gateway, [pki.agentRoot]));
  const upgrades = new WebSocketServer({ server, handleProtocols: () => SUBPROTOCOL });
  upgrades.on('connection', (socket) => socket.once('message', () => socket.close(code, reason)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `wss://127.0.0.1:${(server.address() as AddressInfo).port}/tunnel`;
  const network = new Network(join(folder, 'network.json'), {});
  expect(await sayLeave({ network, url, tls: pki.clientTls() }, 10_000)).toBe(said);
  server.close();
});
