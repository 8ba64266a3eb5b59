/**
 * Steps in a web page. `open` starts the run's browser session; the others act in it. Reading and going to an address
 * by GET are idempotent, a download is keyed by `saveAs`; whatever changes a page may have done so on the server too.
 */
import { z } from 'zod';
import { defineStep } from './define-step.ts';
import { Expectation, PageState, SaveAs, StoredFile, Target, Url } from './arguments.ts';

const browser = { slot: 'browser', capabilities: ['browser.chromium'], needsSession: true } as const;
const reading = { ...browser, effect: 'idempotent' } as const;
const acting = { ...browser, effect: 'unsafe' } as const;
const target = Target;
const expect = Expectation.optional();
const LOADING_MS = 60_000;
const DOWNLOAD_MS = 120_000;

const open = defineStep({
  ...reading,
  needsSession: false,
  name: 'browser.open',
  summary: 'Starts a fresh browser session and goes to an address.',
  with: z.strictObject({
    url: Url,
    viewport: z.strictObject({ width: z.int().min(100).max(8_000), height: z.int().min(100).max(8_000) }).optional(),
    expect,
  }),
  output: PageState,
  defaultTimeoutMs: LOADING_MS,
});

const goto = defineStep({
  ...reading,
  name: 'browser.goto',
  summary: 'Goes to an address in the open session.',
  with: z.strictObject({ url: Url, expect }),
  output: PageState,
  defaultTimeoutMs: LOADING_MS,
});

const click = defineStep({
  ...acting,
  name: 'browser.click',
  summary: 'Clicks an element, then waits for what is expected of it.',
  with: z.strictObject({
    target,
    button: z.enum(['left', 'right', 'middle']).optional(),
    count: z.int().min(1).max(3).optional(),
    expect,
  }),
  output: PageState,
});

const fill = defineStep({
  ...acting,
  name: 'browser.fill',
  summary: 'Replaces the text of a field and reads it back.',
  with: z.strictObject({ target, value: z.union([z.string().max(100_000), z.number()]), expect }),
  output: PageState,
});

const press = defineStep({
  ...acting,
  name: 'browser.press',
  summary: 'Presses a key or a combination such as `Control+A`, on an element or where the focus is.',
  with: z.strictObject({ target: target.optional(), key: z.string().min(1).max(50), expect }),
  output: PageState,
});

const select = defineStep({
  ...acting,
  name: 'browser.select',
  summary: 'Chooses options of a list by their text and reads the choice back.',
  with: z.strictObject({ target, option: z.union([z.string(), z.array(z.string()).max(1_000)]), expect }),
  output: z.strictObject({ selected: z.array(z.string()) }),
});

const check = defineStep({
  ...acting,
  name: 'browser.check',
  summary: 'Sets or clears a check box, radio button or switch.',
  with: z.strictObject({ target, checked: z.boolean().optional(), expect }),
  output: z.strictObject({ checked: z.boolean() }),
});

const table = defineStep({
  ...reading,
  name: 'browser.table',
  summary: 'Reads a table as a list of objects, one a row, keyed by column header.',
  with: z.strictObject({
    target,
    /** Only rows whose cells equal these, by column header. */
    filter: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    limit: z.int().min(1).max(10_000).optional(),
  }),
  output: z.array(z.record(z.string(), z.string())),
});

const download = defineStep({
  ...reading,
  name: 'browser.download',
  summary: 'Clicks an element that starts a download and stores the file as an artifact.',
  with: z.strictObject({ target, saveAs: SaveAs }),
  output: StoredFile,
  defaultTimeoutMs: DOWNLOAD_MS,
});

const text = defineStep({
  ...reading,
  name: 'browser.text',
  summary: 'Reads the visible text of an element.',
  with: z.strictObject({ target }),
  output: z.string(),
});

const value = defineStep({
  ...reading,
  name: 'browser.value',
  summary: 'Reads the value of a field.',
  with: z.strictObject({ target }),
  output: z.string(),
});

const attribute = defineStep({
  ...reading,
  name: 'browser.attribute',
  summary: 'Reads an attribute of an element; `null` when it has none of that name.',
  with: z.strictObject({ target, name: z.string().min(1).max(200) }),
  output: z.string().nullable(),
});

const count = defineStep({
  ...reading,
  name: 'browser.count',
  summary: 'Counts the elements that a selector matches.',
  with: z.strictObject({ target }),
  output: z.int().min(0),
});

const exists = defineStep({
  ...reading,
  name: 'browser.exists',
  summary: 'Tells whether a selector matches anything now; does not wait.',
  with: z.strictObject({ target }),
  output: z.boolean(),
});

const waitFor = defineStep({
  ...reading,
  name: 'browser.waitFor',
  summary: 'Waits until an element is visible, another is gone, or the address is as given.',
  with: Expectation,
  output: PageState,
});

const screenshot = defineStep({
  ...reading,
  name: 'browser.screenshot',
  summary: 'Stores a PNG of the page or of one element as an artifact.',
  with: z.strictObject({ target: target.optional(), fullPage: z.boolean().optional(), saveAs: SaveAs }),
  output: StoredFile,
});

const close = defineStep({
  ...reading,
  name: 'browser.close',
  summary: 'Ends the browser session.',
  with: z.strictObject({}),
  output: z.null(),
});

/** All of them, in the order the docs list them. */
export const BROWSER_STEPS = {
  open,
  goto,
  click,
  fill,
  press,
  select,
  check,
  table,
  download,
  text,
  value,
  attribute,
  count,
  exists,
  waitFor,
  screenshot,
  close,
} as const;
