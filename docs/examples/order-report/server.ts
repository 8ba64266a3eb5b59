/**
 * A shop that exports its orders, and the mail server of its company: `node server.ts --port 0 --stop-with-stdin` serves
 * both on loopback and prints `{"url": "http://…/"}`. `GET /settings` says where the mail server is, `GET /mailbox` what it
 * was given. It runs by Node's own type stripping.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { SMTPServer } from 'smtp-server';

const ORDERS = [
  'Order;Customer;Region;Total',
  '1001;Müller & Söhne;North;1250,50',
  '1002;"Nord; GmbH";North;99,90',
  '1003;"=HYPERLINK(""http://evil.example"")";South;10,00',
  '1004;Ünlü;South;740,10',
].join('\r\n');

/** Subjects and names of attachments of the mails that came. */
const mailbox: { to: string[]; subject: string; attachments: string[] }[] = [];

const mail = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  onData: (stream, session, done) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const text = Buffer.concat(parts).toString('latin1');
      mailbox.push({
        to: session.envelope.rcptTo.map(({ address }) => address),
        subject: /^Subject: (.*)$/m.exec(text)?.[1]?.trim() ?? '',
        attachments: Array.from(text.matchAll(/filename="?([^"\r\n]+)"?/g), (match) => match[1] ?? ''),
      });
      done();
    });
  },
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const send = (type: string, body: string | Buffer): void => {
    response.writeHead(200, { 'content-type': type }).end(body);
  };
  switch (request.url) {
    case '/settings':
      return send('application/json', JSON.stringify({ mail: { host: '127.0.0.1', port: portOf(mail.server) } }));
    case '/orders.csv':
      return send('text/plain; charset=utf-8', ORDERS);
    case '/mailbox':
      return send('application/json', JSON.stringify(mailbox));
    default:
      response.writeHead(404).end();
  }
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'stop-with-stdin': { type: 'boolean' } },
});
const server = createServer(answer);
mail.listen(0, '127.0.0.1', () => {
  server.listen(Number(values.port), '127.0.0.1', () => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${portOf(server)}/` }));
  });
});
if (values['stop-with-stdin'] === true) process.stdin.resume().once('end', () => process.exit(0));
