/**
 * The page that steps are measured on, served from loopback: a field, a list, a button, and what the button does. When the
 * field is filled it works for a while, by the number in the value: see `dither.ts`. The same server gives turns (`turns.ts`): a
 * request for one is answered when it comes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ditherMs } from './dither.ts';
import type { Turns } from './turns.ts';

const HTML = `<!doctype html><html lang="en"><head><title>Orders</title></head><body><h1>Orders</h1>
<form><label>Customer <input id="customer"></label>
<label>Kind <select id="kind"><option>small</option><option>large</option></select></label>
<button type="button" id="add">Add</button></form>
<table aria-label="Orders"><tbody>${Array.from({ length: 50 }, (_, n) => `<tr><td>${n}</td><td>order ${n}</td></tr>`).join('')}</tbody></table>
<output id="last" aria-label="Last">none</output>
<script>
${ditherMs.toString()}
document.getElementById('customer').addEventListener('input', ({ target }) => {
  const until = performance.now() + ditherMs(Number(target.value.split(' ')[1]));
  while (performance.now() < until);
});
document.getElementById('add').addEventListener('click', () => {
  document.getElementById('last').textContent = document.getElementById('customer').value + ', ' + document.getElementById('kind').value;
});
</script></body></html>`;

/** Where a contender asks for its turn. */
export function turnUrl(url: string, name: string): string {
  return new URL(`/turns/${name}`, url).href;
}

/** A server on a free port; without `turns` there are none to be had. */
export async function servePage(turns?: Turns): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const name = /^\/turns\/(\w+)$/.exec(request.url ?? '')?.[1];
    const isTurn = turns === undefined || name === undefined ? Promise.resolve() : turns.take(name);
    void isTurn.then(() => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
