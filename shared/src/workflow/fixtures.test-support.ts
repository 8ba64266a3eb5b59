/** Documents that several tests of the workflow language share. Not part of the product. */
import type { Workflow } from './document.ts';
import { parseWorkflow } from './parse.ts';

/** The first lines of every document here: the text that a test adds starts on line 2. */
export const HEAD = "document: { dsl: '1.0.3', namespace: n, name: w, version: '1.0.0' }\n";

/** The parsed document of `HEAD` and a text; a wrong one fails the test with its problems. */
export function documentOf(text: string): Workflow {
  const parsed = parseWorkflow(text.startsWith('document:') ? text : HEAD + text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  return parsed.document;
}

/** A browser workflow with sign-in by secret, loop, retry and a download keyed by its name. */
export const INVOICES = `document:
  dsl: '1.0.3'
  namespace: finance
  name: download-invoices
  version: '1.0.0'
  metadata: { rpa: { onRestart: restartScope } }
input:
  schema:
    document: { type: object, required: [portalUrl, month] }
use:
  secrets: [supplierPortal]
  retries:
    flaky:
      delay: { seconds: 2 }
      backoff: { exponential: {} }
      limit: { attempt: { count: 3 } }
timeout: { after: { minutes: 15 } }
do:
  - init:
      set: { month: '\${ .month }', url: '\${ .portalUrl }', files: [] }
      export: { as: . }
  - fetchInvoices:
      try:
        - open:
            call: browser.open
            with: { url: '\${ $context.url }' }
        - signIn:
            input: { from: '{ user: $secrets.supplierPortal.username, pass: $secrets.supplierPortal.password }' }
            do:
              - pass:
                  call: browser.fill:1.0.0@default
                  with: { target: 'textbox "Password"', value: '\${ .pass }' }
              - submit:
                  call: browser.click:1.0.0
                  with: { target: 'button "Sign in"', expect: { visible: 'heading "Invoices"' } }
        - each:
            for: { each: inv, in: . }
            do:
              - save:
                  metadata: { rpa: { onRestart: rerun } }
                  call: browser.download
                  with:
                    target: '\${ @json "row \\($inv.Number) >> link \\"PDF\\"" }'
                    saveAs: '\${ "\\($context.month)/\\($inv.Number).pdf" }'
      catch:
        errors: { with: { status: 408 } }
        retry: flaky
  - check:
      if: ($context.files | length) == 0
      raise:
        error: { type: 'https://example.com/errors/no-invoices', status: 404, title: No invoices found }
output: { as: '{ month: $context.month, files: $context.files }' }
`;
