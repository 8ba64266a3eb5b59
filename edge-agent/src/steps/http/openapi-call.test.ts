import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newRunFolder, removeRunFolders } from '../../engine/engine-for-tests.ts';
import { json, runHttp, serve, type TestServer } from './server-for-tests.ts';

const OPENAPI = {
  openapi: '3.1.0',
  servers: [{ url: '/{base}/', variables: { base: { default: 'api' } } }],
  paths: {
    '/pets': {
      parameters: [{ name: 'trace', in: 'header' }],
      get: {
        operationId: 'findPets',
        parameters: [
          { name: 'status', in: 'query' },
          { name: 'ids', in: 'query', explode: false },
          { name: 'near', in: 'query', style: 'deepObject' },
          { name: 'session', in: 'cookie' },
          { $ref: '#/components/parameters/Limit' },
        ],
      },
      post: {
        operationId: 'addPet',
        servers: [{ url: '/writes' }],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } },
        },
      },
    },
    '/pets/{id}': { get: { operationId: 'getPet', parameters: [{ name: 'id', in: 'path', required: true }] } },
    '/loop': { $ref: '#/paths/~1loop' },
  },
  components: {
    parameters: { Limit: { name: 'limit', in: 'query' } },
    schemas: { Pet: { type: 'object', properties: { name: {}, tags: {} } } },
    securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'api_key' } },
  },
};
const SWAGGER = {
  swagger: '2.0',
  basePath: '/v2',
  consumes: ['application/json'],
  paths: {
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        parameters: [
          {
            name: 'status',
            in: 'query',
            type: 'array',
            required: true,
            items: { type: 'string' },
            collectionFormat: 'multi',
          },
        ],
      },
    },
    '/pet': { put: { operationId: 'updatePet', parameters: [{ name: 'pet', in: 'body', required: true }] } },
    '/form': {
      post: {
        operationId: 'send',
        parameters: [
          { name: 'name', in: 'formData', type: 'string' },
          { name: 'size', in: 'formData', type: 'integer' },
        ],
      },
    },
  },
};

let server: TestServer;
beforeAll(async () => {
  server = await serve((asked, response) => {
    if (asked.path === '/openapi.json') return json(response, OPENAPI);
    if (asked.path === '/openapi.yaml')
      return void response
        .writeHead(200, { 'content-type': 'text/yaml' })
        .end(`--- # JSON is YAML, behind a comment\n${JSON.stringify(OPENAPI)}`);
    if (asked.path === '/swagger.json') return json(response, SWAGGER);
    if (asked.path === '/bad.json') return void response.writeHead(200).end('{"openapi": ');
    if (asked.path === '/old.json') return json(response, { swagger: '1.2' });
    if (asked.path === '/moved.json') return void response.writeHead(301, { location: '/openapi.json' }).end();
    return json(response, { method: asked.method, path: asked.path });
  });
});
afterAll(async () => {
  await server.close();
  removeRunFolders();
});
beforeEach(() => void (server.asked.length = 0));

const task = (document: string, operationId: string, parameters: unknown, more = '') =>
  `{ call: openapi, with: { document: { endpoint: 'ORIGIN/${document}' }, operationId: ${operationId}, parameters: ${JSON.stringify(parameters)}${more} } }`;
const run = (...of: Parameters<typeof task>) => runHttp(`do:\n  - a: ${task(...of)}`, server.origin);
const called = () => server.asked.at(-1)!;

describe('call: openapi', () => {
  it.each(['openapi.json', 'openapi.yaml', 'moved.json'])('makes the request that %s describes', async (document) => {
    const given = {
      status: ['a', 'b c'],
      ids: [1, 2],
      near: { lat: 1, lon: 2 },
      session: 's 1',
      limit: 5,
      trace: 't',
      api_key: 'k',
    };
    const { ending } = await run(document, 'findPets', given);
    expect(ending).toMatchObject({ type: 'run.completed', output: { method: 'GET' } });
    expect(called().path).toBe('/api/pets?status=a&status=b+c&ids=1%2C2&near%5Blat%5D=1&near%5Blon%5D=2&limit=5');
    expect(called().headers).toMatchObject({ trace: 't', api_key: 'k', cookie: 'session=s%201' });
  });

  it('fills paths so that data cannot leave its place', async () => {
    await run('openapi.json', 'getPet', { id: '../../admin?x=1#y' });
    expect(called().path).toBe('/api/pets/..%2F..%2Fadmin%3Fx%3D1%23y');
    for (const id of ['..', '.', '']) {
      const { ending } = await run('openapi.json', 'getPet', { id });
      expect(ending, id).toMatchObject({ error: { code: 'OPENAPI_PARAMETER_INVALID' } });
    }
  });

  it('stores the answer as a file of the run, not the description', async () => {
    const saving = task('openapi.json', 'getPet', { id: 7 }).replace(
      / }$/,
      ', metadata: { rpa: { saveAs: pet.json } } }',
    );
    const { ending } = await runHttp(`do:\n  - a: ${saving}`, server.origin, { runFolder: newRunFolder() });
    const text = JSON.stringify({ method: 'GET', path: '/api/pets/7' });
    expect(ending).toMatchObject({
      output: { statusCode: 200, file: { path: 'pet.json', bytes: text.length, mediaType: 'application/json' } },
    });
  });

  it('takes a body as such or by its members, at the server of the operation', async () => {
    for (const given of [{ body: { name: 'Rex', tags: ['x'] } }, { name: 'Rex', tags: ['x'] }]) {
      await run('openapi.json', 'addPet', given);
      expect(called()).toMatchObject({
        method: 'POST',
        path: '/writes/pets',
        body: '{"name":"Rex","tags":["x"]}',
        headers: { 'content-type': 'application/json' },
      });
    }
  });

  it('reads Swagger 2.0: lists, bodies, forms', async () => {
    await run('swagger.json', 'findPetsByStatus', { status: ['sold', 'new'] });
    expect(called().path).toBe('/v2/pet/findByStatus?status=sold&status=new');
    await run('swagger.json', 'updatePet', { pet: { id: 1 } });
    expect(called()).toMatchObject({ method: 'PUT', path: '/v2/pet', body: '{"id":1}' });
    await run('swagger.json', 'send', { name: 'a b', size: 2 });
    expect(called()).toMatchObject({
      body: 'name=a+b&size=2',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  it.each([
    ['a parameter that is missing', 'openapi.json', 'getPet', {}, 'OPENAPI_PARAMETER_MISSING', 'id'],
    ['a body that is missing', 'openapi.json', 'addPet', {}, 'OPENAPI_PARAMETER_MISSING', 'body'],
    [
      'a parameter that there is not',
      'openapi.json',
      'findPets',
      { statsu: 1 },
      'OPENAPI_PARAMETER_UNKNOWN',
      'mean status',
    ],
    [
      'a member that the body has not',
      'openapi.json',
      'addPet',
      { nam: 'x' },
      'OPENAPI_PARAMETER_UNKNOWN',
      'mean name',
    ],
    ['an operation that there is not', 'openapi.json', 'findPet', {}, 'OPENAPI_DOCUMENT_UNUSABLE', 'mean findPets'],
    ['what is not JSON', 'bad.json', 'x', {}, 'OPENAPI_DOCUMENT_UNUSABLE', 'not JSON'],
    ['another format', 'old.json', 'x', {}, 'OPENAPI_DOCUMENT_UNUSABLE', 'neither'],
    ['no document', 'nothing', 'x', {}, 'OPENAPI_DOCUMENT_UNUSABLE', ''],
  ])('refuses %s, and calls nothing', async (_what, document, operation, given, code, detail) => {
    const { ending } = await run(document, operation, given);
    expect(ending).toMatchObject({ type: 'run.failed', error: { code } });
    if (ending.type === 'run.failed') expect(`${ending.error.title} ${ending.error.detail}`).toContain(detail);
    expect(server.asked.every(({ path }) => path === `/${document}`)).toBe(true);
  });

  it('fetches a document once in a run', async () => {
    const one = task('openapi.json', 'findPets', {});
    await runHttp(`do:\n  - a: ${one}\n  - b: ${one}\n  - c: ${one}`, server.origin);
    expect(server.asked.map(({ path }) => path)).toEqual(['/openapi.json', '/api/pets', '/api/pets', '/api/pets']);
  });

  it('authenticates the call, and the document only where that is asked for', async () => {
    await run('openapi.json', 'findPets', {}, ', authentication: { bearer: { token: t-123456 } }');
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer t-123456']);
  });
});
