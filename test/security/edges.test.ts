/** Attack 19: on whose connection it is. Only a listed balancer may say so, exactly, briefly, and in time. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect } from 'vitest';
import { openListener, type OpenListener } from '../../control-plane/src/platform/http/listeners.ts';
import { createLog } from '../../control-plane/src/platform/log.ts';
import { clientOf } from '../../control-plane/src/platform/edge/client-address.ts';
import { ownPort } from '../../control-plane/src/platform/edge/entrances.ts';
import { parseSources } from '../../control-plane/src/platform/edge/sources.ts';
import { attack } from './attack.ts';

const REQUEST =
  'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.99\r\nForwarded: for=203.0.113.99\r\nConnection: close\r\n\r\n';
const V1 = 'PROXY TCP4 203.0.113.99 203.0.113.5 56506 443\r\n';
/** Version 2 with as many bytes after its fixed part as its length says. */
const v2 = (rest: number) =>
  Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a2111', 'hex'),
    Buffer.from([rest >> 8, rest & 0xff]),
    Buffer.from('cb007163cb007105dcba01bb', 'hex'),
    Buffer.alloc(rest - 12),
  ]);

let listener: OpenListener;
afterEach(() => listener.close(0));

/** A listener that answers with the address it takes the client for. */
async function open(sources: string, openingMs = 60_000): Promise<void> {
  const log = createLog({ level: 'info', name: 'test', destination: { write: () => undefined } });
  const server = createServer((request, response) => void response.end(clientOf(request.socket).address));
  const options = { log, sources: parseSources(sources), openingMs };
  listener = await openListener(server, ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' }, options));
}

async function dial(): Promise<Socket> {
  const socket = connect({ port: listener.port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** The answer to `bytes`; null when there is none of HTTP 200. */
async function ask(bytes: string | Buffer): Promise<string | null> {
  const socket = await dial();
  let heard = '';
  socket.setEncoding('latin1').on('data', (text: string) => (heard += text));
  const closed = once(socket, 'close');
  socket.write(bytes);
  await closed;
  return heard.startsWith('HTTP/1.1 200') ? heard.slice(heard.indexOf('\r\n\r\n') + 4) : null;
}

attack(
  19,
  'who is no listed balancer names no client: its PROXY header is no header, and what it forwards is not read',
  [
    {
      file: 'control-plane/src/platform/edge/entrances.ts',
      find: "this.#options.sources?.has(socket.remoteAddress ?? '') ?? false",
      replace: 'this.#options.sources !== null',
    },
  ],
  async () => {
    await open('10.0.0.0/8, ::1');
    expect(await ask(REQUEST)).toContain('127.0.0.1');
    expect(await ask(V1 + REQUEST)).toBe(null);
    expect(await ask(Buffer.concat([v2(12), Buffer.from(REQUEST)]))).toBe(null);
  },
);

attack(
  19,
  'a listed balancer must name it, and in no more bytes than a header may have',
  [
    {
      file: 'control-plane/src/platform/edge/proxy-header.ts',
      find: 'if (length > PROXY_HEADER_BYTES) return malformed(`a PROXY header longer than ${PROXY_HEADER_BYTES} bytes`);',
    },
    {
      file: 'control-plane/src/platform/edge/proxy-header.ts',
      find: "return malformed('no PROXY header');",
      replace: "return { state: 'read', length: 0, client: null };",
    },
  ],
  async () => {
    await open('127.0.0.0/8');
    expect(await ask(V1 + REQUEST)).toContain('203.0.113.99');
    expect(await ask(REQUEST)).toBe(null);
    expect(await ask(Buffer.concat([v2(60_000), Buffer.from(REQUEST)]))).toBe(null);
  },
);

attack(
  19,
  'half a header does not hold a connection',
  [{ file: 'control-plane/src/platform/edge/opening.ts', find: "fail('it took too long')", replace: 'undefined' }],
  async () => {
    await open('127.0.0.0/8', 50);
    const socket = await dial();
    socket.resume().write('PROXY TCP4');
    await once(socket, 'close');
  },
);
