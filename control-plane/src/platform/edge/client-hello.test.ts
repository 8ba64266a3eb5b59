/** The reader against hellos of real clients, OpenSSL's reading of the same bytes, and bytes of an attacker. */
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { duplexPair } from 'node:stream';
import { connect, createServer, type ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { HELLO_BYTES, HELLO_WIRE_BYTES, HelloReader, type HelloRead } from './client-hello.ts';
import { seededRandom } from './testing.ts';

describe('a ClientHello of Node', () => {
  test.each<[string, ConnectionOptions, string | null, string[]]>([
    [
      'with both',
      { servername: 'Tunnel.Example', ALPNProtocols: ['casare-tunnel', 'http/1.1'] },
      'tunnel.example',
      ['casare-tunnel', 'http/1.1'],
    ],
    ['without a name', { servername: '', ALPNProtocols: ['casare-enrol'] }, null, ['casare-enrol']],
    ['without protocols', { servername: 'a.b' }, 'a.b', []],
    ['of TLS 1.2', { servername: 'a.b', ALPNProtocols: ['h2'], maxVersion: 'TLSv1.2' }, 'a.b', ['h2']],
  ])('%s', async (_, options, serverName, protocols) => {
    const bytes = await helloOf(options);
    expect(read([bytes])).toEqual({ state: 'read', hello: { serverName, protocols } });
  });

  test('in segments and records of any size it says the same', async () => {
    const whole = await helloOf({ servername: 'tunnel.example', ALPNProtocols: ['casare-tunnel'] });
    const expected = read([whole]);
    const random = seededRandom(1);
    for (let round = 0; round < 300; round++) {
      const records = inRecords(messageOf(whole), () => 1 + Math.floor(random() ** 3 * 600));
      expect(read(inPieces(records, () => 1 + Math.floor(random() ** 3 * 400)))).toEqual(expected);
    }
    expect(
      read(
        inPieces(
          inRecords(messageOf(whole), () => 1),
          () => 1,
        ),
      ),
    ).toEqual(expected);
  });

  test('cut anywhere it waits for more; what follows in other records is not read', async () => {
    const whole = await helloOf({ servername: 'a.b' });
    for (let length = 0; length < whole.length; length++) {
      expect(read([whole.subarray(0, length)]), String(length)).toEqual({ state: 'more' });
    }
    expect(read([Buffer.concat([whole, Buffer.from('anything')])])).toMatchObject({ state: 'read' });
  });
});

describe('a ClientHello made by hand', () => {
  test('GREASE values, unknown extensions and none at all are as if they were not there', () => {
    const grease = [extension(0x0a0a, ''), extension(0xfafa, '00'), extension(0x1234, 'ffff')];
    const named = [...grease, serverName('a.b'), protocols('\u000a\u000a', 'casare-enrol')];
    expect(read([hello(named)])).toMatchObject({
      hello: { serverName: 'a.b', protocols: ['\u000a\u000a', 'casare-enrol'] },
    });
    expect(read([hello(null)])).toEqual({ state: 'read', hello: { serverName: null, protocols: [] } });
    expect(read([hello([])])).toEqual({ state: 'read', hello: { serverName: null, protocols: [] } });
  });

  const record = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type, 3, 1]), uint(2, body.length), body]);
  const good = hello([serverName('a.b')]);
  test.each<[string, Buffer]>([
    ['no TLS', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a single wrong byte', Buffer.from([0x47])],
    ['SSL 2', Buffer.from('802e0100020015', 'hex')],
    ['an alert', record(21, Buffer.from([2, 0]))],
    ['an empty record', record(22, Buffer.alloc(0))],
    ['a record that is too long', Buffer.concat([Buffer.from([22, 3, 1]), uint(2, 16_385)])],
    ['another message', record(22, Buffer.from([2, 0, 0, 0]))],
    [
      'an alert between its records',
      Buffer.concat(
        [inRecords(messageOf(good), () => 50), record(21, Buffer.from([1, 0]))].map((b, n) =>
          n === 0 ? b.subarray(0, 55) : b,
        ),
      ),
    ],
    ['something after it in its record', record(22, Buffer.concat([messageOf(good), Buffer.from([0])]))],
    ['a length beyond all bounds', record(22, Buffer.from([1, 0xff, 0xff, 0xff]))],
    ['a length just beyond', record(22, Buffer.concat([Buffer.from([1]), uint(3, HELLO_BYTES + 1)]))],
    ['an extension twice', hello([extension(5, ''), extension(5, '')])],
    ['two names', hello([serverName('a.b'), serverName('c.d')])],
    ['two names in one extension', hello([extension(0, '000c' + '000003612e62' + '000003632e64')])],
    ['an empty name', hello([serverName('')])],
    ['a name with a NUL', hello([serverName('a.b\0.evil')])],
    ['a name with a line break', hello([serverName('a\nb')])],
    ['a name with a final dot', hello([serverName('a.b.')])],
    ['a name that is too long', hello([serverName('a'.repeat(256))])],
    ['a name of another type', hello([extension(0, '0006' + '010003612e62')])],
    ['an empty extension of names', hello([extension(0, '')])],
    ['a list of names with a rest', hello([extension(0, '0006' + '000003612e62' + '00')])],
    ['an empty list of protocols', hello([extension(16, '0000')])],
    ['an empty protocol', hello([extension(16, '000100')])],
    ['a protocol beyond its list', hello([extension(16, '0003' + '056832')])],
    ['an extension beyond the end', hello([Buffer.from('00100fff00', 'hex')])],
  ])('%s is refused', (_, bytes) => {
    expect(read([bytes])).toMatchObject({ state: 'malformed' });
    expect(read(inPieces(bytes, () => 1))).toMatchObject({ state: 'malformed' });
  });

  test('records of one byte are bounded', () => {
    const message = messageOf(hello([extension(21, '00'.repeat(8_000))]));
    const bytes = inRecords(message, () => 1);
    expect(bytes.length).toBeGreaterThan(HELLO_WIRE_BYTES);
    expect(read([bytes])).toMatchObject({ state: 'malformed', why: expect.stringContaining('records') as string });
    expect(read([inRecords(message, () => 1_000)])).toMatchObject({ state: 'read' });
  });
});

test('OpenSSL reads the same name and protocols wherever both take the hello', async () => {
  const whole = await helloOf({ servername: 'tunnel.example', ALPNProtocols: ['casare-tunnel', 'http/1.1'] });
  const random = seededRandom(7);
  let [both, refused] = [0, 0];
  for (let round = 0; round < 1_500; round++) {
    const bytes = Buffer.from(whole);
    const changes = round === 0 ? 0 : 1 + Math.floor(random() * 3);
    // The record's and the message's head are left alone half of the time, so that changes get deeper.
    const from = random() < 0.5 ? 9 : 0;
    for (let n = 0; n < changes; n++)
      bytes[from + Math.floor(random() * (bytes.length - from))] = Math.floor(random() * 256);
    const ours = read([bytes]);
    if (ours.state !== 'read') {
      refused += 1;
      continue;
    }
    const theirs = await readByOpenssl(bytes);
    if (theirs === null) continue;
    both += 1;
    // Node shows the protocols in seven bits.
    const names = ours.hello.protocols.map((name) =>
      String.fromCharCode(...[...name].map((letter) => letter.charCodeAt(0) & 0x7f)),
    );
    expect({ round, ...theirs }).toEqual({ round, ...ours.hello, protocols: names });
  }
  expect(both).toBeGreaterThan(300);
  expect(refused).toBeGreaterThan(100);
});

test('random bytes never throw, and never take more than what is bounded', () => {
  const random = seededRandom(3);
  for (let round = 0; round < 3_000; round++) {
    const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
    if (round % 2 === 0) bytes.set([22, 3, 1, 0, bytes.length & 0xff, 1, 0, 0].slice(0, bytes.length));
    expect(['more', 'malformed', 'read']).toContain(read([bytes]).state);
  }
  const endless = new HelloReader();
  let fed = 0;
  while (endless.push(inRecords(Buffer.alloc(100, 1), () => 2)).state === 'more') fed += 1;
  expect(fed).toBeLessThan(1_000);
});

function read(pieces: readonly Buffer[]): HelloRead {
  const reader = new HelloReader();
  for (const piece of pieces) {
    const answer = reader.push(piece);
    if (answer.state !== 'more') return answer;
  }
  return { state: 'more' };
}

/** The first bytes that Node's client sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createTcpServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = connect({ ...options, port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [import('node:net').Socket];
  const chunks: Buffer[] = [];
  while (read(chunks).state === 'more') chunks.push(((await once(socket, 'data')) as [Buffer])[0]);
  client.destroy();
  socket.destroy();
  server.close();
  return Buffer.concat(chunks);
}

/** What a TLS server of Node takes for the name and the protocols; null when it refuses the hello. */
async function readByOpenssl(bytes: Buffer): Promise<{ serverName: string | null; protocols: string[] } | null> {
  const heard: { serverName: string | null; protocols: string[] } = { serverName: null, protocols: [] };
  const over = Promise.withResolvers<boolean>();
  const server = createServer({
    ALPNCallback: ({ servername, protocols: offered }) => {
      heard.serverName = servername === '' || !servername ? null : servername.toLowerCase();
      heard.protocols = offered;
      over.resolve(true);
      return undefined;
    },
  });
  server.on('tlsClientError', () => over.resolve(false));
  const [near, far] = duplexPair();
  far.on('error', () => undefined).resume();
  server.emit('connection', near);
  far.end(bytes);
  const taken = await over.promise;
  near.destroy();
  far.destroy();
  return taken ? heard : null;
}

function inPieces(bytes: Buffer, size: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + size();
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

function inRecords(message: Buffer, size: () => number): Buffer {
  const head = (length: number) => Buffer.concat([Buffer.from([22, 3, 1]), uint(2, length)]);
  return Buffer.concat(inPieces(message, size).flatMap((piece) => [head(piece.length), piece]));
}

/** The message in a hello that is one record. */
function messageOf(record: Buffer): Buffer {
  return record.subarray(5, 5 + record.readUInt16BE(3));
}

function uint(length: number, value: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

function extension(type: number, hex: string): Buffer {
  const data = Buffer.from(hex, 'hex');
  return Buffer.concat([uint(2, type), uint(2, data.length), data]);
}

function serverName(name: string): Buffer {
  const bytes = Buffer.from(name, 'latin1');
  return extension(
    0,
    Buffer.concat([uint(2, bytes.length + 3), uint(1, 0), uint(2, bytes.length), bytes]).toString('hex'),
  );
}

function protocols(...names: string[]): Buffer {
  const list = Buffer.concat(names.flatMap((name) => [uint(1, name.length), Buffer.from(name, 'latin1')]));
  return extension(16, Buffer.concat([uint(2, list.length), list]).toString('hex'));
}

/** One record with a ClientHello; null: of the old form without extensions. */
function hello(extensions: readonly Buffer[] | null): Buffer {
  const fixed = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    uint(1, 0),
    Buffer.from('000213010100', 'hex'),
  ]);
  const list = extensions === null ? [] : [Buffer.concat(extensions)];
  const body = Buffer.concat([fixed, ...list.flatMap((bytes) => [uint(2, bytes.length), bytes])]);
  const message = Buffer.concat([uint(1, 1), uint(3, body.length), body]);
  return Buffer.concat([Buffer.from([22, 3, 1]), uint(2, message.length), message]);
}
