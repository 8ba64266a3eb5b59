/**
 * Counts what Playwright asks of a browser. It tells nobody, so the way to the browser is tapped inside Playwright, whose two
 * halves run in this process: another version may have other insides, and then the first count fails.
 */
import type { Browser } from 'playwright-core';

/** Calls of the protocol that have a page carry something out and answer. */
const ASKING = new Set(['Runtime.callFunctionOn', 'Runtime.evaluate']);

interface Message {
  readonly method: string;
}
interface Transport {
  send(message: Message): void;
}
interface ServerHalf {
  readonly _connection: { readonly _transport: Transport };
}
interface ClientHalf {
  readonly _connection: { toImpl(object: unknown): ServerHalf };
}

/** How often pages of the browser are asked something while `work` is done. */
export type CountExchanges = (work: () => Promise<unknown>) => Promise<number>;

export function tapExchanges(browser: Browser): CountExchanges {
  const client = browser as unknown as ClientHalf;
  const transport = client._connection.toImpl(browser)._connection._transport;
  const send = transport.send.bind(transport);
  let asked = 0;
  transport.send = (message) => {
    if (ASKING.has(message.method)) asked += 1;
    send(message);
  };
  return async (work) => {
    const before = asked;
    await work();
    return asked - before;
  };
}
