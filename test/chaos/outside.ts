/** The outside world: a server that counts what is done to it, by key. Nothing of it is part of the installation. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Outside extends AsyncDisposable {
  /** Where a step acts: `POST <url>/<key>`. */
  readonly url: string;
  /** How often it was done, by key. */
  readonly acts: ReadonlyMap<string, number>;
}

/** `acted` is told of each act before it is answered. */
export async function openOutside(acted: (key: string) => void): Promise<Outside> {
  const acts = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = request.url!.slice(1);
    acts.set(key, (acts.get(key) ?? 0) + 1);
    acted(key);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ done: key }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    acts,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
