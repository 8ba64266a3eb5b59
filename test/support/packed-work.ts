/**
 * The work that an agent out of a package is given: steps of http, files and data, those that start threads of their own
 * among them (expressions, PDFs), on real input from a server of the test's.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import type { Job } from '@casare/shared/api';
import { api, type Client } from '@casare/shared/client';
import { invoicePdf } from '../../docs/examples/supplier-portal/invoice-pdf.ts';
import { invoicesOf } from '../../docs/examples/supplier-portal/invoices.ts';
import { MONTH } from './stack.ts';

/** A server with something to fetch. */
export interface Shop {
  readonly url: string;
  close(): Promise<void>;
}

const INVOICE = invoicesOf(MONTH)[0]!;
const ORDERS = 'Item,Pieces\r\nGröße 42 Ж,3\r\nBolt,4\r\n';
const WORK = `
document: { dsl: '1.0.3', namespace: packed, name: work, version: '1.0.0' }
do:
  - fetch:
      call: http
      with: { method: get, endpoint: '\${ $workflow.input.shop + "orders.csv" }' }
      metadata: { rpa: { saveAs: orders.csv } }
  - copy:
      call: files.copy
      with: { from: orders.csv, to: copied.csv }
  - read:
      call: data.csv.read
      with: { file: copied.csv }
      export: { as: '{ items: [.rows[].Item], pieces: (.rows | map(.Pieces | tonumber) | add) }' }
  - invoice:
      call: http
      with: { method: get, endpoint: '\${ $workflow.input.shop + "invoice.pdf" }' }
      metadata: { rpa: { saveAs: invoice.pdf } }
  - text:
      call: data.pdf.text
      with: { file: invoice.pdf }
output: { as: '{ items: $context.items, pieces: $context.pieces, invoice: (.text[0] | contains("${INVOICE.number}")) }' }
`;

export async function openShop(): Promise<Shop> {
  const pages: Record<string, { type: string; body: Buffer }> = {
    '/orders.csv': { type: 'text/csv; charset=utf-8', body: Buffer.from(ORDERS) },
    '/invoice.pdf': { type: 'application/pdf', body: invoicePdf(INVOICE) },
  };
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ''];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': page?.type ?? 'text/plain' });
    response.end(page?.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Submits the work for an agent with the tag. */
export async function submitWork(client: Client, shop: Shop, tag: string): Promise<Job> {
  const { id } = await client.call(api.workflows.push, { body: WORK, mediaType: 'application/yaml' });
  return client.call(api.jobs.submit, { body: { workflow: id, input: { shop: shop.url }, requires: [tag] } });
}

/** The work is done, and what was read is what the server has. */
export function expectDone(job: Job): void {
  expect(job).toMatchObject({
    state: 'succeeded',
    error: null,
    output: { items: ['Größe 42 Ж', 'Bolt'], pieces: 7, invoice: true },
  });
}
