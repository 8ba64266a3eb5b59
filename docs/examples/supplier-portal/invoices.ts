/**
 * The invoices of the example portal: two years of them, the same at every start.
 * Everything is derived from seeded numbers, never from the clock, so a test (or the starter) that imports this file
 * knows exactly what the portal serves. Money is counted in whole cents.
 */

/** What the portal says about the payment of an invoice. */
export type InvoiceStatus = 'Open' | 'Paid' | 'Overdue';

/** One line of an invoice. */
export interface InvoiceLine {
  readonly description: string;
  readonly quantity: number;
  readonly unitCents: number;
}

/** One invoice as the list and its PDF show it. */
export interface Invoice {
  /** `INV-<year>-<four digits>`, counted from 1 in each calendar year. */
  readonly number: string;
  /** `YYYY-MM` */
  readonly month: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly status: InvoiceStatus;
  readonly lines: readonly InvoiceLine[];
  readonly netCents: number;
  readonly vatCents: number;
  /** Net and VAT: what has to be paid. */
  readonly totalCents: number;
  /** The total as the list and the PDF print it, e.g. `1,234.56 EUR`. */
  readonly amount: string;
}

export const CURRENCY = 'EUR';
export const VAT_PERCENT = 19;

const FIRST_MONTH = { year: 2024, month: 12 };
const MONTH_COUNT = 24;
/** The months whose number of invoices the quick start and its tests rely on. */
const FIXED_COUNTS: Readonly<Record<string, number>> = { '2026-10': 6, '2026-11': 3 };

const CATALOGUE: readonly { readonly description: string; readonly unitCents: number }[] = [
  { description: 'Copy paper A4, 80 g, carton of 2,500 sheets', unitCents: 2_499 },
  { description: 'Toner cartridge, black, 12,000 pages', unitCents: 11_890 },
  { description: 'Toner cartridge, colour set', unitCents: 32_450 },
  { description: 'Ring binder, 80 mm, box of 10', unitCents: 2_190 },
  { description: 'Desk lamp "Lüneburg", LED', unitCents: 6_950 },
  { description: 'Office chair "Höhenflug", adjustable', unitCents: 38_900 },
  { description: 'Standing desk, 160 x 80 cm', unitCents: 54_900 },
  { description: 'Whiteboard, 120 x 90 cm', unitCents: 9_940 },
  { description: 'Envelopes C5, box of 500', unitCents: 3_175 },
  { description: 'Coffee, whole beans (fair trade), 6 x 1 kg', unitCents: 9_534 },
  { description: 'Docking station USB-C', unitCents: 17_980 },
  { description: 'Assembly & installation, per hour', unitCents: 4_500 },
];

/** All invoices, newest first. */
export const INVOICES: readonly Invoice[] = makeInvoices();

/** The months that have invoices (`YYYY-MM`), newest first. */
export const MONTHS: readonly string[] = [...new Set(INVOICES.map((invoice) => invoice.month))];

/**
 * The invoice whose PDF fails at first (see `portal.ts`). It is in the middle of the month the quick start asks for, so
 * that some downloads of the run are already done when it fails.
 */
export const FLAKY_INVOICE: string = invoicesOf('2026-10')[3]?.number ?? '';

/** The invoices of one month (`YYYY-MM`), newest first; empty for a month without any. */
export function invoicesOf(month: string): readonly Invoice[] {
  return INVOICES.filter((invoice) => invoice.month === month);
}

/** The invoice with this number, or undefined. */
export function invoiceByNumber(number: string): Invoice | undefined {
  return INVOICES.find((invoice) => invoice.number === number);
}

/** Whole cents as text with two decimals and grouped thousands: `123456` is `1,234.56`. */
export function formatCents(cents: number): string {
  const euros = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${euros}.${String(cents % 100).padStart(2, '0')}`;
}

function makeInvoices(): Invoice[] {
  const invoices: Invoice[] = [];
  const countInYear = new Map<number, number>();
  for (let index = 0; index < MONTH_COUNT; index += 1) {
    const monthsSinceYearZero = FIRST_MONTH.year * 12 + (FIRST_MONTH.month - 1) + index;
    const year = Math.floor(monthsSinceYearZero / 12);
    const month = `${year}-${pad(1 + (monthsSinceYearZero % 12), 2)}`;
    for (const day of issueDays(month)) {
      const sequence = (countInYear.get(year) ?? 0) + 1;
      countInYear.set(year, sequence);
      const number = `INV-${year}-${pad(sequence, 4)}`;
      invoices.push(makeInvoice(number, month, `${month}-${pad(day, 2)}`, MONTH_COUNT - 1 - index));
    }
  }
  return invoices.reverse();
}

/** The days of the month on which an invoice was issued, ascending; one entry per invoice. */
function issueDays(month: string): number[] {
  const random = seeded(month);
  const count = FIXED_COUNTS[month] ?? 5 + random(4);
  return Array.from({ length: count }, () => 1 + random(28)).sort((a, b) => a - b);
}

function makeInvoice(number: string, month: string, date: string, ageInMonths: number): Invoice {
  const random = seeded(number);
  const lines: InvoiceLine[] = [];
  const start = random(CATALOGUE.length);
  for (let index = 0, count = 2 + random(4); index < count; index += 1) {
    const item = CATALOGUE[(start + index * 5) % CATALOGUE.length];
    if (item !== undefined) lines.push({ ...item, quantity: 1 + random(item.unitCents > 10_000 ? 4 : 12) });
  }
  const netCents = lines.reduce((sum, line) => sum + line.quantity * line.unitCents, 0);
  const vatCents = Math.round((netCents * VAT_PERCENT) / 100);
  const totalCents = netCents + vatCents;
  const amount = `${formatCents(totalCents)} ${CURRENCY}`;
  const status = statusAt(ageInMonths, random);
  return { number, month, date, status, lines, netCents, vatCents, totalCents, amount };
}

function statusAt(ageInMonths: number, random: (limit: number) => number): InvoiceStatus {
  if (ageInMonths === 0) return 'Open';
  if (ageInMonths === 1) return random(2) === 0 ? 'Open' : 'Paid';
  return ageInMonths < 4 && random(6) === 0 ? 'Overdue' : 'Paid';
}

/** A small deterministic generator (FNV-1a seed, mulberry32): each call gives a whole number from 0 to `limit - 1`. */
function seeded(seed: string): (limit: number) => number {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
