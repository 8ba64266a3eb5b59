/** The desktop steps, in the order the docs list them. */
import { activate } from './activate.ts';
import { attach } from './attach.ts';
import { check } from './check.ts';
import { click } from './click.ts';
import { clipboard } from './clipboard.ts';
import { close } from './close.ts';
import { doubleClick } from './double-click.ts';
import { drag } from './drag.ts';
import { exists } from './exists.ts';
import { expand } from './expand.ts';
import { keys } from './keys.ts';
import { ocr } from './ocr.ts';
import { open } from './open.ts';
import { rightClick } from './right-click.ts';
import { screenshot } from './screenshot.ts';
import { scroll } from './scroll.ts';
import { select } from './select.ts';
import { setValue } from './set-value.ts';
import { table } from './table.ts';
import { text } from './text.ts';
import { tree } from './tree.ts';
import { type } from './type.ts';
import { value } from './value.ts';
import { waitFor } from './wait-for.ts';
import { window } from './window.ts';
import { windows } from './windows.ts';

export type { DesktopExpectation, WindowState } from './family.ts';
export type { DesktopTreeNode } from './tree.ts';

export const DESKTOP_STEPS = {
  open,
  attach,
  close,
  activate,
  window,
  windows,
  click,
  doubleClick,
  rightClick,
  setValue,
  type,
  keys,
  select,
  check,
  expand,
  text,
  value,
  table,
  tree,
  exists,
  waitFor,
  scroll,
  drag,
  screenshot,
  ocr,
  clipboard,
} as const;
