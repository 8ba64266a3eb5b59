import { Expectation, PageState } from '../arguments.ts';
import { defineStep } from '../define-step.ts';
import { reading } from './family.ts';

export const waitFor = defineStep({
  ...reading,
  name: 'browser.waitFor',
  summary: 'Waits until an element is visible, another is gone, or the address is as given.',
  with: Expectation,
  output: PageState,
  example: { visible: 'heading "Invoices"', url: '*/invoices' },
});
