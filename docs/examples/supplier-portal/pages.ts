/**
 * The pages of the example portal. Automations find things by their accessible names, so those are part of what this
 * file promises: textboxes "E-mail" and "Password", button "Sign in", heading and table "Invoices", one row per invoice
 * named by its number, a link "PDF" in each row, and links "Previous" and "Next".
 */
import { html } from './html.ts';
import type { Html } from './html.ts';
import { SUPPLIER } from './invoice-pdf.ts';
import type { Invoice } from './invoices.ts';

/** One page of the invoice list. */
export interface InvoiceListView {
  readonly invoices: readonly Invoice[];
  /** From 1 to `pageCount`. */
  readonly page: number;
  readonly pageCount: number;
  readonly total: number;
  /** The month (`YYYY-MM`) the list is limited to; absent: all. */
  readonly month?: string;
  /** The months to choose from. */
  readonly months: readonly string[];
}

/** The sign-in form; `alert` says why the last try failed. */
export function signInPage(alert?: string): Html {
  return layout(
    'Sign in',
    html``,
    html`<main class="narrow">
      <h1>Sign in</h1>
      ${alert === undefined ? html`` : html`<p role="alert">${alert}</p>`}
      <form method="post" action="/sign-in">
        <label>E-mail <input type="email" name="email" autocomplete="username" required /></label>
        <label>Password <input type="password" name="password" autocomplete="current-password" required /></label>
        <button type="submit">Sign in</button>
      </form>
    </main>`,
  );
}

/** The invoice list: month filter, table, page links. */
export function invoicesPage(view: InvoiceListView): Html {
  return layout(
    'Invoices',
    html`<form method="post" action="/sign-out"><button type="submit">Sign out</button></form>`,
    html`<main>
      <h1>Invoices</h1>
      ${monthFilter(view)}
      <p class="soft">${view.total} invoices, newest first</p>
      <table aria-label="Invoices">
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col">Month</th>
            <th scope="col">Date</th>
            <th scope="col" class="amount">Amount</th>
            <th scope="col">Status</th>
            <th scope="col">Document</th>
          </tr>
        </thead>
        <tbody>
          ${view.invoices.map(invoiceRow)}
        </tbody>
      </table>
      ${pageLinks(view)}
    </main>`,
  );
}

/** A page that only says something: what happened and where to go on. */
export function messagePage(title: string, message: string): Html {
  return layout(
    title,
    html``,
    html`<main class="narrow">
      <h1>${title}</h1>
      <p>${message}</p>
      <p><a href="/">Back to the start page</a></p>
    </main>`,
  );
}

function invoiceRow(invoice: Invoice): Html {
  return html`<tr aria-label="${invoice.number}">
    <th scope="row">${invoice.number}</th>
    <td>${invoice.month}</td>
    <td>${invoice.date}</td>
    <td class="amount">${invoice.amount}</td>
    <td>${invoice.status}</td>
    <td><a href="/invoices/${invoice.number}.pdf">PDF</a></td>
  </tr>`;
}

function monthFilter(view: InvoiceListView): Html {
  const option = (month: string): Html =>
    month === view.month ? html`<option selected>${month}</option>` : html`<option>${month}</option>`;
  return html`<form class="filter" method="get" action="/invoices">
    <label
      >Month
      <select name="month">
        <option value="">All</option>
        ${view.months.map(option)}
      </select></label
    >
    <button type="submit">Show</button>
  </form>`;
}

function pageLinks(view: InvoiceListView): Html {
  const month = view.month === undefined ? '' : `&month=${encodeURIComponent(view.month)}`;
  const href = (page: number): string => `/invoices?page=${page}${month}`;
  const numbered = Array.from({ length: view.pageCount }, (_, index) => index + 1).map((page) =>
    page === view.page
      ? html`<a href="${href(page)}" aria-current="page">${page}</a>`
      : html`<a href="${href(page)}">${page}</a>`,
  );
  return html`<nav aria-label="Pages">
    ${view.page > 1 ? html`<a href="${href(view.page - 1)}">Previous</a>` : html``} ${numbered}
    ${view.page < view.pageCount ? html`<a href="${href(view.page + 1)}">Next</a>` : html``}
  </nav>`;
}

function layout(title: string, action: Html, main: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - ${SUPPLIER}</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header><strong>${SUPPLIER}</strong> ${action}</header>
        ${main}
      </body>
    </html>`;
}
