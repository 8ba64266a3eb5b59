/**
 * A claims office as intranets have them: a form in a frame, a file to attach, a question before it is sent, and a receipt that
 * opens in a tab of its own. `node server.ts --port 0 --stop-with-stdin` serves it on loopback and prints its address.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';

interface Claim {
  readonly who: string;
  readonly amount: string;
  readonly file: string;
}
const claims: Claim[] = [];
const BODY_BYTES = 1_048_576;

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body>${body}</body></html>`;
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

const OFFICE = page(
  'Claims office',
  '<h1>Claims office</h1><iframe title="New claim" src="/form" width="600" height="400"></iframe>',
);
const FORM = page(
  'New claim',
  `<form id="claim"><label>Who <input name="who" required></label> <label>Amount <input name="amount" required></label>
   <label>Receipt <input type="file" name="file"></label> <button>Send</button></form><p role="status"></p>
   <script>
     document.getElementById('claim').addEventListener('submit', async (event) => {
       event.preventDefault();
       const form = new FormData(event.target);
       if (!confirm('Send the claim of ' + form.get('who') + '?')) return;
       const file = form.get('file');
       const body = JSON.stringify({ who: form.get('who'), amount: form.get('amount'), file: file.name });
       const { number } = await (await fetch('/claims', { method: 'POST', body })).json();
       document.querySelector('[role=status]').textContent = 'Claim ' + number + ' was sent';
       window.open('/claims/' + number, '_blank');
     });
   </script>`,
);

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://claims.invalid');
  const html = (text: string): void => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(text);
  };
  if (request.method === 'POST' && pathname === '/claims') {
    let body = '';
    for await (const chunk of request.setEncoding('utf8'))
      if ((body += chunk as string).length > BODY_BYTES) return void response.destroy();
    claims.push(JSON.parse(body) as Claim);
    return void response
      .writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify({ number: claims.length }));
  }
  const claim = claims[Number(/^\/claims\/(\d+)$/.exec(pathname)?.[1]) - 1];
  if (claim !== undefined) {
    const { who, amount, file } = claim;
    html(page('Receipt', `<h1>Receipt</h1><p role="note">${escape(`${who}: ${amount}, with ${file}`)}</p>`));
    return;
  }
  if (pathname === '/form') {
    html(FORM);
    return;
  }
  if (pathname === '/') {
    html(OFFICE);
    return;
  }
  response.writeHead(404).end();
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'stop-with-stdin': { type: 'boolean' } },
});
const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}/` }));
});
if (values['stop-with-stdin'] === true) process.stdin.resume().once('end', () => process.exit(0));
