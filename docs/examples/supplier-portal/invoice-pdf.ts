/** The printed form of one invoice: a single A4 page. The same invoice always gives the same bytes. */
import { CURRENCY, formatCents, VAT_PERCENT } from './invoices.ts';
import type { Invoice } from './invoices.ts';
import { writePdf } from './pdf.ts';
import type { PdfItem } from './pdf.ts';

export const SUPPLIER = 'Hanse Bürobedarf GmbH';

const LEFT = 56;
const RIGHT = 539;
const COLUMNS = { description: LEFT, quantity: 350, unit: 440, amount: RIGHT };

/** The PDF of an invoice. */
export function invoicePdf(invoice: Invoice): Buffer {
  const items: PdfItem[] = [...head(invoice)];
  let y = 590;
  for (const line of invoice.lines) {
    items.push(
      { text: line.description, x: COLUMNS.description, y, size: 10 },
      { text: String(line.quantity), x: COLUMNS.quantity, y, size: 10, align: 'right' },
      { text: formatCents(line.unitCents), x: COLUMNS.unit, y, size: 10, align: 'right' },
      { text: formatCents(line.quantity * line.unitCents), x: COLUMNS.amount, y, size: 10, align: 'right' },
    );
    y -= 20;
  }
  items.push(...totals(invoice, y), ...foot());
  return writePdf({ title: `Invoice ${invoice.number}`, author: SUPPLIER, created: invoice.date }, items);
}

function head(invoice: Invoice): PdfItem[] {
  return [
    { text: SUPPLIER, x: LEFT, y: 770, size: 18, bold: true },
    { text: 'Speicherstraße 12, 20457 Hamburg', x: LEFT, y: 752, size: 10 },
    { text: 'Example Trading Ltd.', x: LEFT, y: 710, size: 10 },
    { text: 'Purchasing', x: LEFT, y: 696, size: 10 },
    { text: `Invoice ${invoice.number}`, x: LEFT, y: 655, size: 14, bold: true },
    { text: `Date: ${invoice.date}`, x: 440, y: 655, size: 10 },
    { text: 'Description', x: COLUMNS.description, y: 615, size: 10, bold: true },
    { text: 'Quantity', x: COLUMNS.quantity - 42, y: 615, size: 10, bold: true },
    { text: 'Unit price', x: COLUMNS.unit - 49, y: 615, size: 10, bold: true },
    { text: 'Amount', x: COLUMNS.amount - 39, y: 615, size: 10, bold: true },
    { rule: true, x: LEFT, y: 607, width: RIGHT - LEFT },
  ];
}

function totals(invoice: Invoice, y: number): PdfItem[] {
  return [
    { rule: true, x: LEFT, y: y + 8, width: RIGHT - LEFT },
    { text: 'Net', x: 350, y: y - 10, size: 10 },
    { text: `${formatCents(invoice.netCents)} ${CURRENCY}`, x: RIGHT, y: y - 10, size: 10, align: 'right' },
    { text: `VAT ${VAT_PERCENT} %`, x: 350, y: y - 28, size: 10 },
    { text: `${formatCents(invoice.vatCents)} ${CURRENCY}`, x: RIGHT, y: y - 28, size: 10, align: 'right' },
    { text: 'Total', x: 350, y: y - 50, size: 12, bold: true },
    { text: invoice.amount, x: RIGHT, y: y - 50, size: 12, bold: true, align: 'right' },
  ];
}

function foot(): PdfItem[] {
  return [
    { text: 'Payable within 30 days without deduction. Thank you for your order.', x: LEFT, y: 90, size: 9 },
    { text: 'This supplier and its invoices are made up: an example of the Casare project.', x: LEFT, y: 76, size: 9 },
  ];
}
