/**
 * An inbox with an invoice, and the database that it belongs into: `node server.ts --port 0 --stop-with-stdin` serves the
 * one, starts a PostgreSQL of its own for the other, and prints `{"url": "http://…/"}`. `GET /settings` says where the
 * database is; its user is `importer`, the password `correct horse`. It runs by Node's own type stripping.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '../../../control-plane/src/platform/database/embedded/index.ts';
import { silentLog } from '../../../control-plane/src/platform/log.ts';

const INVOICE = `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2">
  <cbc:ID>INV-4711</cbc:ID>
  <cbc:IssueDate>2026-05-04</cbc:IssueDate>
  <cac:AccountingSupplierParty><cac:Party><cbc:Name>Bolt &amp; Nut Ltd.</cbc:Name></cac:Party></cac:AccountingSupplierParty>
  <cac:InvoiceLine>
    <cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">200</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">18.50</cbc:LineExtensionAmount><cac:Item><cbc:Name>Bolt M8</cbc:Name></cac:Item>
  </cac:InvoiceLine>
  <cac:InvoiceLine>
    <cbc:ID>2</cbc:ID><cbc:InvoicedQuantity unitCode="C62">200</cbc:InvoicedQuantity>
    <cbc:LineExtensionAmount currencyID="EUR">9.10</cbc:LineExtensionAmount><cac:Item><cbc:Name>x'); DROP TABLE line; --</cbc:Name></cac:Item>
  </cac:InvoiceLine>
</Invoice>
`;

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'stop-with-stdin': { type: 'boolean' } },
});
const folder = await mkdtemp(join(tmpdir(), 'casare-example-'));
await chmod(folder, 0o711); // As root, PostgreSQL runs as another user, who must be able to pass through.
const postgres = await startEmbeddedPostgres({
  dataDir: join(folder, 'postgres'),
  logFile: join(folder, 'postgres.log'),
  log: silentLog,
});
const admin = new Client({ connectionString: postgres.url });
await admin.connect();
await admin.query(`CREATE ROLE importer LOGIN PASSWORD 'correct horse'`);
await admin.query(
  'CREATE TABLE line (invoice text, number int, item text, amount numeric(12, 2), PRIMARY KEY (invoice, number))',
);
await admin.query('GRANT SELECT, INSERT ON line TO importer');
await admin.end();
const { hostname, port, pathname } = new URL(postgres.url);

function answer(request: IncomingMessage, response: ServerResponse): void {
  const send = (type: string, body: string): void => {
    response.writeHead(200, { 'content-type': type }).end(body);
  };
  if (request.url === '/settings') {
    return send(
      'application/json',
      JSON.stringify({ host: hostname, port: Number(port), database: pathname.slice(1) }),
    );
  }
  if (request.url === '/inbox/invoice.xml') return send('text/plain; charset=utf-8', INVOICE);
  response.writeHead(404).end();
}

const server = createServer(answer);
server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address();
  console.log(
    JSON.stringify({ url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/` }),
  );
});

async function stop(): Promise<void> {
  server.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}
if (values['stop-with-stdin'] === true) process.stdin.resume().once('end', () => void stop());
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
