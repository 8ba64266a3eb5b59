/**
 * What the example portal answers, without any HTTP plumbing: one function from a parsed request to a reply.
 * The state is the set of signed-in sessions and which session met the flaky PDF first; it dies with the process.
 *
 * The flaky PDF: the first session that asks for it gets 408 Request Timeout, every time; later sessions get the file.
 * It is tied to the session and not to the first request, because a browser silently sends a request again when a
 * reused connection answers 408 (RFC 9110, section 15.5.9), and the failure would never be seen.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Html } from './html.ts';
import { invoicePdf } from './invoice-pdf.ts';
import { FLAKY_INVOICE, INVOICES, MONTHS, invoiceByNumber, invoicesOf } from './invoices.ts';
import { invoicesPage, messagePage, signInPage } from './pages.ts';

/** The one account of the portal. */
export const PORTAL_USER = 'buyer@example.com';
export const DEFAULT_PASSWORD = 'correct horse';
export const ROWS_PER_PAGE = 40;
/** At this many sessions the oldest one is signed out. */
const MAX_SESSIONS = 1_000;

/** A request, parsed. */
export interface PortalCall {
  /** `HEAD` has been turned into `GET`. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The session cookie's value, if any. */
  readonly session: string | undefined;
  /** The form of a POST. */
  readonly form: URLSearchParams;
}

/** An answer. */
export interface PortalReply {
  /** `download`: an invoice's PDF was asked for by someone signed in. */
  readonly kind: 'page' | 'download' | 'sign-in' | 'sign-out';
  readonly status: number;
  readonly body: Html | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** The invoice whose PDF was asked for. */
  readonly invoice?: string;
  /** The session cookie to set; empty to clear it. */
  readonly setSession?: string;
}

/** A portal with no sessions yet; `flaky: false` makes every PDF work at once. */
export function createPortal(options: { password: string; flaky: boolean }): (call: PortalCall) => PortalReply {
  const sessions = new Set<string>();
  let failingSession: string | undefined;

  function signIn(form: URLSearchParams): PortalReply {
    const known = form.get('email')?.trim().toLowerCase() === PORTAL_USER;
    if (!sameText(form.get('password') ?? '', options.password) || !known) {
      return { kind: 'sign-in', status: 403, body: signInPage('The e-mail address or the password is wrong.') };
    }
    const session = randomBytes(24).toString('hex');
    sessions.add(session);
    const [oldest] = sessions;
    if (sessions.size > MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    return { ...redirect('sign-in', '/invoices'), setSession: session };
  }

  function download(number: string, session: string): PortalReply {
    const invoice = invoiceByNumber(number);
    if (invoice === undefined) return notFound();
    if (options.flaky && number === FLAKY_INVOICE) failingSession ??= session;
    if (number === FLAKY_INVOICE && session === failingSession) {
      const text = 'The archive did not answer in time. Please sign in again and repeat the download.';
      return { kind: 'download', status: 408, body: messagePage('Request timeout', text), invoice: number };
    }
    const headers = { 'content-disposition': `attachment; filename="${number}.pdf"` };
    return { kind: 'download', status: 200, body: invoicePdf(invoice), headers, invoice: number };
  }

  return ({ method, path, query, session, form }) => {
    // The start page asks to sign in even if someone is: whoever begins again gets a new session.
    if (method === 'GET' && path === '/') return page(signInPage());
    if (method === 'POST' && path === '/sign-in') return signIn(form);
    if (session === undefined || !sessions.has(session)) return redirect('page', '/');
    if (method === 'POST' && path === '/sign-out') {
      sessions.delete(session);
      return { ...redirect('sign-out', '/'), setSession: '' };
    }
    if (method !== 'GET') return notFound();
    if (path === '/invoices') return invoiceList(query);
    const number = /^\/invoices\/(INV-\d{4}-\d{4})\.pdf$/.exec(path)?.[1];
    return number === undefined ? notFound() : download(number, session);
  };
}

function invoiceList(query: URLSearchParams): PortalReply {
  const month = query.get('month') ?? '';
  const listed = month === '' ? INVOICES : invoicesOf(month);
  const pageCount = Math.ceil(listed.length / ROWS_PER_PAGE);
  const wanted = query.get('page') ?? '1';
  const current = /^[1-9]\d{0,3}$/.test(wanted) ? Number(wanted) : 0;
  if (current < 1 || current > pageCount) return notFound();
  const invoices = listed.slice((current - 1) * ROWS_PER_PAGE, current * ROWS_PER_PAGE);
  const view = { invoices, page: current, pageCount, total: listed.length, months: MONTHS };
  return page(invoicesPage(month === '' ? view : { ...view, month }));
}

function page(body: Html): PortalReply {
  return { kind: 'page', status: 200, body };
}

function notFound(): PortalReply {
  return { kind: 'page', status: 404, body: messagePage('Not found', 'There is no such page or invoice.') };
}

function redirect(kind: PortalReply['kind'], location: string): PortalReply {
  return { kind, status: 303, body: messagePage('See other', 'You are being taken there.'), headers: { location } };
}

/** Compares digests, so that the time taken says nothing about the text. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
