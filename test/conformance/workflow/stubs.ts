/**
 * Servers on loopback in place of those on the internet: every address that a document calls leads here. What each answers
 * is what the real one does, as far as the scenarios look; more is added by a scenario.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTransport, type Transport } from '../../../edge-agent/src/steps/http/index.ts';

/** An answer of a stub. */
export interface StubAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `method host/path` without the query. */
type Key = string;

const PET = (id: number) => ({ id, name: 'Milou', status: 'available', tags: [] });
const parameter = (name: string, more: object) => ({ name, required: true, ...more });
const SWAGGER = {
  swagger: '2.0',
  host: 'petstore.swagger.io',
  basePath: '/v2',
  schemes: ['https', 'http'],
  paths: {
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        produces: ['application/json', 'application/xml'],
        parameters: [
          parameter('status', { in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' }),
        ],
      },
    },
    '/pet/{petId}': {
      get: {
        operationId: 'getPetById',
        parameters: [parameter('petId', { in: 'path', type: 'integer', format: 'int64' })],
      },
    },
  },
  securityDefinitions: { api_key: { type: 'apiKey', name: 'api_key', in: 'header' } },
};

/** What the kit's servers answer. */
function builtIn(key: Key, request: IncomingMessage): StubAnswer | null {
  const pet = /^GET petstore\.swagger\.io\/v2\/pet\/(\d+)$/.exec(key);
  if (pet !== null) return { body: PET(Number(pet[1])) };
  if (key === 'GET petstore.swagger.io/v2/swagger.json') return { body: SWAGGER };
  if (key === 'GET petstore.swagger.io/v2/pet/findByStatus') return { body: [PET(1), PET(2)] };
  const login = /^GET httpbin\.org\/basic-auth\/([^/]+)\/([^/]+)$/.exec(key);
  if (login === null) return null;
  const wanted = `Basic ${Buffer.from(`${login[1]}:${login[2]}`).toString('base64')}`;
  if (request.headers.authorization === wanted) return { body: { authenticated: true, user: login[1] } };
  return { status: 401, headers: { 'www-authenticate': 'Basic realm="Fake Realm"' } };
}

export class Stubs {
  /** Requests as they arrived, `method host/path?query`. */
  readonly asked: string[] = [];
  readonly #answers = new Map<Key, StubAnswer[]>();
  readonly #silent = new Map<Key, () => void>();
  readonly #server = createServer((request, response) => this.#answer(request, response));

  static async start(): Promise<Stubs> {
    const stubs = new Stubs();
    await new Promise<void>((resolve) => stubs.#server.listen(0, '127.0.0.1', resolve));
    return stubs;
  }

  /** Answers, one after the other; the last one stays. */
  answer(key: Key, answers: readonly StubAnswer[]): void {
    this.#answers.set(key, [...answers]);
  }

  /** Never answers; `asked` is told when it is asked. */
  silence(key: Key, asked: () => void): void {
    this.#silent.set(key, asked);
  }

  /** Forgets what a scenario has said and seen. */
  reset(): void {
    this.asked.length = 0;
    this.#answers.clear();
    this.#silent.clear();
  }

  /** The agent's own transport, with every address leading here. */
  get transport(): Transport {
    const real = createTransport({});
    const { port } = this.#server.address() as AddressInfo;
    return (request, limits) => {
      const { host, pathname, search } = request.url;
      const url = new URL(`http://127.0.0.1:${port}${pathname}${search}`);
      return real({ ...request, url, headers: { ...request.headers, 'x-stub-host': host } }, limits);
    };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const what = `${request.method} ${String(request.headers['x-stub-host'])}${request.url}`;
    const key = what.split('?')[0] ?? '';
    this.asked.push(what);
    request.resume();
    const silent = this.#silent.get(key);
    if (silent !== undefined) return silent();
    const own = this.#answers.get(key);
    const answer = (own !== undefined && own.length > 1 ? own.shift() : own?.[0]) ?? builtIn(key, request);
    const { status = 200, body, headers } = answer ?? { status: 404, body: { code: 1, message: 'not found' } };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  }
}
