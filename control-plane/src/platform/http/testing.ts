/** For tests of the edge: an application on a free loopback port, and requests that may be malformed on purpose. */
import type { INestApplication, Type } from '@nestjs/common';
import { createConnection } from 'node:net';
import { ownPort } from '../edge/entrances.ts';
import { silentLog } from '../log.ts';
import { Metrics } from '../metrics.ts';
import { requestListenerFor } from './listeners.ts';
import type { ListenerKind } from './request-state.ts';
import { createHttpApp, type HttpAppOptions } from './server.ts';
import { openHttpListener } from './web-listener.ts';

export interface TestEdge {
  readonly url: string;
  readonly port: number;
  readonly app: INestApplication;
  close(): Promise<void>;
}

/** Builds `module` and serves it as `kind`. */
export async function openTestEdge(
  module: Type | object,
  kind: ListenerKind = 'web',
  more: Partial<Pick<HttpAppOptions, 'load' | 'idempotency' | 'rateLimit' | 'https'>> = {},
): Promise<TestEdge> {
  const app = await createHttpApp(module, {
    log: silentLog,
    metrics: new Metrics(),
    checks: [],
    https: false,
    consoleFiles: '/nonexistent',
    ...more,
  });
  const entrance = ownPort({ host: '127.0.0.1', port: 0, variable: 'TEST' });
  const listener = await openHttpListener(requestListenerFor(app, kind), entrance);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    app,
    async close() {
      await listener.close(0);
      await app.close();
    },
  };
}

/** Sends bytes as they are and gives back everything the server answered until it closed the connection. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = createConnection(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => resolve(answer)).on('error', reject);
  });
}
