/**
 * A small order service, the target of the example: `node server.ts --port 0 --stop-with-stdin` serves it on loopback and
 * prints `{"url": "http://…/"}`. Who asks needs the token `open sesame`. It runs by Node's own type stripping.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

interface Order {
  readonly id: number;
  readonly customer: string;
  readonly total: number;
  state: 'open' | 'confirmed';
}

const TOKEN = 'open sesame';
const PAGE = 2;
const orders: Order[] = [
  { id: 1, customer: 'Ada', total: 120, state: 'open' },
  { id: 2, customer: 'Grace', total: 75.5, state: 'open' },
  { id: 3, customer: 'Edsger', total: 12, state: 'confirmed' },
  { id: 4, customer: 'Barbara', total: 300, state: 'open' },
];
/** Orders whose first confirmation fails, as services do on bad days. */
const flaky = new Set([2]);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://orders.invalid');
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return send(401, { title: 'no token, or a wrong one' });
  if (request.method === 'GET' && url.pathname === '/orders') {
    const page = Number(url.searchParams.get('page') ?? 1);
    const wanted = orders.filter(({ state }) => state === url.searchParams.get('state'));
    const items = wanted.slice((page - 1) * PAGE, page * PAGE);
    return send(200, { items, next: page * PAGE < wanted.length ? page + 1 : null });
  }
  const id = Number(/^\/orders\/(\d+)\/confirmation$/.exec(url.pathname)?.[1]);
  const order = orders.find((one) => one.id === id);
  if (order === undefined || request.method !== 'PUT') return send(404, { title: 'there is no such thing' });
  if (flaky.delete(id)) return send(503, { title: 'come back later' });
  order.state = 'confirmed';
  return send(200, order);
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'stop-with-stdin': { type: 'boolean' } },
});
const server = createServer(answer);
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}/` }));
});
if (values['stop-with-stdin'] === true) process.stdin.resume().once('end', () => process.exit(0));
