/** Attack 23: whoever answers in the place of the control plane, with a certificate that is trusted. The agent lives. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { enrolServerOptions, tunnelServerOptions } from '@casare/certs';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { post } from '../../edge-agent/src/identity/enrol-http.ts';
import { createTestPki, type TestPki } from '../../edge-agent/src/identity/pki-for-tests.ts';
import { Network } from '../../edge-agent/src/network/index.ts';
import { dialGateway } from '../../edge-agent/src/tunnel/dial.ts';
import { attack } from './attack.ts';

const DIAL = 'edge-agent/src/tunnel/dial.ts';
const ENROL = 'edge-agent/src/identity/enrol-http.ts';
/** More than any head, any reply and what sockets hold on the way. */
const FLOOD_BYTES = 32_000_000;

let pki: TestPki;
let folder = '';
let server: Server;
let network: Network;
/** Heads of the requests that came. */
let heads: string[] = [];
/** What the server does with a whole request's head. */
let answer: (socket: TLSSocket, head: string) => void;
/** Bytes that the agent took of the last connection. */
let taken = 0;

beforeAll(async () => {
  pki = await createTestPki();
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casare-hostile-'));
  network = new Network(path.join(folder, 'network.json'), {});
  [heads, taken] = [[], 0];
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

async function listen(service: 'tunnel' | 'enrol'): Promise<number> {
  const options =
    service === 'tunnel'
      ? tunnelServerOptions(pki.gateway, [pki.agentRoot])
      : enrolServerOptions(pki.gateway, pki.serverRoot);
  server = createServer(options, (socket) => {
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('close', () => (taken = socket.bytesWritten));
    socket.on('data', (chunk: Buffer) => {
      if (head.includes('\r\n\r\n')) return;
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      heads.push(head);
      answer(socket, head);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

/** How a dial of the tunnel ends. */
async function dial(openingMs = 10_000): Promise<string> {
  const socket = dialGateway(network, `wss://127.0.0.1:${await listen('tunnel')}/tunnel`, pki.clientTls(), openingMs);
  let why = '';
  socket.on('error', (error) => (why = error.message));
  await new Promise((resolve) => socket.once('close', resolve));
  return why;
}

async function enrol(exchangeMs = 10_000): Promise<unknown> {
  const url = new URL(`https://127.0.0.1:${await listen('enrol')}/enrol/nonce`);
  return post(network, url, pki.serverRoot, {}, exchangeMs).catch((error: unknown) => error);
}

/** Writes for as long as it is read. */
function flood(socket: TLSSocket, piece: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.bytesWritten < FLOOD_BYTES && socket.write(piece));
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

/** A byte now and then: no silence is long enough for a time-out of its own. */
function trickle(socket: TLSSocket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 20);
  socket.once('close', () => clearInterval(timer));
}

function upgraded(socket: TLSSocket, head: string, more = ''): void {
  const key = /sec-websocket-key: (\S+)/i.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: casare.tunnel.v1\r\n${more}\r\n`,
  );
}

attack(
  23,
  'compression is neither offered nor taken',
  [{ file: DIAL, find: 'perMessageDeflate: false,' }],
  async () => {
    answer = (socket, head) => {
      upgraded(socket, head, 'Sec-WebSocket-Extensions: permessage-deflate\r\n');
      if (/permessage-deflate/i.test(head)) socket.end();
    };
    expect(await dial()).toMatch(/Sec-WebSocket-Extensions/);
    expect(heads[0]).not.toMatch(/permessage-deflate/i);
  },
);

attack(
  23,
  'redirects are not followed, not once',
  [{ file: DIAL, find: 'followRedirects: false,', replace: 'followRedirects: true,' }],
  async () => {
    answer = (socket) => {
      const { port } = server.address() as AddressInfo;
      socket.end(`HTTP/1.1 302 Found\r\nLocation: wss://127.0.0.1:${port}/tunnel\r\nContent-Length: 0\r\n\r\n`);
    };
    expect(await dial()).toMatch(/302/);
    expect(heads).toHaveLength(1);
  },
);

attack(
  23,
  'a huge frame is refused by its head',
  [{ file: DIAL, find: 'maxPayload: SERVER_FRAME_BYTES,' }],
  async () => {
    answer = (socket, head) => {
      upgraded(socket, head);
      const frame = Buffer.alloc(10);
      frame.writeUInt8(0x82, 0);
      frame.writeUInt8(127, 1);
      frame.writeBigUInt64BE(64n * 1_048_576n, 2);
      socket.write(frame);
      // without the bound the frame goes on and on, until the other side has enough of it
      setTimeout(() => socket.destroy(), 2_000).unref();
    };
    expect(await dial()).toMatch(/max payload size exceeded/i);
  },
);

attack(
  23,
  'an answer that never ends, byte by byte, ends with the dial',
  [
    {
      file: DIAL,
      find: 'const timer = setTimeout(() => dial.abort(late), openingMs);',
      replace: 'const timer = undefined;',
    },
  ],
  async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX-Slow: ');
      trickle(socket, 'x');
    };
    expect(await dial(400)).toMatch(/does not finish its answer/);
  },
);

attack(
  23,
  'a reply that is fed byte by byte ends with the exchange',
  [
    {
      file: ENROL,
      find: 'const timer = setTimeout(() => over.abort(slow), exchangeMs);',
      replace: 'const timer = undefined;',
    },
  ],
  async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      trickle(socket, '1\r\n \r\n');
    };
    expect(await enrol(400)).toMatchObject({
      code: 'ENROL_FAILED',
      message: expect.stringMatching(/no whole answer/) as string,
    });
  },
);

attack(
  23,
  'a reply without end is cut off, and so is a head without end',
  [{ file: ENROL, find: 'if (bytes > REPLY_BYTES)', replace: 'if (bytes < 0)' }],
  async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n');
      flood(socket, 'x'.repeat(65_536));
    };
    expect(await enrol()).toMatchObject({ code: 'ENROL_FAILED' });
    server.close();
    await once(server, 'close');
    expect(taken).toBeLessThan(FLOOD_BYTES / 2);

    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, `X-Header: ${'x'.repeat(1_000)}\r\n`);
    };
    expect(await enrol()).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/HPE_HEADER_OVERFLOW/) as string,
    });
  },
);
