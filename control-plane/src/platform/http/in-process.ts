/**
 * A `fetch` whose requests are answered by a listener of this process, over connections that exist only in memory: nothing
 * listens, so nobody else can call.
 */
import { createServer, request, type IncomingMessage, type RequestListener } from 'node:http';
import { duplexPair, Readable } from 'node:stream';

/** Only what `createClient` uses: a URL, a method, headers, a text body and a signal. */
export function fetchFrom(listener: RequestListener): typeof fetch {
  const server = createServer(listener);
  return async (input, init = {}) => {
    const response = await exchange(server, new URL(String(input)), init);
    const { statusCode: status = 500, headers } = response;
    const fields = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] satisfies [string, string]],
    );
    const body = status === 204 ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>);
    return new Response(body, { status, headers: fields });
  };
}

function exchange(server: ReturnType<typeof createServer>, url: URL, init: RequestInit): Promise<IncomingMessage> {
  const [near, far] = duplexPair();
  server.emit('connection', far);
  return new Promise((resolve, reject) => {
    const text = typeof init.body === 'string' ? init.body : '';
    const headers = { ...(init.headers as Record<string, string>), 'content-length': Buffer.byteLength(text) };
    const options = { method: init.method ?? 'GET', headers, createConnection: () => near as never };
    const sending = request(url, { ...options, ...(init.signal ? { signal: init.signal } : {}) }, resolve);
    sending.on('error', reject);
    sending.end(text);
  });
}
