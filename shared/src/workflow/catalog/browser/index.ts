/** The browser steps, in the order the docs list them. */
import { attribute } from './attribute.ts';
import { back } from './back.ts';
import { check } from './check.ts';
import { click } from './click.ts';
import { close } from './close.ts';
import { cookiesClear } from './cookies-clear.ts';
import { cookiesGet } from './cookies-get.ts';
import { cookiesSet } from './cookies-set.ts';
import { count } from './count.ts';
import { dialogAnswer } from './dialog-answer.ts';
import { dialogList } from './dialog-list.ts';
import { download } from './download.ts';
import { downloads } from './downloads.ts';
import { evaluate } from './evaluate.ts';
import { exists } from './exists.ts';
import { fill } from './fill.ts';
import { forward } from './forward.ts';
import { goto } from './goto.ts';
import { hover } from './hover.ts';
import { list } from './list.ts';
import { open } from './open.ts';
import { pdf } from './pdf.ts';
import { press } from './press.ts';
import { reload } from './reload.ts';
import { screenshot } from './screenshot.ts';
import { select } from './select.ts';
import { tabClose } from './tab-close.ts';
import { tabList } from './tab-list.ts';
import { tabSwitch } from './tab-switch.ts';
import { tabWaitFor } from './tab-wait-for.ts';
import { table } from './table.ts';
import { text } from './text.ts';
import { type } from './type.ts';
import { upload } from './upload.ts';
import { value } from './value.ts';
import { waitFor } from './wait-for.ts';
import { waitForResponse } from './wait-for-response.ts';
import { waitForUrl } from './wait-for-url.ts';

export const BROWSER_STEPS = {
  open,
  goto,
  back,
  forward,
  reload,
  click,
  hover,
  fill,
  type,
  press,
  select,
  check,
  upload,
  download,
  downloads,
  text,
  value,
  attribute,
  table,
  list,
  count,
  exists,
  waitFor,
  waitForUrl,
  waitForResponse,
  tabList,
  tabSwitch,
  tabWaitFor,
  tabClose,
  dialogAnswer,
  dialogList,
  cookiesGet,
  cookiesSet,
  cookiesClear,
  screenshot,
  pdf,
  evaluate,
  close,
} as const;
