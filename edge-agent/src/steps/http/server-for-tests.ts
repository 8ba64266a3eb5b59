/** A real server on loopback that keeps what it was asked, and runs of real documents against it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunEvent } from '@casare/shared/protocol';
import { runIt, type Ran, type RunSetup } from '../../engine/engine-for-tests.ts';
import { createStepRegistry } from '../index.ts';

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answering = (asked: Asked, response: ServerResponse) => void;

/** A server, and what it was asked, in order. */
export interface TestServer {
  readonly origin: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** Starts a server on a free port of loopback. */
export async function serve(answer: Answering): Promise<TestServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') });
      answer(asked.at(-1)!, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close: () => closed(server) };
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

/** Runs a document whose steps are the agent's own; the word ORIGIN in it is the server. */
export function runHttp(
  yaml: string,
  origin: string,
  setup: RunSetup & { readonly env?: Readonly<Record<string, string>> } = {},
  events: RunEvent[] = [],
): Promise<Ran> {
  const steps = createStepRegistry({ home: '/nowhere', env: setup.env ?? {}, platform: process.platform });
  return runIt(yaml.replaceAll('ORIGIN', origin), { steps, ...setup }, events);
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
