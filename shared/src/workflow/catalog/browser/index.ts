/** The browser steps, in the order the docs list them. */
import { attribute } from './attribute.ts';
import { check } from './check.ts';
import { click } from './click.ts';
import { close } from './close.ts';
import { count } from './count.ts';
import { download } from './download.ts';
import { exists } from './exists.ts';
import { fill } from './fill.ts';
import { goto } from './goto.ts';
import { open } from './open.ts';
import { press } from './press.ts';
import { screenshot } from './screenshot.ts';
import { select } from './select.ts';
import { table } from './table.ts';
import { text } from './text.ts';
import { value } from './value.ts';
import { waitFor } from './wait-for.ts';

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
