/** What is measured: plain steps, and rounds of a form in a browser, as tasks of a document and as bare calls. */
import type { Page } from 'playwright-core';
import { meanDitherMs } from './dither.ts';

/** A browser step: its name in the document, what it calls, with what. */
export type BrowserTask = readonly [name: string, call: string, args: Readonly<Record<string, unknown>>];

/** Steps of one round of the form. */
export const ROUND = 5;
/** Rounds of the browser before the clock starts: pages and code are cold. */
export const WARM_UP = 2;
/** Rounds of a turn: half a second. */
export const TURN = 8;

/** The rounds of each turn. */
export function turnsOf(rounds: number): number[][] {
  const all = Array.from({ length: rounds }, (_, n) => n);
  return Array.from({ length: Math.ceil(rounds / TURN) }, (_, turn) => all.slice(turn * TURN, (turn + 1) * TURN));
}

/** Plain steps one after the other, each with an expression over the one before. */
export function setSteps(count: number): unknown[] {
  return Array.from({ length: count }, (_, n) => ({ [`step${n}`]: { set: { n, before: '${ .n }' } } }));
}

/** What one browser step took, by the time of all rounds: without what the page worked, which is nobody's. */
export function perStepMs(ms: number, rounds: number): number {
  return (ms / rounds - meanDitherMs(rounds)) / ROUND;
}

/** One round: fill, choose, click, read what came of it, read the field. */
export function browserRound(n: number): BrowserTask[] {
  return [
    [`fill${n}`, 'browser.fill', { target: 'textbox "Customer"', value: `customer ${n}` }],
    [`select${n}`, 'browser.select', { target: 'combobox "Kind"', option: kindOf(n) }],
    [`click${n}`, 'browser.click', { target: 'button "Add"' }],
    [`text${n}`, 'browser.text', { target: 'status "Last"' }],
    [`value${n}`, 'browser.value', { target: 'textbox "Customer"' }],
  ];
}

/** The same round as a script writes it: one call of Playwright for each step. */
export async function bareRound(page: Page, n: number): Promise<void> {
  await page.getByRole('textbox', { name: 'Customer', exact: true }).fill(`customer ${n}`);
  await page.getByRole('combobox', { name: 'Kind', exact: true }).selectOption(kindOf(n));
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('status', { name: 'Last', exact: true }).innerText();
  await page.getByRole('textbox', { name: 'Customer', exact: true }).inputValue();
}

function kindOf(n: number): string {
  return n % 2 === 0 ? 'small' : 'large';
}
